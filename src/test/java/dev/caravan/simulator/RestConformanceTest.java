package dev.caravan.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.topic.TopicCatalogue;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bodies, headers and codes against what Genesys Cloud is known to answer, letter by letter. */
class RestConformanceTest {

  private static final String CHANNELS = "/api/v2/notifications/channels";
  private static final String A = "v2.users.3b1e1f0e-6f3b-4d7e-9a55-0d3f7d1a0001";
  private static final String B = "v2.users.3b1e1f0e-6f3b-4d7e-9a55-0d3f7d1a0002";

  private static Simulator simulator;
  private Guest guest;

  @BeforeAll
  static void start() {
    simulator =
        Simulator.start(
            SimulatorOptions.defaults()
                .withTraffic(Traffic.NONE)
                .withClient(
                    new OauthClient("poor", "s")
                        .lacking(
                            "wfm:agentSchedule:view",
                            "wfm:agentAdherence:notify",
                            "wfm:realtimeAdherence:view",
                            "analytics:conversationAggregate:view"))
                .withClient(new OauthClient("brief", "s").withTokenLife(Duration.ofMinutes(5))));
  }

  @AfterAll
  static void stop() {
    simulator.close();
  }

  @BeforeEach
  void login() {
    guest = new Guest(simulator).login();
  }

  private static JsonNode json(String text) throws JsonProcessingException {
    return Guest.JSON.readTree(text.replace('\'', '"'));
  }

  /** The whole answer, with its context id checked against the header. */
  private static void refused(Guest.Answer answer, int status, String code, String message) {
    assertThat(answer.status()).isEqualTo(status);
    String id = answer.header("ININ-Correlation-Id");
    assertThat(id).isNotEmpty();
    ObjectNode whole = Guest.JSON.createObjectNode().put("message", message).put("code", code);
    whole.put("status", status).put("contextId", id).putArray("details");
    whole.putArray("errors");
    assertThat(answer.body()).isEqualTo(whole);
  }

