package dev.caravan.background;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class BackgroundThreadsTest {

  private final DefaultCamelContext context = new DefaultCamelContext();
  private final ExecutorService threads =
      context.getExecutorServiceManager().newSingleThreadExecutor(this, "writes");
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch mayEnd = new CountDownLatch(1);
  private final AtomicBoolean wasInterrupted = new AtomicBoolean();
  private final AtomicBoolean written = new AtomicBoolean();

  @BeforeEach
  void begin() throws InterruptedException {
    threads.execute(this::write);
    begun.await();
  }

  @AfterEach
  void stop() {
    context.stop();
  }

  /** As a write does, which goes on though it is interrupted. */
  private void write() {
    begun.countDown();
    while (mayEnd.getCount() > 0) {
      Thread.onSpinWait();
      wasInterrupted.compareAndSet(false, Thread.interrupted());
    }
    written.set(true);
  }

  /** Whether whoever ends the threads is interrupted in the end. */
  private boolean ends(BiConsumer<DefaultCamelContext, ExecutorService> ending, boolean interrupted)
      throws Exception {
    AtomicBoolean inTheEnd = new AtomicBoolean();
    Thread who =
        new Thread(
            () -> {
              if (interrupted) {
                Thread.currentThread().interrupt();
              }
              ending.accept(context, threads);
              assertThat(written).isTrue();
              inTheEnd.set(Thread.currentThread().isInterrupted());
            });
    who.start();
    await().until(() -> who.getState() == Thread.State.TIMED_WAITING);
    assertThat(written).isFalse();
    mayEnd.countDown();
    who.join();
    assertThat(written).isTrue();
    return inTheEnd.get();
  }

  @Test
  void whoEndsThemWaitsForWhatTheyDo() throws Exception {
    assertThat(ends((its, all) -> BackgroundThreads.end(its, all, "writing"), false)).isFalse();
    assertThat(wasInterrupted).isTrue();
  }

  @Test
  void whoIsInterruptedWaitsAllTheSameAndIsInterruptedAfterwards() throws Exception {
    assertThat(ends((its, all) -> BackgroundThreads.end(its, all, "writing"), true)).isTrue();
  }

  @Test
  void whoHasThemFinishDoesNotInterruptThem() throws Exception {
    assertThat(ends((its, all) -> BackgroundThreads.finish(its, all, "writing"), false)).isFalse();
    assertThat(wasInterrupted).isFalse();
  }
}
