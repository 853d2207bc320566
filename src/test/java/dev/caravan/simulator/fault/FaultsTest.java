package dev.caravan.simulator.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.Ear;
import dev.caravan.simulator.Guest;
import dev.caravan.simulator.LedgerEntry;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import dev.caravan.simulator.api.CallRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What goes wrong, told over the control API, as a client feels it. */
@Tag("slow")
class FaultsTest {

  private static final String USER = "v2.users.3b1e1f0e-6f3b-4d7e-9a55-0d3f7d1a0001";
  private static final String PRESENCE = USER + ".presence";
  private static final String CHANNELS = "/api/v2/notifications/channels";

  private static Simulator simulator;
  private Guest guest;

  @BeforeAll
  static void start() {
    simulator = Simulator.start(SimulatorOptions.defaults().withTraffic(Traffic.NONE));
  }

  @AfterAll
  static void stop() {
    simulator.close();
  }

  @BeforeEach
  void calm() {
    simulator.disarm();
    simulator.perform(new Action.AllowTopics());
    simulator.perform(new Action.Evict(Action.Target.ALL));
    guest = new Guest(simulator).login();
  }

  /** With single quotes for double ones. */
  private JsonNode control(String path, String body) {
    Guest.Answer answer = guest.post("/control/" + path, body.replace('\'', '"'));
    assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
    return answer.body();
  }

  private Ear listening(String... topics) {
    JsonNode channel = guest.channel();
    guest.subscribe(channel, topics);
    return guest.listening(channel);
  }

  private static void emit() {
    simulator.emit(PRESENCE, "{\"source\":\"PURECLOUD\"}");
  }

  @Test
  void aCallIsAnsweredWith429TwiceAndThenDone() {
    control(
        "faults",
        "{'on':'call','match':'POST /api/v2/notifications/channels','effect':'status',"
            + "'status':429,'retryAfter':'PT42S','times':2}");

    Guest.Answer first = guest.post(CHANNELS, "");
    assertThat(first.status()).isEqualTo(429);
    assertThat(first.header("Retry-After")).isEqualTo("42");
    assertThat(first.body().path("message").asText())
        .isEqualTo("Rate limit exceeded the maximum. Retry the request in [42] seconds");
    assertThat(guest.post(CHANNELS, "").status()).isEqualTo(429);
    assertThat(guest.post(CHANNELS, "").status()).isEqualTo(200);
  }

  @Test
  void aFaultCanLetSomeCallsGoWellFirst() {
    simulator.arm(Fault.status("HEAD *", 503).after(1).times(1));
    String path = CHANNELS + "/" + guest.channel().path("id").asText();

    assertThat(guest.head(path).status()).isEqualTo(200);
    assertThat(guest.head(path).status()).isEqualTo(503);
    assertThat(guest.head(path).status()).isEqualTo(200);
  }

  @Test
  void aFaultOfRateZeroDoesNotStrike() {
    control("faults", "{'on':'call','match':'GET *','effect':'status','rate':0}");

    assertThat(guest.get(CHANNELS).status()).isEqualTo(200);
  }

  @Test
  void aFaultStrikesAtItsRate() {
    simulator.arm(Fault.status("GET *", 500).atRate(0.3));

    long failed =
        java.util.stream.IntStream.range(0, 100)
            .map(i -> guest.get(CHANNELS).status())
            .filter(status -> status == 500)
            .count();

    assertThat(failed).isBetween(10L, 55L);
  }

  @Test
  void theLoginCanFailToo() {
    simulator.arm(Fault.status("POST /oauth/token", 503).times(1));

    assertThat(guest.requestToken("demo", "demo").status()).isEqualTo(503);
    assertThat(guest.requestToken("demo", "demo").status()).isEqualTo(200);
  }

  @Test
  void aConnectionIsResetInsteadOfAnAnswer() {
    simulator.arm(Fault.of(Fault.On.CALL, "POST " + CHANNELS, Fault.Effect.LOST_ANSWER).times(1));
    int before = simulator.channels();

    assertThatThrownBy(() -> guest.post(CHANNELS, ""))
        .isInstanceOf(UncheckedIOException.class)
        .hasCauseInstanceOf(IOException.class);
    assertThat(simulator.channels()).isEqualTo(before + 1);
  }

