package dev.caravan.road;

import static dev.caravan.road.Road.QUEUE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.Act;
import dev.caravan.simulator.Fault;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever ends a socket or spoils a call leads to a successor, and the signals tell of it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RoadReconnectIT {

  private static final String TOPIC = "v2.routing.queues." + QUEUE + ".conversations";
  private static final String TOKEN = "POST /oauth/token";
  private static final String CHANNEL = "POST /api/v2/notifications/channels";
  private static final String SUBSCRIBE = CHANNEL + "/{id}/subscriptions";
  private static final Act REVOKE = new Act.RevokeToken(Act.Whom.ALL);
  private static final Act NEW_CHANNEL = new Act.Close(1000);
  private static final Act RESET = new Act.Reset(Act.Whom.ALL);

  /** Channel ids and tokens as the stand-in makes them. */
  private static final Pattern CREDENTIAL =
      Pattern.compile("streaming-\\d-\\w+|\\b[A-Za-z0-9_-]{86}\\b");

  private Road road;

  @BeforeAll
  void open(@TempDir Path folder) {
    road = Road.in(folder);
    road.start(road.settings().with("GENESYS_BREAKER_WAIT", "1")).awaitReady();
    awaitSignals(signals -> count(signals, "CONNECTED") == 1);
  }

  @AfterAll
  void close() {
    road.close();
  }

  static Stream<Arguments> losses() {
    return Stream.of(
        arguments(new Act.Close(1000), List.of(), "taken-over"),
        arguments(new Act.Close(1001), List.of(), "dropped"),
        arguments(RESET, List.of(), "dropped"),
        arguments(new Act.Close(1011), List.of(), "dropped"),
        arguments(new Act.Close(1012), List.of(), "dropped"),
        arguments(new Act.NoLongerSubscribed(Act.Whom.ALL, true), List.of(), "taken-over"),
        arguments(new Act.Evict(Act.Whom.ALL), List.of(), "taken-over"),
        arguments(REVOKE, List.of(), "token-revoked"),
        arguments(new Act.ExpireChannel(Act.Whom.ALL), List.of(), "dropped"),
        arguments(RESET, List.of(handshake(404)), "dropped"),
        arguments(RESET, List.of(handshake(503)), "dropped"),
        arguments(RESET, List.of(handshake(1011, Fault.Wrong.CLOSE)), "dropped"),
        arguments(RESET, List.of(handshake(0, Fault.Wrong.RESET)), "dropped"),
        arguments(NEW_CHANNEL, List.of(busy(CHANNEL)), "taken-over"),
        arguments(NEW_CHANNEL, List.of(busy(SUBSCRIBE)), "taken-over"),
        arguments(REVOKE, List.of(busy(TOKEN)), "token-revoked"),
        arguments(NEW_CHANNEL, List.of(once(CHANNEL, 503)), "taken-over"),
        arguments(NEW_CHANNEL, List.of(once(SUBSCRIBE, 500)), "taken-over"),
        arguments(REVOKE, List.of(once(TOKEN, 502)), "token-revoked"),
        arguments(NEW_CHANNEL, List.of(once(SUBSCRIBE, 404)), "taken-over"),
        arguments(NEW_CHANNEL, List.of(once(CHANNEL, 401)), "taken-over"),
        arguments(NEW_CHANNEL, List.of(spoilt(CHANNEL, Fault.Wrong.LOST_ANSWER)), "taken-over"),
        arguments(NEW_CHANNEL, List.of(spoilt(CHANNEL, Fault.Wrong.BROKEN_ANSWER)), "taken-over"),
        arguments(NEW_CHANNEL, List.of(spoilt(SUBSCRIBE, Fault.Wrong.BROKEN_ANSWER)), "taken-over"),
        arguments(REVOKE, List.of(spoilt(TOKEN, Fault.Wrong.BROKEN_ANSWER)), "token-revoked"),
        arguments(new Act.Outage(Duration.ofSeconds(2)), List.of(), "dropped"));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("losses")
  void aLostSocketHasASuccessorAndTheGapIsTold(Act ending, List<Fault> faults, String cause) {
    int gaps = count(road.signals(), "GAP");
    int signals = road.signals().size();
    faults.forEach(road.genesys()::arm);

    road.genesys().perform(ending);

    // The last of the signals about a loss
    awaitSignals(seen -> count(seen, "GAP") > gaps);
    road.genesys().disarm();
    List<JsonNode> since = road.signals().subList(signals, road.signals().size());
    assertThat(since)
        .extracting(s -> s.path("type").asText())
        .containsExactly("DISCONNECTED", "CONNECTED", "GAP");
    JsonNode disconnected = first(since, "DISCONNECTED");
    assertThat(disconnected.path("cause").asText()).isEqualTo(cause);
    JsonNode gap = first(since, "GAP");
    assertThat(Instant.parse(gap.path("from").asText()))
        .isBeforeOrEqualTo(Instant.parse(gap.path("to").asText()));
    // What was under way when the last frame was read is in doubt, too
    assertThat(Instant.parse(gap.path("from").asText()))
        .isBefore(Instant.parse(disconnected.path("from").asText()));
    eventsFlow();
    nobodyLearnsASecret();
  }

  static Stream<Arguments> foreseen() {
    return Stream.of(
        arguments(new Act.SocketClosing(Act.Whom.ALL, Duration.ofMinutes(1), false, 1001)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("foreseen")
  void anAnnouncedEndIsAHandOverWithoutAGap(Act announcement) {
    int handedOver = count(road.signals(), "HANDED_OVER");
    int signals = road.signals().size();

    road.genesys().perform(announcement);

    awaitSignals(seen -> count(seen, "HANDED_OVER") > handedOver);
    eventsFlow();
    assertThat(road.signals().subList(signals, road.signals().size()))
        .extracting(s -> s.path("type").asText())
        .doesNotContain("GAP", "DISCONNECTED");
    assertThat(last(road.signals(), "HANDED_OVER").path("cause").asText())
        .isEqualTo("socket-closing");
    nobodyLearnsASecret();
  }

  /** Through the subscription, not merely through the socket, and once. */
  private void eventsFlow() {
    road.bridge().awaitReady();
    String conversation = UUID.randomUUID().toString();
    int channels =
        road.genesys()
            .emit(TOPIC, Road.json(Road.call(conversation).getBytes(StandardCharsets.UTF_8)));
    assertThat(channels).isPositive();
    road.awaitRecord(record -> conversation.equals(record.key()));
  }

  private void nobodyLearnsASecret() {
    String basic =
        Base64.getEncoder()
            .encodeToString(
                (Road.CLIENT + ":" + Road.SECRET).getBytes(StandardCharsets.ISO_8859_1));
    String told =
        String.join(
            "\n",
            road.bridge().log(),
            road.bridge().readiness().text(),
            road.bridge().liveness().text(),
            road.bridge().metrics(),
            road.signals().toString());
    assertThat(told.lines())
        .noneMatch(line -> line.contains(Road.SECRET) || line.contains(basic))
        .noneMatch(line -> CREDENTIAL.matcher(line).find());
    assertThat(road.bridge().logLines()).filteredOn(line -> !Road.isOneOfOurs(line)).isEmpty();
  }

  private void awaitSignals(Predicate<List<JsonNode>> enough) {
    road.kafka()
        .awaitUntil(
            records -> {
              road.bridge().failIfEnded();
              return enough.test(road.signals());
            });
  }

  private static int count(List<JsonNode> signals, String type) {
    return (int) signals.stream().filter(s -> type.equals(s.path("type").asText())).count();
  }

  private static JsonNode first(List<JsonNode> signals, String type) {
    return signals.stream()
        .filter(s -> type.equals(s.path("type").asText()))
        .findFirst()
        .orElseThrow();
  }

  private static JsonNode last(List<JsonNode> signals, String type) {
    return signals.stream()
        .filter(s -> type.equals(s.path("type").asText()))
        .reduce((one, other) -> other)
        .orElseThrow();
  }

  private static Fault handshake(int status) {
    return handshake(status, Fault.Wrong.STATUS);
  }

  private static Fault handshake(int status, Fault.Wrong wrong) {
    return Fault.of(Fault.On.HANDSHAKE, "*", wrong).withStatus(status).times(1);
  }

  private static Fault busy(String call) {
    return Fault.status(call, 429).retryAfter(1).times(1);
  }

  private static Fault once(String call, int status) {
    return Fault.status(call, status).times(1);
  }

  private static Fault spoilt(String call, Fault.Wrong wrong) {
    return Fault.of(Fault.On.CALL, call, wrong).times(1);
  }
}
