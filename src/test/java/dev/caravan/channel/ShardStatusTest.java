package dev.caravan.channel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ShardStatusTest {

  private static final long NOW = 1_000_000;

  private static ShardStatus silentFor(long millis, Optional<String> broken) {
    ChannelState channel =
        ChannelState.planned(1, Cause.START, 0, 1)
            .opening(2)
            .socketOpen(3, NOW, Cause.CHANNEL_AGE)
            .live(4);
    return ShardStatus.of(
        0,
        3,
        new ShardState(List.of(channel), 2, Backoff.NONE, 0, Cause.START, broken, false),
        NOW - millis,
        NOW - millis,
        NOW,
        Timings.defaults());
  }

  @Test
  void aSilenceThatWeCauseIsToldAsOurs() {
    ShardStatus silent = silentFor(70_000, Optional.empty());
    assertThat(silent.sentence()).startsWith("No frame");

    ShardStatus held = silent.notReadOn("A step holds an event.");

    assertThat(held.health()).isEqualTo(ShardStatus.Health.BLIND);
    assertThat(held.sentence()).isEqualTo("A step holds an event.");
  }

  @Test
  void whatSomebodyMustActOnIsToldHoweverLongAStepHoldsAnEvent() {
    ShardStatus held =
        silentFor(70_000, Optional.of("Somebody must act.")).notReadOn("A step holds an event.");

    assertThat(held.health()).isEqualTo(ShardStatus.Health.BROKEN);
    assertThat(held.sentence()).isEqualTo("Somebody must act.");
  }
}
