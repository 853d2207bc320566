package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class InFlightTest {

  private final AtomicLong clock = new AtomicLong(1_000);
  private final InFlight inFlight = new InFlight(2, clock::get);
  private final ExecutorService queues = Executors.newFixedThreadPool(2);

  @AfterEach
  void stop() {
    queues.shutdownNow();
  }

  private Future<?> enterElsewhere() {
    return queues.submit(
        () -> {
          inFlight.enter();
          return null;
        });
  }

  @Test
  void itStandsStillSinceTheLastOneLeft() throws InterruptedException {
    assertThat(inFlight.stalledMillis()).isZero();
    inFlight.enter();
    clock.set(4_000);
    inFlight.enter();
    assertThat(inFlight.stalledMillis()).isEqualTo(3_000);

    inFlight.leave(0);
    clock.set(4_500);

    assertThat(inFlight.stalledMillis()).isEqualTo(500);
    inFlight.leave(0);
    assertThat(inFlight.stalledMillis()).isZero();
  }

  @Test
  void nothingIsSafeThatHasLeftAndIsInMemoryOnly() throws InterruptedException {
    clock.set(4_000);
    assertThat(committedUntil(0)).isEqualTo(4_000);
    clock.set(5_000);
    assertThat(committedUntil(0)).isEqualTo(5_000);
    clock.set(9_000);
    assertThat(committedUntil(3_000)).isEqualTo(5_000);
    clock.set(20_000);
    assertThat(committedUntil(14_000)).isEqualTo(5_000);
    assertThat(committedUntil(0)).isEqualTo(20_000);
  }

  @Test
  void whatEnteredLongBeforeItWasHandedOnIsSafeOnlyOnceThatIs() throws InterruptedException {
    clock.set(1_000);
    inFlight.enter();
    clock.set(5_000);
    committedUntil(100);
    inFlight.leave(0);
    clock.set(6_000);

    // All that was handed on by 4.5 s is on disk, but what entered at 1 s was handed on at 5 s
    assertThat(committedUntil(1_500)).isLessThanOrEqualTo(1_000);
    clock.set(7_000);
    committedUntil(500);
    clock.set(8_000);
    assertThat(committedUntil(500)).isEqualTo(7_000);
  }

  @Test
  void whoFindsNoPlaceWaitsForOne() throws Exception {
    inFlight.enter();
    inFlight.enter();
    assertThat(inFlight.full()).isFalse();

    Future<?> waiting = enterElsewhere();
    await().until(inFlight::full);
    assertThat(waiting).isNotDone();
    inFlight.leave(0);

    waiting.get();
    assertThat(inFlight.full()).isFalse();
    assertThat(inFlight.count()).isEqualTo(2);
  }

  @Test
  void itIsFullAsLongAsAnyoneWaits() throws Exception {
    inFlight.enter();
    inFlight.enter();
    Future<?> one = enterElsewhere();
    Future<?> other = enterElsewhere();
    await().until(inFlight::full);

    inFlight.leave(0);
    await().until(() -> one.isDone() || other.isDone());
    await().until(inFlight::full);
    inFlight.leave(0);
    one.get();
    other.get();

    assertThat(inFlight.full()).isFalse();
  }

  @Test
  void whoIsInterruptedWaitsNoMore() throws Exception {
    inFlight.enter();
    inFlight.enter();
    Future<?> waiting = enterElsewhere();
    await().until(inFlight::full);

    waiting.cancel(true);

    await().until(() -> !inFlight.full());
    assertThat(inFlight.count()).isEqualTo(2);
  }

  @Test
  void whatHasLeftIsSettledOnceAllThatIsBehindTheRouteIs() {
    clock.set(4_000);
    assertThat(committedUntil(0)).isEqualTo(4_000);
    assertThat(acknowledgedUntil(0)).isEqualTo(4_000);
    clock.set(9_000);
    assertThat(committedUntil(0)).isEqualTo(9_000);
    assertThat(acknowledgedUntil(4_900)).as("something before may be on its way").isEqualTo(4_000);
    clock.set(14_000);
    assertThat(committedUntil(0)).isEqualTo(14_000);
    assertThat(acknowledgedUntil(100)).as("all that had left then is").isEqualTo(9_000);
  }

  private long acknowledgedUntil(long unacknowledgedMillis) {
    return inFlight.acknowledgedUntil(() -> Duration.ofMillis(unacknowledgedMillis));
  }

  private long committedUntil(long uncommittedMillis) {
    return inFlight.committedUntil(() -> Duration.ofMillis(uncommittedMillis));
  }
}
