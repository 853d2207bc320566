package dev.caravan.background;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * A clock for intervals and timeouts: it shows the wall clock's time of its beginning and goes on
 * from there whatever happens to the wall clock. Its instants and milliseconds are to be compared
 * with each other only, never with what others state or what is stored; for those it tells what the
 * wall clock showed at a moment of its own. While the machine sleeps it stands still and the wall
 * clock goes on: what was read before is as old as it is.
 */
public final class SteadyClock extends Clock implements LongSupplier {

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

  public SteadyClock() {
    this(System::currentTimeMillis, System::nanoTime);
  }

  /**
   * @param wallMillis the wall clock
   * @param nanos never jumps
   */
  public SteadyClock(LongSupplier wallMillis, LongSupplier nanos) {
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

  @Override
  public Instant instant() {
    return Instant.ofEpochMilli(startMillis).plusNanos(nanos.getAsLong() - startNanos);
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException("It tells intervals; they have no zone.");
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
  public Instant atTheEarliest(long moment) {
    return shown(moment, Sleep::before);
  }

  /** What the wall clock showed at this moment; after the sleep, if it may have been there. */
  public Instant atTheLatest(long moment) {
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
