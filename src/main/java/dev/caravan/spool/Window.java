package dev.caravan.spool;

import dev.caravan.spool.log.LogRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;

/**
 * The records that were taken from the spool and not let go of yet, in order. Only those that may
 * have to be handed out again take up a place: what is delivered behind one that is not does not
 * keep others out. For one thread at a time.
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

    /** Null once it is delivered or parked: those may be many, and can be read again. */
    LogRecord record;

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

    Slot(LogRecord record, long key) {
      this.sequence = record.sequence();
      this.key = key;
      this.weight = record.weight();
      this.record = record;
    }

    void handedOutAt(long nanos) {
      state = State.IN_FLIGHT;
      handedOutAtNanos = nanos;
    }

    boolean isParked() {
      return parkedAs != NOT_PARKED;
    }

    /** Whether the spool need not keep it any more. */
    boolean isDone() {
      return state == State.DELIVERED || isParked();
    }
  }

  private final int maxRecords;
  private final long maxBytes;
  private final Deque<Slot> slots = new ArrayDeque<>();
  private int places;
  private long bytes;

  /** How far everything is done with, and how many records that lets go of. */
  record Progress(long upToSequence, int records) {}

  Window(int maxRecords, long maxBytes) {
    this.maxRecords = maxRecords;
    this.maxBytes = maxBytes;
  }

  /** Whether there is no room for one more; a single record fits however large it is. */
  boolean isFull() {
    return places >= maxRecords || bytes >= maxBytes || slots.size() >= MOST_SLOTS;
  }

  boolean isEmpty() {
    return slots.isEmpty();
  }

  /** How many records take up a place. */
  int places() {
    return places;
  }

  void add(Slot slot) {
    slots.addLast(slot);
    takePlace(slot);
  }

  /** For a record that is delivered and must be repeated. */
  void takePlace(Slot slot) {
    places++;
    bytes += slot.weight;
  }

  /** For a record that is delivered or parked. */
  void leavePlace(Slot slot) {
    slot.record = null;
    places--;
    bytes -= slot.weight;
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

  /** Those not done with that match, oldest first. */
  List<Slot> find(Predicate<Slot> wanted) {
    List<Slot> found = new ArrayList<>();
    for (Slot slot : slots) {
      if (!slot.isParked() && wanted.test(slot)) {
        found.add(slot);
      }
    }
    return found;
  }
}
