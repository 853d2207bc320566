package dev.caravan.road;

import static dev.caravan.road.Road.QUEUE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.demo.LocalBroker;
import dev.caravan.simulator.Simulator;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.TopicReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
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
  private static final String TOPIC = "v2.routing.queues." + QUEUE + ".conversations";
  private static final String PREFIX = "outage.";
  private static final int CONVERSATIONS = 20;

  @TempDir Path folder;

  @Test
  void whatCameWhileKafkaWasAwayArrivesInOrder() throws Exception {
    try (LocalBroker broker = LocalBroker.start();
        Simulator genesys = Simulator.start(Road.quiet())) {
      broker.stop();
      Bridge.Settings settings = settings(genesys.url(), broker.bootstrapServers());
      int sent = 0;
      try (Bridge bridge = settings.start(folder)) {
        // Away at the start
        await().atMost(Duration.ofSeconds(90)).until(() -> genesys.openSockets() == 1);
        sent = emit(genesys, sent, 100);
        kafkaIsMissed(bridge, 1);
        broker.restart();
        bridge.awaitReady();
        try (TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX + "conv")) {
          reader.awaitRecords(sent);

          // Away while events flow
          sent = emit(genesys, sent, 500);
          broker.stop();
          sent = emit(genesys, sent, 2_000);
          kafkaIsMissed(bridge, 2);
          assertThat(bridge.liveness().isReady()).isTrue();
          broker.restart();
          reader.awaitRecords(sent);
          assertThat(reader.records().size()).as(bridge.log()).isEqualTo(sent);
          assertInOrder(reader.records(), sent);
          bridge.awaitReady();
        }

        // Away when the bridge is told to stop
        broker.stop();
        sent = emit(genesys, sent, 100);
        long asked = System.nanoTime();
        bridge.terminate();
        bridge.awaitEnd();
        assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(20));
        assertThat(bridge.logLines()).filteredOn(line -> !Road.isOneOfOurs(line)).isEmpty();
      }

      // Away when it starts again, with events in the spool
      int all = sent;
      try (Bridge again = settings.start(folder)) {
        kafkaIsMissed(again, 1);
        broker.restart();
        try (TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX + "conv")) {
          reader.awaitUntil(records -> distinct(records) == all);
        }
      }
    }
  }

  /** The figure in docs/reliability.md is from more kills: -Dcaravan.kills=20. */
  @Test
  @Tag("long")
  void aBrokerThatIsKilledAgainAndAgainCostsNoEvent() throws Exception {
    int kills = Integer.getInteger("caravan.kills", 3);
    try (LocalBroker broker = LocalBroker.start();
        Simulator genesys = Simulator.start(Road.quiet());
        Bridge bridge = settings(genesys.url(), broker.bootstrapServers()).start(folder)) {
      await().atMost(Duration.ofSeconds(90)).until(() -> genesys.openSockets() == 1);
      int sent = 0;
      for (int i = 0; i < kills; i++) {
        sent = emit(genesys, sent, 1_000);
        broker.kill();
        sent = emit(genesys, sent, 1_000);
        broker.restart();
        sent = emit(genesys, sent, 1_000);
      }
      int all = sent;
      try (TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX + "conv")) {
        reader.awaitUntil(records -> distinct(records) == all);
        assertInOrder(reader.records(), all);
        LOG.info(
            "Killed {} times: {} events sent, 0 lost, {} repeated",
            kills,
            all,
            reader.records().size() - all);
      }
      assertThat(genesys.openSockets()).as("the socket was never dropped").isEqualTo(1);
      assertThat(bridge.log()).doesNotContain("Disconnected");
    }
  }

  private static long distinct(List<ConsumerRecord<String, byte[]>> records) {
    return records.stream().map(record -> number(record.value())).distinct().count();
  }

  @Test
  void eventsOfATopicThatKafkaWillNotCreateAreDeadLettersAndTheRestFlows() throws Exception {
    String presence = "v2.users." + Road.USER + ".presence";
    try (LocalBroker broker =
            LocalBroker.start(
                LocalBroker.Settings.defaults().with("auto.create.topics.enable", "false"));
        Simulator genesys = Simulator.start(Road.quiet())) {
      create(broker, PREFIX + "presence", PREFIX + "dead-letters", PREFIX + "signals");
      Bridge.Settings settings =
          settings(genesys.url(), broker.bootstrapServers())
              .with("GENESYS_TOPICS", TOPIC + "," + presence)
              .with("KAFKA_TOPIC_PATIENCE", "3s");
      try (Bridge bridge = settings.start(folder);
          TopicReader kept = new TopicReader(broker.bootstrapServers(), PREFIX + "presence");
          TopicReader dead = new TopicReader(broker.bootstrapServers(), PREFIX + "dead")) {
        await().atMost(Duration.ofSeconds(90)).until(() -> genesys.openSockets() == 1);
        int sent = emit(genesys, 0, 50);
        genesys.emit(presence, Road.json("{}".getBytes(StandardCharsets.UTF_8)));

        assertThat(dead.awaitRecords(sent))
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
      assertThat(health.check("genesys-notifications").at("/data/road.state").asText())
          .isEqualTo("blind");
      bridge.awaitLog("Cannot connect to the login endpoint");

      try (Simulator genesys = Simulator.start(Road.quiet().withPort(port))) {
        await().atMost(Duration.ofSeconds(90)).until(() -> genesys.openSockets() == 1);
        bridge.awaitLog("Shard 0. Connected: the bridge started.");
      }

      // It comes back and has forgotten the token: refused connections first, then a 401
      bridge.awaitLog("Shard 0. Disconnected");
      bridge.awaitReadiness(
          "the bridge says that Genesys Cloud is away again",
          now -> now.status() == 503 && now.text().contains("next attempt in"));
      try (Simulator genesys = Simulator.start(Road.quiet().withPort(port))) {
        await().atMost(Duration.ofSeconds(90)).until(() -> genesys.openSockets() == 1);
      }
      assertThat(bridge.log()).doesNotContain("Broken until");
      assertThat(bridge.logLines()).filteredOn(line -> !Road.isOneOfOurs(line)).isEmpty();
    }
  }

  private static Bridge.Settings settings(String genesys, String kafka) {
    return Bridge.settings()
        .genesys(genesys)
        .kafka(kafka, PREFIX)
        .with("GENESYS_TOPICS", TOPIC)
        .with("GENESYS_RETRY_INITIAL_DELAY", "100ms")
        .with("GENESYS_RETRY_MAXIMUM_DELAY", "1s")
        .with("GENESYS_BREAKER_WAIT", "1");
  }

  /** So many times in all the log has said where to look. */
  private static void kafkaIsMissed(Bridge bridge, int times) {
    await()
        .alias("the bridge says that Kafka is away")
        .atMost(Duration.ofSeconds(90))
        .untilAsserted(
            () ->
                assertThat(bridge.logLines())
                    .as(bridge.log())
                    .filteredOn(
                        line ->
                            line.contains("Spool events: spooling")
                                && line.contains("KAFKA_BOOTSTRAP_SERVERS"))
                    .hasSizeGreaterThanOrEqualTo(times));
  }

  /** Emits so many numbered events, in turn about one of the conversations; returns the next. */
  private static int emit(Simulator genesys, int first, int count) {
    for (int i = first; i < first + count; i++) {
      String body =
          "{\"id\":\"%s\",\"number\":%d,\"participants\":[{\"purpose\":\"agent\",\"calls\":[{\"state\":\"connected\"}]}]}"
              .formatted("conversation-" + i % CONVERSATIONS, i);
      int channels = genesys.emit(TOPIC, Road.json(body.getBytes(StandardCharsets.UTF_8)));
      assertThat(channels).isEqualTo(1);
    }
    return first + count;
  }

  private static int number(byte[] frame) {
    return Road.json(frame).at("/eventBody/number").asInt(-1);
  }

  /** All are there, and those of a key in order; repeats behind the first do not count. */
  private static void assertInOrder(List<ConsumerRecord<String, byte[]>> records, int sent) {
    for (int i = 0; i < CONVERSATIONS; i++) {
      String key = "conversation-" + i;
      List<Integer> expected = new ArrayList<>();
      for (int number = i; number < sent; number += CONVERSATIONS) {
        expected.add(number);
      }
      assertThat(
              records.stream()
                  .filter(record -> record.key().equals(key))
                  .map(record -> number(record.value()))
                  .distinct())
          .containsExactlyElementsOf(expected);
    }
  }
}
