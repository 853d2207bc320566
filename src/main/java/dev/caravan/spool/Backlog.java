package dev.caravan.spool;

import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Who stands where: what has been appended, committed, taken and acknowledged. All of it in memory
 * and under one monitor that is never held across I/O.
 *
 * <pre>
 *   acknowledged ≤ committed                     position (next to take)
 *   ────────┼──────────┼───────────────┼──────────────┼─────────────┼──── next
 *           └ on disk ─┴ first ────────┘              └ in memory ──┘
 * </pre>
 */
final class Backlog {

  /**
   * What is on disk is soon read again, whereas what lives long in memory keeps the collector busy:
   * only so small a part of the memory is for it.
   */
  private static final int COMMITTED_SHARE = 4;

  private static final long MOST_COMMITTED_AT_ONCE_BYTES = 2 * 1024 * 1024;

  private static final Consumer<CompletableFuture<Void>> COMMITTED = it -> it.complete(null);

  private final String spool;
  private final long maxBytes;
  private final long memoryBytes;
  private final long committedBytes;
  private final long committedAtOnceBytes;
  private final LongSupplier nanoTime;
  private final Runnable roomWanted;

  /** The newest records, without holes, so that a consumer that keeps up needs no disk. */
  private final List<LogRecord> tail = new ArrayList<>();

  private final Deque<Waiter> waitingForRoom = new ArrayDeque<>();
  private final Deque<CommitWaiter> waitingForCommit = new ArrayDeque<>();

  private long next;
  private long tailBytes;
  private final AtomicLong acknowledgedUpTo;
  private long committed;
  private long position;

  /** Who takes; what somebody from before takes late moves nothing. */
  private Object taker;

  /** What was there at the last look for what must be written. */
  private long seen;

  private volatile long pendingBytes;
  private long storedBytes;
  private long appendedRecords;
  private boolean consumerWaits;
  private boolean woken;
  private boolean closed;

  /** What only memory held and was dropped, from the first to the last sequence of a run. */
  private final TreeMap<Long, Long> droppedPending = new TreeMap<>();

  private final SettledUntil safeUntil;

  private record Waiter(int weight, long sinceNanos) {}

  private record CommitWaiter(long sequence, CompletableFuture<Void> committed, long sinceNanos) {}

  /** Records that are not on disk yet, and up to where everything will be once they are. */
  record Uncommitted(List<LogRecord> records, long upTo) {}

  /** What was taken: records, or the place on disk from which to which they must be read. */
  record Taken(List<LogRecord> records, long readFrom, long readTo) {
    boolean mustBeRead() {
      return readFrom <= readTo;
    }
  }

  Backlog(
      String spool,
      SpoolConfiguration options,
      LongSupplier nanoTime,
      long acknowledged,
      long last,
      long storedBytes,
      Runnable roomWanted) {
    this.spool = spool;
    this.roomWanted = roomWanted;
    this.maxBytes = options.getMaxBytes();
    this.memoryBytes = options.getMemoryBytes();
    this.committedBytes = memoryBytes / COMMITTED_SHARE;
    this.committedAtOnceBytes = Math.min(MOST_COMMITTED_AT_ONCE_BYTES, options.segmentBytes());
    this.nanoTime = nanoTime;
    this.acknowledgedUpTo = new AtomicLong(acknowledged);
    this.committed = last;
    this.position = acknowledged + 1;
    this.next = last + 1;
    this.storedBytes = storedBytes;
    this.safeUntil = new SettledUntil(nanoTime.getAsLong());
  }

  /**
   * Appends a record once there is room for it.
   *
   * @param committed is completed with its commit; may be null
   */
  synchronized void append(
      byte[] body, RecordHeaders headers, long atMillis, CompletableFuture<Void> committed)
      throws InterruptedException {
    int weight = LogRecord.weight(body, headers);
    if (!closed && (!waitingForRoom.isEmpty() || !fits(weight))) {
      waitForRoom(weight);
    }
    if (closed) {
      throw new IllegalStateException(
          "The spool '%s' was closed before there was room for this record.".formatted(spool));
    }
    if (safeUpTo() >= next - 1) {
      uncommittedNanos();
    }
    long sequence = next++;
    tail.add(new LogRecord(sequence, atMillis, body, headers));
    tailBytes += weight;
    pendingBytes += weight;
    appendedRecords++;
    if (committed != null) {
      waitingForCommit.add(new CommitWaiter(sequence, committed, nanoTime.getAsLong()));
    }
    if (consumerWaits) {
      consumerWaits = false;
      notifyAll();
    }
  }