  @Test
  void anAnswerBreaksOff() {
    simulator.arm(Fault.of(Fault.On.CALL, "GET *", Fault.Effect.BROKEN_ANSWER).times(1));

    assertThatThrownBy(() -> guest.get(CHANNELS)).isInstanceOf(UncheckedIOException.class);
  }

  @Test
  void aListingIsShortWithoutAnError() {
    JsonNode whole = guest.get("/api/v2/users").body();
    simulator.arm(Fault.of(Fault.On.CALL, "GET *", Fault.Effect.EMPTY_LISTING).times(1));
    simulator.arm(Fault.of(Fault.On.CALL, "GET *", Fault.Effect.HALF_LISTING).times(1));

    JsonNode empty = guest.get("/api/v2/users").body();
    JsonNode half = guest.get("/api/v2/users").body();

    int size = whole.get("entities").size();
    assertThat(empty.get("entities")).isEmpty();
    assertThat(empty.get("total").asInt()).isZero();
    assertThat(half.get("entities")).hasSize(size / 2);
    assertThat(half.get("total")).isEqualTo(whole.get("total"));
    assertThat(guest.get("/api/v2/users").body()).isEqualTo(whole);
  }

  @Test
  void anAnswerTakesItsTime() {
    simulator.arm(
        Fault.of(Fault.On.CALL, "GET *", Fault.Effect.DELAY)
            .withDelay(Duration.ofMillis(300))
            .times(1));
    long before = System.nanoTime();

    assertThat(guest.get(CHANNELS).status()).isEqualTo(200);

    assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThan(Duration.ofMillis(290));
  }

  @Test
  void aHandshakeIsRefused() {
    simulator.arm(Fault.of(Fault.On.HANDSHAKE, "*", Fault.Effect.STATUS).withStatus(403).times(1));
    JsonNode channel = guest.channel();

    assertThatThrownBy(() -> guest.listen(channel))
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(
            WebSocketHandshakeException.class,
            refused -> assertThat(refused.getResponse().statusCode()).isEqualTo(403));
    guest.listen(channel);
  }

  @Test
  void aSocketIsClosedRightAfterItsHandshake() {
    simulator.arm(Fault.of(Fault.On.HANDSHAKE, "*", Fault.Effect.CLOSE).withStatus(1013).times(1));

    assertThat(guest.listen(guest.channel()).awaitClose()).isEqualTo(1013);
  }

  @Test
  void socketsAreClosedWithTheWantedCode() {
    for (int code : List.of(1000, 1001, 1011, 1012, 1013)) {
      Ear ear = listening(PRESENCE);
      control("actions", "{'type':'close','code':" + code + "}");
      assertThat(ear.awaitClose()).isEqualTo(code);
    }
  }

  @Test
  void onlyTheChosenChannelIsClosed() {
    Ear one = listening(PRESENCE);
    JsonNode channels = guest.get("/control/channels").body().path("entities");
    int number = channels.get(channels.size() - 1).path("channel").asInt();
    Ear other = listening(PRESENCE);

    control("actions", "{'type':'close','code':1001,'target':{'channel':" + number + "}}");

    assertThat(one.awaitClose()).isEqualTo(1001);
    emit();
    other.awaitFrame(PRESENCE);
  }

  @Test
  void aResetSocketSeesNoCloseFrame() {
    Ear ear = listening(PRESENCE);

    control("actions", "{'type':'reset'}");

    ear.awaitError();
    assertThat(ear.closeCode()).isZero();
  }

  @Test
  void aHalfOpenSocketHearsNothingAndIsNotHeard() {
    Ear ear = listening(PRESENCE);
    control("actions", "{'type':'halfOpen'}");

    emit();
    ear.say("{\"message\":\"ping\"}");

    await().until(() -> simulator.outcomes().getOrDefault(LedgerEntry.Outcome.SWALLOWED, 0L) > 0);
    assertThat(ear.heard(PRESENCE)).isEmpty();
    assertThat(ear.heard("channel.metadata")).hasSize(1);
    assertThat(ear.closeCode()).isZero();
  }

