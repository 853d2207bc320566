package dev.caravan.spool;

import dev.caravan.spool.SpoolEvent.Reason;
import dev.caravan.spool.SpoolStore.Extent;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a spool does at each tick: commit, make room, forget what is too old, tidy up, count. */
final class SpoolUpkeep {

  private static final Logger LOG = LoggerFactory.getLogger(SpoolUpkeep.class);
  private static final Duration TIDY_EVERY = Duration.ofSeconds(1);
  private static final int PENDING_DROPPED_AT_ONCE = 64;

  private final String name;
  private final SpoolSettings settings;
  private final Clock clock;
  private final Backlog backlog;
  private final StoreKeeper store;
  private final Consumer<SpoolEvent> events;

  private final LongAdder acknowledged = new LongAdder();
  private final LongAdder dropped = new LongAdder();
  private final LongAdder lost = new LongAdder();
  private final Rate appendRate;
  private final Rate acknowledgeRate;
  private final Rate growthRate;
  private volatile long commits;
  private volatile long fullEvents;
  private volatile boolean full;
  private boolean dropping;
  private long tidiedAtMillis;

  SpoolUpkeep(
      String name,
      SpoolSettings settings,
      Clock clock,
      Backlog backlog,
      StoreKeeper store,
      Consumer<SpoolEvent> events) {
    this.name = name;
    this.settings = settings;
    this.clock = clock;
    this.backlog = backlog;
    this.store = store;
    this.events = events;
    this.tidiedAtMillis = clock.millis();
    this.appendRate = new Rate(0, nanos());
    this.acknowledgeRate = new Rate(0, nanos());
    this.growthRate = new Rate(backlog.snapshot().bytes(), nanos());
  }

  /** One thread at a time; due twice in each commit interval. */
  synchronized void tick(boolean hurry) {
    commit(hurry ? 0 : settings.commitInterval().toMillis() / 2);
    makeRoom();
    if (clock.millis() - tidiedAtMillis >= TIDY_EVERY.toMillis()) {
      tidiedAtMillis = clock.millis();
      tidy();
    }
  }

  synchronized void lastTick() {
    store.retryAtOnce();
    commit(0);
  }

  private void commit(long youngMillis) {
    long goal = backlog.lastAppended();
    long reached;
    do {
      reached = backlog.lastCommitted();
    } while (commitSome(youngMillis)
        && backlog.lastCommitted() > reached
        && backlog.lastCommitted() < goal);
  }

  /** False if the store does not work at the moment. */
  private boolean commitSome(long youngMillis) {
    Backlog.Uncommitted uncommitted =
        backlog.uncommitted(!settings.keepAcknowledged().isZero(), clock.millis(), youngMillis);
    Optional<Long> stored =
        store.with(
            open -> {
              open.ack(backlog.acknowledged());
              open.append(uncommitted.records());
              open.commit();
              SpoolStore.Size size = open.size();
              return size.bytes() + size.keptBytes();
            });
    if (stored.isPresent()) {
      if (!uncommitted.records().isEmpty()) {
        commits++;
      }
      backlog.committed(uncommitted.upTo(), stored.get()).forEach(Backlog.Completion::completed);
    } else {
      backlog.needNoCommit().forEach(Backlog.Completion::completed);
    }
    return stored.isPresent();
  }

  private void makeRoom() {
    admit();
    Optional<Long> waitingSince = backlog.waitingSinceMillis();
    if (waitingSince.isEmpty()) {
      relieved();
      return;
    }
    if (store.failure().isEmpty() && backlog.waitsForCommitOnly()) {
      return;
    }
    if (keptGiveWay()) {
      return;
    }
    becameFull();
    dropping |= settings.whenFull() == WhenFull.DROP_OLDEST;
    if (!dropping && waitedTooLong(waitingSince.get())) {
      dropping = true;
      LOG.warn(
          "Spool '{}': what arrives has waited for {} ms. The oldest records make room and are"
              + " lost until its consumer catches up.",
          name,
          settings.blockTimeout().toMillis());
    }
    while (dropping && backlog.waitingSinceMillis().isPresent() && dropSomething()) {
      commit(0);
      admit();
    }
  }

  /** What is kept for replay makes room before anybody waits; true if that was enough. */
  private boolean keptGiveWay() {
    while (backlog.waitingSinceMillis().isPresent()) {
      long kept = store.size().keptBytes();
      if (kept == 0 || trimKept(kept / 8 * 7).isEmpty()) {
        return false;
      }
      commit(0);
      admit();
    }
    return true;
  }

  private void admit() {
    backlog.admitWaiting().forEach(Backlog.Completion::completed);
  }

