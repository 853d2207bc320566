package dev.caravan.spool;

import dev.caravan.spool.SpoolEvent.Reason;
import dev.caravan.spool.log.Checkpoint;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.SegmentedLog;
import dev.caravan.spool.log.SegmentedLog.Hole;
import dev.caravan.spool.log.SegmentedLog.SegmentInfo;
import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what was appended to the log, at each tick, and sees to it that there is room: lets go of
 * what is acknowledged, of what is too old, and of the oldest when the spool is full and may not
 * block. While the disk cannot be written, records wait in memory.
 */
final class DiskCommitter {

  private static final Logger LOG = LoggerFactory.getLogger(DiskCommitter.class);
  private static final Duration TIDY_EVERY = Duration.ofSeconds(1);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
  private static final int PENDING_DROPPED_AT_ONCE = 64;
  private static final int READ_BYTES = 64 * 1024;

  /** So long after a hole was told, whoever listens has put it down somewhere. */
  private static final Duration TOLD_AFTER = Duration.ofMinutes(1);

  /** A disk with less counts as full: a file of the log, and what else is written meanwhile. */
  private static final long LITTLE_BYTES = 64_000_000;

  private final String name;
  private final SpoolConfiguration options;
  private final Spool.Time time;
  private final Backlog backlog;
  private final Parking parking;
  private final SegmentedLog log;
  private final Checkpoint checkpoint;
  private final Appender appender;
  private final Consumer<SpoolEvent> events;

  final LongAdder acknowledged = new LongAdder();
  private final LongAdder dropped = new LongAdder();
  private final LongAdder lost = new LongAdder();
  private final Rate appendRate;
  private final Rate acknowledgeRate;
  private final Rate growthRate;
  private volatile long commits;
  private volatile long fullEvents;
  private volatile boolean full;
  private volatile State state = State.WORKS;
  private volatile Optional<String> notLetGo = Optional.empty();
  private boolean dropping;

  /** That nothing is left to be written then does not mean that the disk works. */
  private boolean droppedPending;

  /** While a consumer begins, which may read all that is parked, nobody here waits for that. */
  private boolean parkedLeftAlone;

  private long tidiedAtNanos;
  private final Set<Hole> told = new HashSet<>();
  private long toldAtNanos;

  /** Writes records to the log; a test has it fail. */
  @FunctionalInterface
  interface Appender {
    void append(List<LogRecord> records) throws IOException;
  }

  /**
   * Whether the disk can be written.
   *
   * @param failing why not; empty if it can be
   */
  record State(Optional<String> failing, int failures, long retryAtNanos, boolean closed) {
    static final State WORKS = new State(Optional.empty(), 0, 0, false);

    private State retriedAt(long nanos) {
      return new State(failing, failures, nanos, closed);
    }
  }

  /** How fast a counter moves, smoothed over about ten seconds. */
  private static final class Rate {

    private static final double SMOOTHING_SECONDS = 10;

    private double count;
    private long atNanos;
    private volatile double perSecond;

    private Rate(double count, long nowNanos) {
      this.count = count;
      this.atNanos = nowNanos;
    }

    /** Takes note of where the counter is now; one thread calls this. */
    private void update(double newCount, long nowNanos) {
      double seconds = (nowNanos - atNanos) / 1e9;
      if (seconds > 0) {
        double weight = 1 - Math.exp(-seconds / SMOOTHING_SECONDS);
        perSecond += ((newCount - count) / seconds - perSecond) * weight;
        count = newCount;
        atNanos = nowNanos;
      }
    }
  }

  DiskCommitter(
      String name,
      SpoolConfiguration options,
      Spool.Time time,
      Backlog backlog,
      Parking parking,
      SegmentedLog log,
      Checkpoint checkpoint,
      Appender appender,
      Consumer<SpoolEvent> events) {
    this.name = name;
    this.options = options;
    this.time = time;
    this.backlog = backlog;
    this.parking = parking;
    this.log = log;
    this.checkpoint = checkpoint;
    this.appender = appender;
    this.events = events;
    long now = now();
    this.tidiedAtNanos = now;
    this.appendRate = new Rate(0, now);
    this.acknowledgeRate = new Rate(0, now);
    this.growthRate = new Rate(backlog.snapshot().bytes(), now);
  }

