package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.centre.Entity;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Fault;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.camel.Message;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** After a gap, what Genesys Cloud can still tell is read again, once, within its own budget. */
@Tag("slow")
class BackfillTest {

  private static final OauthClient CLIENT = new OauthClient("backfill", "secret");
  private static final String PRESENCES = "GET /api/v2/users/presences/purecloud/bulk";
  private static final String USERS = "GET /api/v2/users";
  private static final String QUERY = "POST /api/v2/analytics/conversations/details/query";
  private static final Instant NOW = Instant.now();

  @TempDir private Path folder;
  private BackfillRoad road;

  @AfterEach
  void close() {
    road.close();
  }

  private void open(int agents) {
    open(agents, CLIENT);
  }

  private void open(int agents, OauthClient client) {
    road = new BackfillRoad(folder, agents, client);
  }

  private List<String> states() {
    return road.users().stream()
        .map(user -> "v2.users." + user + "?presence&routingStatus&workforcemanagement.adherence")
        .toList();
  }

  private static Instant ago(int minutes) {
    return NOW.minus(Duration.ofMinutes(minutes));
  }

  @Test
  void thePresentStateOfEachUserArrivesOnceInTheFormOfANotification() {
    open(130);
    road.missed(states(), ago(30), ago(20)).start();

    JsonNode outcome = road.awaitOutcome();

    assertThat(outcome.path("backfilled").asText()).isEqualTo("yes");
    assertThat(outcome.path("sentence").asText())
        .contains("130 presences, 130 routing statuses and 130 adherences were read again.");
    for (String stream : List.of("presence", "routing-status", "adherence")) {
      assertThat(road.records(stream))
          .extracting(record -> record.getHeader(GenesysConstants.KEY, String.class))
          .as(stream)
          .containsExactlyInAnyOrderElementsOf(road.users());
    }
    assertThat(road.records())
        .allSatisfy(
            record -> {
              assertThat(record.getHeaders())
                  .containsEntry("genesys-origin", "backfill")
                  .containsEntry("ce_subject", record.getHeader(GenesysConstants.KEY))
                  .containsKeys("ce_id", "ce_type", "ce_time", "ce_source", "genesys-topic");
              assertThat(BackfillRoad.json(record).path("topicName").asText())
                  .isEqualTo(record.getHeader("genesys-topic"));
            });
    assertThat(road.genesys().callCounts())
        .containsEntry(PRESENCES, 3)
        .containsEntry(USERS, 2)
        .containsEntry("GET /api/v2/workforcemanagement/adherence", 2);
    road.awaitSettled();
  }