  private void waitForRoom(int weight) throws InterruptedException {
    Waiter waiter = new Waiter(weight, nanoTime.getAsLong());
    waitingForRoom.add(waiter);
    try {
      roomWanted.run();
      while (!closed && (waitingForRoom.peekFirst() != waiter || !fits(weight))) {
        wait();
      }
    } finally {
      waitingForRoom.removeIf(it -> it == waiter);
      notifyAll();
    }
  }

  private boolean fits(int weight) {
    boolean empty = next - 1 <= acknowledged();
    boolean fitsInMemory = pendingBytes == 0 || pendingBytes + weight <= memoryBytes;
    return empty || fitsInMemory && storedBytes + pendingBytes + weight <= maxBytes;
  }

  /** Whether those who wait do so only for the next commit, as there is room on the disk. */
  synchronized boolean waitsForCommitOnly() {
    Waiter first = waitingForRoom.peekFirst();
    return storedBytes + pendingBytes + (first == null ? 0 : first.weight()) <= maxBytes;
  }

  /** Since when the first of those who wait for a commit has waited. */
  synchronized OptionalLong waitingForCommitSinceNanos() {
    return waitingForCommit.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(waitingForCommit.getFirst().sinceNanos());
  }

  /** Since when the first of those who wait for room has waited. */
  synchronized OptionalLong waitingSinceNanos() {
    Waiter first = waitingForRoom.peekFirst();
    return first == null || fits(first.weight())
        ? OptionalLong.empty()
        : OptionalLong.of(first.sinceNanos());
  }

  /**
   * The next records to hand out, or where on disk they are. If there are none it lingers without
   * being woken for each that arrives, which is what costs most at a moderate rate, and then waits
   * for one, or for {@link #wakeUp}. There are none for anybody but the taker.
   */
  synchronized Taken take(Object by, int max, long lingerMillis, long waitMillis)
      throws InterruptedException {
    if (by != taker) {
      return new Taken(List.of(), 0, -1);
    }
    if (nothingToTake() && lingerMillis > 0 && !woken) {
      wait(lingerMillis);
    }
    if (by == taker && nothingToTake() && waitMillis > 0 && !woken && !closed) {
      consumerWaits = true;
      wait(waitMillis);
    }
    // Another may have begun to take, and wait, while this one waited
    if (by != taker) {
      return new Taken(List.of(), 0, -1);
    }
    consumerWaits = false;
    nothingToTake();
    woken = false;
    if (position < first()) {
      return new Taken(List.of(), position, first() - 1);
    }
    long to = Math.min(next - 1, position + max - 1);
    List<LogRecord> records = range(position, to);
    position = Math.max(position, to + 1);
    return new Taken(records, 0, -1);
  }

  private boolean nothingToTake() {
    position = Math.max(position, acknowledged() + 1);
    return position >= next;
  }

  /**
   * The next to take is this one, as all before it were read or are not there.
   *
   * @return the first of those read that is not dropped: others count as that already
   */
  synchronized long takeFrom(Object by, long sequence) {
    long from = position;
    if (by == taker) {
      position = Math.max(position, sequence);
    }
    return from;
  }

  /** This one takes from now on, from the first record on that is not acknowledged. */
  synchronized void takenBy(Object newTaker) {
    taker = newTaker;
    position = acknowledged() + 1;
  }

  /**
   * Nobody takes any more. What the taker had in hand counts as never taken, should it be dropped.
   *
   * @return what of that is dropped already
   */
  synchronized List<LogRecord> giveBack(List<LogRecord> inHand) {
    takenBy(null);
    return inHand.stream().filter(record -> isGone(record.sequence())).toList();
  }

  /** The record of this sequence, if it is in memory. */
  synchronized Optional<LogRecord> find(long sequence) {
    return sequence >= first() && sequence < next
        ? Optional.of(inMemory(sequence))
        : Optional.empty();
  }

  /** The sequence of the oldest record in memory; that of the next to come if there is none. */
  private long first() {
    return next - tail.size();
  }

  private LogRecord inMemory(long sequence) {
    return tail.get((int) (sequence - first()));
  }