  /** One thread at a time; due twice in each commit interval. */
  synchronized void tick(boolean hurry) {
    if (state.closed()) {
      return;
    }
    commit(!hurry);
    makeRoom();
    backlog.uncommittedNanos();
    look();
  }

  /** What is due by time alone. */
  synchronized void look() {
    if (!state.closed() && now() - tidiedAtNanos >= TIDY_EVERY.toNanos()) {
      tidiedAtNanos = now();
      tidy();
    }
  }

  /** Whether no tick is needed until something is appended, acknowledged or waits for room. */
  boolean isAtRest() {
    return state.failing().isEmpty()
        && !full
        && notLetGo.isEmpty()
        && checkpoint.mark().acknowledged() >= backlog.acknowledged()
        && checkpoint.mark().parkedRecords() == parking.records()
        && backlog.isAtRest();
  }

  /** The last tick; whether the disk is full is found out anew. */
  synchronized void close() {
    state = state.retriedAt(now());
    try {
      commit(false);
    } finally {
      state = new State(state.failing(), 0, 0, true);
    }
  }

  /** Has nothing be dropped or looked for among what is parked, or again. */
  synchronized void leaveParkedAlone(boolean alone) {
    parkedLeftAlone = alone;
  }

  private long now() {
    return time.nanos().getAsLong();
  }

  private void commit(boolean mayWait) {
    long goal = backlog.lastAppended();
    long reached;
    do {
      reached = backlog.lastCommitted();
    } while (commitSome(mayWait)
        && backlog.lastCommitted() > reached
        && backlog.lastCommitted() < goal);
  }

  /** False if the disk cannot be written at the moment. */
  private boolean commitSome(boolean mayWait) {
    if (state.failing().isPresent() && now() - state.retryAtNanos() < 0) {
      backlog.needNoCommit(options.keepsAcknowledged());
      return false;
    }
    try {
      // What failed after the last append did not undo it
      backlog.committed(Math.min(log.last(), backlog.lastAppended()));
      Backlog.Uncommitted uncommitted = backlog.uncommitted(options.keepsAcknowledged(), mayWait);
      if (state.failing().isPresent()) {
        // A full disk may have room once the files are deleted that are done with
        writeCheckpoint();
      }
      if (!uncommitted.records().isEmpty()) {
        appender.append(uncommitted.records());
        commits++;
      } else if (state.failing().isPresent()) {
        // What could not be written was acknowledged meanwhile, which proves nothing of the disk
        log.tryToWrite();
      }
      // At once: whatever fails after it, they are on disk and must not be written again
      backlog.stored(fileBytes());
      backlog.committed(uncommitted.upTo());
      if (!droppedPending || !uncommitted.records().isEmpty()) {
        storeWorks();
      }
      writeCheckpoint();
    } catch (IOException | RuntimeException e) {
      storeFails(String.valueOf(e.getMessage()), e);
      return false;
    } catch (OutOfMemoryError e) {
      storeFails("The heap of the program is too small for what must be written at once.", e);
      return false;
    }
    return true;
  }

  /** Remembers how far everything is done with, and deletes the files that hold nothing else. */
  private void writeCheckpoint() {
    long done = backlog.acknowledged();
    try {
      log.rememberHoles();
      // In this order: what is done with as it is parked is on the medium, and counts as parked
      checkpoint.write(done, Math.max(done, log.last()), parking.force(), parking.records());
      if (options.isForced()) {
        checkpoint.force();
      }
      if (!options.keepsAcknowledged()) {
        log.deleteUpTo(done);
      }
      notLetGo = Optional.empty();
    } catch (IOException e) {
      String sentence = "What is done with cannot be deleted: " + e.getMessage();
      if (notLetGo.isEmpty()) {
        LOG.warn("Spool '{}': {}. That is tried again.", name, sentence);
      }
      notLetGo = Optional.of(sentence);
    }
    backlog.stored(fileBytes());
  }

  private void storeWorks() {
    droppedPending = false;
    if (state.failing().isPresent()) {
      LOG.info("Spool '{}': the store works again after {} failures.", name, state.failures());
      state = State.WORKS;
      events.accept(new SpoolEvent.StoreWorking(name));
    }
  }

