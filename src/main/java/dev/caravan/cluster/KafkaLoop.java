package dev.caravan.cluster;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done with a consumer of Kafka again and again, on a thread of its own, until it is
 * closed. It is not interrupted for that: a consumer that is interrupted logs errors, and does not
 * take leave of Kafka.
 */
final class KafkaLoop implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(KafkaLoop.class);

  /** So long a consumer may take to end. */
  static final Duration CLOSE = Duration.ofSeconds(3);

  private static final Duration AGAIN = Duration.ofSeconds(1);

  private final CountDownLatch closing = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean started;
  private volatile Optional<KafkaConsumer<?, ?>> current = Optional.empty();

  /**
   * Begins.
   *
   * @param round done once; false if the next one is not to follow at once
   */
  void start(Executor threads, BooleanSupplier round) {
    started = true;
    threads.execute(
        () -> {
          try {
            while (!isClosed() && (round.getAsBoolean() || !isClosedAfterAWhile())) {}
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } finally {
            ended.countDown();
          }
        });
  }

  boolean isClosed() {
    return closing.getCount() == 0;
  }

  private boolean isClosedAfterAWhile() throws InterruptedException {
    return closing.await(AGAIN.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Part of a round: polls, for as long as this is not closed, and closes the consumer then. */
  void with(KafkaConsumer<?, ?> consumer, Runnable polls) {
    current = Optional.of(consumer);
    try {
      if (!isClosed()) {
        polls.run();
      }
    } catch (WakeupException e) {
      LOG.debug("A consumer is closed in the midst of what it does");
    } finally {
      current = Optional.empty();
      consumer.close(CloseOptions.timeout(CLOSE));
    }
  }

  /** Ends it, and waits for that for some seconds. */
  @Override
  public void close() {
    closing.countDown();
    current.ifPresent(KafkaConsumer::wakeup);
    try {
      if (started && !ended.await(CLOSE.toMillis() * 2, TimeUnit.MILLISECONDS)) {
        LOG.debug("A consumer has not ended in time; Kafka finds out by itself");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
