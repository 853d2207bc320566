package dev.caravan.spool;

import dev.caravan.spool.Window.Slot.State;
import dev.caravan.spool.log.LogRecord;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The records that were taken from the spool and not let go of yet, in order, and by their keys.
 * One that is delivered before an earlier one of its key is repeated should that one fail, and so
 * stays in memory until then. With keys only those that are not delivered take up a place; without
 * them all do, as the first that fails has all behind it repeated. For one thread at a time.
 */
final class Window {

  /** What is delivered behind a record that is stuck is no more than a few numbers each. */
  private static final int MOST_SLOTS = 250_000;

  /** A record that was taken from the spool and is not let go of yet, and what became of it. */
  static final class Slot {

    private static final long NOT_PARKED = -1;

    final long sequence;
    final long key;
    final int weight;

    /** Null once it need not be handed out any more, or is parked. */
    LogRecord record;

    private Runnable whenSettled;

    volatile State state = State.WAITING;

    long handedOutAtNanos;
    int attempts;
    Failure failure;

    /** Where it lies among the parked records, if it does. */
    long parkedAs = NOT_PARKED;

    enum State {
      /** Not handed out, since an earlier record of its key is not delivered. */
      WAITING,
      IN_FLIGHT,
      FAILED,
      DELIVERED
    }

    /**
     * @param whenSettled is run once it is settled for good
     */
    Slot(LogRecord record, long key, Runnable whenSettled) {
      this.sequence = record.sequence();
      this.key = key;
      this.weight = record.weight();
      this.record = record;
      this.whenSettled = whenSettled;
    }

    /** Delivered, and no earlier one of its key can have it repeated, or given up. */
    void settledForGood() {
      whenSettled.run();
      whenSettled = Delivery.Receiver.NOBODY_ASKS;
    }

    boolean isParked() {
      return parkedAs != NOT_PARKED;
    }

    /** Whether it is neither in flight nor delivered. */
    boolean isToBeHandedOut() {
      return state == State.WAITING || state == State.FAILED;
    }

    /** Whether the spool need not keep it any more. */
    private boolean isDone() {
      return state == State.DELIVERED || isParked();
    }
  }

  /** The records of one key from the first one on that is not delivered. */
  static final class Key {

    final long hash;
    final Deque<Slot> slots = new ArrayDeque<>(2);
    int inFlight;
    Stage stage = Stage.FLOWS;

    /** From when on it is handed out again, if it is {@link Stage#DUE}. */
    long dueAtNanos;

    enum Stage {
      /** What comes of it is handed out at once. */
      FLOWS,
      /** Its records wait for others of it that are parked. */
      BEHIND_PARKED,
      /** One of its records failed; what follows from that is decided once none is in flight. */
      FAILED,
      /** It is handed out again, from the one that failed on. */
      DUE
    }

    private Key(long hash) {
      this.hash = hash;
    }

    /**
     * Whether one of its records has been in flight since this time or before, also where another
     * has failed, which cannot be decided on before that.
     */
    boolean isOverdue(long sinceNanos) {
      return inFlight > 0
          && slots.stream()
              .anyMatch(
                  slot -> slot.state == State.IN_FLIGHT && slot.handedOutAtNanos - sinceNanos <= 0);
    }

    /** Whether something of it is delivered behind its first record, and is kept. */
    boolean keepsDelivered() {
      return slots.stream().anyMatch(slot -> slot.state == State.DELIVERED);
    }

    void handOutAt(long nanos) {
      stage = Stage.DUE;
      dueAtNanos = nanos;
    }

    boolean hasFailed() {
      return stage == Stage.FAILED || stage == Stage.DUE;
    }

    boolean isToBeDecided() {
      return stage == Stage.FAILED && inFlight == 0;
    }
  }

  private final int maxRecords;
  private final long maxBytes;
  private final boolean keyed;
  private final Deque<Slot> slots = new ArrayDeque<>();
  private final Map<Long, Key> keys = new LinkedHashMap<>();
  private int places;
  private long bytes;

  /** How far everything is done with, and how many records that lets go of. */
  record Progress(long upToSequence, int records) {}

  Window(int maxRecords, long maxBytes, boolean keyed) {
    this.maxRecords = maxRecords;
    this.keyed = keyed;
    this.maxBytes = maxBytes;
  }

  /** Whether there is no room for one more; a single record fits however large it is. */
  boolean isFull() {
    return places() >= maxRecords || isMemoryFull() || slots.size() >= MOST_SLOTS;
  }

  boolean isMemoryFull() {
    return bytes >= maxBytes;
  }

  boolean isEmpty() {
    return slots.isEmpty();
  }

  int places() {
    return keyed ? places : slots.size();
  }

  Collection<Key> keys() {
    return keys.values();
  }

  Key keyOf(Slot slot) {
    return keys.get(slot.key);
  }

  /** Adds a record; returned is what there is of its key. */
  Key add(Slot slot) {
    slots.addLast(slot);
    places++;
    bytes += slot.weight;
    Key key = keys.computeIfAbsent(slot.key, Key::new);
    key.slots.addLast(slot);
    return key;
  }

  void handedOut(Slot slot, long nanos) {
    slot.state = State.IN_FLIGHT;
    slot.handedOutAtNanos = nanos;
    keyOf(slot).inFlight++;
  }

  /** What was handed out is delivered or failed; returned is what there is of its key. */
  Key settled(Slot slot) {
    Key key = keyOf(slot);
    key.inFlight--;
    if (slot.state == State.DELIVERED) {
      delivered(slot);
    }
    return key;
  }

  /** Gives back its place, and lets go of the record if no earlier one of its key may fail. */
  void delivered(Slot slot) {
    slot.state = State.DELIVERED;
    places--;
    Deque<Slot> its = keyOf(slot).slots;
    while (!its.isEmpty() && its.peekFirst().state == State.DELIVERED) {
      Slot first = its.removeFirst();
      forget(first);
      first.settledForGood();
    }
    if (its.isEmpty()) {
      keys.remove(slot.key);
    }
  }

  /** Has what was delivered behind a record that failed be repeated, so it takes a place again. */
  void repeatDelivered(Key key) {
    for (Slot slot : key.slots) {
      if (slot.state == State.DELIVERED) {
        slot.state = State.FAILED;
        places++;
      }
    }
  }

  /** It lies among the parked records now, and so does all else of its key. */
  void parked(Slot slot, long parkedAs) {
    slot.parkedAs = parkedAs;
    if (slot.state != State.DELIVERED) {
      places--;
    }
    forget(slot);
    keys.remove(slot.key);
  }

  /** Once only: one that was delivered while it was being parked has been let go of already. */
  private void forget(Slot slot) {
    if (slot.record != null) {
      slot.record = null;
      bytes -= slot.weight;
    }
  }

  /** Removes what is done with from the front; no records if there are none. */
  Progress advance() {
    long upTo = 0;
    int records = 0;
    while (!slots.isEmpty() && slots.peekFirst().isDone()) {
      upTo = slots.removeFirst().sequence;
      records++;
    }
    return new Progress(upTo, records);
  }

  int inFlight() {
    return keys.values().stream().mapToInt(key -> key.inFlight).sum();
  }

  /** Those neither delivered nor parked, oldest first. */
  List<LogRecord> notDelivered() {
    return slots.stream().filter(slot -> !slot.isDone()).map(slot -> slot.record).toList();
  }
}