  @Test
  void aTokenIsAnsweredAsDocumented() {
    Guest.Answer answer = guest.requestToken("demo", "demo");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body().path("token_type").asText()).isEqualTo("bearer");
    assertThat(answer.body().path("expires_in").asInt()).isEqualTo(86_400);
    assertThat(answer.body().has("refresh_token")).isFalse();
    assertThat(guest.requestToken("brief", "s").body().path("expires_in").asInt()).isEqualTo(300);
  }

  @Test
  void anUnknownClientIsRefusedWith400() throws JsonProcessingException {
    Guest.Answer answer = guest.requestToken("demo", "wrong");

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body())
        .isEqualTo(
            json(
                "{'error':'invalid_client','description':'client not found',"
                    + "'error_description':'client not found'}"));
  }

  @Test
  void theSecretMayStandInTheForm() {
    Guest.Answer answer =
        guest.send(
            HttpRequest.newBuilder(URI.create(simulator.url() + "/oauth/token"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(
                    BodyPublishers.ofString(
                        "grant_type=client_credentials&client_id=demo&client_secret=demo")));

    assertThat(answer.status()).isEqualTo(200);
  }

  @Test
  void callsWithoutAGoodTokenAreRefusedWith401() {
    Guest.Answer none = new Guest(simulator).get(CHANNELS);
    Guest.Answer bad = new Guest(simulator).withToken("nonsense").get(CHANNELS);

    String message = "No authentication bearer token specified in authorization header.";
    refused(none, 401, "authentication.required", message);
    refused(bad, 401, "bad.credentials", "Invalid login credentials.");
  }

  @Test
  void everyAnswerCarriesTheDocumentedHeaders() {
    Guest.Answer answer = guest.get(CHANNELS);

    assertThat(answer.header("ININ-Correlation-Id")).matches("[0-9a-f-]{36}");
    assertThat(answer.header("Cache-Control")).isEqualTo("no-cache, no-store, must-revalidate");
    assertThat(answer.header("inin-ratelimit-allowed")).isEqualTo("300");
    assertThat(answer.header("inin-ratelimit-count")).isEqualTo("1");
    assertThat(Integer.parseInt(answer.header("inin-ratelimit-reset"))).isBetween(1, 60);
    assertThat(guest.get(CHANNELS).header("inin-ratelimit-count")).isEqualTo("2");
  }

  @Test
  void theThreeHundredAndFirstCallIsRateLimited() {
    Guest.Answer answer = guest.get(CHANNELS);
    for (int i = 0; i < 300; i++) {
      answer = guest.get(CHANNELS);
    }

    String seconds = answer.header("Retry-After");
    assertThat(Integer.parseInt(seconds)).isBetween(1, 60);
    String message =
        "Rate limit exceeded the maximum. Retry the request in [" + seconds + "] seconds";
    refused(answer, 429, "too.many.requests.retry.after", message);
    assertThat(new Guest(simulator).login().get(CHANNELS).status()).isEqualTo(200);
  }

  @Test
  void aChannelIsDescribedAsDocumented() {
    JsonNode channel = guest.channel();

    assertThat(channel.path("id").asText()).matches("streaming-\\d+-[0-9a-v]{26}");
    assertThat(channel.path("connectUri").asText())
        .isEqualTo(
            "ws://127.0.0.1:" + simulator.port() + "/channels/" + channel.path("id").asText());
    assertThat(channel.path("expires").asText())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
    assertThat(Instant.parse(channel.path("expires").asText()))
        .isBetween(
            Instant.now().plus(Duration.ofHours(23)), Instant.now().plus(Duration.ofHours(25)));
  }

  @Test
  void channelsOfOtherTokensShowOnlyThatTheyExist() {
    guest.channel();
    Guest other = new Guest(simulator).login();
    JsonNode own = other.channel();

    JsonNode mine = other.get(CHANNELS).body().path("entities");
    JsonNode all = other.get(CHANNELS + "?includechannels=oauthclient").body().path("entities");

    assertThat(mine).hasSize(1);
    assertThat(mine.get(0).path("id")).isEqualTo(own.path("id"));
    assertThat(all.size()).isGreaterThan(1);
    assertThat(all.findValuesAsText("id")).containsExactly(own.path("id").asText());
  }

  @Test
  void aChannelBelongsToItsToken() {
    JsonNode channel = guest.channel();
    Guest other = new Guest(simulator).login();

    assertThat(other.subscribe(channel, A + ".presence").status()).isEqualTo(404);
    assertThat(other.head(CHANNELS + "/" + channel.path("id").asText()).status()).isEqualTo(404);
  }

  @Test
  void subscribingAddsAndPuttingReplacesAndDeletingClears() {
    JsonNode channel = guest.channel();
    String path = Guest.subscriptions(channel);

    guest.subscribe(channel, A + ".presence");
    JsonNode added = guest.subscribe(channel, B + ".presence").body();
    assertThat(added.at("/entities/0/state").asText()).isEqualTo("Permitted");
    assertThat(ids(guest.get(path))).containsExactly(A + ".presence", B + ".presence");

    guest.put(path, Guest.topics(List.of(B + ".presence", B + ".routingStatus")));
    assertThat(ids(guest.get(path))).containsExactly(B + ".presence", B + ".routingStatus");

    assertThat(guest.delete(path).status()).isEqualTo(200);
    assertThat(ids(guest.get(path))).isEmpty();
  }

  private static List<String> ids(Guest.Answer answer) {
    return answer.body().path("entities").findValuesAsText("id");
  }

  @Test
  void anUnknownChannelIsNotFound() {
    String path = CHANNELS + "/streaming-1-00000000000000000000000000/subscriptions";

    refused(guest.put(path, "[]"), 404, "entity.not.found", "Subscription list not found.");
    assertThat(guest.get(path).code()).isEqualTo("not.found");
    assertThat(guest.head(path.replace("/subscriptions", "")).status()).isEqualTo(404);
  }

  @Test
  void oneForbiddenTopicFailsTheWholeRequest() {
    Guest poor = new Guest(simulator).login("poor", "s");
    JsonNode channel = poor.channel();
    String forbidden = A + ".workforcemanagement.adherence";

    Guest.Answer answer = poor.subscribe(channel, B + ".presence", forbidden);

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.code()).isEqualTo("notification.unauthorized.topic");
    assertThat(answer.body().path("message").asText())
        .isEqualTo(
            "The user does not have permission \"wfm:agentSchedule:view,wfm:agentAdherence:notify,"
                + "wfm:realtimeAdherence:view\" required for topic \""
                + forbidden
                + "\"");
    assertThat(answer.body().properties())
        .extracting(Map.Entry::getKey)
        .containsExactlyInAnyOrder("message", "code", "status", "contextId", "details", "errors");
    assertThat(ids(poor.get(Guest.subscriptions(channel)))).isEmpty();
  }

  @Test
  void withIgnoreErrorsOnlyTheForbiddenTopicIsRejected() {
    Guest poor = new Guest(simulator).login("poor", "s");
    JsonNode channel = poor.channel();
    String forbidden = A + ".workforcemanagement.adherence";

    JsonNode entities =
        poor.subscribeLeniently(channel, B + ".presence", forbidden).body().path("entities");

    assertThat(entities.get(0).path("state").asText()).isEqualTo("Permitted");
    assertThat(entities.get(1).path("state").asText()).isEqualTo("Rejected");
    assertThat(entities.get(1).path("rejectionReason").asText()).contains(forbidden);
    assertThat(entities.get(1).path("missingPermissions")).hasSize(3);
    assertThat(ids(poor.get(Guest.subscriptions(channel)))).containsExactly(B + ".presence");
  }

  @Test
  void aCombinedTopicIsPermittedAndItsForbiddenPartRejected() {
    Guest poor = new Guest(simulator).login("poor", "s");
    JsonNode channel = poor.channel();
    String combined = A + "?presence&workforcemanagement.adherence";

    JsonNode entities = poor.subscribeLeniently(channel, combined).body().path("entities");

    assertThat(entities.get(0).path("id").asText()).isEqualTo(combined);
    assertThat(entities.get(0).path("state").asText()).isEqualTo("Permitted");
    assertThat(entities.get(1).path("id").asText()).isEqualTo(A + ".workforcemanagement.adherence");
    assertThat(entities.get(1).path("state").asText()).isEqualTo("Rejected");
    assertThat(ids(poor.get(Guest.subscriptions(channel)))).containsExactly(combined);
  }

  @Test
  void eventsOfACombinedTopicComeUnderTheSingleNames() {
    JsonNode channel = guest.channel();
    guest.subscribe(channel, A + "?presence&conversations.calls");
    Ear ear = guest.listening(channel);

    simulator.emit(A + ".conversations.calls", "{}");

    ear.awaitFrame(A + ".conversations.calls");
  }

  @Test
  void aThousandAndOneTopicsAreTooManyAndACombinedOneCountsOnce() {
    JsonNode channel = guest.channel();
    List<String> topics = new ArrayList<>();
    IntStream.range(0, 999)
        .forEach(i -> topics.add(String.format("%s%04d.presence", A.substring(0, 41), i)));
    topics.add(B + "?presence&routingStatus&conversations");

    assertThat(guest.put(Guest.subscriptions(channel), Guest.topics(topics)).status())
        .isEqualTo(200);
    Guest.Answer oneMore = guest.subscribe(channel, B + ".station");

    String code = "notification.subscription.too.many.subscriptions";
    refused(oneMore, 400, code, "Too many subscriptions");
  }

  @Test
  void topicsThatAreNoneAreRefused() {
    JsonNode channel = guest.channel();
    String tooLong = A + "?presence&" + "routingStatus&".repeat(12) + "activity";

    String oneThatAnyIdWouldFit = "v2.flows.x?" + "a".repeat(200);

    for (String topic :
        List.of(A + ".presense", "v2.users.*.presence.x", tooLong, oneThatAnyIdWouldFit)) {
      Guest.Answer answer = guest.subscribe(channel, topic);
      refused(answer, 400, "notification.invalid.topic", "The subscription topic is not valid.");
    }
  }

  @Test
  void whatIsThoughtToNeedEventBridgeOrItsOwnUserIsRefused() {
    JsonNode channel = guest.channel();

    assertThat(guest.subscribe(channel, "v2.quality.evaluations").code())
        .isEqualTo("notification.transport.not.allowed");
    Guest.Answer own = guest.subscribe(channel, A + ".workforcemanagement.shrinkage.jobs");
    assertThat(own.status()).isEqualTo(403);
    assertThat(own.code()).isEqualTo("notification.unauthorized.topic");
  }

  @Test
  void thereIsNoWayToDeleteAChannel() {
    String path = CHANNELS + "/" + guest.channel().path("id").asText();

    assertThat(guest.delete(path).status()).isIn(404, 405);
    assertThat(guest.head(path).status()).isEqualTo(200);
  }

  @Test
  void allTopicsOfTheCatalogueAreAvailable() {
    JsonNode plain = guest.get("/api/v2/notifications/availabletopics").body().path("entities");
    JsonNode expanded =
        guest
            .get(
                "/api/v2/notifications/availabletopics?expand=description,enforced,schema,"
                    + "visibility,transports,publicApiTemplateUriPaths,requiresPermissions,"
                    + "permissionDetails,topicParameters&includePreview=true")
            .body()
            .path("entities");

    assertThat(plain).hasSize(TopicCatalogue.shipped().all().size());
    assertThat(plain.get(0).size()).isEqualTo(1);
    assertThat(expanded).hasSize(242);
    JsonNode adherence = null;
    for (JsonNode topic : expanded) {
      if (topic.path("id").asText().equals("v2.users.{id}.workforcemanagement.adherence")) {
        adherence = topic;
      }
    }
    assertThat(adherence).isNotNull();
    assertThat(adherence.path("requiresPermissions")).hasSize(3);
    assertThat(adherence.path("requiresAnyValidator").asBoolean()).isTrue();
    assertThat(adherence.at("/permissionDetails/0/type").asText()).isEqualTo("requiresPermissions");
    assertThat(adherence.path("transports")).hasSize(2);
    assertThat(adherence.at("/schema/properties/adherenceState/enum")).hasSizeGreaterThan(3);
    assertThat(guest.get("/api/v2/notifications/availabletopics?expand=nothing").code())
        .isEqualTo("invalid.query.param.value");
  }

  @Test
  void aBrokenBodyIsABadRequest() {
    JsonNode channel = guest.channel();

    assertThat(guest.post(Guest.subscriptions(channel), "{not json").status()).isEqualTo(400);
    assertThat(guest.post(Guest.subscriptions(channel), "{}").code()).isEqualTo("bad.request");
  }
}
