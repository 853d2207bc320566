package dev.caravan.spool;

import dev.caravan.spool.Window.Slot;
import dev.caravan.spool.Window.Slot.State;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.SegmentedLog;
import dev.caravan.spool.log.SegmentedLog.Hole;
import java.io.Closeable;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the records that cannot be delivered for now out of the way of all others. Order is kept
 * within a key: as long as a record of a key is parked, those that follow it are parked, too.
 *
 * <p>Keys that are stuck for the same reason form a group. Of a group only one record is tried,
 * with growing pauses; once it is delivered, what is parked of the group is handed out again, in
 * order.
 */
final class Parking implements Closeable {

  private static final Logger LOG = LoggerFactory.getLogger(Parking.class);

  /** The sequence that a parked record had in the spool, kept with it. */
  static final String SEQUENCE = "CamelSpoolParkedSequence";

  private static final String OTHERS = "various reasons";
  private static final int MOST_KEYS = 200_000;
  private static final int MOST_GROUPS = 1000;

  /** Whoever writes to the spool waits while parked records are looked through. */
  private static final int READS_AT_ONCE = 8;

  /** What came behind the end of the spool is appended to it about so many bytes at a time. */
  private static final long APPEND_AT_ONCE_BYTES = 1024 * 1024;

  private static final long NOWHERE = Long.MAX_VALUE;

  private final String spool;

  /** Those of the files. */
  private final SpoolConfiguration storage;

  /** Those of the consumer. */
  private SpoolConfiguration options;

  private final Clock clock;
  private final Function<SegmentedLog, DiskCommitter.Appender> appender;

  /** What another one still does late has no effect. */
  private Object owner;

  private Function<LogRecord, Runnable> whenSettled = record -> Delivery.Receiver.NOBODY_ASKS;

  private final Map<Long, Key> keys = new HashMap<>();
  private final Map<String, Group> groups = new LinkedHashMap<>();
  private final long expectedLast;
  private volatile ParkedLog log;

  /** Counted by whoever asks how the spool is, and must not wait while the disk is read. */
  private final Set<Slot> inFlight = ConcurrentHashMap.newKeySet();

  /** Those of them that were not in flight already when they were parked. */
  private final Set<Slot> handedOutAgain = new HashSet<>();

  private volatile long records;

  /** From where on what is parked of keys without a group is handed out. */
  private long cursor = NOWHERE;

  private boolean toBeCounted;
  private volatile List<Parked> status = List.of();
  private volatile long fileBytes;

  /** What is parked of one key. */
  private static final class Key {
    private final long hash;
    private final Deque<Slot> handedOut = new ArrayDeque<>();

    /** No parked record of the key that is not delivered lies before this. */
    private long first;

    private long handedOutUpTo;
    private long count;
    private int attempts;

    /** Whether something that was handed out has failed, and others before it are in flight. */
    private boolean failed;

    private String gaveUpFor = "";

    /** Null while what is parked is handed out. */
    private Group group;

    private Key(long hash, long first) {
      this.hash = hash;
      this.first = first;
    }
  }

  /** Keys that are stuck for the same reason. */
  private static final class Group {
    private final String what;
    private final Instant since;
    private String sentence;
    private Key tried;
    private int attempts;
    private long dueAtNanos;
    private long keys;
    private long records;

    private Group(String what, Instant since) {
      this.what = what;
      this.since = since;
    }
  }

  /**
   * Records that are parked for the same reason.
   *
   * @param what the name of what is stuck
   * @param sentence why
   * @param keys how many keys they have
   */
  public record Parked(String what, String sentence, long records, long keys, Instant since) {}

  /** Which records the spool itself will hand out. */
  interface Waiting {
    boolean holds(long sequence) throws IOException;
  }

  Parking(
      String spool,
      SpoolConfiguration options,
      Clock clock,
      Function<SegmentedLog, DiskCommitter.Appender> appender,
      long expectedLast)
      throws IOException {
    this.expectedLast = expectedLast;
    this.spool = spool;
    this.storage = options;
    this.options = options;
    this.clock = clock;
    this.appender = appender;
    if (ParkedLog.exists(options, spool)) {
      open();
    }
  }

  private void open() throws IOException {
    log = ParkedLog.open(storage, spool, clock, appender, expectedLast);
    // Until a consumer begins, which may never be
    records = log.undone();
    noteStatus();
  }

