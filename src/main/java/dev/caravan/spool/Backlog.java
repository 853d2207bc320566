package dev.caravan.spool;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;

/**
 * Who stands where: what has been appended, committed, handed out and acknowledged. All of it in
 * memory and under one monitor that is never held across I/O.
 *
 * <pre>
 *   acknowledged ≤ committed                     position (next to hand out)
 *   ────────┼──────────┼───────────────┼──────────────┼─────────────┼──── next
 *           └ on disk ─┴ tail.first ───┘              └ in memory ──┘
 * </pre>
 */
final class Backlog {

  /**
   * What is on disk is soon read again, whereas what lives long in memory keeps the collector busy:
   * only so small a part of the memory is for it.
   */
  private static final int COMMITTED_SHARE = 4;

  private static final long COMMITTED_AT_ONCE_BYTES = 2 * 1024 * 1024;

  private final long maxBytes;
  private final long memoryBytes;
  private final long committedBytes;
  private final MemoryTail tail;
  private final Deque<Arrival> waitingForRoom = new ArrayDeque<>();
  private final Deque<CommitWaiter> waitingForCommit = new ArrayDeque<>();
  private final Set<Long> droppedInFlight = new HashSet<>();

  private final AtomicLong acknowledgedUpTo;
  private long committed;
  private long position;
  private volatile long pendingBytes;
  private long storeBytes;
  private long appendedRecords;
  private long appendedBytes;
  private boolean consumerWaits;
  private boolean closed;

  /** Somebody who wants to hear how an append went. */
  interface Completion {
    void completed();

    void failed(Exception cause);
  }

  /** A record on its way in. */
  record Arrival(
      byte[] body,
      SpoolHeaders headers,
      int weight,
      long atMillis,
      boolean waitForCommit,
      Completion completion) {}

  private record CommitWaiter(long sequence, Completion completion) {}

  /** What became of an append. */
  enum Admission {
    DONE,
    WAITS_FOR_COMMIT,
    WAITS_FOR_ROOM
  }

  /** Records that are not on disk yet, and up to where everything will be once they are. */
  record Uncommitted(List<SpoolRecord> records, long upTo) {}

  Backlog(long maxBytes, long memoryBytes, long acknowledged, long last, long storeBytes) {
    this.maxBytes = maxBytes;
    this.memoryBytes = memoryBytes;
    this.committedBytes = memoryBytes / COMMITTED_SHARE;
    this.acknowledgedUpTo = new AtomicLong(acknowledged);
    this.committed = last;
    this.position = acknowledged + 1;
    this.tail = new MemoryTail(last + 1);
    this.storeBytes = storeBytes;
  }

  synchronized Admission offer(Arrival arrival) {
    if (closed) {
      throw new IllegalStateException("The spool is closed; nothing is appended to it any more.");
    }
    if (!waitingForRoom.isEmpty() || !fits(arrival.weight())) {
      waitingForRoom.add(arrival);
      return Admission.WAITS_FOR_ROOM;
    }
    add(arrival);
    return arrival.waitForCommit() ? Admission.WAITS_FOR_COMMIT : Admission.DONE;
  }

  private boolean fits(int weight) {
    boolean empty = storeBytes == 0 && pendingBytes == 0;
    boolean fitsInMemory = pendingBytes == 0 || pendingBytes + weight <= memoryBytes;
    return empty || fitsInMemory && storeBytes + pendingBytes + weight <= maxBytes;
  }

  private void add(Arrival arrival) {
    long sequence = tail.next();
    tail.add(new SpoolRecord(sequence, arrival.atMillis(), arrival.body(), arrival.headers()));
    pendingBytes += arrival.weight();
    appendedRecords++;
    appendedBytes += arrival.weight();
    if (arrival.waitForCommit()) {
      waitingForCommit.add(new CommitWaiter(sequence, arrival.completion()));
    }
    if (consumerWaits) {
      consumerWaits = false;
      notifyAll();
    }
  }

