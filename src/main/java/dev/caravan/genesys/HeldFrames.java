package dev.caravan.genesys;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.frame.EventId;
import dev.caravan.frame.Frame;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Stands between the socket of one shard and its route while the shard moves from one instance to
 * another: the new one holds what it reads, the old one notes what it forwards, and of what both
 * have read one copy is forwarded. Of a shard for whose reader this instance stands by it keeps
 * what has not reached Kafka. Which are copies {@link UnacknowledgedFrames} finds out.
 */
final class HeldFrames {

  /** What is held of a shard at most; then its socket is not read any more. */
  private static final long MOST_BYTES = 24_000_000;

  /** Such a part of the memory is for what is held, and another for what is kept standing by. */
  private static final int SHARE = 4;

  /** What is noted at most; of what is forgotten beyond that both copies are forwarded. */
  static final int MOST_NOTED = 200_000;

  /** What is kept at most of frames that cannot be read while this instance stands by. */
  private static final long MOST_UNREADABLE_BYTES = 1_000_000;

  static final int MOST_UNREADABLE = 100;

  private enum Mode {
    FORWARD,
    HOLD,
    STAND_BY,
    DROP
  }

  /** What may be held of all shards together, and likewise what may be kept while standing by. */
  static long mostBytes() {
    return Runtime.getRuntime().maxMemory() / SHARE;
  }

  interface Next {
    void notification(int shard, Read read);
  }

  record Read(Frame.Notification event, byte[] body, long at, String ceId) {}

  private record Unreadable(int bytes, Runnable letter, long at) {}

  private record Noted(EventId id, long at) {}

  private static final long LOOK_MILLIS = 50;

  private final int shard;
  private final LongSupplier clock;
  private final UnacknowledgedFrames kept;
  private final BooleanSupplier full;
  private final Next next;
  private final Runnable pairedOff;
  private final Deque<Noted> noted = new ArrayDeque<>();
  private final Deque<Unreadable> unreadable = new ArrayDeque<>();
  private long unreadableBytes;
  private volatile Mode mode;
  private volatile LongSupplier mostBytes = () -> Long.MAX_VALUE;
  private volatile boolean noting;

  /** How often it was to be held: a release of an earlier time ends then. */
  private long holds;

  /** Up to this number what is held is to be forwarded, whatever comes. */
  private long due;

  /** Whether what comes is, too: it is held only until those before it are forwarded. */
  private boolean releasing;

  private final List<Runnable> onceReleased = new ArrayList<>();

  /** Of two releases the second waits for the first, so that nothing overtakes. */
  private final Object turn = new Object();

  /** Since when nothing is held any more. */
  private volatile long forwardsSince = Long.MIN_VALUE;

  HeldFrames(
      int shard,
      boolean held,
      BooleanSupplier full,
      LongSupplier clock,
      Next next,
      Runnable pairedOff) {
    this.shard = shard;
    this.full = full;
    this.mode = held ? Mode.HOLD : Mode.FORWARD;
    this.kept =
        new UnacknowledgedFrames(
            () -> mode == Mode.STAND_BY ? mostBytes.getAsLong() : Long.MAX_VALUE);
    this.clock = clock;
    this.next = next;
    this.pairedOff = pairedOff;
  }

  /**
   * @param most how much is kept at most of what has not reached Kafka
   */
  HeldFrames standingBy(LongSupplier most) {
    mostBytes = most;
    mode = Mode.STAND_BY;
    return this;
  }

  boolean isHolding() {
    return mode == Mode.HOLD || mode == Mode.STAND_BY;
  }

  /** Whether all that was read until then has been handed on, and nothing of it is held. */
  boolean hasForwarded(long until) {
    return !isHolding() && until >= forwardsSince;
  }

  long heldBytes() {
    return mode == Mode.HOLD ? kept.bytes() : 0;
  }

  UnacknowledgedFrames unacknowledged() {
    return kept;
  }

  /** The one that read the shard has ended: what has not reached Kafka is to be released. */
  synchronized void takeOver() {
    if (mode == Mode.STAND_BY) {
      mode = Mode.HOLD;
      holds++;
    }
  }

  /** Goes on as if this had just begun to be held: what was read before has its reader. */
  synchronized void takePart() {
    if (mode == Mode.STAND_BY) {
      kept.beginAnew(clock.getAsLong());
      unreadable();
      takeOver();
    }
  }

  /**
   * A frame cannot be read. While this instance stands by it is the reader's, too, and kept until
   * that one has acknowledged it; else false.
   */
  synchronized boolean keeps(int bytes, Runnable letter) {
    if (mode != Mode.STAND_BY) {
      return false;
    }
    unreadable.add(new Unreadable(bytes, letter, clock.getAsLong()));
    unreadableBytes += bytes;
    while (unreadable.size() > MOST_UNREADABLE || unreadableBytes > MOST_UNREADABLE_BYTES) {
      unreadableBytes -= unreadable.removeFirst().bytes();
    }
    return true;
  }

