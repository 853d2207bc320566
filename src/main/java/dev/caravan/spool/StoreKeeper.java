package dev.caravan.spool;

import java.io.IOException;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets one thread at a time at the store, and opens the store anew after it has failed: at once,
 * then less and less often. What is appended meanwhile waits in memory.
 */
final class StoreKeeper implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(StoreKeeper.class);
  private static final long FIRST_PAUSE_MILLIS = 250;
  private static final long LONGEST_PAUSE_MILLIS = 10_000;

  /** So long after a repair whoever listens has put it down somewhere. */
  private static final long TOLD_AFTER_MILLIS = 60_000;

  private final String spool;
  private final Opener opener;
  private final Clock clock;
  private final Consumer<SpoolEvent> events;
  private final LongSupplier acknowledged;
  private final Consumer<SpoolStore.Size> reopened;
  private final ReentrantLock lock = new ReentrantLock();

  private SpoolStore store;
  private volatile SpoolStore.Size size;
  private volatile Optional<String> failure = Optional.empty();
  private boolean damaged;
  private Optional<Long> repairedAtMillis;
  private int failures;
  private long retryAtMillis;

  /**
   * Opens the store of a spool, repairing it first if it is damaged, and emptying it if all of it
   * is acknowledged.
   */
  interface Opener extends AutoCloseable {
    Opened open(boolean knownToBeDamaged, long acknowledged) throws IOException;

    /** The repair that an opening came with has been told where it is kept. */
    default void repairIsTold() {}

    @Override
    void close() throws IOException;
  }

  /** A store, and what had to be done to get it. */
  record Opened(SpoolStore store, Optional<SpoolEvent.Repaired> repair) {}

  /** Something done with the store. */
  interface Action<T> {
    T apply(SpoolStore store) throws IOException;
  }

  StoreKeeper(
      String spool,
      Opener opener,
      Clock clock,
      Consumer<SpoolEvent> events,
      Opened first,
      LongSupplier acknowledged,
      Consumer<SpoolStore.Size> reopened) {
    this.spool = spool;
    this.opener = opener;
    this.clock = clock;
    this.events = events;
    this.store = first.store();
    this.repairedAtMillis = first.repair().map(repair -> clock.millis());
    this.size = store.size();
    this.acknowledged = acknowledged;
    this.reopened = reopened;
  }

  /** Does something with the store; empty if the store does not work at the moment. */
  <T> Optional<T> with(Action<T> action) {
    lock.lock();
    try {
      if (store == null && !reopen()) {
        return Optional.empty();
      }
      T result = action.apply(store);
      size = store.size();
      works();
      return Optional.of(result);
    } catch (IOException e) {
      fails(e);
      return Optional.empty();
    } catch (OutOfMemoryError e) {
      // Let through, it would end the ticks for good
      fails(SegmentFile.outOfMemory(e));
      return Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  private boolean reopen() throws IOException {
    if (clock.millis() < retryAtMillis) {
      return false;
    }
    Opened opened = opener.open(damaged, acknowledged.getAsLong());
    damaged = false;
    store = opened.store();
    size = store.size();
    opened.repair().ifPresent(events);
    repairedAtMillis = opened.repair().map(repair -> clock.millis());
    reopened.accept(size);
    return true;
  }

  private void works() {
    if (failure.isPresent()) {
      LOG.info("Spool '{}': the store works again after {} failures.", spool, failures);
      failure = Optional.empty();
      failures = 0;
      events.accept(new SpoolEvent.StoreWorking(spool));
    }
  }

  private void fails(IOException cause) {
    damaged |= cause instanceof DamagedStoreException;
    if (store != null) {
      store.abandon();
      store = null;
    }
    failures++;
    long pause = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(20, failures - 1));
    retryAtMillis = failures == 1 ? 0 : clock.millis() + pause;
    if (failures == 2 || failures == 1 && damaged) {
      LOG.warn(
          "Spool '{}': {} Records wait in memory, and the store is opened anew until it works.",
          spool,
          cause.getMessage());
      LOG.debug("Spool '{}': the failure of its store", spool, cause);
      failure = Optional.of(String.valueOf(cause.getMessage()));
      events.accept(new SpoolEvent.StoreFailing(spool, String.valueOf(cause.getMessage())));
    }
  }

  /** Has the next use of the store open it at once if it has failed: there may be no later one. */
  void retryAtOnce() {
    lock.lock();
    try {
      retryAtMillis = 0;
    } finally {
      lock.unlock();
    }
  }

  /** To be called now and then: lets go of the report of a repair that is long since told. */
  void tidy() {
    lock.lock();
    try {
      if (repairedAtMillis.filter(at -> clock.millis() - at >= TOLD_AFTER_MILLIS).isPresent()) {
        repairedAtMillis = Optional.empty();
        opener.repairIsTold();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The sizes as of the last time somebody did something with the store. */
  SpoolStore.Size size() {
    return size;
  }

  /** Why the store does not work, if it does not. */
  Optional<String> failure() {
    return failure;
  }

  @Override
  public void close() throws IOException {
    lock.lock();
    try {
      retryAtMillis = Long.MAX_VALUE;
      if (store != null) {
        store.close();
      }
    } finally {
      store = null;
      try {
        opener.close();
      } finally {
        lock.unlock();
      }
    }
  }
}
