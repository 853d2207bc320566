package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Delayed;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever writes to a spool sleeps while there is nothing to write. */
class IdleSpoolTest {

  @TempDir Path directory;

  private final AtomicInteger refused = new AtomicInteger();
  private final ScheduledThreadPoolExecutor executor = new Executor();

  /** Refuses so many ticks that another one asks for. */
  private final class Executor extends ScheduledThreadPoolExecutor {
    private volatile Thread its;

    private Executor() {
      super(1);
    }

    @Override
    protected void beforeExecute(Thread thread, Runnable task) {
      its = thread;
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
      if (Thread.currentThread() == its && refused.getAndUpdate(it -> Math.max(0, it - 1)) > 0) {
        throw new RejectedExecutionException("no memory for it");
      }
      return super.schedule(command, delay, unit);
    }
  }

  @AfterEach
  void stop() {
    executor.shutdown();
  }

  @Test
  void aSpoolSleepsOnceAllIsWrittenOrAcknowledged() throws Exception {
    SpoolConfiguration options = SpoolFixture.settings(directory);
    try (Spool spool = Spool.open("events", options, Spool.Time.SYSTEM, executor, event -> {})) {
      untilItSleeps(options);

      spool.append(new byte[1], RecordHeaders.NONE);
      await().until(() -> spool.status().counts().commits() == 1);
      untilItSleeps(options);

      spool.acknowledge(1, 1);
      await().until(() -> SpoolGlance.at(directory).get(0).waiting() == 0);
      untilItSleeps(options);
    }
  }

  @Test
  void aTickThatCannotBeScheduledIsNotTheLastOne() throws Exception {
    SpoolConfiguration options = SpoolFixture.settings(directory);
    try (Spool spool = Spool.open("events", options, Spool.Time.SYSTEM, executor, event -> {})) {
      untilItSleeps(options);
      refused.set(1);

      spool.append(new byte[1], RecordHeaders.NONE);

      await().until(() -> spool.status().counts().commits() == 1);
      assertThat(refused).hasValue(0);
    }
  }

  @Test
  void whatFailsBehindASuccessfulWriteDoesNotHaveItBeWrittenTwice() throws Exception {
    AtomicInteger failures = new AtomicInteger(1);
    try (Spool spool =
        Spool.open(
            "events",
            SpoolFixture.settings(directory),
            Spool.Time.SYSTEM,
            executor,
            event -> {},
            log ->
                records -> {
                  log.append(records);
                  if (failures.getAndDecrement() > 0) {
                    throw new IllegalStateException("no memory for what follows");
                  }
                })) {
      spool.appendAndCommit(new byte[1], RecordHeaders.NONE).get(10, TimeUnit.SECONDS);
      spool.appendAndCommit(new byte[1], RecordHeaders.NONE).get(10, TimeUnit.SECONDS);

      assertThat(spool.read(1)).hasSize(2);
      await().until(() -> spool.status().storeFailure().isEmpty());
    }
  }

  @Test
  void aDeliveryThatRestsWhileItIsPausedIsWoken() throws Exception {
    Counting counting = new Counting();
    try (Spool spool =
        Spool.open(
            "events", SpoolFixture.settings(directory), Spool.Time.SYSTEM, executor, event -> {})) {
      Delivery delivery = new Delivery(spool, spool.options(), counting);
      Thread thread = begin(spool, delivery);
      delivery.pause();
      spool.wakeUp();
      await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
      spool.append(new byte[1], RecordHeaders.NONE);
      assertThat(counting.received).hasValue(0);

      delivery.resume();
      await().until(() -> counting.received.get() == 1);

      delivery.pause();
      assertThat(delivery.stop(Duration.ofSeconds(10))).isTrue();
      thread.join();
    }
  }

  @Test
  void aDeliveryThatGoesOnJustBeforeItRestsDoesNotRest() throws Exception {
    Counting counting = new Counting();
    AtomicReference<Delivery> resting = new AtomicReference<>();
    AtomicInteger looks = new AtomicInteger();
    AtomicReference<Thread> its = new AtomicReference<>();
    Spool.Time time =
        new Spool.Time(
            Clock.systemUTC(),
            () -> {
              if (Thread.currentThread() == its.get()) {
                switch (looks.incrementAndGet()) {
                  case 1 -> resting.get().pause();
                  case 2 -> resting.get().resume();
                  default -> {}
                }
              }
              return System.nanoTime();
            });
    try (Spool spool =
        Spool.open("events", SpoolFixture.settings(directory), time, executor, event -> {})) {
      Delivery delivery = new Delivery(spool, spool.options(), counting);
      resting.set(delivery);
      spool.attach(delivery, spool.options());
      Thread thread = new Thread(delivery, "delivery");
      its.set(thread);
      thread.start();
      spool.append(new byte[1], RecordHeaders.NONE);

      await().until(() -> counting.received.get() == 1);
      delivery.stop(Duration.ofSeconds(10));
      thread.join();
    }
  }

  private static Thread begin(Spool spool, Delivery delivery) throws IOException {
    spool.attach(delivery, spool.options());
    Thread thread = new Thread(delivery, "delivery");
    thread.start();
    return thread;
  }

  /** Delivers all at once. */
  private static final class Counting implements Delivery.Receiver {
    private final AtomicInteger received = new AtomicInteger();

    @Override
    public void receive(LogRecord record, boolean again, Delivery.Settlement settlement) {
      received.incrementAndGet();
      settlement.delivered();
    }

    @Override
    public void deadLetter(LogRecord record, String reason) {
      throw new IllegalStateException(reason);
    }
  }

  /** What runs next runs much later than the next commit would. */
  private void untilItSleeps(SpoolConfiguration options) {
    long soon = options.getCommitInterval().toMillis() * 4;
    await()
        .until(
            () ->
                !executor.getQueue().isEmpty()
                    && executor.getQueue().stream()
                        .map(Delayed.class::cast)
                        .allMatch(next -> next.getDelay(TimeUnit.MILLISECONDS) > soon));
  }
}
