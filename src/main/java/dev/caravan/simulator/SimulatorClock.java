package dev.caravan.simulator;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * The clock by which tokens and channels age: real time, times a factor, plus what a test has
 * skipped. Used from the event loop only.
 */
public final class SimulatorClock {

  private final Clock wall;
  private final Instant start;
  private final double scale;
  private Duration skipped = Duration.ZERO;

  SimulatorClock(Clock wall, double scale) {
    this.wall = wall;
    this.scale = scale;
    this.start = wall.instant();
  }

  /** Now, as tokens and channels feel it. */
  public Instant now() {
    long realMillis = Duration.between(start, wall.instant()).toMillis();
    return start.plusMillis((long) (realMillis * scale)).plus(skipped);
  }

  /** Now, as the client's own clock shows it. */
  public Instant wallNow() {
    return wall.instant();
  }

  /** When the client's own clock will show that the given moment has come. */
  public Instant onTheWall(Instant moment) {
    long felt = Duration.between(now(), moment).toMillis();
    return wall.instant().plusMillis((long) (felt / scale));
  }

  /** How long a felt duration takes on the client's own clock. */
  public Duration onTheWall(Duration felt) {
    return Duration.ofMillis((long) (felt.toMillis() / scale));
  }

  public void skip(Duration by) {
    skipped = skipped.plus(by);
  }
}
