package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.demo.LocalBroker;
import dev.caravan.simulator.Simulator;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.TestBroker;
import dev.caravan.testing.TopicReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka or Genesys Cloud is away, at the start or later: the bridge waits, says so, loses nothing.
 */
class RoadOutageIT {

  private static final Logger LOG = LoggerFactory.getLogger(RoadOutageIT.class);
  private static final String PREFIX = "outage.";

  @TempDir Path folder;

  @Test
  void whatCameWhileKafkaWasAwayArrivesInOrder() throws Exception {
    try (LocalBroker broker = TestBroker.away();
        Simulator genesys = Simulator.start(Road.quiet())) {
      Bridge.Settings settings = settings(genesys.url(), broker.bootstrapServers());
      NumberedEvents ledger = new NumberedEvents(genesys);
      try (Bridge bridge = settings.start(folder)) {
        // Away at the start
        await().atMost(Duration.ofMinutes(3)).until(() -> genesys.openSockets() == 1);
        ledger.send(100);
        kafkaIsMissed(bridge, 0);
        broker.restart();
        bridge.awaitReady();
        try (TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX + "conv")) {
          reader.awaitUntil(ledger::allIn);

          // Away while events flow
          ledger.send(500);
          int before = bridge.logLines().size();
          broker.stop();
          ledger.send(2_000);
          kafkaIsMissed(bridge, before);
          assertThat(bridge.liveness().isReady()).isTrue();
          broker.restart();
          reader.awaitUntil(ledger::allIn);
          assertThat(reader.records()).as(bridge.log()).hasSize(ledger.sent());
          assertThat(ledger.repeatedAsItWas()).isZero();
          ledger.assertOrder();
          bridge.awaitReady();
        }

        // Away when the bridge is told to stop
        broker.stop();
        ledger.send(100);
        long asked = System.nanoTime();
        bridge.terminate();
        bridge.awaitEnd();
        assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(20));
        assertThat(bridge.logLines()).filteredOn(line -> !Road.isOneOfOurs(line)).isEmpty();
      }

