package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.Guest;
import dev.caravan.simulator.api.CallRecord;
import dev.caravan.simulator.centre.Agent;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.TopicReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** After a gap, what Genesys Cloud can still tell arrives in Kafka, and nothing waits for it. */
class RoadBackfillIT {

  private static final Logger LOG = LoggerFactory.getLogger(RoadBackfillIT.class);
  private static final String QUERY = "POST /api/v2/analytics/conversations/details/query";
  private static final String USERS = "GET /api/v2/users";
  private static final String RELEASE = "DELETE /api/v2/notifications/channels/{id}/subscriptions";

  @TempDir Path folder;

  private static Bridge.Settings settings(Road road) {
    return road.settings()
        .with("GENESYS_MEDIA", "*")
        .with("GENESYS_BACKFILL_DELAY", "1m")
        .with(
            "GENESYS_TOPICS",
            "v2.users.*?presence&routingStatus&workforcemanagement.adherence,"
                + "v2.routing.queues.*.conversations");
  }

  @Test
  @Tag("long")
  void whatChangedWhileTheBridgeWasKilledArrivesOnce() throws Exception {
    try (Road road = Road.in(folder, Road.quiet().withCentre(CentreSize.of(30)))) {
      road.start(settings(road)).awaitReady();
      road.until(() -> road.signals("CONNECTED").size() == 1);
      road.bridge().kill();
      road.genesys().perform(new Action.SetTraffic(true, 100.0));
      road.kafka().readFor(Duration.ofSeconds(8));
      road.genesys().perform(new Action.SetTraffic(false, 1.0));

      road.start(settings(road)).awaitReady();
      road.until(() -> outcomes(road).size() == 1);
      JsonNode outcome = outcomes(road).get(0);
      road.until(() -> backfilled(road, "routing-status").size() >= 30);

      assertThat(outcome.path("backfilled").asText()).isEqualTo("yes");
      assertThat(outcome.path("gap").asText()).isEqualTo(gaps(road).get(0).path("gap").asText());
      Guest guest = guest(road);
      Set<String> agents =
          road.genesys().organization().agents().stream()
              .map(Agent::id)
              .collect(Collectors.toSet());
      Map<String, JsonNode> presences = byKey(backfilled(road, "presence"));
      Map<String, JsonNode> routing = byKey(backfilled(road, "routing-status"));
      assertThat(presences.keySet()).isEqualTo(agents);
      assertThat(routing.keySet()).isEqualTo(agents);
      assertThat(byKey(backfilled(road, "adherence")).keySet()).isEqualTo(agents);
      for (String agent : agents) {
        JsonNode now =
            guest.get("/api/v2/users/" + agent + "?expand=presence,routingStatus").body();
        assertThat(presences.get(agent).at("/eventBody/modifiedDate"))
            .isEqualTo(now.at("/presence/modifiedDate"));
        assertThat(presences.get(agent).at("/eventBody/presenceDefinition/id"))
            .isEqualTo(now.at("/presence/presenceDefinition/id"));
        assertThat(routing.get(agent).at("/eventBody/routingStatus/status"))
            .isEqualTo(now.at("/routingStatus/status"));
        assertThat(routing.get(agent).at("/eventBody/routingStatus/startTime"))
            .isEqualTo(now.at("/routingStatus/startTime"));
      }
      long query =
          road.genesys().calls().stream()
              .filter(call -> call.name().equals(QUERY))
              .mapToLong(CallRecord::atMillis)
              .min()
              .orElseThrow();
      assertThat(Instant.ofEpochMilli(query))
          .isAfterOrEqualTo(Instant.parse(outcome.path("to").asText()).plusSeconds(60));
      Set<String> touched = touched(guest, outcome);
      road.until(() -> backfilled(road, "conversations.details").size() >= touched.size());
      Map<String, JsonNode> conversations = byKey(backfilled(road, "conversations.details"));
      assertThat(conversations.keySet()).isEqualTo(touched).isNotEmpty();
      for (Map.Entry<String, JsonNode> one : conversations.entrySet()) {
        assertThat(one.getValue())
            .isEqualTo(
                guest.get("/api/v2/analytics/conversations/" + one.getKey() + "/details").body());
      }
      CloudEvents.assertAll(road.kafka().records());
      assertThat(new KafkaContract().assertThatAllFit(road.kafka().records(), road.prefix()))
          .contains(
              "genesys.adherence",
              "genesys.conversations.details",
              "genesys.presence",
              "genesys.routing-status",
              "genesys.signals");
    }
  }

