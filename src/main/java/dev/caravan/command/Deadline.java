package dev.caravan.command;

import java.time.Duration;

/** For loops that end after a while, or never. */
public final class Deadline {

  private final long start = System.nanoTime();
  private final Duration after;

  private Deadline(Duration after) {
    this.after = after;
  }

  /** Zero means never. */
  public static Deadline in(Duration after) {
    return new Deadline(after);
  }

  public boolean isPast() {
    return !after.isZero() && elapsed().compareTo(after) >= 0;
  }

  /** How long until then; below zero if it is past. */
  public Duration left() {
    return after.minus(elapsed());
  }

  public Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
