package dev.caravan.spool;

import dev.caravan.spool.log.LogRecord;

/** A record that was taken from the spool and is not let go of yet, and what became of it. */
final class Slot {

  private static final long NOT_PARKED = -1;

  final long sequence;
  final long key;
  final int weight;

  /** Null once it is delivered or parked: those may be many, and can be read again. */
  LogRecord record;

  State state = State.WAITING;
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

  boolean isParked() {
    return parkedAs != NOT_PARKED;
  }

  /** Whether the spool need not keep it any more. */
  boolean isDone() {
    return state == State.DELIVERED || isParked();
  }
}