  private void storeFails(String sentence, Throwable cause) {
    backlog.needNoCommit(options.keepsAcknowledged());
    int failures = state.failures() + 1;
    long pause =
        Math.min(LONGEST_PAUSE.toNanos(), FIRST_PAUSE.toNanos() << Math.min(10, failures - 1));
    boolean first = state.failing().isEmpty();
    state = new State(Optional.of(sentence), failures, now() + pause, state.closed());
    if (first) {
      LOG.warn(
          "Spool '{}': {} Records wait in memory; writing is tried again until it works.",
          name,
          sentence);
      LOG.debug("Spool '{}': the failure of the disk", name, cause);
      events.accept(new SpoolEvent.StoreFailing(name, sentence));
    }
  }

  // --- room

  private void makeRoom() {
    if (waitingSinceNanos().isEmpty()) {
      relieved();
      return;
    }
    if (state.failing().isEmpty() && backlog.waitsForCommitOnly() || keptGiveWay()) {
      return;
    }
    becameFull();
    dropping |= options.getWhenFull() == SpoolConfiguration.WhenFull.DROP_OLDEST;
    if (!dropping && waitingSinceNanos().stream().anyMatch(this::isTooLong)) {
      dropping = true;
      LOG.warn(
          "Spool '{}': what arrives has waited for {} ms. The oldest records make room and are"
              + " lost until its consumer catches up.",
          name,
          options.getBlockTimeout().toMillis());
    }
    while (dropping && waitingSinceNanos().isPresent() && dropSomething()) {
      // If there is room on the disk now, nothing more needs to go
      state = state.retriedAt(now());
      commit(false);
    }
  }

  /**
   * Since when somebody waits for room; or, while the disk cannot be written, has waited for a
   * commit for too long.
   */
  private OptionalLong waitingSinceNanos() {
    OptionalLong room = backlog.waitingSinceNanos();
    if (room.isPresent() || state.failing().isEmpty()) {
      return room;
    }
    return backlog.waitingForCommitSinceNanos().stream().filter(this::isTooLong).findFirst();
  }

  private boolean isTooLong(long sinceNanos) {
    return !options.getBlockTimeout().isZero()
        && now() - sinceNanos >= options.getBlockTimeout().toNanos();
  }

  /** What is kept for replay makes room before anybody waits; true if that was enough. */
  private boolean keptGiveWay() {
    while (waitingSinceNanos().isPresent()) {
      long kept = keptBytes();
      if (kept == 0 || !trimKept(kept / 8 * 7)) {
        return false;
      }
      commit(false);
    }
    return true;
  }

  private void becameFull() {
    if (!full) {
      full = true;
      fullEvents++;
      long bytes = backlog.snapshot().bytes();
      LOG.warn(
          "Spool '{}' is full with {}: {}. {}",
          name,
          SpoolStatus.size(bytes),
          options.getWhenFull() == SpoolConfiguration.WhenFull.BLOCK
              ? "what arrives waits"
              : "the oldest records make room and are lost",
          state
              .failing()
              .map(why -> "Records wait in memory only: " + why)
              .orElse("Let its consumer catch up, or raise maxBytes."));
      events.accept(new SpoolEvent.Full(name, bytes, options.getMaxBytes(), options.getWhenFull()));
    }
  }

  private void relieved() {
    long bytes = backlog.snapshot().bytes();
    if (full && bytes < options.getMaxBytes() / 10 * 9) {
      full = false;
      dropping = false;
      LOG.info("Spool '{}' has room again: {} are in use.", name, SpoolStatus.size(bytes));
      events.accept(new SpoolEvent.Relieved(name, bytes));
    }
  }

  /** Drops the oldest records there are, kept ones first; false if there is nothing to drop. */
  private boolean dropSomething() {
    if (state.failing().isPresent() && backlog.waitsForCommitOnly() && !isDiskFull()) {
      // What is on disk could go without that the memory, which is what is full, could be written
      return dropPending();
    }
    long kept = keptBytes();
    if (kept > 0 && trimKept(kept / 2)) {
      return true;
    }
    if (dropParked(Long.MAX_VALUE, Reason.FULL) || dropFirstSegment()) {
      return true;
    }
    return dropPending();
  }

