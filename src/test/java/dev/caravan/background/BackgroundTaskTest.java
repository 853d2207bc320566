package dev.caravan.background;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.testing.LogLines;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BackgroundTaskTest {

  private static final Duration SOON = Duration.ofMillis(1);
  private static final String PAYLOAD = "Pat Example, tel:+15550100";

  private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1);
  private final AtomicInteger runs = new AtomicInteger();
  private final DefaultCamelContext context = new DefaultCamelContext();
  private final BackgroundHealthCheck health = BackgroundHealthCheck.of(context);

  @AfterEach
  void stop() {
    executor.shutdownNow();
    context.stop();
  }

  private static void failWith(BackgroundTask task, int times) {
    for (int i = 0; i < times; i++) {
      task.run(
          () -> {
            throw new IllegalArgumentException(PAYLOAD);
          });
    }
  }

  private static void runWell(BackgroundTask task, int times) {
    for (int i = 0; i < times; i++) {
      task.run(() -> {});
    }
  }

  private BackgroundTask everyMomentThrowing(Throwable first) {
    return BackgroundTask.every(
        SOON,
        "counting",
        executor,
        () -> {
          if (runs.incrementAndGet() == 1) {
            if (first instanceof Error error) {
              throw error;
            }
            throw (Exception) first;
          }
        });
  }

  @Test
  void aRunThatDoesNotEndIsTroubleUntilItDoes() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    BackgroundTask task = new BackgroundTask("counting").within(Duration.ofMillis(20));
    Future<?> run =
        executor.submit(
            () ->
                task.run(
                    () -> {
                      task.run(runs::incrementAndGet);
                      end.await();
                    }));

    await().until(() -> task.trouble().isPresent());
    assertThat(task.trouble().orElseThrow())
        .isEqualTo("The background task counting has not ended for 0 s, and others wait for it.");
    end.countDown();
    run.get();

    assertThat(task.trouble()).isEmpty();
    assertThat(runs).hasValue(1);
  }

  static Stream<Throwable> failures() {
    return Stream.of(new IllegalStateException("once"), new NoClassDefFoundError("once"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void goesOnAfterAFailure(Throwable failure) {
    BackgroundTask task = everyMomentThrowing(failure);

    await().until(() -> runs.get() > 3);
    assertThat(task.failures()).isEqualTo(1);
    assertThat(task.trouble()).isEmpty();
  }

  @Test
  void logsTheFirstFailureOfARowOnceAndItsEndOnceWithoutTheMessage() {
    try (LogLines log = new LogLines(BackgroundTask.class.getName())) {
      BackgroundTask task = new BackgroundTask("counting");
      failWith(task, 5);
      runWell(task, 5);
      failWith(task, 1);

      assertThat(log.lines()).hasSize(3);
      assertThat(log.lines().get(0))
          .startsWith(
              "The background task counting failed with IllegalArgumentException at dev.caravan.background.");
      assertThat(log.lines().get(1))
          .isEqualTo("The background task counting works again after 5 failures.");
      assertThat(log.lines()).noneMatch(line -> line.contains("Pat Example"));
    }
  }

  @Test
  void aTaskThatFailsEveryOtherTimeIsInTrouble() {
    BackgroundTask task = new BackgroundTask("counting");
    for (int i = 0; i < BackgroundTask.TROUBLED_FROM; i++) {
      failWith(task, 1);
      runWell(task, 1);
    }

    assertThat(task.trouble()).isPresent();
    runWell(task, BackgroundTask.WELL_AFTER);
    assertThat(task.trouble()).isEmpty();
  }

  @Test
  void runsNoMoreWhenItIsStopped() {
    BackgroundTask task = everyMomentThrowing(new IllegalStateException("once"));
    await().until(() -> runs.get() > 1);

    task.stop();

    await().until(() -> executor.getQueue().isEmpty());
    assertThat(task.trouble()).isEmpty();
  }

  @Test
  void healthIsDownWhileATaskFailsAgainAndAgainAndUpWhenItWorksAgain() {
    BackgroundTask task = new BackgroundTask("counting");
    health.watch(task);
    failWith(task, 1);
    assertThat(health.call().getState()).isEqualTo(HealthCheck.State.UP);

    failWith(task, BackgroundTask.TROUBLED_FROM);
    HealthCheck.Result troubled = BackgroundHealthCheck.of(context).call();
    assertThat(troubled.getState()).isEqualTo(HealthCheck.State.DOWN);
    assertThat(troubled.getDetails().get("sentence").toString())
        .contains(
            "The background task counting failed 4 times in a row, most recently with IllegalArgumentException")
        .doesNotContain("Pat Example");

    runWell(task, BackgroundTask.WELL_AFTER);
    assertThat(health.call().getState()).isEqualTo(HealthCheck.State.UP);
  }

  @Test
  void healthIsDownWhenATaskDoesNotRunAnyMoreThoughNobodyStoppedIt() {
    health.watch(everyMomentThrowing(new IllegalStateException("once")));
    await().until(() -> runs.get() > 0);
    assertThat(health.call().getState()).isEqualTo(HealthCheck.State.UP);

    await()
        .until(
            () -> {
              executor.getQueue().forEach(run -> ((Future<?>) run).cancel(false));
              return health.call().getState() == HealthCheck.State.DOWN;
            });

    assertThat(health.call().getDetails().get("sentence").toString())
        .contains("The background task counting does not run any more.");
  }

  @Test
  void healthDoesNotTellOfATaskWhoseThreadWasTakenAway() {
    health.watch(everyMomentThrowing(new IllegalStateException("once")));

    executor.shutdownNow();

    assertThat(health.call().getState()).isEqualTo(HealthCheck.State.UP);
  }
}
