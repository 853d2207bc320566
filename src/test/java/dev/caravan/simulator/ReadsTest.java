package dev.caravan.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a client reads over REST: who there is, and what it missed. */
class ReadsTest {

  private static Simulator simulator;
  private static Guest guest;

  @BeforeAll
  static void start() {
    simulator =
        Simulator.start(
            SimulatorOptions.defaults()
                .withCentre(new CentreSize(230, 30, 9))
                .withTraffic(Traffic.times(600)));
    guest = new Guest(simulator).login();
  }

  @AfterAll
  static void stop() {
    simulator.close();
  }

  /** With single quotes for double ones. */
  private static JsonNode analytics(String path, String query, Object... parts) {
    String body = query.formatted(parts).replace('\'', '"');
    return guest.post("/api/v2/analytics/" + path, body).body();
  }

  private static List<String> ids(JsonNode listing) {
    return listing.path("entities").findValuesAsText("id");
  }

  private static String query(String parameter, int ids) {
    return IntStream.range(0, ids)
        .mapToObj(i -> parameter + "=" + simulator.organization().agent(i).id())
        .collect(Collectors.joining("&"));
  }

  @Test
  void allPagesTogetherHoldEveryUserOnce() {
    Set<String> seen = new HashSet<>();
    for (int page = 1; page <= 3; page++) {
      JsonNode listing = guest.get("/api/v2/users?pageSize=100&pageNumber=" + page).body();
      listing.path("entities").forEach(user -> seen.add(user.path("id").asText()));
      assertThat(listing.path("pageCount").asInt()).isEqualTo(3);
      assertThat(listing.has("nextUri")).isEqualTo(page < 3);
    }

    assertThat(seen).hasSize(230);
  }

  @Test
  void thereAreGroupsDivisionsTeamsAndManagementUnits() {
    assertThat(guest.get("/api/v2/groups").body().path("total").asInt()).isEqualTo(3);
    assertThat(guest.get("/api/v2/authorization/divisions").body().path("entities")).hasSize(3);
    assertThat(guest.get("/api/v2/workforcemanagement/managementunits").body().path("total"))
        .hasToString("3");
    assertThat(guest.get("/api/v2/workforcemanagement/businessunits").body().path("entities"))
        .hasSize(1);
    JsonNode tier = guest.get("/api/v2/groups?name=Tier*").body().at("/entities/0");
    JsonNode members =
        guest.get("/api/v2/groups/" + tier.path("id").asText() + "/members?pageSize=100").body();
    assertThat(members.path("total").asInt()).isEqualTo(tier.path("memberCount").asInt());
  }

  @Test
  void teamsArePagedByCursorAndKnowNoPageNumbers() {
    JsonNode first = guest.get("/api/v2/teams?pageSize=15").body();
    JsonNode same = guest.get("/api/v2/teams?pageSize=15&pageNumber=2").body();
    JsonNode second = guest.get(first.path("nextUri").asText()).body();

    assertThat(first.has("pageCount")).isFalse();
    assertThat(same.path("entities")).isEqualTo(first.path("entities"));
    assertThat(first.path("entities").size() + second.path("entities").size()).isEqualTo(20);
    assertThat(second.has("nextUri")).isFalse();
  }

  @Test
  void presencesComeInBulksOfFifty() {
    assertThat(guest.get("/api/v2/users/presences/purecloud/bulk?" + query("id", 50)).body())
        .hasSize(50)
        .allSatisfy(
            presence ->
                assertThat(presence.at("/presenceDefinition/systemPresence").asText())
                    .isNotEmpty());
    assertThat(guest.get("/api/v2/users/presences/purecloud/bulk?" + query("id", 51)).status())
        .isEqualTo(400);
  }

  @Test
  void adherencesComeInBulksOfAHundred() {
    assertThat(guest.get("/api/v2/workforcemanagement/adherence?" + query("userId", 100)).body())
        .hasSize(100);
    assertThat(guest.get("/api/v2/workforcemanagement/adherence?" + query("userId", 101)).status())
        .isEqualTo(400);
  }

