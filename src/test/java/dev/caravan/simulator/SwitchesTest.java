package dev.caravan.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Scenario;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What nobody outside Genesys knows for sure is a switch; each is turned the hostile way here. */
@Tag("slow")
class SwitchesTest {

  private static final String CHANNELS = "/api/v2/notifications/channels";
  private static final String TOPIC = "v2.users.3b1e1f0e-6f3b-4d7e-9a55-0d3f7d1a0001.presence";

  private static final String EVENT_BRIDGE = "v2.quality.evaluations";

  private Simulator simulator;

  private Guest start(String options) {
    simulator =
        Simulator.start(
            Scenario.parse("options: {traffic: {on: false}, " + options.replace('\'', '"') + "}"));
    return new Guest(simulator).login();
  }

  @AfterEach
  void stop() {
    simulator.close();
  }

  @Test
  void topicsCanBeSubscribedOverTheSocket() {
    Guest guest = start("behaviour: {subscribeByFrame: true}");
    Ear ear = guest.listening(guest.channel());

    ear.say("{\"message\":\"subscribe\",\"topics\":[\"" + TOPIC + "\"],\"correlationId\":\"x\"}");
    await().until(() -> ear.frames().size() == 2);
    assertThat(ear.frames().get(1))
        .isEqualTo("{\"correlationId\":\"x\",\"result\":\"200\",\"status\":\"subscribed\"}");
    assertThat(simulator.emit(TOPIC, "{}")).isEqualTo(1);

    ear.say("{\"message\":\"subscribe\",\"topics\":[\"v2.nonsense\"]}");
    await().until(() -> ear.frames().size() == 4);
    assertThat(ear.heard().get(3).path("result").asText()).isEqualTo("400");
    ear.say("{\"message\":\"unsubscribe\",\"topics\":[\"" + TOPIC + "\"]}");
    await().until(() -> ear.frames().size() == 5);
    assertThat(simulator.emit(TOPIC, "{}")).isZero();
  }

  @Test
  void bySocketNothingIsUnderstoodUnlessSwitchedOn() {
    Guest guest = start("seed: 2");
    Ear ear = guest.listening(guest.channel());

    ear.say("{\"message\":\"subscribe\",\"topics\":[\"" + TOPIC + "\"]}");
    ear.say("{\"message\":\"ping\"}");

    await().until(() -> ear.frames().size() == 2);
    assertThat(ear.heard("channel.metadata")).hasSize(2);
  }

  @Test
  void aChannelMayBelongToTheClient() {
    Guest guest = start("behaviour: {channelOf: client}");
    JsonNode channel = guest.channel();

    assertThat(new Guest(simulator).login().subscribe(channel, TOPIC).status()).isEqualTo(200);
  }

  @Test
  void aTopicOfSomebodyUnknownMayBeRefused() {
    Guest guest = start("behaviour: {unknownIds: false}");
    String known = simulator.organization().agent(0).id();

    assertThat(guest.subscribe(guest.channel(), TOPIC).code())
        .isEqualTo("notification.invalid.topic");
    assertThat(guest.subscribe(guest.channel(), "v2.users." + known + ".presence").status())
        .isEqualTo(200);
  }

  @Test
  void oneTopicThatNeedsEventBridgeMayHaveAllRefused() {
    Guest guest = start("behaviour: {ignoreErrors: false}");
    JsonNode channel = guest.channel();

    assertThat(guest.subscribeLeniently(channel, TOPIC, EVENT_BRIDGE).code())
        .isEqualTo("notification.transport.not.allowed");
    assertThat(guest.subscribeLeniently(channel, TOPIC).status()).isEqualTo(200);
  }

  @Test
  void theAnnouncedExpiryMayStayWhereItWas() {
    Guest guest = start("behaviour: {expiresMoves: false}, limits: {channelLife: PT1H}");
    JsonNode channel = guest.channel();
    simulator.perform(new Action.SkipTime(Duration.ofMinutes(30)));
    guest.subscribe(channel, TOPIC);
    simulator.perform(new Action.SkipTime(Duration.ofMinutes(45)));

    JsonNode listed = guest.get(CHANNELS).body().at("/entities/0");
    assertThat(Instant.parse(listed.path("expires").asText())).isBefore(Instant.now());
    assertThat(guest.head(CHANNELS + "/" + channel.path("id").asText()).status()).isEqualTo(200);
  }

  @Test
  void deletingMayBeAnsweredWith204() {
    Guest guest = start("behaviour: {deleteStatus: 204}");

    assertThat(guest.delete(Guest.subscriptions(guest.channel())).status()).isEqualTo(204);
  }

  @Test
  void anUnknownChannelMayRefuseTheHandshakeWith401() {
    Guest guest = start("behaviour: {unknownChannelHandshake: 401}");
    JsonNode channel = guest.channel();
    simulator.perform(new Action.Evict(Action.Target.ALL));

    assertThatThrownBy(() -> guest.listen(channel))
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(
            WebSocketHandshakeException.class,
            refused -> assertThat(refused.getResponse().statusCode()).isEqualTo(401));
  }

  @Test
  void aChangeOfSubscriptionsMayBeAnnounced() {
    Guest guest = start("behaviour: {announceSubscriptions: true}");
    JsonNode channel = guest.channel();
    Ear ear = guest.listening(channel);

    guest.subscribe(channel, TOPIC);

    assertThat(ear.awaitFrame("v2.subscription.updated").at("/eventBody/systemTopicType").asText())
        .isEqualTo("subscription_changed");
  }