  /** Each key once. */
  private static Map<String, JsonNode> byKey(List<ConsumerRecord<String, byte[]>> records) {
    Map<String, JsonNode> byKey = new HashMap<>();
    for (ConsumerRecord<String, byte[]> record : records) {
      assertThat(byKey.put(record.key(), Road.json(record.value()))).isNull();
    }
    return byKey;
  }

  private static List<ConsumerRecord<String, byte[]>> backfilled(Road road, String topic) {
    return road.recordsOf(topic)
        .filter(r -> TopicReader.header(r, "genesys-origin").equals(Optional.of("backfill")))
        .toList();
  }

  private static List<JsonNode> outcomes(Road road) {
    return road.signals("BACKFILLED");
  }

  private static List<JsonNode> gaps(Road road) {
    return road.signals("GAP");
  }

  private static Guest guest(Road road) {
    return new Guest(road.genesys()).login(Road.CLIENT, Road.SECRET);
  }

  private static Set<String> touched(Guest guest, JsonNode gap) {
    Set<String> ids = new TreeSet<>();
    Instant to = Instant.parse(gap.path("to").asText());
    for (int page = 1; page < 50; page++) {
      JsonNode found =
          guest
              .post(
                  "/api/v2/analytics/conversations/details/query",
                  "{\"interval\":\"%s/%s\",\"paging\":{\"pageSize\":100,\"pageNumber\":%d}}"
                      .formatted(
                          Instant.parse(gap.path("from").asText()).minusSeconds(14_400), to, page))
              .body();
      for (JsonNode one : found.path("conversations")) {
        if (!Instant.parse(one.path("conversationStart").asText()).isAfter(to)
            && one.toString().contains("queueId")) {
          ids.add(one.path("conversationId").asText());
        }
      }
    }
    return ids;
  }

  @Tag("long")
  @Test
  void aGapOf5000UsersKeepsNoHandOverWaiting() {
    try (Road road = Road.in(folder, Road.quiet().withCentre(CentreSize.of(5_000)))) {
      Bridge bridge =
          road.start(
              road.settings()
                  .with("GENESYS_TOPICS", "v2.users.*.presence")
                  .with("GENESYS_BREAKER_FAILURE_RATE", "75"));
      bridge.awaitReady();
      road.until(() -> road.signals("CONNECTED").size() == 5);
      // Another minute for the budget of Genesys Cloud, of which the listings took a part
      road.genesys().perform(new Action.Reset(Action.Target.ALL));
      road.until(() -> gaps(road).size() == 5 && !backfilled(road, "presence").isEmpty());
      long announced = System.nanoTime();
      road.genesys()
          .perform(new Action.SocketClosing(Action.Target.ALL, Duration.ofMinutes(1), false, 1001));

      road.until(() -> road.signals("HANDED_OVER").size() == 5);

      Duration took = Duration.ofNanos(System.nanoTime() - announced);
      int users = backfilled(road, "presence").size();
      LOG.info(
          "5 hand-overs took {} ms while {} of 5000 presences had been read again",
          took.toMillis(),
          users);
      assertThat(outcomes(road)).hasSizeLessThan(5);
      assertThat(gaps(road)).hasSize(5);
      assertThat(road.genesys().calls()).extracting(CallRecord::status).doesNotContain(429);
      road.until(() -> outcomes(road).size() == 5);
      road.until(() -> backfilled(road, "presence").size() >= 5_000);
      assertThat(outcomes(road)).allMatch(o -> o.path("backfilled").asText().equals("yes"));
      assertThat(byKey(backfilled(road, "presence"))).hasSize(5_000);
      assertThat(road.genesys().calls()).extracting(CallRecord::status).doesNotContain(429);
      assertThat(bridge.metrics())
          .contains("caravan_rest_calls_total")
          .contains("purpose=\"backfill\"");
    }
  }