  /** Lets in who waited for room, as far as there is any; whoever is done by that is returned. */
  synchronized List<Completion> admitWaiting() {
    List<Completion> done = new ArrayList<>();
    while (!waitingForRoom.isEmpty() && fits(waitingForRoom.getFirst().weight())) {
      Arrival arrival = waitingForRoom.removeFirst();
      add(arrival);
      if (!arrival.waitForCommit()) {
        done.add(arrival.completion());
      }
    }
    return done;
  }

  /** Whether somebody waits only because too much is in memory that the next commit will settle. */
  synchronized boolean waitsForCommitOnly() {
    Arrival first = waitingForRoom.peekFirst();
    return first != null && storeBytes + pendingBytes + first.weight() <= maxBytes;
  }

  /** Since when the first of those who wait for room has waited. */
  synchronized Optional<Long> waitingSinceMillis() {
    return Optional.ofNullable(waitingForRoom.peekFirst()).map(Arrival::atMillis);
  }

  /**
   * The next records to hand out; empty if they are no longer in memory and must be read from disk,
   * from {@link #position} on. If there are none it lingers without being woken for each that
   * arrives, which is what costs most at a moderate rate, and then waits for one.
   */
  synchronized Optional<List<SpoolRecord>> take(int max, long lingerMillis, long waitMillis)
      throws InterruptedException {
    if (nothingToTake() && lingerMillis > 0) {
      wait(lingerMillis);
    }
    if (nothingToTake()) {
      consumerWaits = true;
      wait(waitMillis);
      consumerWaits = false;
      nothingToTake();
    }
    if (position < tail.first()) {
      return Optional.empty();
    }
    long to = Math.min(tail.next() - 1, position + max - 1);
    List<SpoolRecord> records = tail.range(position, to);
    position = Math.max(position, to + 1);
    return Optional.of(records);
  }

  private boolean nothingToTake() {
    position = Math.max(position, acknowledged() + 1);
    return position >= tail.next();
  }

  /** Takes note of what was read from disk; nothing there means that what follows is in memory. */
  synchronized void taken(List<SpoolRecord> stored) {
    position = stored.isEmpty() ? tail.first() : stored.get(stored.size() - 1).sequence() + 1;
  }

  synchronized long position() {
    return position;
  }

  /** Hands out again all that is not acknowledged. */
  synchronized void rewind() {
    position = acknowledged() + 1;
    droppedInFlight.clear();
  }

  /**
   * Hands out again from the first of these on, which were taken and not delivered; returned are
   * those that were dropped meanwhile.
   */
  synchronized List<SpoolRecord> rewind(List<SpoolRecord> undelivered) {
    long gone = acknowledged();
    position = Math.max(undelivered.get(0).sequence(), gone + 1);
    return undelivered.stream()
        .filter(it -> it.sequence() <= gone || droppedInFlight.remove(it.sequence()))
        .toList();
  }

  /**
   * Lets go of records that were dropped from the store; returned is how many of them had not been
   * handed out. Those that had may yet be delivered: a {@link #rewind(List)} tells which were not.
   */
  synchronized long dropStored(SpoolStore.Extent extent) {
    long next = Math.max(position, acknowledged() + 1);
    acknowledge(extent.last());
    return Math.min(
        extent.count(), Math.max(0, extent.last() - Math.max(extent.first(), next) + 1));
  }

  /** Waits a while, or until somebody calls {@link #wakeUp}. */
  synchronized void await(long millis) throws InterruptedException {
    wait(millis);
  }

  /** Wakes a consumer that waits for records. */
  synchronized void wakeUp() {
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
    return tail.next() - 1;
  }

  synchronized long lastCommitted() {
    return committed;
  }