  private boolean dropPending() {
    List<LogRecord> pending = backlog.dropPending(PENDING_DROPPED_AT_ONCE);
    droppedPending = true;
    reportDropped(Reason.FULL, pending);
    backlog.failDropped();
    return !pending.isEmpty();
  }

  /** Whether it helps to delete files, so that others can be written. */
  private boolean isDiskFull() {
    return new File(options.getDirectory()).getUsableSpace() < LITTLE_BYTES;
  }

  private boolean dropFirstSegment() {
    Optional<SegmentInfo> first =
        log.segments().stream().filter(it -> it.last() > backlog.acknowledged()).findFirst();
    first.ifPresent(
        it -> {
          long count = count(backlog.drop(it.last()), it);
          if (count > 0) {
            reportDropped(Reason.FULL, count, it.oldestMillis(), it.newestMillis());
          }
        });
    return first.isPresent();
  }

  /** How many records are on disk from this sequence on, to the end of this file. */
  private long count(long from, SegmentInfo last) {
    boolean all = from <= last.base();
    long to = all ? last.base() - 1 : last.last();
    long count = all ? last.count() : 0;
    try {
      for (long next = from; next <= to; ) {
        List<LogRecord> records = log.read(next, READ_BYTES);
        count += records.stream().filter(it -> it.sequence() <= to).count();
        next = records.isEmpty() ? to + 1 : records.get(records.size() - 1).sequence() + 1;
      }
      return count;
    } catch (IOException e) {
      LOG.debug("Spool '{}': what is dropped cannot be counted; rather too much is told", name, e);
      return last.last() - from + 1;
    }
  }

  private boolean dropParked(long beforeMillis, Reason reason) {
    if (parkedLeftAlone) {
      return false;
    }
    try {
      List<LogRecord> parked = parking.dropOldest(beforeMillis);
      reportDropped(reason, parked);
      return !parked.isEmpty();
    } catch (IOException e) {
      storeFails(String.valueOf(e.getMessage()), e);
      return false;
    }
  }

  private void dropTooOld() throws IOException {
    long cutoff = time.wall().millis() - options.getMaxAge().toMillis();
    long count = 0;
    LongSummaryStatistics times = new LongSummaryStatistics();
    for (boolean all = true; all; ) {
      List<LogRecord> records =
          backlog.acknowledged() < backlog.lastCommitted()
              ? log.read(backlog.acknowledged() + 1, READ_BYTES)
              : List.of();
      int old = 0;
      while (old < records.size() && records.get(old).appendedAtMillis() < cutoff) {
        times.accept(records.get(old).appendedAtMillis());
        old++;
      }
      if (old > 0) {
        long from = backlog.drop(records.get(old - 1).sequence());
        count += records.stream().limit(old).filter(it -> it.sequence() >= from).count();
      }
      all = old > 0 && old == records.size();
    }
    reportDropped(Reason.TOO_OLD, count, times);
    while (dropParked(cutoff, Reason.TOO_OLD)) {
      LOG.debug("Spool '{}': parked records were too old.", name);
    }
  }

  /** Tells that these will not be handed out any more, if there are any. */
  void reportDropped(Reason reason, List<LogRecord> records) {
    reportDropped(
        reason,
        records.size(),
        records.stream().mapToLong(LogRecord::appendedAtMillis).summaryStatistics());
  }

  /** The order of their times is another one: of what was parked, or where a clock was set back. */
  private void reportDropped(Reason reason, long count, LongSummaryStatistics times) {
    if (count > 0) {
      reportDropped(reason, count, times.getMin(), times.getMax());
    }
  }

  private void reportDropped(Reason reason, long count, long oldestMillis, long newestMillis) {
    dropped.add(count);
    events.accept(
        new SpoolEvent.Dropped(
            name,
            reason,
            count,
            Instant.ofEpochMilli(oldestMillis),
            Instant.ofEpochMilli(newestMillis)));
  }

  // --- what is kept for replay

  private long keptBytes() {
    return options.keepsAcknowledged()
        ? log.segments().stream()
            .filter(it -> it.last() <= backlog.acknowledged())
            .mapToLong(SegmentInfo::fileBytes)
            .sum()
        : 0;
  }

