package dev.caravan.cli;

import java.time.Duration;

/** For loops that end after a while, or never. */
final class Deadline {

  private final long start = System.nanoTime();
  private final Duration after;

  private Deadline(Duration after) {
    this.after = after;
  }

  /** 0 means never. */
  static Deadline inSeconds(long seconds) {
    return new Deadline(Duration.ofSeconds(seconds));
  }

  boolean isPast() {
    return !after.isZero() && elapsed().compareTo(after) >= 0;
  }

  Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
