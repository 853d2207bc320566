package dev.caravan.channel;

import java.util.ArrayDeque;
import java.util.function.LongSupplier;

/**
 * How often all shards of an OAuth client together may go for a channel after losses and failures:
 * 20 times a minute, as often as it has channels, so that each can be gone back to once; of them 6
 * for a new channel, since Genesys Cloud keeps what is left behind for a day and ends somebody's
 * channel for the twenty-first. The first channel of a shard and a hand-over are not held up by it.
 */
public final class AttemptBudget {

  /** Attempts a minute. */
  static final int MOST = 20;

  /** Those among them that create a channel. */
  static final int MOST_NEW = 6;

  private static final long WINDOW_MILLIS = 60_000;

  private final LongSupplier clock;
  private final ArrayDeque<Long> attempts = new ArrayDeque<>();
  private final ArrayDeque<Long> creations = new ArrayDeque<>();

  public AttemptBudget(LongSupplier clock) {
    this.clock = clock;
  }

  /**
   * How long there is no room, in milliseconds; 0 if there is.
   *
   * @param again for an attempt at a channel that exists
   * @param anew for one that creates a channel
   */
  public record Room(long again, long anew) {}

  public synchronized Room room() {
    long now = clock.getAsLong();
    long again = wait(attempts, MOST, now);
    return new Room(again, Math.max(again, wait(creations, MOST_NEW, now)));
  }

  private static long wait(ArrayDeque<Long> made, int most, long now) {
    while (!made.isEmpty() && made.peekFirst() <= now - WINDOW_MILLIS) {
      made.pollFirst();
    }
    return made.size() < most ? 0 : made.peekFirst() + WINDOW_MILLIS - now;
  }

  /** One more attempt is made; what would be too many takes the place of the oldest. */
  public synchronized void charge(boolean anew) {
    add(attempts, MOST);
    if (anew) {
      add(creations, MOST_NEW);
    }
  }

  private void add(ArrayDeque<Long> made, int most) {
    if (made.size() == most) {
      made.pollFirst();
    }
    made.addLast(clock.getAsLong());
  }

  /**
   * What an attempt that failed comes to.
   *
   * @param anew whether it was to create a channel
   * @param free whether it was not charged when it was made
   */
  synchronized void failed(boolean anew, boolean free, Failure failure) {
    if (failure.reached() == Failure.Reached.NOBODY) {
      if (!free) {
        giveBack(anew);
      }
      return;
    }
    if (free) {
      charge(anew);
    }
    boolean none = failure.reached() == Failure.Reached.NO_CHANNEL;
    if (anew && (none || !failure.retryAfter().isZero())) {
      giveBackCreation();
    }
  }

  /** The last attempt was none: nobody was asked for a channel. */
  synchronized void giveBack(boolean anew) {
    attempts.pollLast();
    if (anew) {
      giveBackCreation();
    }
  }

  /** The last attempt created no channel. */
  synchronized void giveBackCreation() {
    creations.pollLast();
  }
}
