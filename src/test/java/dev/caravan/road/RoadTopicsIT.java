package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.TopicReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Topics by the thousand, and what a listing does that changes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RoadTopicsIT {

  private static final int AGENTS = 1_100;

  private Road road;

  @BeforeAll
  void open(@TempDir Path folder) {
    road = Road.in(folder, Road.quiet().withCentre(new CentreSize(AGENTS, 25, 9)));
  }

  @AfterAll
  void close() {
    road.close();
  }

  @Test
  void moreUsersThanAChannelCarriesAreReadOnTwo() {
    Simulator genesys = road.genesys();
    genesys.arm(
        Fault.status("GET /api/v2/users", 429)
            .withRetryAfter(Duration.ofSeconds(1))
            .after(1)
            .times(1));
    genesys.arm(Fault.status("GET /api/v2/users", 503).after(5).times(1));

    road.start(road.settings().with("GENESYS_TOPICS", "v2.users.*?presence&routingStatus"))
        .awaitReady();

    assertThat(genesys.openSockets()).isEqualTo(2);
    assertThat(road.bridge().log())
        .contains("Subscribing 2200 topics as 1100 subscriptions on 2 channels.");
    genesys
        .organization()
        .agents()
        .forEach(
            agent -> {
              emit("v2.users." + agent.id() + ".presence");
              emit("v2.users." + agent.id() + ".routingStatus");
            });
    road.kafka()
        .awaitUntil(
            records ->
                road.recordsOf("presence").count() >= AGENTS
                    && road.recordsOf("routing-status").count() >= AGENTS);
    assertThat(repeated("presence")).isEmpty();
    assertThat(repeated("routing-status")).isEmpty();
  }

  /** Those of keys that came more than once, with what tells where a repeat comes from. */
  private List<String> repeated(String topic) {
    return road
        .recordsOf(topic)
        .collect(Collectors.groupingBy(ConsumerRecord::key))
        .values()
        .stream()
        .filter(ofKey -> ofKey.size() > 1)
        .map(
            ofKey ->
                ofKey.stream()
                    .map(
                        record ->
                            "offset %d, ce_id %s, origin %s"
                                .formatted(
                                    record.offset(),
                                    TopicReader.header(record, "ce_id").orElse(""),
                                    TopicReader.header(record, "genesys-origin").orElse("live")))
                    .collect(Collectors.joining("; ")))
        .toList();
  }

  @Test
  void aListingThatIsShortOnceTakesNoTopicsAway() {
    String queues = "GET /api/v2/routing/queues";
    Bridge bridge =
        road.start(
            road.settings()
                .with("GENESYS_TOPICS", "v2.routing.queues.*.conversations")
                .with("GENESYS_TOPICS_REFRESH", "1s"));
    bridge.awaitReady();
    String topic =
        "v2.routing.queues."
            + road.genesys().organization().queues().get(0).id()
            + ".conversations";

    road.genesys().arm(Fault.of(Fault.On.CALL, queues, Fault.Effect.HALF_LISTING).times(1));
    bridge.awaitLog("does not agree with itself: of 25 it told 12. It is read again.");
    road.genesys().arm(Fault.of(Fault.On.CALL, queues, Fault.Effect.EMPTY_LISTING).times(1));
    bridge.awaitLog("has 25 of 25 topics no more. They go on being read");

    assertThat(emit(topic)).isEqualTo(1);
    assertThat(bridge.log()).doesNotContain("topics are not subscribed any more");
  }

  @Test
  void queuesThatAppearAreReadOnTheChannelThatIsOpen() {
    Simulator genesys = road.genesys();
    genesys.perform(new Action.Staff(AGENTS, 20));
    Bridge bridge =
        road.start(
            road.settings()
                .with("GENESYS_TOPICS", "v2.routing.queues.*.users")
                .with("GENESYS_TOPICS_REFRESH", "1s"));
    bridge.awaitReady();
    int channels = genesys.callCounts().get("POST /api/v2/notifications/channels");

    genesys.perform(new Action.Staff(AGENTS, 25));
    bridge.awaitLog("Genesys Cloud brings 5 topics more, on the channel that is open.");

    assertThat(genesys.organization().queues())
        .allMatch(queue -> emit("v2.routing.queues." + queue.id() + ".users") == 1);
    assertThat(genesys.callCounts()).containsEntry("POST /api/v2/notifications/channels", channels);
  }

  private int emit(String topic) {
    return road.genesys().emit(topic, "{\"id\":\"x\"}");
  }
}
