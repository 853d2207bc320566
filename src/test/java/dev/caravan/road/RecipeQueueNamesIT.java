package dev.caravan.road;

import static dev.caravan.road.Road.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.centre.Entity;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.TopicReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Events carry their queue's name once it was listed, and wait for no listing. */
@Tag("long")
class RecipeQueueNamesIT {

  private static final String LISTING = "GET /api/v2/routing/queues";

  private Road road;
  private Bridge.Settings settings;
  private int sent;

  @BeforeEach
  void open(@TempDir Path folder) throws Exception {
    // More queues than a page holds
    road = Road.in(folder, Road.quiet().withCentre(new CentreSize(20, 130, 0)));
    Path routes = road.copyOfRoutes();
    Recipe.add("queue-names.camel.yaml", routes);
    Recipe.edit("queue-names", routes);
    Path names = routes.resolve("queue-names.camel.yaml");
    String everyTenMinutes = Files.readString(names);
    assertThat(everyTenMinutes).containsOnlyOnce("period: 10m");
    assertThat(everyTenMinutes).containsOnlyOnce("delay: 1m");
    Files.writeString(
        names,
        everyTenMinutes.replace("delay: 1m", "delay: 1s").replace("period: 10m", "period: 1s"));
    settings =
        road.settings()
            .with("CARAVAN_ROUTES_DIR", routes.toString())
            .with(
                "GENESYS_TOPICS",
                String.join(",", topic(first()), topic(last()), topic(Road.QUEUE)));
  }

  @AfterEach
  void close() {
    road.close();
  }

  @Test
  void aNameOfAnyPageIsTheRecordsHeaderAndNoEventWaitsForOne() {
    road.genesys().arm(Fault.status(LISTING, 503));
    Bridge bridge = road.start(settings);
    bridge.awaitReady();

    ConsumerRecord<String, byte[]> before = awaitRecord(first());
    road.genesys().disarm();
    await()
        .atMost(Duration.ofMinutes(3))
        .untilAsserted(() -> assertThat(nameOf(awaitRecord(last()))).contains(last().name()));
    Optional<String> ofFirst = nameOf(awaitRecord(first()));
    ConsumerRecord<String, byte[]> unknown = awaitRecord(topic(Road.QUEUE));

    assertThat(before.headers().lastHeader("genesys-queue-name")).isNull();
    assertThat(ofFirst).contains(first().name());
    assertThat(unknown.headers().lastHeader("genesys-queue-name")).isNull();
  }

  @Test
  void theNamesOfBeforeAreUsedWhileTheListingIsRefused() {
    Bridge bridge = road.start(settings);
    bridge.awaitReady();
    await()
        .atMost(Duration.ofMinutes(3))
        .untilAsserted(() -> assertThat(nameOf(awaitRecord(last()))).contains(last().name()));

    road.genesys().arm(Fault.status(LISTING, 403));
    bridge.awaitLog("The queues' names cannot be listed, those of before are used: ");

    assertThat(nameOf(awaitRecord(first()))).contains(first().name());
    assertThat(bridge.logLines())
        .filteredOn(line -> line.contains("names"))
        .allMatch(Road::isOneOfOurs);
  }

  private static Optional<String> nameOf(ConsumerRecord<String, byte[]> record) {
    return TopicReader.header(record, "genesys-queue-name");
  }

  /** What becomes of one event more of a queue. */
  private ConsumerRecord<String, byte[]> awaitRecord(Entity queue) {
    return awaitRecord(topic(queue));
  }

  private ConsumerRecord<String, byte[]> awaitRecord(String topic) {
    String event = event(topic, Road.call("c-1"), String.valueOf(++sent));
    road.send(event);
    ConsumerRecord<String, byte[]> record = road.awaitValue(event.getBytes(StandardCharsets.UTF_8));
    assertThat(record.topic()).isEqualTo(road.prefix() + "conversations.voice");
    return record;
  }

  private Entity first() {
    return queues().get(0);
  }

  private Entity last() {
    return queues().get(queues().size() - 1);
  }

  private List<Entity> queues() {
    return road.genesys().organization().queues();
  }

  private static String topic(Entity queue) {
    return topic(queue.id());
  }

  private static String topic(String queue) {
    return "v2.routing.queues." + queue + ".conversations";
  }
}
