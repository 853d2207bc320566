package dev.caravan.genesys;

import java.util.concurrent.atomic.AtomicInteger;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;

/**
 * Comes before each call that a backfill makes: ends the backfill if the bridge is stopping, so
 * that it is not waited for; the gap is then filled from the start after the next one.
 */
public final class BackfillCall implements Processor {

  /** What the consumer and the steps of one reading share. */
  static final class Progress {
    private final AtomicInteger records = new AtomicInteger();
    private volatile boolean stopped;

    static Progress of(Exchange exchange) {
      Progress progress = exchange.getProperty(GenesysConstants.BACKFILL, Progress.class);
      if (progress == null) {
        throw new IllegalStateException("This step works only in a route from genesys:gaps.");
      }
      return progress;
    }

    void stop() {
      stopped = true;
    }

    boolean isStopped() {
      return stopped;
    }

    void count() {
      records.incrementAndGet();
    }

    int records() {
      return records.get();
    }
  }

  @Override
  public void process(Exchange exchange) throws InterruptedException {
    if (Progress.of(exchange).isStopped()) {
      throw new InterruptedException("The bridge is stopping");
    }
    exchange.setProperty(GenesysConstants.PURPOSE, "backfill");
  }
}