  /**
   * What must be written now: without what is acknowledged already, unless everything is wanted;
   * and nothing as long as the oldest is younger than this, since it may yet be acknowledged. There
   * may be more behind it: after a stall all of memory may wait, and a store that writes as much at
   * once needs twice as much again.
   */
  synchronized Uncommitted uncommitted(boolean everything, long nowMillis, long youngMillis) {
    if (!everything) {
      settleUpTo(Math.min(acknowledged(), tail.next() - 1));
    }
    evict();
    long upTo = tail.next() - 1;
    if (committed < upTo && waitingForCommit.isEmpty() && waitingForRoom.isEmpty()) {
      long age = nowMillis - tail.get(committed + 1).appendedAtMillis();
      if (age >= 0 && age < youngMillis) {
        upTo = committed;
      }
    }
    upTo = tail.reach(committed + 1, upTo, COMMITTED_AT_ONCE_BYTES);
    return new Uncommitted(tail.range(committed + 1, upTo), upTo);
  }

  /** Takes note of a commit; returned is who waited for it. */
  synchronized List<Completion> committed(long upToSequence, long bytesInStore) {
    storeBytes = bytesInStore;
    settleUpTo(upToSequence);
    evict();
    return waitedUpTo(committed);
  }

  /**
   * Those who wait for a commit that is not needed any more, as what they appended is done with.
   */
  synchronized List<Completion> needNoCommit() {
    return waitedUpTo(acknowledged());
  }

  private List<Completion> waitedUpTo(long sequence) {
    List<Completion> done = new ArrayList<>();
    while (!waitingForCommit.isEmpty() && waitingForCommit.getFirst().sequence() <= sequence) {
      done.add(waitingForCommit.removeFirst().completion());
    }
    return done;
  }

  private void settleUpTo(long sequence) {
    if (sequence > committed) {
      pendingBytes -= tail.weight(committed + 1, sequence);
      committed = sequence;
    }
  }

  private void evict() {
    while (tail.first() < tail.next()
        && tail.first() <= committed
        && (tail.first() <= acknowledged() || tail.bytes() - pendingBytes > committedBytes)) {
      tail.removeFirst();
    }
  }

  /** After the store was opened anew: what it does not have but memory has is written again. */
  synchronized void storeEndsAt(long last, long bytesInStore) {
    storeBytes = bytesInStore;
    long certain = Math.max(Math.max(last, acknowledged()), tail.first() - 1);
    committed = Math.min(certain, tail.next() - 1);
    pendingBytes = tail.weight(committed + 1, tail.next() - 1);
  }

  /** Takes the oldest records that only memory holds away; none if there are none. */
  synchronized List<SpoolRecord> dropPending(int count) {
    long from = Math.max(committed, acknowledged()) + 1;
    long to = Math.min(tail.next() - 1, from + count - 1);
    List<SpoolRecord> dropped = tail.range(Math.max(from, position), to);
    droppedInFlight.removeIf(sequence -> sequence <= acknowledged());
    LongStream.rangeClosed(from, Math.min(to, position - 1)).forEach(droppedInFlight::add);
    settleUpTo(to);
    while (tail.first() <= to) {
      tail.removeFirst();
    }
    return dropped;
  }

  /** Lets nobody in any more, and no consumer wait. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }

  /** Those who waited for room or for a commit in vain. */
  synchronized List<Completion> leftWaiting() {
    List<Completion> left = new ArrayList<>();
    waitingForCommit.forEach(waiter -> left.add(waiter.completion()));
    waitingForRoom.forEach(arrival -> left.add(arrival.completion()));
    waitingForCommit.clear();
    waitingForRoom.clear();
    return left;
  }

  /** Where things stand. */
  synchronized Snapshot snapshot() {
    long acknowledged = acknowledged();
    long first = acknowledged + 1;
    boolean firstIsInMemory = first >= tail.first() && first < tail.next();
    return new Snapshot(
        appendedRecords,
        appendedBytes,
        acknowledged,
        tail.next() - 1 - Math.min(tail.next() - 1, Math.max(committed, acknowledged)),
        storeBytes + pendingBytes,
        waitingForRoom.size(),
        firstIsInMemory ? tail.get(first).appendedAtMillis() : 0);
  }

  /** Counters and sizes; {@code oldestMillis} is 0 if the oldest record is not in memory. */
  record Snapshot(
      long appendedRecords,
      long appendedBytes,
      long acknowledged,
      long pendingRecords,
      long bytes,
      int waiting,
      long oldestMillis) {}
}
