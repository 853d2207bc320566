package dev.caravan.genesys;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Bounds how many exchanges are under way, and knows for how long none of them was completed: the
 * sign that whatever is behind the route (Kafka, usually) stands still.
 */
final class InFlight {

  private final int most;
  private final Semaphore places;
  private final LongSupplier clock;
  private final AtomicInteger count = new AtomicInteger();
  private volatile long movedAt;

  /**
   * Those that entered before {@code since} and after it, counted apart: the first count falls to
   * zero though something is always under way.
   */
  private final AtomicIntegerArray epochs = new AtomicIntegerArray(2);

  private volatile int current;
  private long since;
  private long done;

  private final Watermark committed;
  private final Watermark acknowledged;
  private long left;

  /** Until when all that had entered has reached a stage that it reaches after it has left. */
  private static final class Watermark {
    private long lookedAt;
    private long leftThen;
    private long until;

    private Watermark(long now) {
      this.lookedAt = now;
      this.leftThen = now;
      this.until = now;
    }

    /**
     * @param now before it was seen what has left
     * @param left until when all that had entered had left then
     * @param reached all that had left by then has reached the stage
     */
    private long until(long now, long left, long reached) {
      if (reached >= lookedAt) {
        // What had left by then has reached it, and not what has left since
        until = reached >= now ? left : leftThen;
        lookedAt = now;
        leftThen = left;
      }
      return until;
    }
  }

  InFlight(int most, LongSupplier clock) {
    this.most = most;
    this.places = new Semaphore(most);
    this.clock = clock;
    this.since = clock.getAsLong();
    this.done = since;
    this.left = since;
    this.committed = new Watermark(since);
    this.acknowledged = new Watermark(since);
  }

  /** Takes a place; waits while there is none. */
  int enter() throws InterruptedException {
    places.acquire();
    if (count.getAndIncrement() == 0) {
      movedAt = clock.getAsLong();
    }
    int epoch = current;
    epochs.incrementAndGet(epoch);
    return epoch;
  }

  void leave(int epoch) {
    epochs.decrementAndGet(epoch);
    count.decrementAndGet();
    movedAt = clock.getAsLong();
    places.release();
  }

  /**
   * Until when all that had entered has left; as old as the time between two calls while there is
   * always something under way.
   */
  private long doneUntil() {
    long now = clock.getAsLong();
    if (count.get() == 0) {
      done = now;
      return now;
    }
    int other = 1 - current;
    if (epochs.get(other) == 0) {
      done = Math.max(done, since);
      since = now;
      current = other;
    }
    return done;
  }

  /**
   * Until when all that had entered is on disk, or acknowledged; to be asked by one caller only.
   */
  long committedUntil(Supplier<Duration> uncommittedFor) {
    long now = clock.getAsLong();
    left = doneUntil();
    return committed.until(now, left, clock.getAsLong() - uncommittedFor.get().toMillis());
  }

  /** Until when all that had entered has reached Kafka, or was left out; asked after that. */
  long acknowledgedUntil(Supplier<Duration> unacknowledgedFor) {
    long now = clock.getAsLong();
    return acknowledged.until(now, left, clock.getAsLong() - unacknowledgedFor.get().toMillis());
  }

  int count() {
    return count.get();
  }

  int most() {
    return most;
  }

  boolean full() {
    return places.hasQueuedThreads();
  }

  /** For how long exchanges have been under way without one being completed, in milliseconds. */
  long stalledMillis() {
    return count.get() == 0 ? 0 : clock.getAsLong() - movedAt;
  }
}
