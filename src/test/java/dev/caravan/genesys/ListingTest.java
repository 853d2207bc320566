package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.background.SteadyClock;
import dev.caravan.channel.gap.GapLedger;
import dev.caravan.testing.ManualExecutor;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
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
          PreparationLoopTest.preparation(context, new GenesysConfiguration());
      GapRecorder gaps =
          new GapRecorder(
              "receive",
              GapLedger.open(folder, Clock.systemUTC()),
              new SteadyClock(() -> 0, () -> 0),
              signal -> {},
              gap -> {},
              new HashMap<>());
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
