package dev.caravan.background;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends threads in such a way that nothing is done by them afterwards. */
public final class BackgroundThreads {

  private static final Logger LOG = LoggerFactory.getLogger(BackgroundThreads.class);

  /** Longer than writing a small file takes on a busy machine. */
  private static final long MOST_SECONDS = 5;

  private BackgroundThreads() {}

  /**
   * Interrupts what they do, and waits until they have ended, on an interrupted thread too.
   *
   * @param what they do, for the log
   */
  public static void end(CamelContext context, ExecutorService threads, String what) {
    context.getExecutorServiceManager().shutdownNow(threads);
    await(threads, what);
  }

  /**
   * Has them end what they do, and waits for that likewise.
   *
   * @param what they do, for the log
   */
  public static void finish(CamelContext context, ExecutorService threads, String what) {
    context.getExecutorServiceManager().shutdown(threads);
    await(threads, what);
  }

  private static void await(ExecutorService threads, String what) {
    boolean interrupted = Thread.interrupted();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS);
    while (!threads.isTerminated()) {
      try {
        if (!threads.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
          LOG.warn(
              "The background task {} did not end within {} s, and is left to itself.",
              what,
              MOST_SECONDS);
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