  @Test
  void subscriptionsMayBeTakenFromALiveChannel() {
    Guest guest = start("behaviour: {announceSubscriptions: false}");
    JsonNode channel = guest.channel();
    Ear ear = guest.listening(channel);
    String status = TOPIC.replace("presence", "routingStatus");
    String calls = TOPIC.replace("presence", "conversations.calls");
    guest.subscribe(channel, TOPIC.replace(".presence", "?presence&routingStatus"), calls);

    simulator.perform(new Action.TakeSubscriptions(Action.Target.ALL, List.of(status), false));

    assertThat(simulator.emit(TOPIC, "{}")).isZero();
    assertThat(simulator.emit(calls, "{}")).isEqualTo(1);
    simulator.perform(new Action.TakeSubscriptions(Action.Target.ALL, List.of(), true));
    ear.awaitFrame("v2.subscription.updated");
    assertThat(simulator.emit(calls, "{}")).isZero();
  }

  @Test
  void anEvictionMayComeWithoutAWord() {
    Guest guest = start("behaviour: {announceEviction: false, evictionCode: 1001}");
    Ear ear = guest.listening(guest.channel());

    simulator.perform(new Action.Evict(Action.Target.ALL));

    assertThat(ear.awaitClose()).isEqualTo(1001);
    assertThat(ear.frames()).hasSize(1);
  }

  @Test
  void aPermissionTakenAwayMayEndWhatIsRunning() {
    Guest guest = start("behaviour: {recheckPermissions: true}");
    String adherence = TOPIC.replace("presence", "workforcemanagement.adherence");
    JsonNode channel = guest.channel();
    guest.subscribe(channel, adherence, TOPIC);

    simulator.perform(
        new Action.SetClient(
            new OauthClient("demo", "demo")
                .lacking(
                    "wfm:agentSchedule:view",
                    "wfm:agentAdherence:notify",
                    "wfm:realtimeAdherence:view")));

    assertThat(simulator.emit(adherence, "{}")).isZero();
    assertThat(simulator.emit(TOPIC, "{}")).isEqualTo(1);
  }

  @Test
  void anExpiredTokenMayBeNamedSo() {
    Guest guest = start("behaviour: {expiredToken: credentials.expired}");
    simulator.perform(new Action.ExpireToken(Action.Target.ALL));

    assertThat(guest.get(CHANNELS).code()).isEqualTo("credentials.expired");
  }

  @Test
  void loginsMayBeLimited() {
    Guest guest = start("limits: {loginsPerMinute: 2}");

    assertThat(guest.requestToken("demo", "demo").status()).isEqualTo(200);
    Guest.Answer third = guest.requestToken("demo", "demo");
    assertThat(third.status()).isEqualTo(429);
    assertThat(third.header("Retry-After")).isNotEmpty();
  }

  @Test
  void aDayPassesInTenSeconds() {
    Guest guest = start("timeScale: 8640");
    assertThat(guest.requestToken("demo", "demo").body().path("expires_in").asInt()).isEqualTo(10);
    JsonNode channel = guest.channel();

    await().until(() -> guest.head(CHANNELS + "/" + channel.path("id").asText()).status() == 401);
  }

  @Test
  void longEventsMayComeInFragments() {
    Guest guest = start("behaviour: {fragmentBytes: 100}");
    JsonNode channel = guest.channel();
    guest.subscribe(channel, TOPIC);
    Ear ear = guest.listening(channel);

    simulator.emit(TOPIC, Guest.JSON.createObjectNode().put("message", "ü".repeat(500)));

    assertThat(ear.awaitFrame(TOPIC).at("/eventBody/message").asText()).isEqualTo("ü".repeat(500));
  }

  @Test
  void aReaderThatDoesNotReadIsCutOffAndNothingGrows() throws IOException {
    Guest guest = start("limits: {pendingBytes: 65536}");
    JsonNode channel = guest.channel();
    guest.subscribe(channel, TOPIC);

    try (Socket sleeper = Ear.handshake(URI.create(channel.path("connectUri").asText()), 4096)) {
      emitUntilSkipped();
      await().until(() -> simulator.openSockets() == 0);
      assertThat(sleeper.isClosed()).isFalse();
    }
  }

  @Test
  void aSlowReaderMayJustMissEvents() throws IOException {
    Guest guest = start("limits: {pendingBytes: 65536}, behaviour: {slowReader: skip}");
    JsonNode channel = guest.channel();
    guest.subscribe(channel, TOPIC);

    try (Socket sleeper = Ear.handshake(URI.create(channel.path("connectUri").asText()), 4096)) {
      emitUntilSkipped();
      assertThat(simulator.openSockets()).isEqualTo(1);
      assertThat(sleeper.isClosed()).isFalse();
    }
  }

  private void emitUntilSkipped() {
    JsonNode large = Guest.JSON.createObjectNode().put("message", "x".repeat(100_000));
    await()
        .atMost(Duration.ofMinutes(3))
        .until(
            () -> {
              simulator.emit(TOPIC, large);
              return simulator.outcomes().containsKey(LedgerEntry.Outcome.SKIPPED);
            });
  }
}
