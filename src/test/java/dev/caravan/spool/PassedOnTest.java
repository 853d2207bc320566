package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class PassedOnTest {

  private static final long SECOND = 1_000_000_000;

  private final PassedOn passedOn = new PassedOn(0);

  private static byte[] receipt(int number) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
  }

  @Test
  void whatIsSentOnTwiceIsSettledWithTheLast() {
    passedOn.passes(receipt(1), SECOND);
    passedOn.passes(receipt(1), SECOND);

    assertThat(passedOn.settled(receipt(2))).as("sent on by nobody").isTrue();
    assertThat(passedOn.settled(receipt(1))).isFalse();
    assertThat(passedOn.settled(receipt(1))).isFalse();
    assertThat(passedOn.settled(receipt(1))).isTrue();
  }

  @Test
  void untilThenNothingIsSettledByTimeThatWasNotBeforeItWasSentOn() {
    passedOn.settledUntil(5 * SECOND);
    passedOn.passes(receipt(1), 6 * SECOND);

    assertThat(passedOn.settledUntil(7 * SECOND)).isEqualTo(5 * SECOND);
    passedOn.settled(receipt(1));
    assertThat(passedOn.settledUntil(8 * SECOND)).isEqualTo(5 * SECOND);
    passedOn.settled(receipt(1));

    assertThat(passedOn.settledUntil(9 * SECOND)).isEqualTo(9 * SECOND);
  }

  @Test
  void whatAFullSpoolHasDroppedIsNotWaitedForForEver() {
    passedOn.passes(receipt(1), SECOND);

    long after = 2 * SECOND + PassedOn.APPENDED_WITHIN_NANOS;

    assertThat(passedOn.settledUntil(after)).isEqualTo(after);
  }

  @Test
  void ofTooManyTheOldestAreForgotten() {
    for (int number = 0; number <= PassedOn.MOST; number++) {
      passedOn.passes(receipt(number), SECOND);
    }

    assertThat(passedOn.settled(receipt(0))).isTrue();
    assertThat(passedOn.settled(receipt(1))).isFalse();
  }
}
