package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.background.SteadyClock;
import dev.caravan.channel.gap.GapLedger;
import dev.caravan.genesys.connect.Clients;
import dev.caravan.testing.ManualExecutor;
import dev.caravan.topic.Plan;
import dev.caravan.topic.Refusals;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparationLoopTest {

  private final ManualExecutor control = new ManualExecutor(1_000_000);
  private final List<Plan> plans = new ArrayList<>();

  @Test
  void itIsRunAgainAfterSomethingThatNobodyForesaw(@TempDir Path folder) throws Exception {
    runsAgainAfterOneFailure(folder, Runnable::run, this::failTheFirstTime);
    assertThat(plans).hasSize(2);
  }

  @Test
  void itIsRunAgainWhenThereWasNoThreadForIt(@TempDir Path folder) throws Exception {
    AtomicInteger asked = new AtomicInteger();
    runsAgainAfterOneFailure(
        folder,
        task -> {
          if (asked.incrementAndGet() == 1) {
            throw new OutOfMemoryError("unable to create native thread");
          }
          task.run();
        },
        plans::add);
    assertThat(plans).hasSize(1);
  }

  private void runsAgainAfterOneFailure(Path folder, Executor background, Consumer<Plan> read)
      throws Exception {
    try (DefaultCamelContext context = new DefaultCamelContext()) {
      context.start();
      GenesysConfiguration configuration = new GenesysConfiguration();
      configuration.setTopics(
          "v2.routing.queues.11111111-1111-1111-1111-111111111111.conversations");
      PreparationLoop loop =
          loop(context, folder, preparation(context, configuration), background, read);

      loop.start();
      control.settle();
      control.pass(Duration.ofMillis(PreparationLoop.AFTER_FAILURE_MILLIS));

      assertThat(loop.task().failures()).isEqualTo(1);
    }
  }

  @Test
  void whoIsAloneIsNotConnectedBeforeTheFirstListingNorWhileItStops(@TempDir Path folder)
      throws Exception {
    try (DefaultCamelContext context = new DefaultCamelContext()) {
      context.start();
      Preparation preparation = preparation(context, new GenesysConfiguration());
      PreparationLoop loop = loop(context, folder, preparation, Runnable::run, plans::add);

      assertThat(preparation.problem()).isPresent();
      assertThat(loop.problem(false)).isEmpty();
      loop.start();
      assertThat(loop.problem(false)).isPresent();
      loop.stop();

      assertThat(preparation.problem()).isPresent();
    }
  }

  private PreparationLoop loop(
      CamelContext context,
      Path folder,
      Preparation preparation,
      Executor background,
      Consumer<Plan> read) {
    return new PreparationLoop(
        context,
        preparation,
        new GapRecorder(
            "receive",
            GapLedger.open(folder, Clock.systemUTC()),
            new SteadyClock(() -> 0, () -> 0),
            signal -> {},
            gap -> {},
            new HashMap<>()),
        control,
        background,
        control::now,
        () -> "",
        (plan, whole) -> {
          if (whole) {
            read.accept(plan);
          }
        },
        () -> true,
        Duration.ofSeconds(30));
  }

  private void failTheFirstTime(Plan plan) {
    plans.add(plan);
    if (plans.size() == 1) {
      throw new NoClassDefFoundError("once");
    }
  }

  /** Of a bridge with one OAuth client, which lists by {@code direct:genesys-list}. */
  private static Preparation preparation(CamelContext context, GenesysConfiguration configuration) {
    return new Preparation(
        configuration,
        new Directory(context.createProducerTemplate(), new Clients(List.of(Plan.DEFAULT_CLIENT))),
        new Preparation.Readers(
            List.of(Plan.DEFAULT_CLIENT),
            () -> {},
            () -> List.of(Plan.DEFAULT_CLIENT),
            () -> Refusals.NONE,
            shard -> false,
            new ReadingRoutes().enter("receive")),
        signal -> {},
        Set::of,
        () -> 0.5,
        Clock.systemUTC());
  }
}