  /**
   * Begins anew for a consumer with these options: whatever is parked is handed out again. What the
   * spool has not let go of it hands out itself, and what came before of the same key again with
   * it, so that is not parked any more. What damage took from the spool stays parked.
   *
   * @param whenOneIsSettled what is to be run when a parked record is settled for good
   */
  synchronized void begin(
      Object newOwner,
      SpoolConfiguration itsOptions,
      Function<LogRecord, Runnable> whenOneIsSettled,
      Waiting inSpool)
      throws IOException {
    owner = newOwner;
    options = itsOptions;
    whenSettled = whenOneIsSettled;
    keys.clear();
    groups.clear();
    inFlight.clear();
    handedOutAgain.clear();
    cursor = NOWHERE;
    if (log != null) {
      log.forEachUndone(
          record -> {
            if (inSpool.holds(sequence(record))) {
              log.done(record.sequence());
            } else {
              key(record).count++;
              cursor = Math.min(cursor, record.sequence());
            }
          });
    }
    // Not before: what is counted until then is not all that is parked
    records = keys.values().stream().mapToLong(key -> key.count).sum();
    noteStatus();
  }

  private long keyOf(LogRecord record) {
    return Delivery.key(options.getKeyHeader(), record.headers());
  }

  private Key key(LogRecord parked) {
    return keys.computeIfAbsent(keyOf(parked), it -> new Key(it, parked.sequence()));
  }

  /** The sequence that a record has in the spool, or had there if it is parked. */
  static long sequence(LogRecord record) {
    String before = record.headers().text(SEQUENCE);
    return before.isEmpty() ? record.sequence() : Long.parseLong(before);
  }

  /**
   * Appends the parked records that come behind this sequence in the spool, as they stood there.
   */
  synchronized void appendBehind(long sequence, DiskCommitter.Appender target) throws IOException {
    if (log == null) {
      return;
    }
    Map<Long, Long> places = new TreeMap<>();
    log.forEachUndone(
        record -> {
          if (sequence(record) > sequence) {
            places.putIfAbsent(sequence(record), record.sequence());
          }
        });
    List<LogRecord> read = List.of();
    List<LogRecord> behind = new ArrayList<>();
    long bytes = 0;
    for (long place : places.values()) {
      Optional<LogRecord> parked = among(read, place);
      if (parked.isEmpty()) {
        read = log.read(place);
        parked = among(read, place);
      }
      parked.map(Parking::asInSpool).ifPresent(behind::add);
      bytes += parked.map(LogRecord::weight).orElse(0);
      if (bytes >= APPEND_AT_ONCE_BYTES) {
        target.append(List.copyOf(behind));
        behind.clear();
        bytes = 0;
      }
    }
    target.append(behind);
  }

  private static Optional<LogRecord> among(List<LogRecord> records, long parkedAs) {
    return records.stream().filter(it -> it.sequence() == parkedAs).findFirst();
  }

  private static LogRecord asInSpool(LogRecord parked) {
    return new LogRecord(
        sequence(parked),
        parked.appendedAtMillis(),
        parked.bodyOrNull(),
        parked.headers().without(SEQUENCE));
  }

  synchronized boolean holds(long key) {
    return !keys.isEmpty() && keys.containsKey(key);
  }

  /** Whether all that is parked of this key is on its way, so that its next record soon may be. */
  synchronized boolean isNearlyDone(long key) {
    Key held = keys.get(key);
    return held == null || held.group == null && held.count <= held.handedOut.size();
  }

  synchronized Optional<LogRecord> find(long parkedAs) throws IOException {
    return among(log.read(parkedAs), parkedAs);
  }

  synchronized boolean hasRoomFor(long key) {
    return keys.size() < MOST_KEYS || keys.containsKey(key);
  }

  synchronized boolean hasGroup(String what) {
    return groups.containsKey(what);
  }

