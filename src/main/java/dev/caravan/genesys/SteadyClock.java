package dev.caravan.genesys;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * Milliseconds that look like the wall clock's at the start and never jump afterwards, and what the
 * wall clock showed at a moment of theirs. While the machine sleeps they stand still and the wall
 * clock goes on: what was read before is as old as it is.
 */
final class SteadyClock implements LongSupplier {

  /** By more the wall clock gains on this one only if the machine slept, or if it was set. */
  private static final long SLEPT_MILLIS = 1_000;

  private static final int MOST_SLEEPS = 16;

  private final LongSupplier wallMillis;
  private final LongSupplier nanos;
  private final long startMillis;
  private final long startNanos;
  private final Deque<Sleep> sleeps = new ArrayDeque<>();
  private long lookedAt;
  private long ahead;

  /**
   * The machine slept somewhere between these two moments.
   *
   * @param ahead by how much the wall clock was ahead before
   */
  private record Sleep(long after, long before, long ahead) {}

  SteadyClock() {
    this(System::currentTimeMillis, System::nanoTime);
  }

  SteadyClock(LongSupplier wallMillis, LongSupplier nanos) {
    this.wallMillis = wallMillis;
    this.nanos = nanos;
    this.startMillis = wallMillis.getAsLong();
    this.startNanos = nanos.getAsLong();
    this.lookedAt = startMillis;
  }

  @Override
  public long getAsLong() {
    return startMillis + TimeUnit.NANOSECONDS.toMillis(nanos.getAsLong() - startNanos);
  }

  /** Looks whether the machine has slept; the more often, the more is known of when it did. */
  synchronized void look() {
    long now = getAsLong();
    long aheadNow = wallMillis.getAsLong() - now;
    if (aheadNow - ahead > SLEPT_MILLIS) {
      sleeps.addLast(new Sleep(lookedAt, now, ahead));
      if (sleeps.size() > MOST_SLEEPS) {
        sleeps.removeFirst();
      }
    }
    ahead = aheadNow;
    lookedAt = now;
  }

  /** What the wall clock showed at this moment; before the sleep, if it may have been there. */
  Instant atTheEarliest(long moment) {
    return shown(moment, Sleep::before);
  }

  /** What the wall clock showed at this moment; after the sleep, if it may have been there. */
  Instant atTheLatest(long moment) {
    return shown(moment, Sleep::after);
  }

  private synchronized Instant shown(long moment, ToLongFunction<Sleep> fellAsleep) {
    look();
    for (Sleep sleep : sleeps) {
      if (moment <= fellAsleep.applyAsLong(sleep)) {
        // Once set back, what the wall clock showed before may be in the future
        return Instant.ofEpochMilli(moment + Math.min(sleep.ahead(), ahead));
      }
    }
    return Instant.ofEpochMilli(moment + ahead);
  }
}
