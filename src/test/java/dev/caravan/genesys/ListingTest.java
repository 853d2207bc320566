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
import java.util.List;
import java.util.Set;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListingTest {

  @Test
  void whoIsAloneIsNotConnectedBeforeTheFirstListingNorWhileItStops(@TempDir Path folder)
      throws Exception {
    try (DefaultCamelContext context = new DefaultCamelContext()) {
      context.start();
      Preparation preparation =
          new Preparation(
              new GenesysConfiguration(),
              new Directory(
                  context.createProducerTemplate(),
                  "direct:list",
                  new Clients(List.of(Plan.DEFAULT_CLIENT))),
              new Preparation.Readers(
                  List.of(Plan.DEFAULT_CLIENT),
                  () -> {},
                  () -> List.of(Plan.DEFAULT_CLIENT),
                  () -> Refusals.NONE,
                  shard -> false),
              signal -> {},
              Set::of,
              () -> 0.5,
              Clock.systemUTC());
      GapRecorder gaps =
          new GapRecorder(
              "receive",
              GapLedger.open(folder, Clock.systemUTC()),
              new SteadyClock(() -> 0, () -> 0),
              signal -> {},
              gap -> {});
      ManualExecutor control = new ManualExecutor(1_000_000);
      Listing listing =
          new Listing(
              context,
              preparation,
              reader ->
                  new PreparationLoop(
                      preparation, gaps, reader, control, Runnable::run, control::now),
              () -> "",
              (plan, whole) -> {},
              () -> true,
              Duration.ofSeconds(30));

      assertThat(listing.problem()).isPresent();
      assertThat(listing.problem(false)).isEmpty();
      listing.start();
      assertThat(listing.problem(false)).isPresent();
      listing.stop();

      assertThat(listing.problem()).isPresent();
    }
  }
}