  /** The reader has told so: see {@link UnacknowledgedFrames#acknowledged}. */
  synchronized void acknowledged(List<Forwarded> there, long ageMillis, long now) {
    kept.acknowledged(there, ageMillis, now);
    long before =
        ageMillis < 0 ? Long.MIN_VALUE : now - ageMillis - UnacknowledgedFrames.HEARD_WITHIN_MILLIS;
    while (!unreadable.isEmpty() && unreadable.getFirst().at() < before) {
      unreadableBytes -= unreadable.removeFirst().bytes();
    }
  }

  /** Sends those that are kept, which are not any more, to the dead letters. */
  synchronized Runnable unreadable() {
    List<Unreadable> all = List.copyOf(unreadable);
    unreadable.clear();
    unreadableBytes = 0;
    return () -> all.forEach(one -> one.letter().run());
  }

  /** What has not reached Kafka, to be forwarded; it goes on to stand by for another. */
  synchronized List<Read> rescue() {
    return mode == Mode.STAND_BY ? kept.takeAll() : List.of();
  }

  void take(Frame.Notification event, byte[] body, String ceId) {
    Read read = new Read(event, body, clock.getAsLong(), ceId);
    if ((mode != Mode.FORWARD || noting || kept.awaitsCopies()) && !passes(read)) {
      return;
    }
    next.notification(shard, read);
  }

  private synchronized boolean passes(Read read) {
    while (mode == Mode.HOLD && (kept.bytes() > MOST_BYTES || full.getAsBoolean())) {
      try {
        // Another shard may hold less by then
        wait(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    if (isHolding()) {
      kept.add(read);
      due = releasing && mode == Mode.HOLD ? kept.last() : due;
    } else if (mode != Mode.DROP && kept.wasTold(read)) {
      pairedOff.run();
    } else if (mode != Mode.DROP) {
      if (noting) {
        note(read.event());
      }
      return true;
    }
    return false;
  }

  private void note(Frame.Notification event) {
    if (noted.size() >= MOST_NOTED) {
      noted.removeFirst();
    }
    noted.add(new Noted(event.id(), clock.getAsLong()));
  }

  /** Notes what is forwarded from now on, or no more; what is held stays held. */
  synchronized void note(boolean on) {
    noted.clear();
    noting = on;
  }

  synchronized void hold() {
    if (mode != Mode.DROP) {
      mode = Mode.HOLD;
      holds++;
      releasesNoMore();
    }
  }

  /**
   * Forwards nothing of what is read from now on; what was forwarded since it is noted. What was to
   * be released goes on to be: nobody else may have it. See {@link #rest}.
   */
  synchronized List<Forwarded> stop() {
    mode = Mode.DROP;
    kept.removeAfter(due);
    runOnceReleased();
    notifyAll();
    long now = clock.getAsLong();
    List<Forwarded> all =
        noted.stream().map(one -> new Forwarded(one.id(), (int) (now - one.at()))).toList();
    noted.clear();
    return all;
  }

  /** What was to be released when it was held again, after {@link #stop}: to be run once. */
  synchronized Optional<Runnable> rest() {
    return mode == Mode.DROP && !kept.isEmpty() && !releasing
        ? Optional.of(released(List.of()))
        : Optional.empty();
  }

  /** Has this run once all that was to be released has been; at once if nothing is. */
  synchronized void onceReleased(Runnable then) {
    if (releasing && mode == Mode.HOLD) {
      onceReleased.add(then);
    } else {
      then.run();
    }
  }

  private void releasesNoMore() {
    releasing = false;
    runOnceReleased();
  }

  private void runOnceReleased() {
    onceReleased.forEach(Runnable::run);
    onceReleased.clear();
  }

  /**
   * What is held is to be forwarded, but for copies of what another instance has, and what comes
   * then. It waits for the route, so whoever runs it does so in the background.
   */
  synchronized Runnable released(List<Forwarded> forwarded) {
    long its = holds;
    long heard = clock.getAsLong();
    due = kept.last();
    releasing = true;
    return () -> {
      synchronized (turn) {
        release(forwarded, its, heard);
      }
    };
  }

  private void release(List<Forwarded> forwarded, long its, long heard) {
    int copies;
    synchronized (this) {
      copies = releases(its) ? kept.handedOver(forwarded, heard) : 0;
    }
    for (int copy = 0; copy < copies; copy++) {
      pairedOff.run();
    }
    for (Read one = first(its); one != null; one = first(its)) {
      next.notification(shard, one);
    }
  }

  private boolean releases(long its) {
    return its == holds && (mode == Mode.HOLD || mode == Mode.DROP);
  }

  /** The next one to be forwarded; null if there is none, and then the rest passes as it comes. */
  private synchronized Read first(long its) {
    if (!releases(its)) {
      return null;
    }
    Read one = kept.poll();
    if (one == null) {
      if (mode == Mode.HOLD) {
        forwardsSince = clock.getAsLong();
        mode = Mode.FORWARD;
      }
      releasesNoMore();
    } else if (noting) {
      note(one.event());
    }
    notifyAll();
    return one;
  }
}