  @Test
  void usersCanBeExpandedByTheirState() {
    JsonNode user =
        guest
            .get(
                "/api/v2/users?"
                    + query("id", 3)
                    + "&expand=presence,routingStatus,conversationSummary")
            .body()
            .at("/entities/0");

    assertThat(user.at("/routingStatus/status").asText()).isNotEmpty();
    assertThat(user.at("/presence/presenceDefinition/id").asText()).isNotEmpty();
    assertThat(user.at("/conversationSummary/call/contactCenter").has("active")).isTrue();
    String id = user.path("id").asText();
    assertThat(guest.get("/api/v2/users/" + id + "/routingstatus").body().path("userId").asText())
        .isEqualTo(id);
  }

  @Test
  void conversationsOfAnIntervalArePaged() {
    String interval = lastHours();
    Awaitility.await()
        .atMost(Duration.ofMinutes(3))
        .until(() -> details(interval, 1).path("totalHits").asInt() > 150);

    JsonNode first = details(interval, 1);
    JsonNode conversation = first.at("/conversations/0");

    assertThat(first.path("conversations")).hasSize(100);
    assertThat(conversation.at("/participants/0/purpose").asText()).isEqualTo("customer");
    String id = conversation.path("conversationId").asText();
    assertThat(guest.get("/api/v2/conversations/" + id).body().path("id").asText()).isEqualTo(id);
    assertThat(details(interval, 10_000).has("conversations")).isFalse();
  }

  private static JsonNode details(String interval, int page) {
    return analytics(
        "conversations/details/query",
        "{'interval':'%s','paging':{'pageSize':100,'pageNumber':%d}}",
        interval,
        page);
  }

  @Test
  void anImpossibleQueryIsRefused() {
    assertThat(details("yesterday", 1).path("code").asText()).isEqualTo("bad.request");
    assertThat(details("2026-01-01T00:00:00.000Z/2026-03-01T00:00:00.000Z", 1).path("status"))
        .hasToString("400");
  }

  @Test
  void aClientWithoutAUserHasNoConversationsOfItsOwn() {
    assertThat(guest.get("/api/v2/conversations").body().path("entities")).isEmpty();
  }

  private static String named(String dimension, String value) {
    return "{'type':'or','predicates':[{'dimension':'%s','value':'%s'}]}"
        .formatted(dimension, value);
  }

  private static String lastHours() {
    return Instant.now().minus(Duration.ofHours(1)) + "/" + Instant.now().plus(Duration.ofDays(20));
  }

  @Test
  void queuesTellWhatTheyHold() {
    String queue = ids(guest.get("/api/v2/routing/queues").body()).get(0);
    String filter = "{'filter':" + named("queueId", queue);

    JsonNode all = analytics("queues/observations/query", filter + "}");
    JsonNode waiting = analytics("queues/observations/query", filter + ",'metrics':['oWaiting']}");

    assertThat(all.path("results")).hasSize(8);
    assertThat(all.findValuesAsText("metric")).contains("oUserRoutingStatuses", "oOnQueueUsers");
    assertThat(waiting.path("results")).hasSize(7);
    assertThat(waiting.findValuesAsText("metric")).containsOnly("oWaiting");
    assertThat(all.findValuesAsText("queueId")).containsOnly(queue);
    assertThat(
            guest
                .get("/api/v2/routing/queues/" + queue + "/members?expand=routingStatus,presence")
                .body()
                .at("/entities/0/routingStatus/status")
                .asText())
        .isNotEmpty();
  }

  @Test
  void agentsTellWhatTheyDoAndDid() {
    String user = simulator.organization().agent(0).id();
    String filter = "'filter':" + named("userId", user);

    JsonNode observed = analytics("users/observations/query", "{%s}", filter);
    JsonNode active =
        analytics(
            "users/activity/query",
            "{'metrics':[{'metric':'oMemberQueues','details':true}],%s}",
            filter);
    JsonNode did =
        analytics(
            "users/details/query",
            "{'interval':'%s','userFilters':[%s]}",
            lastHours(),
            named("userId", user));

    int queues = simulator.organization().agent(0).queues().size();
    assertThat(observed.at("/results/0/group/userId").asText()).isEqualTo(user);
    assertThat(observed.at("/results/0/data/1/stats/count").asInt()).isEqualTo(queues);
    assertThat(active.at("/results/0/entities")).hasSize(queues);
    assertThat(did.path("totalHits").asInt()).isEqualTo(1);
    JsonNode presences = did.at("/userDetails/0/primaryPresence");
    assertThat(presences).isNotEmpty();
    assertThat(presences.get(presences.size() - 1).has("endTime")).isFalse();
    for (int i = 1; i < presences.size(); i++) {
      assertThat(presences.get(i).path("startTime"))
          .isEqualTo(presences.get(i - 1).path("endTime"));
    }
  }

