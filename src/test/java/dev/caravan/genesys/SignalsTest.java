package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SignalsTest {

  private final Signals signals = new Signals();

  private static Signal signal(int number) {
    return new Signal("CONNECTED", number, null, null, null, null, null, "It happened.");
  }

  @Test
  void theyComeInTheirOrder() throws InterruptedException {
    signals.publish(signal(1));
    signals.publish(signal(2));

    assertThat(signals.take().shard()).isEqualTo(1);
    assertThat(signals.take().shard()).isEqualTo(2);
  }

  @Test
  void nobodyWaitsToPublishAndTheOldestGoes() throws InterruptedException {
    for (int i = 0; i < 10_005; i++) {
      signals.publish(signal(i));
    }

    assertThat(signals.take().shard()).isEqualTo(5);
  }
}