  /** The records in memory from one sequence to another, both included. */
  private List<LogRecord> range(long from, long to) {
    return from > to
        ? List.of()
        : List.copyOf(tail.subList((int) (from - first()), (int) (to - first()) + 1));
  }

  private void forget(int oldest) {
    List<LogRecord> forgotten = tail.subList(0, oldest);
    for (LogRecord record : forgotten) {
      tailBytes -= record.weight();
    }
    forgotten.clear();
  }

  /**
   * Lets go of records on disk, up to this one; the sequence from which on they had not been taken.
   * Those that had are in the hands of the consumer, which may deliver them yet. Not all sequences
   * are those of records: some are lost, or were dropped while only memory held them.
   */
  synchronized long drop(long last) {
    long next = Math.max(position, acknowledged() + 1);
    acknowledge(last);
    position = Math.max(position, last + 1);
    return next;
  }

  /** Takes the oldest records that only memory holds away; returned are those nobody has taken. */
  synchronized List<LogRecord> dropPending(int count) {
    long from = safeUpTo() + 1;
    long to = Math.min(next - 1, from + count - 1);
    List<LogRecord> dropped = range(Math.max(from, position), to);
    noteDropped(from, to);
    settleUpTo(to);
    forget((int) Math.max(0, to + 1 - first()));
    // One who is behind still takes what lies on disk in front of them
    if (position >= from) {
      position = Math.max(position, to + 1);
    }
    notifyAll();
    return dropped;
  }

  /** Tells those who wait for the commit of what was dropped that they do so in vain. */
  synchronized void failDropped() {
    endWaiting(acknowledged(), COMMITTED);
    failWaiting(
        committed, "dropped this record, as memory was full and the disk could not be written");
  }

  private void noteDropped(long from, long to) {
    droppedPending.values().removeIf(end -> end <= acknowledged());
    if (from <= to) {
      Map.Entry<Long, Long> before = droppedPending.floorEntry(from);
      boolean follows = before != null && before.getValue() >= from - 1;
      droppedPending.put(follows ? before.getKey() : from, to);
    }
  }

  /** Whether a record is there no more, as the full spool has dropped it or all of it is done. */
  private boolean isGone(long sequence) {
    Map.Entry<Long, Long> run = droppedPending.floorEntry(sequence);
    return sequence <= acknowledged() || run != null && sequence <= run.getValue();
  }

  /** For how long something may be in memory only: neither on disk, delivered nor dropped. */
  synchronized long uncommittedNanos() {
    return safeUntil.nanosAgo(nanoTime.getAsLong(), safeUpTo(), next - 1);
  }

  private long safeUpTo() {
    return Math.max(committed, acknowledged());
  }

  /**
   * Until when all that had been appended is settled, whatever that means. As it is found out by
   * looks, it is as old as the time between two of them while there is always something that is
   * not.
   */
  static final class SettledUntil {
    private long untilNanos;
    private long lookedNanos;
    private long lookedUpTo;

    SettledUntil(long nowNanos) {
      this.untilNanos = nowNanos;
      this.lookedNanos = nowNanos;
    }

    /**
     * How long ago that is.
     *
     * @param now a moment before the others were asked for
     * @param settled up to which sequence all is settled
     * @param last the sequence that was appended last
     */
    long nanosAgo(long now, long settled, long last) {
      if (settled >= lookedUpTo) {
        untilNanos = settled >= last ? now : lookedNanos;
        lookedNanos = now;
        lookedUpTo = last;
      }
      return Math.max(0, now - untilNanos);
    }
  }

  /** Has the consumer return from {@link #take}, or not wait in it the next time. */
  synchronized void wakeUp() {
    woken = true;
    notifyAll();
  }

  void acknowledge(long upToSequence) {
    acknowledgedUpTo.accumulateAndGet(upToSequence, Math::max);
  }

  /** What is appended and not committed; may be asked without the monitor. */
  long pendingBytes() {
    return pendingBytes;
  }

  long acknowledged() {
    return acknowledgedUpTo.get();
  }

  synchronized long lastAppended() {
    return next - 1;
  }

  synchronized long lastCommitted() {
    return committed;
  }