  /**
   * Writes records to the parked ones, in order: all of them or, when it throws, none.
   *
   * @return the place of the first, the others follow; empty if another takes from the spool by now
   */
  synchronized OptionalLong park(Object by, List<LogRecord> records) throws IOException {
    if (by != owner) {
      return OptionalLong.empty();
    }
    if (log == null) {
      open();
    }
    long first = log.last() + 1;
    List<LogRecord> parked = new ArrayList<>();
    for (LogRecord record : records) {
      parked.add(
          new LogRecord(
              first + parked.size(),
              record.appendedAtMillis(),
              record.bodyOrNull(),
              record.headers().with(SEQUENCE, record.sequence())));
    }
    log.append(parked);
    for (LogRecord record : parked) {
      Key key = key(record);
      count(key, 1);
      if (key.group == null) {
        cursor = Math.min(cursor, record.sequence());
      }
    }
    return OptionalLong.of(first);
  }

  /** Says why what is parked of a key is, and when it is tried again. */
  synchronized void stuck(long key, Failure why, long nowNanos) {
    Key stuck = keys.get(key);
    if (stuck != null) {
      join(stuck, why, nowNanos);
    }
  }

  /** Says so of the keys of which something was handed out before this and has not settled. */
  synchronized void stuckSince(long handedOutNanos, Failure why, long nowNanos) {
    if (inFlight.isEmpty()) {
      return;
    }
    for (Key key : keys.values()) {
      Slot first = key.handedOut.peekFirst();
      if (key.group == null
          && first != null
          && first.state == State.IN_FLIGHT
          && first.handedOutAtNanos - handedOutNanos < 0) {
        join(key, why, nowNanos);
      }
    }
  }

  private void join(Key key, Failure why, long nowNanos) {
    String what = groups.size() < MOST_GROUPS || hasGroup(why.what()) ? why.what() : OTHERS;
    Group before = key.group;
    leaveGroup(key);
    if (before != null && before.tried == key && !before.what.equals(what)) {
      handOutAgain(before);
    }
    Group group = groups.get(what);
    if (group == null) {
      group = new Group(what, clock.instant());
      group.tried = key;
      groups.put(what, group);
      LOG.warn(
          "Spool '{}': records for {} cannot be delivered now and are parked: {}. They are tried"
              + " again every {} to {}; others do not wait for them.",
          spool,
          what,
          why.sentence(),
          SpoolStatus.words(options.getRedeliveryDelay()),
          SpoolStatus.words(options.getMaximumRedeliveryDelay()));
    }
    group.sentence = why.sentence();
    group.keys++;
    group.records += key.count;
    key.group = group;
    if (group.tried == key) {
      group.attempts++;
      group.dueAtNanos = nowNanos + options.redeliveryDelay(group.attempts).toNanos();
    }
  }

  private void leaveGroup(Key key) {
    if (key.group != null) {
      key.group.keys--;
      key.group.records -= key.count;
      key.group = null;
    }
  }

  /** A parked record is in flight since it was handed out before it was parked. */
  synchronized void isInFlight(Object by, Slot slot) {
    Key key = keys.get(slot.key);
    if (key == null || by != owner) {
      return;
    }
    key.handedOut.addLast(slot);
    key.handedOutUpTo = Math.max(key.handedOutUpTo, slot.parkedAs);
    key.failed |= slot.state == State.FAILED;
    if (slot.state == State.IN_FLIGHT) {
      inFlight.add(slot);
    }
  }

  int inFlight() {
    return inFlight.size();
  }

  /** How many more may be handed out: what hung before it was parked takes no other's place. */
  synchronized int room() {
    return options.getInFlight() - handedOutAgain.size();
  }

  /** It is done with, or to be handed out anew. */
  private void takenBack(Slot slot) {
    inFlight.remove(slot);
    handedOutAgain.remove(slot);
  }

  /** Parked records to hand out now, at most so many. */
  synchronized List<Slot> due(Object by, int atMost, long nowNanos) throws IOException {
    if (by != owner || keys.isEmpty()) {
      return List.of();
    }
    List<Slot> due = new ArrayList<>();
    try {
      addDue(due, atMost, nowNanos);
    } catch (IOException | RuntimeException e) {
      // Those found before count as handed out already
      if (due.isEmpty()) {
        throw e;
      }
    }
    return due;
  }

