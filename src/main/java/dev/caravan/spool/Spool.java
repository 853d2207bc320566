package dev.caravan.spool;

import dev.caravan.spool.Backlog.Admission;
import dev.caravan.spool.Backlog.Completion;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
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

  private final String name;
  private final SpoolSettings settings;
  private final Clock clock;
  private final ScheduledExecutorService executor;
  private final SpoolListener listener;
  private final StoreKeeper store;
  private final Backlog backlog;
  private final SpoolUpkeep upkeep;
  private final AtomicBoolean tickRequested = new AtomicBoolean();
  private final AtomicReference<Delivery> delivery = new AtomicReference<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile Instant untakenSince;
  private volatile Future<?> ticks = CompletableFuture.completedFuture(null);

  /** When what is kept for replay was appended, from the oldest record to the youngest. */
  public record Kept(Instant from, Instant to) {}

  private Spool(
      String name,
      SpoolSettings settings,
      Clock clock,
      ScheduledExecutorService executor,
      SpoolListener listener,
      StoreKeeper.Opener opener)
      throws IOException {
    this.name = name;
    this.settings = settings;
    this.clock = clock;
    this.untakenSince = clock.instant();
    this.executor = executor;
    this.listener = listener;
    StoreKeeper.Opened first = opener.open(false, 0);
    SpoolStore.Size size = first.store().size();
    this.backlog =
        new Backlog(
            settings.maxBytes(),
            settings.memoryBytes(),
            size.acknowledged(),
            size.last(),
            size.bytes() + size.keptBytes());
    this.store =
        new StoreKeeper(
            name,
            opener,
            clock,
            this::report,
            first,
            backlog::acknowledged,
            reopened ->
                backlog.storeEndsAt(reopened.last(), reopened.bytes() + reopened.keptBytes()));
    this.upkeep = new SpoolUpkeep(name, settings, clock, backlog, store, this::report);
    first.repair().ifPresent(this::report);
  }

  /** Opens the spool of this name; the executor's one thread is where it writes and reports. */
  public static Spool open(
      String name,
      SpoolSettings settings,
      Clock clock,
      ScheduledExecutorService executor,
      SpoolListener listener)
      throws IOException {
    return open(
        name, settings, clock, executor, listener, new MvStoreOpener(name, settings, clock));
  }

  static Spool open(
      String name,
      SpoolSettings settings,
      Clock clock,
      ScheduledExecutorService executor,
      SpoolListener listener,
      StoreKeeper.Opener opener)
      throws IOException {
    Spool spool;
    try {
      spool = new Spool(name, settings, clock, executor, listener, opener);
    } catch (IOException | RuntimeException e) {
      opener.close();
      throw e;
    }
    // A record is left alone at the first tick it sees and committed at the second.
    long tick = settings.commitInterval().toNanos() / 2;
    spool.ticks = executor.scheduleAtFixedRate(spool::tick, tick, tick, TimeUnit.NANOSECONDS);
    SpoolStatus status = spool.status();
    if (status.records() > 0) {
      LOG.info(
          "Spool '{}' in {}: {} records ({}) wait in it from before.",
          name,
          settings.directory(),
          status.records(),
          SpoolStatus.size(status.bytes()));
    }
    return spool;
  }

  public String name() {
    return name;
  }

  public SpoolSettings settings() {
    return settings;
  }

  /**
   * Appends a record.
   *
   * @return true if that is all; false if the completion is called later, from another thread: when
   *     there is room again, or, if asked for, when the record is committed
   */
  boolean append(byte[] body, SpoolHeaders headers, boolean waitForCommit, Completion completion) {
    Admission admission =
        backlog.offer(
            new Backlog.Arrival(
                body,
                headers,
                SpoolRecord.weight(body, headers),
                clock.millis(),
                waitForCommit,
                completion));
    if (admission == Admission.WAITS_FOR_ROOM || backlog.pendingBytes() > COMMIT_NOW_BYTES) {
      tickSoon();
    }
    return admission == Admission.DONE;
  }

  private void tickSoon() {
    if (!tickRequested.getAndSet(true)) {
      executor.execute(this::tick);
    }
  }

  private void tick() {
    boolean hurry = tickRequested.getAndSet(false);
    if (closed.get()) {
      return;
    }
    try {
      upkeep.tick(hurry);
    } catch (RuntimeException e) {
      LOG.error(
          "Spool '{}': a commit failed in a way nobody thought of; the next is tried.", name, e);
    }
  }

  /** The next records to hand out, or none after waiting for a while. */
  List<SpoolRecord> take(int max, long lingerMillis, long waitMillis) throws InterruptedException {
    Optional<List<SpoolRecord>> inMemory = backlog.take(max, lingerMillis, waitMillis);
    if (inMemory.isPresent()) {
      return inMemory.get();
    }
    long from = backlog.position();
    Optional<List<SpoolRecord>> stored = read(from);
    if (stored.isEmpty()) {
      backlog.await(waitMillis);
      return List.of();
    }
    backlog.taken(stored.get());
    return stored.get();
  }

  /**
   * Hands out again from the first of these on, which were taken and not delivered. Those that had
   * to make room meanwhile are counted now: until now they might have been delivered.
   */
  void rewind(List<SpoolRecord> undelivered) {
    upkeep.reportDropped(SpoolEvent.Reason.FULL, backlog.rewind(undelivered));
  }

  void wakeUp() {
    backlog.wakeUp();
  }

  /** Lets go of everything up to here. */
  void acknowledge(long upToSequence, int records) {
    backlog.acknowledge(upToSequence);
    upkeep.acknowledged(records);
  }

  /** Tells that a record is given up, because handing it over failed too often. */
  void givenUp(SpoolRecord record) {
    upkeep.reportDropped(SpoolEvent.Reason.GAVE_UP, List.of(record));
  }

  /** Makes this the one delivery that takes records; two of them would break the order. */
  void attach(Delivery taker) {
    Delivery present = delivery.compareAndExchange(null, taker);
    if (present != null) {
      throw new IllegalStateException(
          ("The spool '%s' already has a consumer, and a second one would break the order of its"
                  + " records. Use one route from spool:%s and branch inside it.")
              .formatted(name, name));
    }
    backlog.rewind();
  }

  void detach(Delivery taker) {
    if (delivery.compareAndSet(taker, null)) {
      untakenSince = clock.instant();
    }
  }

  /** Records from this sequence on; empty if the store cannot be read at present. */
  Optional<List<SpoolRecord>> read(long fromSequence) {
    return store.with(open -> open.read(fromSequence));
  }

  /** Where those begin that were appended at this time or later, as far as they are on disk. */
  Optional<Long> firstSince(Instant since) {
    return store.with(open -> open.firstSince(since.toEpochMilli())).flatMap(first -> first);
  }

  /** What of it can be replayed at most; empty if nothing can, or the store cannot be read now. */
  public Optional<Kept> kept() {
    return store.with(SpoolStore::kept).flatMap(kept -> kept);
  }

  /** Up to where records are both acknowledged and, if they are kept, on disk. */
  long replayableUpTo() {
    return Math.min(backlog.acknowledged(), store.size().last());
  }

  long acknowledged() {
    return backlog.acknowledged();
  }

  long lastAppended() {
    return backlog.lastAppended();
  }

  /** How many records wait, those in flight included. */
  long waiting() {
    return Math.max(0, backlog.lastAppended() - backlog.acknowledged());
  }

  /** How it is doing; costs little and may be asked at any time. */
  public SpoolStatus status() {
    Instant since = untakenSince;
    return upkeep.status(Optional.ofNullable(delivery.get()), since);
  }

  void report(SpoolEvent event) {
    if (event instanceof SpoolEvent.Repaired repaired) {
      upkeep.lost(repaired.lost());
    }
    try {
      listener.onEvent(event);
    } catch (RuntimeException e) {
      LOG.warn("Spool '{}': a listener failed on {}; the spool goes on.", name, event, e);
    }
  }

  /** Commits what is left and lets go of the files; who still waits is told so. */
  @Override
  public void close() throws IOException {
    if (closed.getAndSet(true)) {
      return;
    }
    ticks.cancel(false);
    backlog.close();
    try {
      upkeep.lastTick();
      tellWhatIsLost();
      store.close();
    } finally {
      backlog
          .leftWaiting()
          .forEach(
              completion ->
                  completion.failed(
                      new IllegalStateException(
                          "The spool '%s' was closed before there was room for this record."
                              .formatted(name))));
    }
  }

  private void tellWhatIsLost() {
    long records = backlog.snapshot().pendingRecords();
    if (records > 0) {
      LOG.error(
          "Spool '{}': {} records were in memory only and are lost, as it is closed while they"
              + " cannot be written. {}",
          name,
          records,
          store.failure().orElse("Look at the disk."));
    }
  }
}
