package dev.caravan.genesys;

import java.util.concurrent.LinkedBlockingDeque;

/**
 * Passes signals from the notifications consumer to whoever reads {@code genesys:signals}. Nobody
 * who publishes ever waits: up to {@value #MOST_WAITING} signals wait for their reader, and when
 * there is no room the oldest goes.
 */
final class Signals {

  private static final int MOST_WAITING = 10_000;

  private final LinkedBlockingDeque<Signal> waiting = new LinkedBlockingDeque<>(MOST_WAITING);

  void publish(Signal signal) {
    while (!waiting.offerLast(signal)) {
      waiting.pollFirst();
    }
  }

  /** The next signal; waits for it. */
  Signal take() throws InterruptedException {
    return waiting.takeFirst();
  }
}
