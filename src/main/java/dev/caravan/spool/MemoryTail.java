package dev.caravan.spool;

import dev.caravan.spool.log.LogRecord;
import java.util.ArrayList;
import java.util.List;

/** The newest records in memory, without holes, so that a consumer that keeps up needs no disk. */
final class MemoryTail {

  private static final int INITIAL_SLOTS = 1024;

  private LogRecord[] slots = new LogRecord[INITIAL_SLOTS];
  private long first;
  private long next;
  private long bytes;

  MemoryTail(long next) {
    this.first = next;
    this.next = next;
  }

  /** The sequence of the oldest record here; {@link #next} if there is none. */
  long first() {
    return first;
  }

  /** The sequence that the next record must have. */
  long next() {
    return next;
  }

  long bytes() {
    return bytes;
  }

  void add(LogRecord record) {
    if (next - first == slots.length) {
      grow();
    }
    slots[slot(next)] = record;
    bytes += record.weight();
    next++;
  }

  LogRecord get(long sequence) {
    return slots[slot(sequence)];
  }

  /** The records from one sequence to another, both included. */
  List<LogRecord> range(long from, long to) {
    List<LogRecord> range = new ArrayList<>((int) Math.max(0, to - from + 1));
    for (long sequence = from; sequence <= to; sequence++) {
      range.add(get(sequence));
    }
    return range;
  }

  /** The weight of the records from one sequence to another, both included. */
  long weight(long from, long to) {
    long weight = 0;
    for (long sequence = Math.max(from, first); sequence <= to; sequence++) {
      weight += get(sequence).weight();
    }
    return weight;
  }

  /** How far records from here on, up to another, weigh no more than this; one at least, if any. */
  long reach(long from, long to, long mostBytes) {
    long weight = 0;
    for (long sequence = from; sequence <= to; sequence++) {
      weight += get(sequence).weight();
      if (weight > mostBytes) {
        return Math.max(from, sequence - 1);
      }
    }
    return to;
  }

  void removeFirst() {
    int slot = slot(first);
    bytes -= slots[slot].weight();
    slots[slot] = null;
    first++;
  }

  private int slot(long sequence) {
    return (int) (sequence & slots.length - 1);
  }

  private void grow() {
    LogRecord[] old = slots;
    slots = new LogRecord[old.length * 2];
    for (long sequence = first; sequence < next; sequence++) {
      slots[slot(sequence)] = old[(int) (sequence & old.length - 1)];
    }
  }
}