  @Test
  void aStateHasTheFieldsOfItsNotification() {
    open(1);
    road.missed(states(), ago(30), ago(20)).start();
    road.awaitOutcome();

    JsonNode presence = BackfillRoad.json(road.records("presence").get(0)).path("eventBody");
    JsonNode routing = BackfillRoad.json(road.records("routing-status").get(0)).path("eventBody");
    JsonNode adherence = BackfillRoad.json(road.records("adherence").get(0)).path("eventBody");

    assertThat(presence.fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder(
            "source", "presenceDefinition", "message", "modifiedDate", "primary");
    assertThat(presence.at("/presenceDefinition/systemPresence").asText()).matches("[A-Z_]+");
    assertThat(routing.path("id").asText()).isEqualTo(road.users().get(0));
    assertThat(routing.path("routingStatus").fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder("status", "startTime");
    assertThat(adherence.at("/user/id").asText()).isEqualTo(road.users().get(0));
    assertThat(adherence.fieldNames())
        .toIterable()
        .contains("managementUnitId", "adherenceChangeTime", "adherenceState")
        .doesNotContain("id", "timeOfAdherenceChange", "managementUnit");
  }

  @Test
  void onlyWhatTheTopicsOfTheGapToldIsReadAgain() {
    open(3);
    List<String> users = road.users();
    road.missed(List.of("v2.users." + users.get(1) + ".presence"), ago(30), ago(20)).start();

    road.awaitOutcome();

    assertThat(road.records()).hasSize(1);
    assertThat(road.records().get(0).getHeader(GenesysConstants.KEY)).isEqualTo(users.get(1));
    assertThat(road.genesys().callCounts())
        .containsEntry(PRESENCES, 1)
        .doesNotContainKeys(USERS, QUERY, "GET /api/v2/conversations");
  }

  @Test
  void conversationsThatSomethingHappenedToInTheGapArriveOnce() {
    open(60);
    road.work(400);
    Instant start = NOW.minus(BackfillRoad.AGO);
    Instant from = start.plus(Duration.ofMinutes(20));
    Instant to = start.plus(Duration.ofMinutes(50));
    List<Entity> queues = road.genesys().organization().queues();
    List<String> topics = new ArrayList<>();
    queues.subList(0, 4).forEach(q -> topics.add("v2.routing.queues." + q.id() + ".conversations"));
    road.missed(topics, from, to).start();

    JsonNode outcome = road.awaitOutcome();

    Set<String> expected = touched(from, to, queues.subList(0, 4));
    assertThat(outcome.path("backfilled").asText()).isEqualTo("yes");
    assertThat(expected).hasSizeGreaterThan(50);
    assertThat(road.records("conversations.details"))
        .extracting(record -> record.getHeader(GenesysConstants.KEY, String.class))
        .containsExactlyInAnyOrderElementsOf(expected);
    assertThat(road.records("conversations.details"))
        .allSatisfy(
            record -> {
              assertThat(BackfillRoad.json(record).path("conversationId").asText())
                  .isEqualTo(record.getHeader(GenesysConstants.KEY));
              assertThat(record.getHeaders()).containsKeys("ce_id", "genesys-media");
            });
  }

  /** What the stand-in itself has on record. */
  private Set<String> touched(Instant from, Instant to, List<Entity> queues) {
    Set<String> ids = new TreeSet<>();
    Set<String> wanted = new HashSet<>();
    queues.forEach(queue -> wanted.add(queue.id()));
    for (int page = 1; page < 100; page++) {
      JsonNode all =
          road.query(
              "{\"interval\":\"%s/%s\",\"paging\":{\"pageSize\":100,\"pageNumber\":%d}}"
                  .formatted(from.minus(Duration.ofHours(4)), to, page));
      for (JsonNode one : all.path("conversations")) {
        boolean begun = !Instant.parse(one.path("conversationStart").asText()).isAfter(to);
        boolean over =
            one.has("conversationEnd")
                && one.findParents("segmentType").stream()
                    .allMatch(
                        s ->
                            s.has("segmentEnd")
                                && Instant.parse(s.path("segmentEnd").asText()).isBefore(from))
                && Instant.parse(one.path("conversationEnd").asText()).isBefore(from);
        if (begun && !over && one.findValuesAsText("queueId").stream().anyMatch(wanted::contains)) {
          ids.add(one.path("conversationId").asText());
        }
      }
    }
    return ids;
  }

  @Test
  void failuresThatPassCostNothing() {
    open(120);
    road.genesys()
        .arm(Fault.status(PRESENCES, 429).after(1).times(2).withRetryAfter(Duration.ofSeconds(1)));
    road.genesys().arm(Fault.status(USERS, 503).after(1).times(2));
    road.missed(states(), ago(30), ago(20)).start();

    JsonNode outcome = road.awaitOutcome();

    assertThat(outcome.path("backfilled").asText()).isEqualTo("yes");
    assertThat(ids(road.records("presence"))).hasSize(120);
    assertThat(ids(road.records("routing-status"))).hasSize(120);
    assertThat(road.genesys().callCounts()).containsEntry(PRESENCES, 5).containsEntry(USERS, 4);
    assertThat(
            road.meters()
                .get("caravan.rest.calls")
                .tags("purpose", "backfill", "outcome", "too-many")
                .counter()
                .count())
        .isEqualTo(2);
    assertThat(road.meters().get("caravan.rest.budget.left").gauge().value())
        .isBetween(200.0, 300.0);
  }

  private static Set<Object> ids(List<Message> records) {
    Set<Object> ids = new HashSet<>();
    records.forEach(record -> ids.add(record.getHeader(GenesysConstants.KEY)));
    return ids;
  }

  @Test
  void aKindThatIsRefusedIsNamedAndTheOthersAreRead() {
    open(10, CLIENT.lacking("wfm:realtimeAdherence:view"));
    road.missed(states(), ago(30), ago(20)).start();

    JsonNode outcome = road.awaitOutcome();

    assertThat(outcome.path("backfilled").asText())
        .startsWith("no, because adherence: Genesys Cloud refused (403");
    assertThat(outcome.path("sentence").asText())
        .contains("10 presences and 10 routing statuses were read again.");
    assertThat(road.records("adherence")).isEmpty();
    assertThat(road.records("presence")).hasSize(10);
    road.awaitSettled();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatOneClientMayNotReadOrCannotSinceItCannotLogInAnotherReads(boolean canLogIn) {
    open(3, CLIENT.lacking("wfm:realtimeAdherence:view"));
    road.genesys().perform(new Action.SetClient(new OauthClient("west", "secret of west")));
    road.with("genesys.clients", "default,west")
        .with("genesys.clients.west.id", "west")
        .with("genesys.clients.west.secret", "secret of west")
        .with("genesys.client.secret", canLogIn ? CLIENT.secret() : "wrong")
        .missed(states(), ago(30), ago(20))
        .start();

    JsonNode outcome = road.awaitOutcome();

    assertThat(outcome.path("backfilled").asText()).isEqualTo("yes");
    assertThat(outcome.path("sentence").asText())
        .contains("3 presences, 3 routing statuses and 3 adherences were read again.");
  }

  @Test
  void anOutageThatLastsIsToldInTheEnd() {
    open(10);
    road.with("genesys.retry.attempts", "0").with("genesys.breaker.failure-rate", "100");
    road.genesys().arm(Fault.status(PRESENCES, 500));
    road.missed(states(), ago(30), ago(20)).start();

    JsonNode outcome = road.awaitOutcome();

    assertThat(outcome.path("backfilled").asText()).startsWith("no, because presence: ");
    assertThat(road.records("routing-status")).hasSize(10);
    assertThat(road.genesys().callCounts().get(PRESENCES)).isBetween(3, 8);
  }

  @Test
  void usersThatAnAnswerLeftOutAreAskedForAgain() {
    open(60);
    road.genesys().arm(Fault.of(Fault.On.CALL, USERS, Fault.Effect.HALF_LISTING).times(1));
    road.missed(states(), ago(30), ago(20)).start();

    JsonNode outcome = road.awaitOutcome();

    assertThat(outcome.path("backfilled").asText()).isEqualTo("yes");
    assertThat(outcome.path("sentence").asText()).contains("60 routing statuses");
    assertThat(road.records("routing-status"))
        .extracting(record -> record.getHeader(GenesysConstants.KEY, String.class))
        .containsExactlyInAnyOrderElementsOf(road.users());
  }

  @Test
  void usersThatAreNotToldAreCountedInTheOutcome() {
    open(10);
    List<String> topics = new ArrayList<>(states());
    for (int i = 0; i < 4; i++) {
      topics.add("v2.users.00000000-0000-4000-8000-00000000000" + i + ".routingStatus");
    }
    road.missed(topics, ago(30), ago(20)).start();

    JsonNode outcome = road.awaitOutcome();

    assertThat(outcome.path("backfilled").asText())
        .isEqualTo("no, because routing-status: 4 of 14 users are missing from the answers.");
    assertThat(outcome.path("sentence").asText())
        .contains("10 presences, 10 routing statuses and 10 adherences were read again.");
    assertThat(road.genesys().callCounts()).containsEntry(USERS, 2);
  }

  @Test
  void anAnswerThatTellsOfNobodyIsNoAnswer() {
    open(10);
    road.genesys().arm(Fault.of(Fault.On.CALL, USERS, Fault.Effect.EMPTY_LISTING).times(2));
    road.missed(states(), ago(30), ago(20)).start();

    assertThat(road.awaitOutcome().path("backfilled").asText()).isEqualTo("yes");
    assertThat(road.records("routing-status")).hasSize(10);
    assertThat(road.genesys().callCounts()).containsEntry(USERS, 3);
  }

  @Test
  void aKindThatTheRoutesLeaveOutIsNotMissed() {
    open(3);
    road.missed(states(), ago(30), ago(20)).leaveOut("adherence").start();

    JsonNode outcome = road.awaitOutcome();

    assertThat(outcome.path("backfilled").asText()).isEqualTo("yes");
    assertThat(road.records("adherence")).isEmpty();
  }

  @Test
  void aGapIsFilledFromTheStartAfterAStopInTheMiddle() {
    open(200);
    road.genesys().arm(Fault.of(Fault.On.CALL, USERS, Fault.Effect.HANG).times(1));
    road.missed(states(), ago(30), ago(20)).start();
    await().atMost(BackfillRoad.PATIENCE).until(() -> road.records("presence").size() == 200);
    List<Object> before = identities(road.records("presence"));

    road.stop();
    assertThat(road.notBackfilled()).hasSize(1);
    road.start();

    assertThat(road.awaitOutcome().path("backfilled").asText()).isEqualTo("yes");
    assertThat(identities(road.records("presence"))).containsExactlyInAnyOrderElementsOf(before);
    assertThat(road.records("routing-status")).hasSize(200);
  }

  private static List<Object> identities(List<Message> records) {
    List<Object> ids = new ArrayList<>();
    records.forEach(record -> ids.add(record.getHeader("ce_id")));
    return ids;
  }

  @Test
  void switchedOffItIsSaid() {
    open(1);
    road.with("genesys.backfill", "false").missed(states(), ago(30), ago(20)).start();

    assertThat(road.awaitOutcome().path("backfilled").asText())
        .isEqualTo("no, because backfill is switched off (GENESYS_BACKFILL).");
    assertThat(road.genesys().callCounts()).isEmpty();
    road.awaitSettled();
  }

  @Test
  void whatCannotBeReadAgainIsSaid() {
    open(1);
    road.missed(
            List.of("v2.analytics.queues.0e185c02-aca1-4a72-82ea-2e78684e2c89.observations"),
            ago(30),
            ago(20))
        .start();

    assertThat(road.awaitOutcome().path("backfilled").asText())
        .isEqualTo("no, because no event of its topics can be read again.");
  }

  @Test
  void topicsOfAGapThatCannotBeReadAgainAreCounted() {
    open(3);
    List<String> topics = new ArrayList<>(states());
    for (String queue : List.of("0e185c02", "1e185c02")) {
      topics.add("v2.analytics.queues." + queue + "-aca1-4a72-82ea-2e78684e2c89.observations");
    }
    road.missed(topics, ago(30), ago(20)).start();

    assertThat(road.awaitOutcome().path("sentence").asText())
        .endsWith("The events of 2 other topics in this gap cannot be read again.");
  }

  @Test
  void noSecretStandsInASignal() {
    open(1, CLIENT.lacking("wfm:realtimeAdherence:view"));
    road.missed(states(), ago(30), ago(20)).start();

    assertThat(road.awaitOutcome().toString()).doesNotContain(road.users().get(0), "secret");
  }
}