  private void addDue(List<Slot> due, int atMost, long nowNanos) throws IOException {
    for (Group group : List.copyOf(groups.values())) {
      if (nowNanos - group.dueAtNanos >= 0 && group.tried.handedOut.isEmpty()) {
        handOutFirst(group.tried).ifPresent(due::add);
      }
    }
    for (int reads = 0;
        reads < READS_AT_ONCE && cursor != NOWHERE && due.size() < atMost;
        reads++) {
      List<LogRecord> records = log.read(cursor);
      if (records.isEmpty()) {
        cursor = NOWHERE;
      }
      for (LogRecord record : records) {
        if (due.size() == atMost) {
          break;
        }
        cursor = record.sequence() + 1;
        Key key = keys.get(keyOf(record));
        // Behind one that has failed it would come before it, and again with it
        if (key != null && key.group == null && !key.failed && isToBeHandedOut(key, record)) {
          due.add(handOut(key, record));
        }
      }
    }
  }

  private boolean isToBeHandedOut(Key key, LogRecord record) {
    return record.sequence() > key.handedOutUpTo && !log.isDone(record.sequence());
  }

  private Optional<Slot> handOutFirst(Key key) throws IOException {
    for (long from = key.first; ; ) {
      List<LogRecord> records = log.read(from);
      if (records.isEmpty()) {
        // Damage took it
        forget(key);
        return Optional.empty();
      }
      for (LogRecord record : records) {
        if (keyOf(record) == key.hash && isToBeHandedOut(key, record)) {
          key.first = record.sequence();
          return Optional.of(handOut(key, record));
        }
      }
      from = records.get(records.size() - 1).sequence() + 1;
    }
  }

  private Slot handOut(Key key, LogRecord record) {
    Slot slot = new Slot(record, key.hash, whenSettled.apply(record));
    slot.parkedAs = record.sequence();
    slot.state = State.IN_FLIGHT;
    isInFlight(owner, slot);
    handedOutAgain.add(slot);
    return slot;
  }

  /**
   * Takes note of what became of a parked record that was handed out.
   *
   * @return the first record of the key that failed, if all of the key have settled; it must be
   *     told to {@link #stuck} or {@link #givenUp}
   */
  synchronized Optional<Slot> settled(Slot slot) {
    Key key = keys.get(slot.key);
    if (key == null || slot.parkedAs < key.first) {
      return Optional.empty();
    }
    // One that was taken back meanwhile is to be handed out anew
    key.failed |= inFlight.contains(slot) && slot.state == State.FAILED;
    boolean delivered = false;
    while (!key.handedOut.isEmpty() && key.handedOut.peekFirst().state == State.DELIVERED) {
      delivered = true;
      Slot done = key.handedOut.removeFirst();
      takenBack(done);
      done(key, done.parkedAs);
      done.settledForGood();
      key.gaveUpFor = "";
    }
    if (delivered && key.group != null && key.handedOut.isEmpty()) {
      works(key);
    }
    boolean failed =
        !key.handedOut.isEmpty()
            && key.handedOut.peekFirst().state == State.FAILED
            && key.handedOut.stream().noneMatch(it -> it.state == State.IN_FLIGHT);
    if (key.count == 0) {
      forget(key);
      return Optional.empty();
    }
    if (!failed) {
      return Optional.empty();
    }
    Slot first = key.handedOut.peekFirst();
    // Also what was delivered behind it is handed out again: else it would come before it for good
    key.handedOut.forEach(this::takenBack);
    key.handedOut.clear();
    key.failed = false;
    key.first = first.parkedAs;
    key.handedOutUpTo = first.parkedAs - 1;
    key.attempts++;
    first.attempts = key.attempts + 1;
    return Optional.of(first);
  }

  private void done(Key key, long parkedAs) {
    if (log.done(parkedAs)) {
      count(key, -1);
    }
    key.attempts = 0;
    key.first = parkedAs + 1;
  }

  private void count(Key key, long more) {
    key.count += more;
    records = records + more;
    if (key.group != null) {
      key.group.records += more;
    }
  }

  /** Whether the record of the key before was given up for this reason. */
  synchronized boolean gaveUpBefore(long key, String what) {
    return Optional.ofNullable(keys.get(key)).filter(it -> it.gaveUpFor.equals(what)).isPresent();
  }

  /** A parked record is not tried any more; what follows of its key is. */
  synchronized void givenUp(Slot slot, String what) {
    Key key = keys.get(slot.key);
    if (key == null) {
      return;
    }
    done(key, slot.parkedAs);
    slot.settledForGood();
    key.gaveUpFor = what;
    works(key);
    if (key.count == 0) {
      forget(key);
    }
  }