      // Away when it starts again, with events in the spool
      try (Bridge again = settings.start(folder)) {
        kafkaIsMissed(again, 0);
        broker.restart();
        try (TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX + "conv")) {
          reader.awaitUntil(ledger::allIn);
        }
      }
    }
  }

  /** The figure in docs/reliability.md is from more kills: -Dcaravan.kills=20. */
  @Test
  @Tag("long")
  void aBrokerThatIsKilledAgainAndAgainCostsNoEvent() throws Exception {
    int kills = Integer.getInteger("caravan.kills", 3);
    try (LocalBroker broker = TestBroker.start();
        Simulator genesys = Simulator.start(Road.quiet());
        Bridge bridge = settings(genesys.url(), broker.bootstrapServers()).start(folder)) {
      await().atMost(Duration.ofMinutes(3)).until(() -> genesys.openSockets() == 1);
      NumberedEvents ledger = new NumberedEvents(genesys);
      for (int i = 0; i < kills; i++) {
        ledger.send(1_000);
        broker.kill();
        ledger.send(1_000);
        broker.restart();
        ledger.send(1_000);
      }
      try (TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX + "conv")) {
        reader.awaitUntil(ledger::allIn);
        ledger.assertOrder();
        LOG.info(
            "Killed {} times: {} events sent, 0 lost, {} repeated",
            kills,
            ledger.sent(),
            ledger.repeatedAsItWas());
      }
      assertThat(genesys.openSockets()).as("the socket was never dropped").isEqualTo(1);
      assertThat(bridge.log()).doesNotContain("Disconnected");
    }
  }

  @Test
  void eventsOfATopicThatKafkaWillNotCreateAreDeadLettersAndTheRestFlows() throws Exception {
    String presence = "v2.users." + Road.USER + ".presence";
    try (LocalBroker broker =
            LocalBroker.start(TestBroker.settings().with("auto.create.topics.enable", "false"));
        Simulator genesys = Simulator.start(Road.quiet())) {
      create(broker, PREFIX + "presence", PREFIX + "dead-letters", PREFIX + "signals");
      Bridge.Settings settings =
          settings(genesys.url(), broker.bootstrapServers())
              .with("GENESYS_TOPICS", Road.TOPIC + "," + presence)
              .with("KAFKA_TOPIC_PATIENCE", "3s");
      try (Bridge bridge = settings.start(folder);
          TopicReader kept = new TopicReader(broker.bootstrapServers(), PREFIX + "presence");
          TopicReader dead = new TopicReader(broker.bootstrapServers(), PREFIX + "dead")) {
        await().atMost(Duration.ofMinutes(3)).until(() -> genesys.openSockets() == 1);
        NumberedEvents ledger = new NumberedEvents(genesys);
        ledger.send(50);
        genesys.emit(presence, Road.json("{}".getBytes(StandardCharsets.UTF_8)));

        assertThat(dead.awaitRecords(ledger.sent()))
            .extracting(record -> TopicReader.header(record, "caravan-reason").orElse(""))
            .allMatch(reason -> reason.contains("does not know the topic"));
        kept.awaitRecords(1);
        bridge.awaitReady();
      }
    }
  }

  private static void create(LocalBroker broker, String... topics) throws Exception {
    try (Admin admin =
        Admin.create(
            Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, (Object) broker.bootstrapServers()))) {
      admin
          .createTopics(
              Stream.of(topics)
                  .map(name -> new NewTopic(name, Optional.of(1), Optional.empty()))
                  .toList())
          .all()
          .get();
    }
  }

  @Test
  void aGenesysCloudThatIsAwayAtTheStartIsWaitedFor() {
    int port = Bridge.freePort();
    String url = "http://127.0.0.1:" + port;
    try (Bridge bridge = settings(url, "127.0.0.1:" + Bridge.freePort()).start(folder)) {
      Bridge.Health health =
          bridge.awaitReadiness(
              "the bridge says that Genesys Cloud is away",
              now -> now.status() == 503 && now.text().contains("next attempt in"));
      assertThat(health.check("genesys-notifications").at("/data/bridge.state").asText())
          .isEqualTo("blind");
      bridge.awaitLog("Cannot connect to the login endpoint");

      try (Simulator genesys = Simulator.start(Road.quiet().withPort(port))) {
        await().atMost(Duration.ofMinutes(3)).until(() -> genesys.openSockets() == 1);
        bridge.awaitLog("Shard 0. Connected: the bridge started.");
      }

      // It comes back and has forgotten the token: refused connections first, then a 401
      bridge.awaitLog("Shard 0. Disconnected");
      bridge.awaitReadiness(
          "the bridge says that Genesys Cloud is away again",
          now -> now.status() == 503 && now.text().contains("next attempt in"));
      try (Simulator genesys = Simulator.start(Road.quiet().withPort(port))) {
        await().atMost(Duration.ofMinutes(3)).until(() -> genesys.openSockets() == 1);
      }
      assertThat(bridge.log()).doesNotContain("Broken until");
      assertThat(bridge.logLines()).filteredOn(line -> !Road.isOneOfOurs(line)).isEmpty();
    }
  }

  private static Bridge.Settings settings(String genesys, String kafka) {
    return Bridge.settings()
        .genesys(genesys)
        .kafka(kafka, PREFIX)
        .with("GENESYS_TOPICS", Road.TOPIC)
        .with("GENESYS_RETRY_INITIAL_DELAY", "100ms")
        .with("GENESYS_RETRY_MAXIMUM_DELAY", "1s")
        .with("GENESYS_BREAKER_WAIT", "1");
  }

  /**
   * Behind these lines the log has said where to look: at how Kafka is reached, or at the topic,
   * where all that waits could be parked before Kafka's client gave it up.
   */
  private static void kafkaIsMissed(Bridge bridge, int lines) {
    await()
        .alias("the bridge says that Kafka is away")
        .atMost(Duration.ofMinutes(3))
        .untilAsserted(
            () ->
                assertThat(bridge.logLines().stream().skip(lines))
                    .as(bridge.log())
                    .anyMatch(
                        line ->
                            line.contains("Spool events: spooling")
                                    && line.contains("KAFKA_BOOTSTRAP_SERVERS")
                                || line.contains("records for outage.conversations.voice")
                                    && line.contains("are parked: Kafka topic")));
  }
}
