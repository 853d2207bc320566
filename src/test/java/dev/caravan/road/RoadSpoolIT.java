package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.demo.LocalBroker;
import dev.caravan.simulator.Simulator;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.Command;
import dev.caravan.testing.Ledger;
import dev.caravan.testing.TestBroker;
import dev.caravan.testing.TopicReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The disk, the spool's own limit, and a second process: what the running bridge makes of them. */
class RoadSpoolIT {

  private static final Logger LOG = LoggerFactory.getLogger(RoadSpoolIT.class);
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String PREFIX = "spool.";
  private static final int PADDING = 3_600;

  @TempDir private Path folder;

  @Test
  void aFullDiskCostsNoEventAndTheSpoolGoesOnWhenThereIsRoom() throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    assumeThat(
            Command.run("mount", "-t", "tmpfs", "-o", "size=64m", "caravan-test", disk.toString())
                .exitCode())
        .as("a disk of its own can be mounted, which takes root")
        .isZero();
    try (LocalBroker broker = TestBroker.away();
        Simulator genesys = Simulator.start(Road.quiet())) {
      Path ballast = disk.resolve("ballast");
      Files.write(ballast, new byte[60_000_000]);
      NumberedEvents ledger = new NumberedEvents(genesys).padded(PADDING);
      Bridge.Settings settings =
          settings(genesys, broker).with("CARAVAN_DATA_DIR", disk.resolve("data").toString());
      try (Bridge bridge = settings.start(folder)) {
        await().atMost(PATIENCE).until(() -> genesys.openSockets() == 1);
        ledger.send(3_000);
        bridge.awaitLog("cannot be written: No space left on device");
        bridge.awaitReadiness(
            "it says so", now -> now.text().contains("records wait in memory only"));

        Files.delete(ballast);
        bridge.awaitLog("the store works again");
        ledger.send(1_000);
        broker.restart();
        try (TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX + "conv")) {
          reader.awaitUntil(ledger::allIn);
          ledger.assertOrder();
          LOG.info(
              "Disk full: {} events sent, 0 lost, {} repeated",
              ledger.sent(),
              ledger.repeatedAsItWas());
        }
        bridge.awaitReady();
        assertThat(genesys.openSockets()).isEqualTo(1);
        assertThat(bridge.log()).doesNotContain("Disconnected").doesNotContain("damaged");
      }
    } finally {
      assertThat(Command.run("umount", disk.toString()).exitCode()).isZero();
    }
  }

  @Test
  void aFullSpoolThatBlocksHoldsUpTheSocketAndLosesNothing() throws Exception {
    try (LocalBroker broker = TestBroker.away();
        Simulator genesys = Simulator.start(Road.quiet())) {
      NumberedEvents ledger = new NumberedEvents(genesys).padded(PADDING);
      Bridge.Settings settings =
          settings(genesys, broker).with("CARAVAN_SPOOL_MAX_BYTES", "2000000");
      try (Bridge bridge = settings.start(folder)) {
        await().atMost(PATIENCE).until(() -> genesys.openSockets() == 1);
        ledger.send(1_500);
        bridge.awaitLog("Spool 'events' is full with");
        bridge.awaitReadiness("it says so", now -> !now.isReady() && now.text().contains("full, "));

        broker.restart();
        try (TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX + "conv")) {
          reader.awaitUntil(ledger::allIn);
          ledger.assertOrder();
        }
        bridge.awaitLog("Spool 'events' has room again");
        bridge.awaitReady();
        assertThat(bridge.log()).doesNotContain("Disconnected");
      }
    }
  }

  @Test
  void aFullSpoolThatDropsTheOldestTellsHowManyAndKeepsTheNewest() throws Exception {
    dropsTheOldest("CARAVAN_SPOOL_WHEN_FULL", "drop-oldest");
  }

  @Tag("long")
  @Test
  void soDoesOneThatHasHeldUpTheSocketForLongEnough() throws Exception {
    dropsTheOldest("CARAVAN_SPOOL_BLOCK_TIMEOUT", "1s");
  }

  private void dropsTheOldest(String setting, String value) throws Exception {
    try (LocalBroker broker = TestBroker.away();
        Simulator genesys = Simulator.start(Road.quiet())) {
      NumberedEvents ledger = new NumberedEvents(genesys).padded(PADDING);
      Bridge.Settings settings =
          settings(genesys, broker).with("CARAVAN_SPOOL_MAX_BYTES", "2000000").with(setting, value);
      try (Bridge bridge = settings.start(folder)) {
        await().atMost(PATIENCE).until(() -> genesys.openSockets() == 1);
        ledger.send(3_000);
        bridge.awaitLog("he oldest records make room and are lost");

        broker.restart();
        try (TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX)) {
          int last = ledger.sent() - 1;
          reader.awaitUntil(
              all ->
                  all.stream().anyMatch(record -> NumberedEvents.number(record) == last)
                      && dropped(ledger.note(all), "SPOOL_DROPPED") == ledger.lost().size()
                      && dropped(ledger, "GAP") == ledger.lost().size());
          List<Integer> missing = ledger.lost();
          assertThat(missing).isNotEmpty();
          // What Kafka's client had in its hands already, arrives; what failed before that does
          // not, as
          // it would come after it; behind that the oldest are gone
          assertThat(missing).doesNotContain(last);
          ledger.assertOrder();
          LOG.info(
              "Spool full, {}={}: {} events sent, {} dropped and on record",
              setting,
              value,
              ledger.sent(),
              missing.size());
        }
      }
    }
  }

  private static long dropped(Ledger ledger, String type) {
    return ledger.signals(type).stream()
        .filter(signal -> signal.path("cause").asText().equals("spool-full"))
        .mapToLong(signal -> signal.path("count").asLong())
        .sum();
  }

  @Test
  void aSecondProcessOnTheSameDataRefusesWithASentence() throws Exception {
    try (Road road = Road.in(folder)) {
      Bridge first = road.start(road.settings());
      first.awaitReady();
      try (Bridge second = road.settings().start(folder)) {
        second.awaitLog(
            "is in use by another process, so it is not opened a second time. Stop that");
        assertThat(second.log()).doesNotContain("\tat ");
        Bridge.Health health =
            second.awaitReadiness(
                "the refusal in health",
                now ->
                    now.check("data-folder")
                        .at("/data/sentence")
                        .asText()
                        .contains("is in use by another process"));
        assertThat(health.isReady()).isFalse();
        assertThat(road.data().resolve("gaps")).isDirectoryContaining("glob:**/strand-*");
        assertThat(health.check("route-files").at("/status").asText()).isEqualTo("UP");
        NumberedEvents ledger = new NumberedEvents(road.genesys());
        ledger.send(50);
        road.kafka().awaitUntil(ledger::allIn);
      }
      assertThat(first.isRunning()).isTrue();
      assertThat(road.signals())
          .extracting(signal -> signal.path("type").asText())
          .doesNotContain("GAP");
    }
  }

  private static Bridge.Settings settings(Simulator genesys, LocalBroker broker) {
    return Bridge.settings()
        .genesys(genesys.url())
        .kafka(broker.bootstrapServers(), PREFIX)
        .with("GENESYS_TOPICS", Road.TOPIC);
  }
}
