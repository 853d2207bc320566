package dev.caravan.genesys;

import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;

/**
 * Passes signals from the notifications consumer to whoever reads {@code genesys:signals}. Nobody
 * who publishes ever waits: up to {@value #MOST_WAITING} signals wait for their reader, and when
 * there is no room the oldest goes.
 */
final class Signals {

  private static final int MOST_WAITING = 10_000;

  private final LinkedBlockingDeque<Signal> waiting = new LinkedBlockingDeque<>(MOST_WAITING);
  private volatile long passingSinceNanos;

  void publish(Signal signal) {
    while (!waiting.offerLast(signal)) {
      waiting.pollFirst();
    }
  }

  /** The next signal; waits for it. */
  Signal take() throws InterruptedException {
    return waiting.takeFirst();
  }

  /** Called before and after one is passed on, so that a reader that stands still is noticed. */
  void passing(boolean begins) {
    passingSinceNanos = begins ? System.nanoTime() : 0;
  }

  /** For how long one signal has been on its way to Kafka, in milliseconds; 0 if none is. */
  long stalledMillis() {
    long since = passingSinceNanos;
    return since == 0 ? 0 : TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since);
  }
}
