package dev.caravan.background;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.function.LongSupplier;

/**
 * A clock for intervals and timeouts: it shows the wall clock's time of its beginning and goes on
 * from there whatever happens to the wall clock. Its instants are to be compared with each other
 * only, never with what others state or what is stored.
 */
public final class SteadyClock extends Clock {

  private final Instant begin;
  private final long beginNanos;
  private final LongSupplier nanos;

  public SteadyClock() {
    this(Clock.systemUTC(), System::nanoTime);
  }

  /**
   * @param wall is asked once
   * @param nanos never jumps
   */
  public SteadyClock(Clock wall, LongSupplier nanos) {
    this.begin = wall.instant();
    this.nanos = nanos;
    this.beginNanos = nanos.getAsLong();
  }

  @Override
  public Instant instant() {
    return begin.plus(Duration.ofNanos(nanos.getAsLong() - beginNanos));
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException("It tells intervals; they have no zone.");
  }
}