  /** All that was handed out of a key is done with: what else is parked of it is handed out. */
  private void works(Key key) {
    Group group = key.group;
    if (group != null && group.tried == key) {
      handOutAgain(group);
    } else {
      leaveGroup(key);
      cursor = Math.min(cursor, key.first);
    }
  }

  private void forget(Key key) {
    keys.remove(key.hash);
    key.handedOut.forEach(this::takenBack);
    Group group = key.group;
    leaveGroup(key);
    count(key, -key.count);
    if (group != null && group.tried == key) {
      handOutAgain(group);
    }
  }

  /** What is parked of a group is handed out again, from its oldest record on. */
  private void handOutAgain(Group group) {
    groups.remove(group.what);
    for (Key key : keys.values()) {
      if (key.group == group) {
        key.group = null;
        cursor = Math.min(cursor, Math.max(key.first, key.handedOutUpTo + 1));
      }
    }
    LOG.info(
        "Spool '{}': the {} parked records for {} are delivered now.",
        spool,
        group.records,
        group.what);
  }

  /** Has all groups be tried at once, as something has been delivered after a while. */
  synchronized void tryAllNow(long nowNanos) {
    groups.values().forEach(group -> group.dueAtNanos = nowNanos);
  }

  /** When there is something to do next; far away if nothing is parked. */
  synchronized long nanosUntilDue(long nowNanos) {
    if (cursor != NOWHERE && room() > 0) {
      return 0;
    }
    return groups.values().stream()
        .filter(group -> group.tried.handedOut.isEmpty())
        .mapToLong(group -> Math.max(0, group.dueAtNanos - nowNanos))
        .min()
        .orElse(Long.MAX_VALUE);
  }

  /**
   * Has what was parked until now outlive a power cut: the spool lets go of it then, and it may be
   * hours old. Whoever parks does not wait for it.
   *
   * @return the highest sequence that was parked until now, 0 if there is none
   */
  long force() throws IOException {
    ParkedLog its = log;
    return its == null ? expectedLast : its.force();
  }

  /** Makes what is done with outlive the process. */
  synchronized void write() throws IOException {
    if (log != null) {
      log.write();
      noteStatus();
    }
  }

  /** Drops the oldest parked records, if all that lie together were appended before this. */
  synchronized List<LogRecord> dropOldest(long beforeMillis) throws IOException {
    List<LogRecord> dropped = log == null ? List.of() : log.dropOldest(beforeMillis);
    for (LogRecord record : dropped) {
      Key key = keys.get(keyOf(record));
      if (key == null) {
        records = records - 1;
      } else {
        count(key, -1);
        if (key.count == 0) {
          forget(key);
        }
      }
    }
    noteStatus();
    return dropped;
  }

  /** What damage has taken of what is parked, since this was asked last; the rest goes on. */
  synchronized List<Hole> takeLost() {
    List<Hole> lost = log == null ? List.of() : log.takeLost();
    toBeCounted |= !lost.isEmpty();
    if (toBeCounted) {
      try {
        countAgain();
        toBeCounted = false;
      } catch (IOException e) {
        LOG.debug("What is left of the parked records cannot be counted now, and will be.", e);
      }
    }
    return lost;
  }

  private void countAgain() throws IOException {
    Map<Long, Long> counts = new HashMap<>();
    log.forEachUndone(record -> counts.merge(keyOf(record), 1L, Long::sum));
    keys.values().forEach(key -> count(key, counts.getOrDefault(key.hash, 0L) - key.count));
    keys.values().stream().filter(key -> key.count == 0).toList().forEach(this::forget);
    noteStatus();
  }

  private void noteStatus() {
    status =
        groups.values().stream()
            .map(it -> new Parked(it.what, it.sentence, it.records, it.keys, it.since))
            .toList();
    fileBytes = log == null ? 0 : log.fileBytes();
  }

  /** What is parked, by what is stuck; what is being handed out again is not among it. */
  List<Parked> status() {
    return status;
  }

  /** When the oldest of those that are parked was appended, or before. */
  long oldestMillis() {
    return log.oldestMillis();
  }

  /** How many records are parked, those that are handed out again included. */
  long records() {
    return records;
  }

  long fileBytes() {
    return fileBytes;
  }

  @Override
  public synchronized void close() throws IOException {
    if (log != null) {
      log.close();
    }
  }
}