  /**
   * What must be written now: without what is acknowledged already, unless everything is wanted;
   * and, if they may wait, only those that were there at the look before, since others may yet be
   * acknowledged. There may be more behind them: after a stall all of memory may wait.
   */
  synchronized Uncommitted uncommitted(boolean everything, boolean mayWait) {
    if (!everything) {
      settleUpTo(Math.min(acknowledged(), next - 1));
    }
    evict();
    long upTo = next - 1;
    if (mayWait && waitingForCommit.isEmpty() && waitingForRoom.isEmpty()) {
      upTo = Math.min(upTo, Math.max(committed, seen));
    }
    seen = next - 1;
    long weight = 0;
    for (long sequence = committed + 1; sequence <= upTo; sequence++) {
      weight += inMemory(sequence).weight();
      if (weight > committedAtOnceBytes) {
        upTo = Math.max(committed + 1, sequence - 1);
      }
    }
    return new Uncommitted(range(committed + 1, upTo), upTo);
  }

  /** Whether nothing is left to write, and nobody waits for that or for room. */
  synchronized boolean isAtRest() {
    return committed >= next - 1 && waitingForRoom.isEmpty() && waitingForCommit.isEmpty();
  }

  /** Takes note of a commit, and tells those who waited for it. */
  synchronized void committed(long upToSequence) {
    settleUpTo(upToSequence);
    evict();
    if (!waitingForRoom.isEmpty()) {
      notifyAll();
    }
    endWaiting(committed, COMMITTED);
  }

  /** What is on disk takes so much room. */
  synchronized void stored(long bytes) {
    storedBytes = bytes;
    if (!waitingForRoom.isEmpty()) {
      notifyAll();
    }
  }

  /**
   * While nothing can be committed: makes room of what is acknowledged; if that is to be kept, only
   * where memory runs short. Nobody waits for the commit of what is done with.
   */
  synchronized void needNoCommit(boolean kept) {
    if (!kept || !waitingForRoom.isEmpty() || pendingBytes > memoryBytes) {
      settleUpTo(Math.min(acknowledged(), next - 1));
      evict();
      notifyAll();
    }
    endWaiting(acknowledged(), COMMITTED);
  }

  private void failWaiting(long upToSequence, String why) {
    String sentence = "The spool '%s' %s.".formatted(spool, why);
    endWaiting(upToSequence, it -> it.completeExceptionally(new IllegalStateException(sentence)));
  }

  private void endWaiting(long upToSequence, Consumer<CompletableFuture<Void>> outcome) {
    while (!waitingForCommit.isEmpty() && waitingForCommit.getFirst().sequence() <= upToSequence) {
      outcome.accept(waitingForCommit.getFirst().committed());
      // Not before: one that memory runs out for still waits
      waitingForCommit.removeFirst();
    }
  }

  private void settleUpTo(long sequence) {
    if (sequence > committed) {
      // Without allocation: what is on disk must count as that though memory has run out
      long settled = 0;
      for (long it = committed + 1; it <= sequence; it++) {
        settled += inMemory(it).weight();
      }
      pendingBytes -= settled;
      committed = sequence;
    }
  }

  private void evict() {
    long bytes = tailBytes;
    long upTo = first();
    while (upTo < next
        && upTo <= committed
        && (upTo <= acknowledged() || bytes - pendingBytes > committedBytes)) {
      bytes -= inMemory(upTo).weight();
      upTo++;
    }
    forget((int) (upTo - first()));
  }

  /** Lets nobody in any more, and nobody wait. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }

  /** After the last commit: who still waits for one does so in vain. */
  synchronized void closed() {
    failWaiting(Long.MAX_VALUE, "was closed before this record was committed");
  }

  synchronized Snapshot snapshot() {
    long acknowledged = acknowledged();
    long last = next - 1;
    boolean firstIsInMemory = acknowledged + 1 >= first() && acknowledged < last;
    return new Snapshot(
        appendedRecords,
        Math.max(0, last - acknowledged),
        last - Math.min(last, safeUpTo()),
        storedBytes + pendingBytes,
        firstIsInMemory ? inMemory(acknowledged + 1).appendedAtMillis() : 0);
  }

  /**
   * Counters and sizes.
   *
   * @param waiting records that are not acknowledged
   * @param pending records that are neither acknowledged nor on disk
   * @param oldestMillis when the oldest that waits was appended, 0 if it is not in memory
   */
  record Snapshot(
      long appendedRecords, long waiting, long pending, long bytes, long oldestMillis) {}
}
