package dev.caravan.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.fault.Scenario;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The road every client takes: log in, list, open a channel, subscribe, listen. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class SimulatorTest {

  private static final String USER = "3b1e1f0e-6f3b-4d7e-9a55-0d3f7d1a0001";
  private static final String PRESENCE = "v2.users." + USER + ".presence";

  private Simulator simulator;

  private Guest start(SimulatorOptions options) {
    simulator = Simulator.start(options);
    return new Guest(simulator);
  }

  private static SimulatorOptions quiet() {
    return SimulatorOptions.defaults().withTraffic(Traffic.NONE);
  }

  @AfterEach
  void stop() {
    simulator.close();
  }

  @Test
  void aClientLogsInAndReceivesWhatItSubscribedTo() {
    Guest guest = start(quiet()).login();
    JsonNode channel = guest.channel();
    guest.subscribe(channel, PRESENCE);
    Ear ear = guest.listen(channel);

    await().until(() -> simulator.emit(PRESENCE, "{}") == 1);

    JsonNode frame = ear.awaitFrame(PRESENCE);
    assertThat(frame.path("version").asText()).isEqualTo("2");
    assertThat(frame.path("metadata").path("CorrelationId").asText()).isNotEmpty();
  }

  @Test
  void whatTheManualTellsToSendIsTaken() throws Exception {
    Guest guest = start(quiet());
    List<MatchResult> told =
        Pattern.compile("(?s)\\$ curl -d '([^']+)' http://127.0.0.1:8085(/control/\\S+)")
            .matcher(Files.readString(Path.of("docs/simulator.md")))
            .results()
            .toList();

    assertThat(told)
        .hasSizeGreaterThan(1)
        .allSatisfy(
            call ->
                assertThat(guest.post(call.group(2), call.group(1)).status())
                    .as(call.group())
                    .isBetween(200, 299));
  }

  @Test
  void aPingIsAnsweredWithAPong() {
    Guest guest = start(quiet()).login();
    Ear ear = guest.listen(guest.channel());

    ear.say("{\"message\":\"ping\"}");

    assertThat(ear.awaitFrame("channel.metadata").toString())
        .isEqualTo("{\"topicName\":\"channel.metadata\",\"eventBody\":{\"message\":\"pong\"}}");
  }

  @Test
  void aSecondSocketOnAChannelClosesTheFirst() {
    Guest guest = start(quiet()).login();
    JsonNode channel = guest.channel();
    Ear first = guest.listen(channel);

    Ear second = guest.listen(channel);

    assertThat(first.awaitClose()).isEqualTo(1000);
    second.say("{\"message\":\"ping\"}");
    second.awaitFrame("channel.metadata");
  }

  @Test
  void theTwentyFirstChannelEvictsTheOneUsedLeast() {
    Guest guest = start(quiet()).login();
    List<JsonNode> channels = new ArrayList<>();
    IntStream.range(0, 20).forEach(i -> channels.add(guest.channel()));
    Ear ear = guest.listening(channels.get(0));

    guest.channel();

    assertThat(guest.head(path(channels.get(0))).status()).isEqualTo(200);
    assertThat(guest.head(path(channels.get(1))).status()).isEqualTo(404);
  }

  private static String path(JsonNode channel) {
    return "/api/v2/notifications/channels/" + channel.path("id").asText();
  }

  @Test
  void listingsArePaged() {
    Guest guest = start(quiet().withCentre(new CentreSize(60, 7, 9))).login();

    JsonNode second = guest.get("/api/v2/users?pageSize=25&pageNumber=3").body();
    JsonNode queues = guest.get("/api/v2/routing/queues?pageSize=100").body();

    assertThat(second.path("total").asInt()).isEqualTo(60);
    assertThat(second.path("pageCount").asInt()).isEqualTo(3);
    assertThat(second.path("entities")).hasSize(10);
    assertThat(queues.path("entities")).hasSize(7);
    assertThat(guest.get("/api/v2/users?pageSize=101").status()).isEqualTo(400);
  }

  @Test
  void heartbeatsComeByThemselves() {
    String often = "options: {traffic: {on: false}, behaviour: {heartbeat: PT0.05S}}";
    Guest guest = start(Scenario.parse(often).options()).login();

    Ear ear = guest.listen(guest.channel());

    assertThat(ear.awaitFrame("channel.metadata").toString())
        .isEqualTo(
            "{\"topicName\":\"channel.metadata\",\"eventBody\":{\"message\":\"WebSocket Heartbeat\"}}");
  }

  @Test
  void theContactCentreTalksByItself() {
    Guest guest =
        start(
                SimulatorOptions.defaults()
                    .withCentre(new CentreSize(2, 2, 9))
                    .withTraffic(Traffic.times(20)))
            .login();
    JsonNode channel = guest.channel();
    for (JsonNode user : guest.get("/api/v2/users").body().path("entities")) {
      guest.subscribe(channel, "v2.users." + user.path("id").asText() + "?presence&conversations");
    }

    Ear ear = guest.listen(channel);

    await().atMost(Duration.ofMinutes(3)).until(() -> !ear.heard().isEmpty());
  }

  @Test
  void whoLearnsOfAConversationCanHearAllThatIsStillToCome() {
    Guest guest =
        start(
                SimulatorOptions.defaults()
                    .withCentre(new CentreSize(30, 1, 20))
                    .withTraffic(Traffic.times(20)))
            .login();
    JsonNode channel = guest.channel();
    String queue = guest.get("/api/v2/routing/queues").body().at("/entities/0/id").asText();
    String place = "v2.routing.queues." + queue;
    guest.subscribe(channel, place + ".conversations.calls");
    Ear ear = guest.listen(channel);
    String id = ear.awaitFrame(place + ".conversations.calls").at("/eventBody/id").asText();

    List<String> steps =
        List.of(
            "v2.detail.events.conversation." + id + ".customer.end",
            "v2.analytics.conversation." + id + ".metrics");
    guest.subscribe(channel, steps.toArray(String[]::new));

    for (String step : steps) {
      assertThat(ear.awaitFrame(step).at("/eventBody/conversationId").asText()).isEqualTo(id);
    }
  }

  /** Fails as often as is wanted. */
  private static Clock spoilt(AtomicInteger failures) {
    return new Clock() {
      @Override
      public Instant instant() {
        if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
          throw new NoClassDefFoundError("some times");
        }
        return Instant.now();
      }

      @Override
      public ZoneId getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(ZoneId zone) {
        return this;
      }
    };
  }

  @Test
  void aFloodGoesOnAfterAFailure() {
    AtomicInteger failures = new AtomicInteger();
    simulator =
        Simulator.start(
            Scenario.of(SimulatorOptions.defaults().withTraffic(Traffic.NONE)), spoilt(failures));
    Guest guest = new Guest(simulator).login();
    JsonNode channel = guest.channel();
    String queue = guest.get("/api/v2/routing/queues").body().at("/entities/0/id").asText();
    guest.subscribe(channel, "v2.routing.queues." + queue + ".conversations");
    Ear ear = guest.listen(channel);
    guest.post(
        "/control/actions",
        "{\"type\":\"flood\",\"frames\":100000,\"bytes\":500,\"framesPerSecond\":400}");
    await().until(() -> !ear.heard().isEmpty());

    failures.set(5);
    await().until(() -> failures.get() == 0);
    int heard = ear.heard().size();

    await().until(() -> ear.heard().size() > heard + 5);
  }

  @Test
  void theContactCentreGoesOnAfterAFailure() {
    AtomicInteger failures = new AtomicInteger();
    simulator =
        Simulator.start(
            Scenario.of(
                SimulatorOptions.defaults()
                    .withCentre(new CentreSize(30, 1, 20))
                    .withTraffic(Traffic.times(20))),
            spoilt(failures));
    Guest guest = new Guest(simulator).login();
    JsonNode channel = guest.channel();
    String queue = guest.get("/api/v2/routing/queues").body().at("/entities/0/id").asText();
    guest.subscribe(channel, "v2.routing.queues." + queue + ".conversations.calls");
    Ear ear = guest.listen(channel);
    await().until(() -> !ear.heard().isEmpty());

    failures.set(5);
    await().until(() -> failures.get() == 0);
    int heard = ear.heard().size();

    await().until(() -> ear.heard().size() > heard);
  }
}
