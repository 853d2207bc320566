package dev.caravan.spool;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The records that were handed out and not let go of yet, in order. For one thread at a time. */
final class Window {

  private final int maxRecords;
  private final long maxBytes;
  private final String keyHeader;
  private final Deque<Slot> slots = new ArrayDeque<>();
  private int outstanding;
  private long bytes;
  private boolean failed;

  /** A record in the window and what became of it. */
  static final class Slot {
    private final SpoolRecord record;
    private State state = State.IN_FLIGHT;

    private Slot(SpoolRecord record) {
      this.record = record;
    }
  }

  private enum State {
    IN_FLIGHT,
    DELIVERED,
    FAILED
  }

  /** How far everything is delivered without a hole, and how many records that lets go of. */
  record Progress(long upToSequence, int records) {}

  Window(int maxRecords, long maxBytes, String keyHeader) {
    this.maxRecords = maxRecords;
    this.maxBytes = maxBytes;
    this.keyHeader = keyHeader;
  }

  /** Whether there is no room for one more; a single record fits however large it is. */
  boolean isFull() {
    return slots.size() >= maxRecords || bytes >= maxBytes;
  }

  Slot add(SpoolRecord record) {
    Slot slot = new Slot(record);
    slots.addLast(slot);
    outstanding++;
    bytes += record.weight();
    return slot;
  }

  /** Takes note of what became of a record; only the first time counts. */
  Optional<Progress> settle(Slot slot, boolean delivered) {
    if (slot.state != State.IN_FLIGHT) {
      return Optional.empty();
    }
    slot.state = delivered ? State.DELIVERED : State.FAILED;
    failed |= !delivered;
    outstanding--;
    long upTo = 0;
    int records = 0;
    while (!slots.isEmpty() && slots.peekFirst().state == State.DELIVERED) {
      SpoolRecord done = slots.removeFirst().record;
      bytes -= done.weight();
      upTo = done.sequence();
      records++;
    }
    return records == 0 ? Optional.empty() : Optional.of(new Progress(upTo, records));
  }

  boolean hasFailed() {
    return failed;
  }

  int outstanding() {
    return outstanding;
  }

  List<SpoolRecord> failed() {
    return slots.stream()
        .filter(slot -> slot.state == State.FAILED)
        .map(slot -> slot.record)
        .toList();
  }

  /** Those behind the first failure that were delivered and that no earlier failure concerns. */
  Set<Long> needNotBeRepeated() {
    Set<String> failedKeys = new HashSet<>();
    Set<Long> delivered = new HashSet<>();
    for (Slot slot : slots) {
      String key = keyHeader.isEmpty() ? "" : slot.record.headers().text(keyHeader);
      if (slot.state == State.FAILED) {
        failedKeys.add(key);
      } else if (!failedKeys.contains(key)) {
        delivered.add(slot.record.sequence());
      }
    }
    return delivered;
  }

  void clear() {
    slots.clear();
    bytes = 0;
    failed = false;
  }
}