  /** Forgets the oldest of what is kept until it takes up less; false if nothing was forgotten. */
  private boolean trimKept(long toBytes) {
    long bytes = keptBytes();
    long upTo = 0;
    long cutoff = time.wall().millis() - options.getKeepAcknowledged().toMillis();
    for (SegmentInfo segment : log.segments()) {
      if (segment.last() > backlog.acknowledged()
          || bytes <= toBytes && segment.newestMillis() >= cutoff) {
        break;
      }
      bytes -= segment.fileBytes();
      upTo = segment.last();
    }
    if (upTo == 0) {
      return false;
    }
    // Else what is missing would look like damage, should the process be killed
    writeCheckpoint();
    try {
      long before = log.fileBytes();
      log.deleteUpTo(upTo);
      backlog.stored(fileBytes());
      // The newest file stays while it is small
      return log.fileBytes() < before;
    } catch (IOException e) {
      storeFails(String.valueOf(e.getMessage()), e);
      return false;
    }
  }

  // --- now and then

  private void tidy() {
    // What is parked gives room back while there is nothing to commit
    backlog.stored(fileBytes());
    try {
      tellHoles();
      if (!options.getMaxAge().isZero()) {
        dropTooOld();
      }
    } catch (IOException e) {
      storeFails(String.valueOf(e.getMessage()), e);
    }
    if (options.keepsAcknowledged()) {
      long waiting = fileBytes() - keptBytes();
      trimKept(Math.max(0, options.getMaxBytes() / 10 * 9 - waiting));
    }
    long now = now();
    Backlog.Snapshot snapshot = backlog.snapshot();
    appendRate.update(snapshot.appendedRecords(), now);
    acknowledgeRate.update(acknowledged.sum(), now);
    growthRate.update(snapshot.bytes(), now);
  }

  /** Tells the holes that damage has made, and remembers that once somebody has put it down. */
  void tellHoles() throws IOException {
    List<Hole> ofParked = parkedLeftAlone ? List.of() : parking.takeLost();
    List<Hole> found =
        Stream.concat(log.holes().stream().filter(told::add), ofParked.stream()).toList();
    if (!found.isEmpty()) {
      toldAtNanos = now();
      long records = found.stream().mapToLong(it -> it.to() - it.from() + 1).sum();
      lost.add(records);
      LOG.error(
          "Spool '{}': {} records are lost, as a file of it is damaged. All other records are delivered.",
          name,
          records);
      events.accept(new SpoolEvent.Damaged(name, records, found));
    } else if (!told.isEmpty() && now() - toldAtNanos >= TOLD_AFTER.toNanos()) {
      log.holesTold();
      told.clear();
    }
  }

  // --- how it is

  /** What waits, is parked or kept takes so much room on disk. */
  private long fileBytes() {
    return log.fileBytes() + parking.fileBytes();
  }

  /** How the spool is doing, from which this one takes, or nobody for so long. */
  SpoolStatus status(Optional<Delivery> taker, Duration untaken) {
    Backlog.Snapshot snapshot = backlog.snapshot();
    long oldest = snapshot.oldestMillis();
    if (oldest == 0 && snapshot.waiting() > 0) {
      oldest =
          log.segments().stream()
              .filter(segment -> segment.last() > backlog.acknowledged())
              .mapToLong(SegmentInfo::oldestMillis)
              .findFirst()
              .orElse(0);
    }
    if (parking.records() > 0 && taker.map(Delivery::deliversNothing).orElse(true)) {
      oldest = oldest == 0 ? parking.oldestMillis() : Math.min(oldest, parking.oldestMillis());
    }
    return new SpoolStatus(
        name,
        snapshot.waiting(),
        oldest == 0 ? Duration.ZERO : Duration.ofMillis(Math.max(0, time.wall().millis() - oldest)),
        parking.records(),
        parking.status(),
        new SpoolStatus.Space(snapshot.bytes(), options.getMaxBytes(), fileBytes(), full),
        new SpoolStatus.Counts(
            snapshot.appendedRecords(),
            acknowledged.sum(),
            dropped.sum(),
            lost.sum(),
            commits,
            fullEvents),
        new SpoolStatus.Rates(
            appendRate.perSecond, acknowledgeRate.perSecond, growthRate.perSecond),
        taker.map(Delivery::status).orElseGet(() -> SpoolStatus.Taking.nobodySince(untaken)),
        state.failing(),
        notLetGo);
  }
}