  @Test
  void aDeafSocketStillTalks() {
    Ear ear = listening(PRESENCE);
    control("actions", "{'type':'halfOpen','in':true}");

    ear.say("{\"message\":\"ping\"}");
    emit();

    ear.awaitFrame(PRESENCE);
    assertThat(ear.heard("channel.metadata")).hasSize(1);
  }

  @Test
  void maintenanceIsAnnouncedBeforeTheClose() {
    Ear ear = listening(PRESENCE);

    control("actions", "{'type':'socketClosing','grace':'PT0.3S'}");

    JsonNode notice = ear.awaitFrame("v2.system.socket_closing");
    assertThat(notice.path("eventBody").path("message").asText()).isNotEmpty();
    assertThat(ear.awaitClose()).isEqualTo(1001);
  }

  @Test
  void anEvictedChannelHearsWhyAndIsGone() {
    JsonNode channel = guest.channel();
    Ear ear = guest.listening(channel);

    control("actions", "{'type':'evict'}");

    String id = channel.path("id").asText();
    JsonNode notice = ear.awaitFrame("v2.system.no_longer_subscribed." + id);
    assertThat(notice.path("eventBody").path("reason").asText())
        .isEqualTo("another_channel_subscribed");
    assertThat(ear.awaitClose()).isEqualTo(1000);
    assertThat(guest.head(CHANNELS + "/" + id).status()).isEqualTo(404);
  }

  @Test
  void aRevokedTokenEndsItsChannels() {
    JsonNode channel = guest.channel();
    Ear ear = guest.listening(channel);

    control("actions", "{'type':'revokeToken'}");

    JsonNode notice = ear.awaitFrame("v2.system.token_revoked." + channel.path("id").asText());
    assertThat(notice.path("eventBody").path("reason").asText()).isEqualTo("user_tokens_revoked");
    ear.awaitClose();
    assertThat(guest.get(CHANNELS).status()).isEqualTo(401);
    assertThat(guest.login().get(CHANNELS).status()).isEqualTo(200);
  }

  @Test
  void anExpiredTokenJustCloses() {
    Ear ear = listening(PRESENCE);

    control("actions", "{'type':'expireToken'}");

    assertThat(ear.awaitClose()).isEqualTo(1001);
    assertThat(ear.frames()).noneMatch(frame -> frame.contains("token_revoked"));
    assertThat(guest.get(CHANNELS).code()).isEqualTo("bad.credentials");
  }

  @Test
  void skippingADayEndsChannelsAndTokens() {
    Ear ear = listening(PRESENCE);

    control("actions", "{'type':'skipTime','by':'PT24H'}");

    ear.awaitClose();
    assertThat(guest.get(CHANNELS).status()).isEqualTo(401);
  }

  @Test
  void anEventIsSentTwiceAndTheLedgerSaysSo() {
    Ear ear = listening(PRESENCE);
    simulator.arm(Fault.of(Fault.On.EVENT, "*.presence", Fault.Effect.DUPLICATE).times(1));

    emit();

    await().until(() -> ear.heard(PRESENCE).size() == 2);
    assertThat(ear.heard(PRESENCE).get(0)).isEqualTo(ear.heard(PRESENCE).get(1));
    String id = ear.heard(PRESENCE).get(0).at("/metadata/CorrelationId").asText();
    assertThat(simulator.ledger().stream().filter(e -> e.correlationId().equals(id))).hasSize(2);
  }

  @Test
  void anEventIsOvertakenByTheNext() {
    Ear ear = listening(PRESENCE);
    simulator.arm(Fault.of(Fault.On.EVENT, "*", Fault.Effect.REORDER).times(1));

    simulator.emit(PRESENCE, "{\"message\":\"first\"}");
    simulator.emit(PRESENCE, "{\"message\":\"second\"}");

    await().until(() -> ear.heard(PRESENCE).size() == 2);
    assertThat(ear.heard(PRESENCE).get(0).at("/eventBody/message").asText()).isEqualTo("second");
  }

