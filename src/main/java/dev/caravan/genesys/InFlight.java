package dev.caravan.genesys;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * Bounds how many exchanges are under way, and knows for how long none of them was completed: the
 * sign that whatever is behind the route (Kafka, usually) stands still.
 */
final class InFlight {

  private final Semaphore places;
  private final LongSupplier clock;
  private final AtomicInteger count = new AtomicInteger();
  private volatile long movedAt;

  /**
   * @param most exchanges under way at most
   * @param clock milliseconds
   */
  InFlight(int most, LongSupplier clock) {
    this.places = new Semaphore(most);
    this.clock = clock;
  }

  /** Takes a place; waits while there is none. */
  void enter() throws InterruptedException {
    places.acquire();
    if (count.getAndIncrement() == 0) {
      movedAt = clock.getAsLong();
    }
  }

  /** Gives a place back. */
  void leave() {
    count.decrementAndGet();
    movedAt = clock.getAsLong();
    places.release();
  }

  int count() {
    return count.get();
  }

  /** Whether somebody waits for a place. */
  boolean full() {
    return places.hasQueuedThreads();
  }

  /** For how long exchanges have been under way without one being completed, in milliseconds. */
  long stalledMillis() {
    return count.get() == 0 ? 0 : clock.getAsLong() - movedAt;
  }
}
