package dev.caravan.genesys.backfill;

import dev.caravan.genesys.GenesysConstants;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.camel.Exchange;

/**
 * How far one reading of what a gap holds is: what its consumer and the steps of its route share.
 */
public final class BackfillProgress {

  private final AtomicInteger records = new AtomicInteger();
  private final Set<String> backfilled = ConcurrentHashMap.newKeySet();
  private volatile boolean called;
  private volatile boolean stopped;

  static BackfillProgress of(Exchange exchange) {
    return property(exchange, GenesysConstants.BACKFILL, BackfillProgress.class);
  }

  static <T> T property(Exchange exchange, String name, Class<T> type) {
    T value = exchange.getProperty(name, type);
    if (value == null) {
      throw new IllegalStateException("This step works only in a route from genesys:gaps.");
    }
    return value;
  }

  /**
   * A call is about to be made. Ends the backfill if the bridge is stopping, so that it is not
   * waited for; the gap is then filled from the start after the next one.
   */
  public static void called(Exchange exchange) throws InterruptedException {
    BackfillProgress progress = of(exchange);
    if (progress.stopped) {
      throw new InterruptedException("The bridge is stopping");
    }
    progress.called = true;
    exchange.setProperty(GenesysConstants.PURPOSE, "backfill");
  }

  void stop() {
    stopped = true;
  }

  boolean isStopped() {
    return stopped;
  }

  void read(String id) {
    records.incrementAndGet();
    backfilled.add(id.toLowerCase(Locale.ROOT));
  }

  /** Whether anything was asked: a route may leave its kind out. */
  boolean isCalled() {
    return called;
  }

  /** Ids of what was read again, in lower case. */
  Set<String> backfilled() {
    return backfilled;
  }

  int records() {
    return records.get();
  }
}
