package dev.caravan.testing;

import java.util.concurrent.locks.LockSupport;

/** For what is sent at a steady rate: each at its time, and those that are late at once. */
public final class Pace {

  private Pace() {}

  /**
   * @param nanos of {@link System#nanoTime()}
   */
  public static void awaitTime(long nanos) {
    for (long wait; (wait = nanos - System.nanoTime()) > 0; ) {
      LockSupport.parkNanos(wait);
    }
  }
}
