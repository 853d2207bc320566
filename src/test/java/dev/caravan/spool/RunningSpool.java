package dev.caravan.spool;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A spool whose records a delivery hands out on a thread of its own, on a disk that may be full.
 */
final class RunningSpool {

  final Spool spool;
  final Delivery delivery;
  private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
  private final Thread thread;

  RunningSpool(
      SpoolConfiguration options,
      Spool.Time time,
      Consumer<SpoolEvent> events,
      BooleanSupplier diskIsFull,
      Delivery.Receiver receiver)
      throws IOException {
    spool =
        Spool.open(
            "events",
            options,
            time,
            executor,
            events::accept,
            log ->
                records -> {
                  if (diskIsFull.getAsBoolean()) {
                    throw new IOException("No space left on device.");
                  }
                  log.append(records);
                });
    delivery = new Delivery(spool, options, receiver);
    spool.attach(delivery, options);
    thread = new Thread(delivery, "delivery");
    thread.start();
  }

  /** Nothing is handed out any more; what was is waited for so long. */
  void endDelivery(Duration within) throws InterruptedException {
    delivery.stop(within);
    thread.join();
  }

  void close() throws IOException {
    spool.detach(delivery);
    spool.close();
    executor.shutdown();
  }
}
