package dev.caravan.background;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** When something was read by the wall clock, whatever the machine did since. */
class SteadyClockTest {

  private static final Duration HOUR = Duration.ofHours(1);

  private Instant wall = Instant.parse("2026-01-01T12:00:00Z");
  private Duration awake = Duration.ZERO;
  private final SteadyClock clock =
      new SteadyClock(() -> wall.toEpochMilli(), () -> awake.toNanos());

  private void passes(int seconds) {
    awake = awake.plusSeconds(seconds);
    wall = wall.plusSeconds(seconds);
    clock.look();
  }

  @Test
  void whatWasReadBeforeTheMachineSleptIsAsOldAsItIs() {
    Instant read = wall;
    long moment = clock.getAsLong();
    passes(1);
    wall = wall.plus(HOUR);
    passes(1);
    Instant woken = wall;
    long after = clock.getAsLong();

    passes(40);

    assertThat(clock.atTheEarliest(moment)).isEqualTo(read);
    assertThat(clock.atTheLatest(moment)).isEqualTo(read);
    assertThat(clock.atTheLatest(after)).isEqualTo(woken);
    assertThat(clock.atTheEarliest(after + 1)).isEqualTo(woken.plusMillis(1));
  }

  @Test
  void whatWasReadAboutWhenItFellAsleepMayHaveBeenReadBeforeOrAfter() {
    passes(1);
    long moment = clock.getAsLong() + 500;
    Instant read = wall.plusMillis(500);
    wall = wall.plus(HOUR);
    passes(1);

    assertThat(clock.atTheEarliest(moment)).isEqualTo(read);
    assertThat(clock.atTheLatest(moment)).isEqualTo(read.plus(HOUR));
  }

  @Test
  void aWallClockThatIsSetBackTakesAllMomentsAlong() {
    Instant read = wall;
    long moment = clock.getAsLong();
    wall = wall.plus(HOUR);
    passes(1);
    wall = wall.minus(HOUR);
    passes(1);

    assertThat(clock.atTheEarliest(moment)).isEqualTo(read);
    assertThat(clock.atTheLatest(moment)).isEqualTo(read);
  }

  @Test
  void aWallClockThatIsSetBackALittleDoesNotUndoASleep() {
    Instant read = wall;
    long moment = clock.getAsLong();
    passes(1);
    wall = wall.plus(HOUR);
    passes(1);
    wall = wall.minusSeconds(2);
    passes(1);

    assertThat(clock.atTheEarliest(moment)).isEqualTo(read);
    assertThat(clock.atTheLatest(clock.getAsLong())).isEqualTo(wall);
  }

  @Test
  void itNeverJumps() {
    long before = clock.getAsLong();
    wall = wall.plus(HOUR);
    passes(1);
    wall = wall.minus(HOUR).minus(HOUR);
    passes(1);

    assertThat(clock.getAsLong() - before).isEqualTo(2_000);
  }
}