  @Test
  void framesComeThatAreNoEvents() {
    Ear ear = listening(PRESENCE);

    control("actions", "{'type':'frame','kind':'malformed'}");
    control("actions", "{'type':'frame','kind':'binary','text':'{}'}");
    control("actions", "{'type':'frame','kind':'unknownTopic'}");
    control("actions", "{'type':'frame','kind':'huge','bytes':4194304}");
    control("actions", "{'type':'frame','kind':'deep'}");

    await().until(() -> ear.frames().size() == 5 && ear.binaryFrames() == 1);
    assertThat(ear.frames()).anyMatch(frame -> frame.length() == 4 << 20);
    assertThat(ear.heard()).anyMatch(frame -> frame.has("unreadable"));
  }

  @Test
  void anOutageRefusesConnectionsAndThenEnds() {
    Ear ear = listening(PRESENCE);

    simulator.perform(new Action.Outage(Duration.ofMillis(400)));

    ear.awaitError();
    await().ignoreExceptions().until(() -> guest.requestToken("demo", "demo").status() == 200);
  }

  @Test
  void aForbiddenTopicEndsWhereItIsRunning() {
    Ear ear = listening(PRESENCE, USER + ".routingStatus");

    control("actions", "{'type':'forbidTopics','topics':['*.presence'],'endRunning':true}");

    emit();
    simulator.emit(USER + ".routingStatus", "{}");
    ear.awaitFrame(USER + ".routingStatus");
    assertThat(ear.heard(PRESENCE)).isEmpty();
    assertThat(guest.subscribe(guest.channel(), PRESENCE).code())
        .isEqualTo("notification.forbidden.topic");
  }

  @Test
  void anEventNobodyIsThereForIsInTheLedger() {
    JsonNode channel = guest.channel();
    guest.subscribe(channel, PRESENCE);

    JsonNode sent =
        control("emit", "{'topicName':'" + PRESENCE + "','eventBody':{},'correlationId':'c-1'}");

    assertThat(sent.path("channels").asInt()).isEqualTo(1);
    JsonNode entries =
        guest.get("/control/ledger?limit=100000&topic=*.presence").body().path("entries");
    assertThat(entries.findValuesAsText("correlationId")).contains("c-1");
    assertThat(entries.get(entries.size() - 1).path("outcome").asText()).isEqualTo("nobodyThere");
  }

  @Test
  void aFloodComesWholeAndInOrder() {
    String topic = "v2.routing.queues.3b1e1f0e-6f3b-4d7e-9a55-0d3f7d1a0002.conversations";
    Ear ear = listening(topic);

    control("actions", "{'type':'flood','frames':2000,'bytes':3600}");

    await().atMost(Duration.ofMinutes(3)).until(() -> ear.frames().size() >= 2001);
    List<String> ids =
        ear.heard(topic).stream().map(f -> f.at("/metadata/CorrelationId").asText()).toList();
    assertThat(ids).hasSize(2000).doesNotHaveDuplicates().isSorted();
    assertThat(ear.frames().get(1).length()).isBetween(3_500, 3_700);
  }

  @Test
  void aWrongFaultIsRefusedWithASentence() {
    Guest.Answer answer = guest.post("/control/faults", "{\"on\":\"call\",\"effect\":\"huge\"}");

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body().path("message").asText()).contains("cannot be huge");
  }

  @Test
  void callsAreCountedByName() {
    int before = simulator.callCounts().getOrDefault("HEAD /api/v2/notifications/channels/{id}", 0);
    guest.head(CHANNELS + "/" + guest.channel().path("id").asText());

    await()
        .until(
            () ->
                simulator.callCounts().getOrDefault("HEAD /api/v2/notifications/channels/{id}", 0)
                    == before + 1);
    assertThat(simulator.calls()).last().extracting(CallRecord::status).isEqualTo(200);
  }
}
