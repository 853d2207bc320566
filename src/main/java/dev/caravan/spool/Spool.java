package dev.caravan.spool;

import dev.caravan.background.BackgroundTask;
import dev.caravan.spool.Backlog.SettledUntil;
import dev.caravan.spool.SpoolEvent.Reason;
import dev.caravan.spool.log.Checkpoint;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import dev.caravan.spool.log.SegmentedLog;
import dev.caravan.spool.log.SegmentedLog.SegmentInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.camel.util.IOHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A queue that outlives the process: records go in at one end, come out at the other in the same
 * order, and are let go of when they are acknowledged.
 *
 * <p>An appended record is on disk after at most one commit interval and the commit itself, unless
 * it has been acknowledged by then: half an interval is left for that.
 */
public final class Spool implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Spool.class);

  /** So many bytes are committed at once, without waiting for the interval. */
  private static final long COMMIT_NOW_BYTES = 1024 * 1024;

  /** What the name of the file ends with that tells how far a spool is. */
  static final String CHECKPOINT = ".checkpoint";

  private static final int READ_BYTES = 512 * 1024;

  /** How often it looks for what is due by time, though nothing has come or gone. */
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  private final String name;
  private final SpoolConfiguration options;
  private final Time time;
  private final ScheduledExecutorService executor;
  private final Consumer<SpoolEvent> listener;
  private final Checkpoint checkpoint;
  private final SegmentedLog log;
  private final Backlog backlog;
  private final Parking parking;
  private final DiskCommitter committer;
  private final long restoredUpTo;
  private final AtomicBoolean tickRequested = new AtomicBoolean();

  /** Whether the next tick is scheduled: none is while there is nothing to write. */
  private final AtomicBoolean ticking = new AtomicBoolean();

  private final AtomicReference<Delivery> delivery = new AtomicReference<>();

  /**
   * Each part ends at a moment of its own, and knows it under its own lock: the backlog lets nobody
   * in from before the last commit on, the committer writes nothing after it, and a {@link
   * Delivery} ends while the spool goes on. This one has {@link #close} happen once, and no tick
   * scheduled after it.
   */
  private final AtomicBoolean closed = new AtomicBoolean();

  private volatile long untakenSinceNanos;

  private final SettledUntil settledUntil;
  private volatile BackgroundTask commits;
  private volatile Future<?> nextTick = CompletableFuture.completedFuture(null);

  /** When what is kept for replay was appended, from the oldest record to the youngest. */
  public record Kept(Instant from, Instant to) {}

  /**
   * The two clocks of a spool.
   *
   * @param wall for when a record was appended, and so for its age; it may jump
   * @param nanos for all that is measured from one moment to another; it never jumps
   */
  public record Time(Clock wall, LongSupplier nanos) {
    /** That of this machine. */
    public static final Time SYSTEM = new Time(Clock.systemUTC(), System::nanoTime);
  }

  private Spool(
      String name,
      SpoolConfiguration options,
      Time time,
      ScheduledExecutorService executor,
      Consumer<SpoolEvent> listener,
      Function<SegmentedLog, DiskCommitter.Appender> appender)
      throws IOException {
    this.name = name;
    this.options = options;
    this.time = time;
    this.untakenSinceNanos = time.nanos().getAsLong();
    this.settledUntil = new SettledUntil(untakenSinceNanos);
    this.executor = executor;
    this.listener = listener;
    Path directory = options.directoryPath();
    Checkpoint.refuseOlderFormat(directory, name);
    this.checkpoint = Checkpoint.open(directory.resolve(name + CHECKPOINT), name);
    SegmentedLog opened = null;
    Parking parked = null;
    try {
      long acknowledged = checkpoint.mark().acknowledged();
      opened =
          SegmentedLog.open(
              options.ofLog(name, options.segmentBytes(), time.wall()),
              acknowledged,
              // Never below: what follows would count as acknowledged
              Math.max(acknowledged, checkpoint.mark().committed()));
      this.log = opened;
      parked = new Parking(name, options, time.wall(), appender, checkpoint.mark().parked());
      this.parking = parked;
      // The end of the log may have been lost with the process, after it was parked
      parking.appendBehind(log.last(), log::append);
      this.restoredUpTo = log.last();
      // Damage may have taken all that waited
      boolean nothingLeft =
          log.segments().stream().noneMatch(segment -> segment.last() > acknowledged);
      long done = nothingLeft ? Math.max(acknowledged, log.last()) : acknowledged;
      this.backlog =
          new Backlog(
              name,
              options,
              time.nanos(),
              done,
              log.last(),
              log.fileBytes() + parking.fileBytes(),
              this::keepTicking);
      this.committer =
          new DiskCommitter(
              name,
              options,
              time,
              backlog,
              parking,
              log,
              checkpoint,
              appender.apply(log),
              this::report);
      committer.tellHoles();
    } catch (IOException | RuntimeException | Error e) {
      // The lock of the checkpoint, too: the next attempt may work
      IOHelper.close(parked, opened, checkpoint);
      throw e;
    }
  }

  /** Opens the spool of this name; the executor's one thread is where it writes and reports. */
  public static Spool open(
      String name,
      SpoolConfiguration options,
      Time time,
      ScheduledExecutorService executor,
      Consumer<SpoolEvent> listener)
      throws IOException {
    return open(name, options, time, executor, listener, log -> log::append);
  }

  static Spool open(
      String name,
      SpoolConfiguration options,
      Time time,
      ScheduledExecutorService executor,
      Consumer<SpoolEvent> listener,
      Function<SegmentedLog, DiskCommitter.Appender> appender)
      throws IOException {
    options.check();
    Spool spool = new Spool(name, options.copy(), time, executor, listener, appender);
    spool.commits =
        BackgroundTask.every(
            LOOK_EVERY, "writing spool '%s'".formatted(name), executor, spool::look);
    spool.keepTicking();
    SpoolStatus status = spool.status();
    if (status.records() + status.parkedRecords() > 0) {
      LOG.info(
          "Spool '{}' in {}: {} records ({}) wait in it from before.",
          name,
          options.directoryPath(),
          status.records() + status.parkedRecords(),
          SpoolStatus.size(status.space().bytes()));
    }
    return spool;
  }

  public String name() {
    return name;
  }

  SpoolConfiguration options() {
    return options;
  }

  long nanoTime() {
    return time.nanos().getAsLong();
  }

  Parking parking() {
    return parking;
  }

  /**
   * Appends a record, once there is room for it: the calling thread waits for that.
   *
   * @throws IllegalStateException if the spool is closed before there is room
   */
  void append(byte[] body, RecordHeaders headers) throws InterruptedException {
    append(body, headers, null);
  }

  /** Appends a record likewise; the future is completed with its commit, by the spool's thread. */
  CompletableFuture<Void> appendAndCommit(byte[] body, RecordHeaders headers)
      throws InterruptedException {
    CompletableFuture<Void> committed = new CompletableFuture<>();
    append(body, headers, committed);
    tickSoon();
    return committed;
  }

  private void append(byte[] body, RecordHeaders headers, CompletableFuture<Void> committed)
      throws InterruptedException {
    backlog.append(body, headers, time.wall().millis(), committed);
    keepTicking();
    if (backlog.pendingBytes() > COMMIT_NOW_BYTES) {
      tickSoon();
    }
  }

  private void tickSoon() {
    if (!tickRequested.getAndSet(true)) {
      executor.execute(() -> commits.run(this::tick));
    }
  }

  private void tick() {
    committer.tick(tickRequested.getAndSet(false));
  }

  private void look() {
    committer.look();
    if (!committer.isAtRest()) {
      keepTicking();
    }
  }

  /** Called after each change, so that somebody writes it; it costs a look at a flag as a rule. */
  private void keepTicking() {
    if (ticking.get() || closed.get() || !ticking.compareAndSet(false, true)) {
      return;
    }
    // A record is left alone at the first tick it sees and committed at the second
    long tick = options.getCommitInterval().toNanos() / 2;
    try {
      nextTick = executor.schedule(this::tickAndGoOn, tick, TimeUnit.NANOSECONDS);
    } catch (RuntimeException | Error e) {
      // Whoever looks every second begins again
      ticking.set(false);
      throw e;
    }
    if (closed.get()) {
      nextTick.cancel(false);
    }
  }

  private void tickAndGoOn() {
    // Before the tick: what comes while it runs has the next one scheduled
    ticking.set(false);
    commits.run(this::tick);
    if (!committer.isAtRest()) {
      keepTicking();
    }
  }

  BackgroundTask commits() {
    return commits;
  }

  /** The next records to hand out for the delivery that is attached, or none after a while. */
  List<LogRecord> take(Delivery by, int max, long lingerMillis, long waitMillis)
      throws IOException, InterruptedException {
    Backlog.Taken taken = backlog.take(by, max, lingerMillis, waitMillis);
    if (!taken.mustBeRead()) {
      return taken.records();
    }
    List<LogRecord> stored = log.read(taken.readFrom(), READ_BYTES);
    // None of them there: what was in front of those in memory is lost, or done with
    long from =
        backlog.takeFrom(
            by,
            stored.isEmpty() ? taken.readTo() + 1 : stored.get(stored.size() - 1).sequence() + 1);
    return from <= taken.readFrom()
        ? stored
        : stored.stream().filter(record -> record.sequence() >= from).toList();
  }

  /** The record of this sequence, if it is still there. */
  Optional<LogRecord> find(long sequence) throws IOException {
    Optional<LogRecord> inMemory = backlog.find(sequence);
    return inMemory.isPresent()
        ? inMemory
        : log.read(sequence, 1).stream().filter(it -> it.sequence() == sequence).findFirst();
  }

  void wakeUp() {
    backlog.wakeUp();
  }

  void acknowledge(long upToSequence, int records) {
    backlog.acknowledge(upToSequence);
    committer.acknowledged.add(records);
    keepTicking();
  }

  /** Tells that the delivery will not hand these out any more. */
  void dropped(Reason reason, List<LogRecord> records) {
    committer.reportDropped(reason, records);
  }

  void report(SpoolEvent event) {
    try {
      listener.accept(event);
    } catch (RuntimeException | Error e) {
      LOG.warn("Spool '{}': a listener failed on {}; the spool goes on.", name, event, e);
    }
  }

  /** Makes this the one delivery that takes records; two of them would break the order. */
  void attach(Delivery taker, SpoolConfiguration itsOptions) throws IOException {
    Delivery present = delivery.compareAndExchange(null, taker);
    if (present != null) {
      throw new IllegalStateException(
          ("The spool '%s' already has a consumer, and a second one would break the order of its"
                  + " records. Use one route from spool:%s and branch inside it.")
              .formatted(name, name));
    }
    backlog.takenBy(taker);
    committer.leaveParkedAlone(true);
    try {
      parking.begin(taker, itsOptions, taker.receiver()::whenSettled, new Waiting()::holds);
    } catch (IOException | RuntimeException | Error e) {
      // Whoever starts the route again must find the place free
      detach(taker);
      throw e;
    } finally {
      committer.leaveParkedAlone(false);
    }
  }

  /** What is handed out once a consumer begins. It is asked for in order, or nearly so. */
  private final class Waiting {
    private final long acknowledged = backlog.acknowledged();
    private List<LogRecord> read = List.of();

    boolean holds(long sequence) throws IOException {
      if (sequence <= acknowledged) {
        return false;
      }
      if (backlog.find(sequence).isPresent()) {
        return true;
      }
      if (read.isEmpty()
          || sequence < read.get(0).sequence()
          || sequence > read.get(read.size() - 1).sequence()) {
        read = log.read(sequence, READ_BYTES);
      }
      return read.stream().anyMatch(record -> record.sequence() == sequence);
    }
  }

  /**
   * What settles from now on has no effect any more. So what the full spool has dropped while it
   * was in hand, where it might yet have been delivered, counts as dropped now.
   */
  void detach(Delivery taker) {
    List<LogRecord> inHand = taker.detach();
    if (delivery.get() == taker) {
      dropped(Reason.FULL, backlog.giveBack(inHand));
      untakenSinceNanos = nanoTime();
      delivery.compareAndSet(taker, null);
    }
  }

  List<LogRecord> read(long fromSequence) throws IOException {
    return log.read(fromSequence, READ_BYTES);
  }

  /** Where those begin, or earlier, that were appended at this time or later and are on disk. */
  Optional<Long> firstSince(Instant since) {
    return log.firstSince(since.toEpochMilli());
  }

  /** Whether acknowledged records are kept, so that they can be replayed. */
  public boolean keepsAcknowledged() {
    return options.keepsAcknowledged();
  }

  /** What of it can be replayed at most; empty if nothing can, or it cannot be read now. */
  public Optional<Kept> kept() {
    long done = replayableUpTo();
    List<SegmentInfo> segments = log.segments();
    if (!keepsAcknowledged() || segments.isEmpty() || segments.get(0).base() > done) {
      return Optional.empty();
    }
    Instant from = Instant.ofEpochMilli(segments.get(0).oldestMillis());
    try {
      // What was acknowledged last was in memory only if the process was killed
      Instant to =
          find(done)
              .map(LogRecord::appendedAt)
              .orElseGet(
                  () -> Instant.ofEpochMilli(segments.get(segments.size() - 1).newestMillis()));
      return Optional.of(new Kept(from, to));
    } catch (IOException e) {
      LOG.warn("Spool '{}': what is kept cannot be read now.", name, e);
      return Optional.empty();
    }
  }

  /** What has at most this sequence was on disk when the spool was opened. */
  long restoredUpTo() {
    return restoredUpTo;
  }

  /** For how long what was appended may have been in memory only, and would be lost with it. */
  Duration uncommittedFor() {
    return Duration.ofNanos(backlog.uncommittedNanos());
  }

  /** For how long something that was appended may not be settled yet, parked or not. */
  synchronized Duration unsettledFor() {
    long now = nanoTime();
    long last = backlog.lastAppended();
    long acknowledged = backlog.acknowledged();
    // In this order: what is parked counts as acknowledged only after it counts as parked
    long settled = parking.records() == 0 ? acknowledged : -1;
    return Duration.ofNanos(settledUntil.nanosAgo(now, settled, last));
  }

  long acknowledged() {
    return backlog.acknowledged();
  }

  long lastAppended() {
    return backlog.lastAppended();
  }

  /** Up to where records are both acknowledged and, if they are kept, on disk. */
  long replayableUpTo() {
    return Math.min(backlog.acknowledged(), log.last());
  }

  /** How many records wait, those in flight included and parked ones not. */
  long waiting() {
    return Math.max(0, backlog.lastAppended() - backlog.acknowledged());
  }

  /** How it is doing; costs little and may be asked at any time. */
  public SpoolStatus status() {
    return committer.status(
        Optional.ofNullable(delivery.get()), Duration.ofNanos(nanoTime() - untakenSinceNanos));
  }

  /** Commits what is left and lets go of the files; who still waits is told so. */
  @Override
  public void close() throws IOException {
    if (closed.getAndSet(true)) {
      return;
    }
    commits.stop();
    nextTick.cancel(false);
    backlog.close();
    try {
      committer.close();
      long records = backlog.snapshot().pending();
      if (records > 0) {
        LOG.error(
            "Spool '{}': {} records were in memory only and are lost, as it is closed while they"
                + " cannot be written. {}",
            name,
            records,
            status().storeFailure().orElse("Look at the disk."));
      }
    } finally {
      backlog.closed();
      try (checkpoint;
          log;
          parking) {
        LOG.debug("Spool '{}' is closed.", name);
      }
    }
  }
}
