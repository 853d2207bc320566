package dev.caravan.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SocketLivenessTest {

  private Duration awake = Duration.ofDays(3);
  private Duration wall = Duration.ofDays(20_000);
  private final SocketLiveness liveness =
      new SocketLiveness(() -> awake.toNanos(), () -> wall.toMillis());

  @BeforeEach
  void open() {
    liveness.open();
  }

  private void passes(Duration time) {
    awake = awake.plus(time);
    wall = wall.plus(time);
  }

  private void beats(int seconds) {
    for (int half = 0; half < 2 * seconds; half++) {
      passes(Duration.ofMillis(SocketLiveness.BEAT_MILLIS));
      liveness.beat();
    }
  }

  @Test
  void aSocketThatWasNeverHeldIsNotBehind() {
    beats(30);
    liveness.frame();
    beats(30);
    liveness.frame();

    assertThat(liveness.behindSinceNanos()).isEmpty();
    assertThat(liveness.lastFrameNanos()).hasValue(awake.toNanos());
  }

  @Test
  void itIsReadFreelySinceTheLastHoldEnded() {
    long opened = awake.toNanos();
    beats(5);
    assertThat(liveness.readFreelySinceNanos()).isEqualTo(opened);

    liveness.paused();
    beats(5);
    liveness.reading();
    long resumed = awake.toNanos();
    beats(5);
    assertThat(liveness.readFreelySinceNanos()).isEqualTo(resumed);

    passes(Duration.ofSeconds(5));
    liveness.beat();
    assertThat(liveness.readFreelySinceNanos()).isEqualTo(awake.toNanos());
  }

  @Test
  void afterAHoldItIsBehindUntilALaterQuestionIsAnswered() {
    liveness.paused();
    long held = liveness.behindSinceNanos().orElseThrow();
    beats(5);
    liveness.reading();
    liveness.frame();

    assertThat(liveness.behindSinceNanos()).hasValue(held);

    liveness.caughtUp(awake.toNanos());
    assertThat(liveness.behindSinceNanos()).isEmpty();
  }

  @Test
  void ifItWasHeldAgainMeanwhileItIsBehindSinceTheQuestion() {
    liveness.paused();
    liveness.reading();
    long asked = awake.toNanos();
    beats(1);
    liveness.paused();
    liveness.reading();

    liveness.caughtUp(asked);

    assertThat(liveness.behindSinceNanos()).hasValue(asked);
  }

  @Test
  void whatIsReadAfterTheProcessStoodStillMayBeAsOldAsThat() {
    liveness.frame();
    beats(2);
    long stoodStill = awake.toNanos();
    passes(Duration.ofSeconds(300));
    liveness.frame();
    passes(Duration.ofMillis(1));
    liveness.frame();

    assertThat(liveness.behindSinceNanos()).hasValue(stoodStill);

    beats(1);
    liveness.caughtUp(awake.toNanos());
    assertThat(liveness.behindSinceNanos()).isEmpty();
  }

  @Test
  void theAnswerToAQuestionFromBeforeProvesNothingOfWhatCameMeanwhile() {
    long asked = awake.toNanos();
    beats(1);
    passes(Duration.ofSeconds(5));
    liveness.beat();

    liveness.caughtUp(asked);

    assertThat(liveness.behindSinceNanos()).hasValue(asked);
  }

  @Test
  void whatIsReadAfterTheMachineSleptMayBeAsOldAsThat() {
    liveness.frame();
    beats(2);
    long fellAsleep = awake.toNanos();
    wall = wall.plusHours(1);
    passes(Duration.ofMillis(10));
    liveness.frame();

    assertThat(liveness.behindSinceNanos()).hasValue(fellAsleep);
  }

  @Test
  void aWallClockThatIsSetBackIsNoSleep() {
    wall = wall.minusHours(1);
    passes(Duration.ofMillis(10));
    liveness.frame();

    assertThat(liveness.behindSinceNanos()).isEmpty();
  }

  @Test
  void untilItIsOpenNothingCanHaveWaited() {
    SocketLiveness opening = new SocketLiveness(() -> awake.toNanos(), () -> wall.toMillis());
    opening.frame();

    assertThat(opening.behindSinceNanos()).isEmpty();
  }
}
