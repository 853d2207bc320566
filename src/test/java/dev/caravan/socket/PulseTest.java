package dev.caravan.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PulseTest {

  private Duration awake = Duration.ofDays(3);
  private Duration wall = Duration.ofDays(20_000);
  private final Pulse pulse = new Pulse(() -> awake.toNanos(), () -> wall.toMillis());

  @BeforeEach
  void open() {
    pulse.open();
  }

  private void passes(Duration time) {
    awake = awake.plus(time);
    wall = wall.plus(time);
  }

  private void beats(int seconds) {
    for (int half = 0; half < 2 * seconds; half++) {
      passes(Duration.ofMillis(Pulse.BEAT_MILLIS));
      pulse.beat();
    }
  }

  @Test
  void aSocketThatWasNeverHeldIsNotBehind() {
    beats(30);
    pulse.frame();
    beats(30);
    pulse.frame();

    assertThat(pulse.behindSinceNanos()).isEmpty();
    assertThat(pulse.lastFrameNanos()).hasValue(awake.toNanos());
  }

  @Test
  void afterAHoldItIsBehindUntilALaterQuestionIsAnswered() {
    pulse.paused();
    long held = pulse.behindSinceNanos().orElseThrow();
    beats(5);
    pulse.reading();
    pulse.frame();

    assertThat(pulse.behindSinceNanos()).hasValue(held);

    pulse.caughtUp(awake.toNanos());
    assertThat(pulse.behindSinceNanos()).isEmpty();
  }

  @Test
  void ifItWasHeldAgainMeanwhileItIsBehindSinceTheQuestion() {
    pulse.paused();
    pulse.reading();
    long asked = awake.toNanos();
    beats(1);
    pulse.paused();
    pulse.reading();

    pulse.caughtUp(asked);

    assertThat(pulse.behindSinceNanos()).hasValue(asked);
  }

  @Test
  void whatIsReadAfterTheProcessStoodStillMayBeAsOldAsThat() {
    pulse.frame();
    beats(2);
    long stoodStill = awake.toNanos();
    passes(Duration.ofSeconds(300));
    pulse.frame();
    passes(Duration.ofMillis(1));
    pulse.frame();

    assertThat(pulse.behindSinceNanos()).hasValue(stoodStill);

    beats(1);
    pulse.caughtUp(awake.toNanos());
    assertThat(pulse.behindSinceNanos()).isEmpty();
  }

  @Test
  void theAnswerToAQuestionFromBeforeProvesNothingOfWhatCameMeanwhile() {
    long asked = awake.toNanos();
    beats(1);
    passes(Duration.ofSeconds(5));
    pulse.beat();

    pulse.caughtUp(asked);

    assertThat(pulse.behindSinceNanos()).hasValue(asked);
  }

  @Test
  void whatIsReadAfterTheMachineSleptMayBeAsOldAsThat() {
    pulse.frame();
    beats(2);
    long fellAsleep = awake.toNanos();
    wall = wall.plusHours(1);
    passes(Duration.ofMillis(10));
    pulse.frame();

    assertThat(pulse.behindSinceNanos()).hasValue(fellAsleep);
  }

  @Test
  void aWallClockThatIsSetBackIsNoSleep() {
    wall = wall.minusHours(1);
    passes(Duration.ofMillis(10));
    pulse.frame();

    assertThat(pulse.behindSinceNanos()).isEmpty();
  }

  @Test
  void untilItIsOpenNothingCanHaveWaited() {
    Pulse opening = new Pulse(() -> awake.toNanos(), () -> wall.toMillis());
    opening.frame();

    assertThat(opening.behindSinceNanos()).isEmpty();
  }
}
