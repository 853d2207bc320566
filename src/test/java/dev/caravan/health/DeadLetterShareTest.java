package dev.caravan.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class DeadLetterShareTest {

  private static final String WHY =
      "It failed with IllegalArgumentException at step cut of route r";

  private long now = Long.MAX_VALUE - 5;
  private long read;
  private final DeadLetterShare share = new DeadLetterShare(() -> read, () -> now);

  private void letters(int count, String why) {
    for (int i = 0; i < count; i++) {
      share.letter(why);
    }
  }

  private void passSeconds(int seconds) {
    now += Duration.ofSeconds(seconds).toNanos();
    share.look();
  }

  @Test
  void allOfItIsToldWithTheReasonAndTheStep() {
    read = 40;
    letters(30, WHY);
    letters(10, "The frame is binary.");

    assertThat(share.sentence())
        .hasValue(
            "40 events became dead letters in the last minute, in which 40 were read. 30: "
                + WHY
                + ". 10: The frame is binary. Mend the route or what it needs; they lie in the"
                + " dead-letter topic.");
  }

  @Test
  void aFewAreNotTold() {
    letters(4, WHY);

    assertThat(share.sentence()).isEmpty();
  }

  @Test
  void aShareOfOnePercentIsNotTold() {
    read = 1_000;
    letters(10, WHY);
    assertThat(share.sentence()).isEmpty();

    letters(1, WHY);
    assertThat(share.sentence()).isPresent();
  }

  @Test
  void theyAreComparedWithTheEventsOfTheSameMinute() {
    read = 1_000_000;
    passSeconds(61);
    passSeconds(61);
    letters(20, WHY);
    read += 100;
    assertThat(share.sentence().orElseThrow()).contains("in which 100 were read");

    passSeconds(30);
    assertThat(share.sentence()).isPresent();
    passSeconds(61);
    assertThat(share.sentence()).isEmpty();
  }

  @Test
  void aBurstAmongManyEventsOfTheMinuteBeforeIsNotTold() {
    for (int i = 0; i < 6; i++) {
      read += 500;
      passSeconds(10);
    }
    letters(20, WHY);

    assertThat(share.sentence()).isEmpty();
  }

  @Test
  void reasonsAreBounded() {
    for (int i = 0; i < 1_000; i++) {
      share.letter("Reason " + i);
    }

    assertThat(share.sentence().orElseThrow()).contains("980: Others failed otherwise.");
  }
}