  private boolean waitedTooLong(long sinceMillis) {
    return !settings.blockTimeout().isZero()
        && clock.millis() - sinceMillis >= settings.blockTimeout().toMillis();
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
          settings.whenFull() == WhenFull.BLOCK
              ? "what arrives waits"
              : "the oldest records make room and are lost",
          store
              .failure()
              .map(why -> "Records wait in memory only: " + why)
              .orElse("Let its consumer catch up, or raise maxBytes."));
      events.accept(new SpoolEvent.Full(name, bytes, settings.maxBytes(), settings.whenFull()));
    }
  }

  private void relieved() {
    long bytes = backlog.snapshot().bytes();
    if (full && bytes < settings.maxBytes() / 10 * 9) {
      full = false;
      dropping = false;
      LOG.info("Spool '{}' has room again: {} are in use.", name, SpoolStatus.size(bytes));
      events.accept(new SpoolEvent.Relieved(name, bytes));
    }
  }

  /** Drops the oldest records there are, kept ones first; false if there is nothing to drop. */
  private boolean dropSomething() {
    long keptBytes = store.size().keptBytes();
    if (keptBytes > 0) {
      return trimKept(keptBytes / 2).isPresent();
    }
    if (dropFromStore(Reason.FULL, settings.maxBytes() / 64, Long.MAX_VALUE)) {
      return true;
    }
    List<SpoolRecord> pending = backlog.dropPending(PENDING_DROPPED_AT_ONCE);
    reportDropped(Reason.FULL, pending);
    return !pending.isEmpty();
  }

  /** Drops so much of the oldest records on disk that are older; false if there were none. */
  private boolean dropFromStore(Reason reason, long maxBytes, long olderThanMillis) {
    long bytes = 0;
    long count = 0;
    long oldestMillis = 0;
    long newestMillis = 0;
    boolean any = false;
    while (store.size().oldestMillis() > 0 && bytes < maxBytes) {
      Optional<Extent> found =
          store.with(open -> open.dropOldest(olderThanMillis)).flatMap(extent -> extent);
      if (found.isEmpty()) {
        break;
      }
      Extent extent = found.get();
      oldestMillis = any ? oldestMillis : extent.oldestMillis();
      newestMillis = extent.newestMillis();
      bytes += extent.bytes();
      count += backlog.dropStored(extent);
      any = true;
    }
    if (count > 0) {
      reportDropped(reason, count, oldestMillis, newestMillis);
    }
    return any;
  }

  /** Counts and tells that these are lost, if there are any; from whatever thread. */
  void reportDropped(Reason reason, List<SpoolRecord> records) {
    if (!records.isEmpty()) {
      reportDropped(
          reason,
          records.size(),
          records.get(0).appendedAtMillis(),
          records.get(records.size() - 1).appendedAtMillis());
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

  private void tidy() {
    long now = clock.millis();
    store.tidy();
    if (!settings.keepAcknowledged().isZero()) {
      trimKept(settings.maxBytes() / 10 * 9 - store.size().bytes());
    }
    if (!settings.maxAge().isZero()) {
      long cutoff = now - settings.maxAge().toMillis();
      dropFromStore(Reason.TOO_OLD, Long.MAX_VALUE, cutoff);
    }
    store.with(
        open -> {
          open.compact();
          return true;
        });
    Backlog.Snapshot snapshot = backlog.snapshot();
    appendRate.update(snapshot.appendedRecords(), nanos());
    acknowledgeRate.update(acknowledged.sum(), nanos());
    growthRate.update(snapshot.bytes(), nanos());
  }

  private Optional<Boolean> trimKept(long toBytes) {
    return store.with(
        open -> {
          open.trimKept(toBytes);
          return true;
        });
  }

  void acknowledged(int records) {
    acknowledged.add(records);
  }

  void lost(long records) {
    lost.add(records);
  }

  /**
   * How the spool is doing.
   *
   * @param untakenSince when the last delivery ended, if there is none now
   */
  SpoolStatus status(Optional<Delivery> delivery, Instant untakenSince) {
    Backlog.Snapshot snapshot = backlog.snapshot();
    SpoolStore.Size size = store.size();
    long inStore =
        Math.max(0, size.records() - Math.max(0, snapshot.acknowledged() - size.acknowledged()));
    long oldestMillis = snapshot.oldestMillis() > 0 ? snapshot.oldestMillis() : size.oldestMillis();
    long records = inStore + snapshot.pendingRecords();
    return new SpoolStatus(
        name,
        records,
        snapshot.bytes(),
        settings.maxBytes(),
        size.fileBytes(),
        records == 0 || oldestMillis == 0
            ? Duration.ZERO
            : Duration.ofMillis(Math.max(0, clock.millis() - oldestMillis)),
        delivery.map(Delivery::inFlight).orElse(0),
        snapshot.appendedRecords(),
        acknowledged.sum(),
        dropped.sum(),
        lost.sum(),
        commits,
        fullEvents,
        full,
        appendRate.perSecond(),
        acknowledgeRate.perSecond(),
        growthRate.perSecond(),
        store.failure(),
        delivery.flatMap(Delivery::failure),
        delivery.isPresent()
            ? Optional.empty()
            : Optional.of(nonNegative(Duration.between(untakenSince, clock.instant()))));
  }

  /** The clock may have been set back. */
  private static Duration nonNegative(Duration time) {
    return time.isNegative() ? Duration.ZERO : time;
  }

  private long nanos() {
    return clock.millis() * 1_000_000;
  }
}
