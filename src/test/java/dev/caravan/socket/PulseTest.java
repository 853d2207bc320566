package dev.caravan.socket;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PulseTest {

  private final Pulse pulse = new Pulse();

  @Test
  void aSocketThatWasNeverHeldIsNotBehind() {
    pulse.reading();
    pulse.frame();

    assertThat(pulse.behindSinceNanos()).isEmpty();
  }

  @Test
  void afterAHoldItIsBehindUntilALaterQuestionIsAnswered() {
    pulse.reading();
    pulse.paused();
    long held = pulse.behindSinceNanos().orElseThrow();
    pulse.reading();
    pulse.frame();

    assertThat(pulse.behindSinceNanos()).hasValue(held);

    pulse.caughtUp(System.nanoTime());
    assertThat(pulse.behindSinceNanos()).isEmpty();
  }

  @Test
  void ifItWasHeldAgainMeanwhileItIsBehindSinceTheQuestion() {
    pulse.reading();
    pulse.paused();
    pulse.reading();
    long asked = System.nanoTime();
    pulse.paused();
    pulse.reading();

    pulse.caughtUp(asked);

    assertThat(pulse.behindSinceNanos()).hasValue(asked);
  }
}
