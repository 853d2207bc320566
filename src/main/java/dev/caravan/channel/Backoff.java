package dev.caravan.channel;

import java.util.function.DoubleSupplier;

/**
 * How long to wait before the next attempt: at once (jittered) after the first failure, then
 * exponential with full jitter. It is forgotten only after a stable while, never by a mere connect,
 * so that a server which accepts and drops is not hammered.
 *
 * @param failures attempts that failed, and sockets that were lost, since the last stable while
 * @param since when the last of them was, in milliseconds of the machine's clock
 */
public record Backoff(int failures, long since) {

  private static final int MOST_DOUBLINGS = 20;
  private static final int MOST_FAILURES = 1_000_000;

  /** No failure yet. */
  public static final Backoff NONE = new Backoff(0, 0);

  /** The same with further failures counted. */
  Backoff plus(int more, long now) {
    return new Backoff(Math.min(failures + more, MOST_FAILURES), now);
  }

  /** A random wait in milliseconds before the next attempt, given the failures so far. */
  public long delayMillis(Timings timings, DoubleSupplier random) {
    return (long) (random.getAsDouble() * capMillis(timings));
  }

  /** The longest wait that {@link #delayMillis} may give now, in milliseconds. */
  public long capMillis(Timings timings) {
    if (failures <= 1) {
      return timings.firstRetry().toMillis();
    }
    long doubled =
        timings.retryInitial().toMillis() * (1L << Math.min(failures - 2, MOST_DOUBLINGS));
    return Math.min(doubled, timings.retryMost().toMillis());
  }
}
