package dev.caravan.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
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
    String interval =
        Instant.now().minus(Duration.ofHours(1)) + "/" + Instant.now().plus(Duration.ofDays(20));
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
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
    return guest
        .post(
            "/api/v2/analytics/conversations/details/query",
            "{\"interval\":\""
                + interval
                + "\",\"paging\":{\"pageSize\":100,\"pageNumber\":"
                + page
                + "}}")
        .body();
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

  @Test
  void queuesTellWhatTheyHold() {
    String queue = ids(guest.get("/api/v2/routing/queues").body()).get(0);

    JsonNode results =
        guest
            .post(
                "/api/v2/analytics/queues/observations/query",
                "{\"filter\":{\"type\":\"or\",\"predicates\":[{\"dimension\":\"queueId\",\"value\":\""
                    + queue
                    + "\"}]},\"metrics\":[\"oWaiting\"]}")
            .body()
            .path("results");

    assertThat(results).hasSize(7);
    assertThat(results.get(0).at("/group/queueId").asText()).isEqualTo(queue);
    assertThat(
            guest
                .get("/api/v2/routing/queues/" + queue + "/members?expand=routingStatus,presence")
                .body()
                .at("/entities/0/routingStatus/status")
                .asText())
        .isNotEmpty();
  }
}