  @Test
  void agentsOfAnIntervalArePaged() {
    JsonNode all =
        analytics(
            "users/details/query",
            "{'interval':'%s','paging':{'pageSize':100,'pageNumber':3}}",
            lastHours());

    assertThat(all.path("totalHits").asInt()).isEqualTo(230);
    assertThat(all.path("userDetails")).hasSize(30);
  }

  @Test
  void aQueryAboutNobodyIsRefused() {
    for (String query : List.of("queues/observations", "users/observations", "users/activity")) {
      Guest.Answer answer = guest.post("/api/v2/analytics/" + query + "/query", "{}");
      assertThat(answer.status()).as(query).isEqualTo(400);
      assertThat(answer.code()).isEqualTo("bad.request");
    }
  }

  @Test
  void conversationsCanBeFilteredAndReadByTheirIds() {
    Awaitility.await()
        .atMost(Duration.ofMinutes(3))
        .until(() -> details(lastHours(), 1).path("totalHits").asInt() > 150);

    JsonNode calls =
        analytics(
            "conversations/details/query",
            "{'interval':'%s','segmentFilters':[%s]}",
            lastHours(),
            named("mediaType", "voice"));
    List<String> ids = calls.findValuesAsText("conversationId");
    JsonNode same =
        guest.get("/api/v2/analytics/conversations/details?id=" + String.join(",", ids)).body();

    assertThat(calls.findValuesAsText("mediaType")).containsOnly("voice");
    assertThat(ids).hasSize(25);
    assertThat(same.findValuesAsText("conversationId")).isEqualTo(ids);
    assertThat(guest.get("/api/v2/analytics/conversations/details").status()).isEqualTo(400);
    String many = String.join(",", Collections.nCopies(101, ids.get(0)));
    assertThat(guest.get("/api/v2/analytics/conversations/details?id=" + many).status())
        .isEqualTo(400);
  }

  @Test
  void aJobIsAskedForAndItsResultsAreFetchedByCursor() {
    String jobs = "/api/v2/analytics/conversations/details/jobs";
    Instant begin = Instant.now().minus(Duration.ofHours(1));
    Awaitility.await()
        .atMost(Duration.ofMinutes(3))
        .until(
            () -> {
              String end =
                  guest.get(jobs + "/availability").body().path("dataAvailabilityDate").asText();
              return details(begin + "/" + end, 1).path("totalHits").asInt() > 100;
            });

    Guest.Answer submitted = guest.post(jobs, "{\"interval\":\"" + lastHours() + "\"}");
    assertThat(submitted.status()).isEqualTo(202);
    String job = jobs + "/" + submitted.body().path("jobId").asText();
    Awaitility.await()
        .atMost(Duration.ofMinutes(3))
        .until(() -> guest.get(job).body().path("state").asText().equals("FULFILLED"));

    Set<String> seen = new HashSet<>();
    int read = 0;
    String cursor = "";
    do {
      JsonNode page = guest.get(job + "/results?pageSize=40" + cursor).body();
      page.path("conversations").forEach(one -> seen.add(one.path("conversationId").asText()));
      read += page.path("conversations").size();
      cursor = page.has("cursor") ? "&cursor=" + page.path("cursor").asText() : "";
    } while (!cursor.isEmpty());

    assertThat(seen).hasSize(read).hasSizeGreaterThan(80);
    assertThat(guest.get(job + "/results?pageSize=1001").status()).isEqualTo(400);
    assertThat(guest.get(job + "/results?cursor=99999999").status()).isEqualTo(400);
    assertThat(guest.delete(job).status()).isEqualTo(204);
    assertThat(guest.get(job).code()).isEqualTo("not.found");
  }

  @Test
  void aJobKnowsNothingThatHasNotReachedTheDataLake() {
    try (Simulator still = Simulator.start(SimulatorOptions.defaults().withTraffic(Traffic.NONE))) {
      String available =
          new Guest(still)
              .login()
              .get("/api/v2/analytics/conversations/details/jobs/availability")
              .body()
              .path("dataAvailabilityDate")
              .asText();

      assertThat(Instant.parse(available)).isBefore(Instant.now().minus(Duration.ofMinutes(4)));
    }
  }
}
