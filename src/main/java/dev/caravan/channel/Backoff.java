package dev.caravan.channel;

import java.util.function.DoubleSupplier;

/**
 * How long to wait before the next attempt: at once (jittered) when nothing failed yet, then
 * exponential, give or take a twentieth. Full jitter would halve the waits, so double the attempts,
 * and leave to chance how long a fault blinds; what is too many at a time is the {@link
 * AttemptBudget}'s. A mere connect forgives nothing, so that a server which accepts and drops is
 * not hammered; each {@link Timings#stable} of being read forgives one failure.
 *
 * @param failures attempts that failed, and connections that were soon lost again, and still count
 * @param since when that last changed, in milliseconds of the machine's clock
 * @param livedMillis time of being read that has not forgiven anything yet
 */
public record Backoff(int failures, long since, long livedMillis) {

  private static final int MOST_DOUBLINGS = 20;
  private static final int TENTH = 10;
  private static final int MOST_FAILURES = 1_000_000;
  public static final Backoff NONE = new Backoff(0, 0, 0);

  public static Backoff after(int failures) {
    return new Backoff(failures, 0, 0);
  }

  Backoff plus(int more, long now) {
    return new Backoff(Math.min(failures + more, MOST_FAILURES), now, livedMillis);
  }

  Backoff forgiven(long now) {
    return new Backoff(failures - 1, now, 0);
  }

  /** The same after a channel was read that became LIVE then, and is no more. */
  Backoff lived(long liveAt, long now, Timings timings) {
    long lived = livedMillis + now - Math.max(liveAt, since);
    return new Backoff(failures, now, Math.min(lived, timings.stable().toMillis() - 1));
  }

  /** When one failure is forgiven if the channel that became LIVE then goes on being read. */
  long forgivenAt(long liveAt, Timings timings) {
    return Math.max(liveAt, since) + timings.stable().toMillis() - livedMillis;
  }

  /** A random wait in milliseconds before the next attempt, given the failures so far. */
  public long delayMillis(Timings timings, DoubleSupplier random) {
    double share = failures < 1 ? random.getAsDouble() : 1 + (random.getAsDouble() - 0.5) / TENTH;
    return Math.min((long) (share * capMillis(timings)), timings.retryMost().toMillis());
  }

  /** About the longest wait that {@link #delayMillis} may give now, in milliseconds. */
  public long capMillis(Timings timings) {
    if (failures < 1) {
      return timings.firstRetry().toMillis();
    }
    long doubled =
        timings.retryInitial().toMillis() * (1L << Math.min(failures - 1, MOST_DOUBLINGS));
    return Math.min(doubled, timings.retryMost().toMillis());
  }
}