  @Test
  void aKillInTheMiddleOfABackfillRepeatsItWithTheSameIds() {
    try (Road road = Road.in(folder, Road.quiet().withCentre(CentreSize.of(200)))) {
      Bridge.Settings settings =
          road.settings().with("GENESYS_TOPICS", "v2.users.*?presence&routingStatus");
      road.start(settings).awaitReady();
      road.genesys().arm(Fault.of(Fault.On.CALL, USERS, Fault.Effect.HANG));
      road.genesys().perform(new Action.Reset(Action.Target.ALL));
      road.until(() -> backfilled(road, "presence").size() >= 200);
      // The gap and what is read again come through routes of their own, in either order
      road.until(() -> gaps(road).size() == 1);
      road.bridge().kill();
      road.genesys().disarm();
      String gap = gaps(road).get(0).path("gap").asText();
      List<String> before = ids(backfilled(road, "presence"));

      road.start(settings).awaitReady();
      road.until(() -> outcomes(road).stream().anyMatch(o -> o.path("gap").asText().equals(gap)));

      road.until(() -> backfilled(road, "routing-status").size() >= 200);
      assertThat(outcomes(road)).allMatch(o -> o.path("backfilled").asText().equals("yes"));
      assertThat(Set.copyOf(ids(backfilled(road, "presence")))).isEqualTo(Set.copyOf(before));
    }
  }

  private static List<String> ids(List<ConsumerRecord<String, byte[]>> records) {
    return records.stream().map(r -> TopicReader.header(r, "ce_id").orElseThrow()).toList();
  }

  @Test
  void aCleanStopLeavesNoSubscriptionsAndIsQuick() throws IOException {
    try (Road road = Road.in(folder)) {
      Bridge bridge = road.start(road.settings());
      bridge.awaitReady();
      road.genesys()
          .perform(new Action.SocketClosing(Action.Target.ALL, Duration.ofMinutes(1), false, 1001));
      road.until(() -> road.signals("HANDED_OVER").size() == 1);
      road.until(() -> road.genesys().callCounts().getOrDefault(RELEASE, 0) == 1);

      bridge.terminate();
      bridge.awaitEnd();

      assertThat(road.genesys().callCounts()).containsEntry(RELEASE, 2);
      List<String> made = Files.readAllLines(road.data().resolve("channels"));
      assertThat(made).hasSize(2).allMatch(line -> line.matches("[0-9a-f]{64}"));
      assertThat(bridge.log()).doesNotContain("streaming-");
    }
  }

  @Tag("long")
  @Test
  void aChannelThatSomebodyElseTookIsNotTouched() {
    try (Road road = Road.in(folder)) {
      road.start(road.settings()).awaitReady();

      road.genesys().perform(new Action.NoLongerSubscribed(Action.Target.ALL, true));

      road.until(() -> road.signals("CONNECTED").size() == 2);
      road.bridge().terminate();
      road.bridge().awaitEnd();
      assertThat(road.genesys().callCounts()).containsEntry(RELEASE, 1);
    }
  }

  @Tag("long")
  @Test
  void itIsToldWhenOthersNearlyUseUpTheChannelsOfTheClient() throws Exception {
    try (Road road = Road.in(folder)) {
      Guest other = guest(road);
      for (int i = 0; i < 18; i++) {
        other.channel();
      }
      Bridge bridge = road.start(road.settings());

      bridge.awaitLog("The OAuth client has 19 of 20 channels, and only 1 of them are this");

      bridge.awaitReadiness(
          "health says so, too",
          now -> now.check("genesys-notifications").toString().contains("19 of 20 channels"));
      assertThat(road.genesys().callCounts()).doesNotContainKey(RELEASE);
    }
  }

  @Test
  void aStopDoesNotWaitForAGenesysThatIsAway() {
    try (Road road = Road.in(folder)) {
      Bridge bridge = road.start(road.settings());
      bridge.awaitReady();
      road.genesys().arm(Fault.of(Fault.On.CALL, RELEASE, Fault.Effect.HANG));
      long asked = System.nanoTime();

      bridge.terminate();
      bridge.awaitEnd();

      assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(20));
    }
  }
}
