package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import dev.caravan.simulator.centre.Agent;
import dev.caravan.simulator.centre.Entity;
import dev.caravan.simulator.fault.Action;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.Ledger.Gap;
import dev.caravan.testing.Routes;
import dev.caravan.testing.SharedKafka;
import dev.caravan.testing.TopicReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.awaitility.core.ConditionTimeoutException;

/**
 * For tests of the whole road: a contact centre where nothing happens by itself, the real broker
 * under a topic prefix of its own, and the real bridge between them once it is started.
 */
final class Road implements AutoCloseable {

  static final String CLIENT = "road-client";

  /** Easy to find wherever it should not be. */
  static final String SECRET = "kW9-road-secret-Zt4";

  static final String QUEUE = "0e185c02-aca1-4a72-82ea-2e78684e2c89";

  /** What a bridge on this road reads unless it is told otherwise. */
  static final String TOPIC = "v2.routing.queues." + QUEUE + ".conversations";

  static final String USER = "9ed7d9f6-0c59-4360-ac54-40dd35eb9c2f";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final Simulator genesys;
  private final String prefix = SharedKafka.uniquePrefix();
  private final TopicReader kafka;
  private final List<JsonNode> signals = new ArrayList<>();
  private Optional<Bridge> bridge = Optional.empty();
  private Optional<Bridge.Settings> last = Optional.empty();

  private Road(Path folder, SimulatorOptions options) {
    this.folder = folder;
    this.genesys = Simulator.start(options);
    this.kafka = new TopicReader(SharedKafka.bootstrapServers(), prefix);
  }

  static Road in(Path folder) {
    return in(folder, quiet());
  }

  static Road in(Path folder, SimulatorOptions options) {
    return new Road(folder, options);
  }

  static SimulatorOptions quiet() {
    return SimulatorOptions.defaults()
        .withTraffic(Traffic.NONE)
        .withClient(new OauthClient(CLIENT, SECRET));
  }

  /** The settings of a bridge on this road; a topic of its own so that no listing is needed. */
  Bridge.Settings settings() {
    return Bridge.settings()
        .genesys(genesys.url())
        .with("GENESYS_CLIENT_ID", CLIENT)
        .with("GENESYS_CLIENT_SECRET", SECRET)
        .with("GENESYS_TOPICS", TOPIC)
        .with("GENESYS_RETRY_INITIAL_DELAY", "100ms")
        .with("GENESYS_RETRY_MAXIMUM_DELAY", "1s")
        .with("GENESYS_BREAKER_FAILURE_RATE", "75")
        .with("GENESYS_BREAKER_WAIT", "1")
        .kafka(SharedKafka.bootstrapServers(), prefix);
  }

  /** An OAuth client by the name that the bridge gives it. */
  static OauthClient client(String name) {
    return new OauthClient("id-of-" + name, "s3cret-of-" + name);
  }

  /** The same with these OAuth clients in the place of the one. */
  Bridge.Settings settings(List<String> clients) {
    Bridge.Settings settings =
        settings().without("GENESYS_CLIENT_ID").without("GENESYS_CLIENT_SECRET");
    for (String name : clients) {
      String variable = "GENESYS_CLIENTS_" + name.toUpperCase(Locale.ROOT);
      settings.with(variable + "_ID", client(name).id());
      settings.with(variable + "_SECRET", client(name).secret());
    }
    return settings;
  }

  /** Starts the bridge and returns at once. */
  Bridge start(Bridge.Settings settings) {
    bridge.ifPresent(Bridge::close);
    Bridge started = settings.start(folder);
    last = Optional.of(settings);
    bridge = Optional.of(started);
    return started;
  }

  /** Starts it once more as it was started last. */
  Bridge restart() {
    return start(last.orElseThrow());
  }

  Bridge bridge() {
    return bridge.orElseThrow();
  }

  Simulator genesys() {
    return genesys;
  }

  TopicReader kafka() {
    return kafka;
  }

  String prefix() {
    return prefix;
  }

  Path data() {
    return folder.resolve("data");
  }

  /** The dead letters that lie as files, by the end of their names. */
  static List<Path> deadLetters(Path data, String suffix) throws IOException {
    Path letters = data.resolve("dead-letters");
    if (!Files.isDirectory(letters)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(letters)) {
      return all.filter(file -> file.toString().endsWith(suffix)).toList();
    }
  }

  static boolean holds(Path file, byte[] content) {
    try {
      return Arrays.equals(Files.readAllBytes(file), content);
    } catch (IOException e) {
      return false;
    }
  }

  // ---- what Genesys Cloud sends

  /** An event as Genesys Cloud writes one, but with white space that a rewriting would lose. */
  static String event(String topicName, String eventBody, String correlationId) {
    return "{\"topicName\": \"%s\" , \"version\":\"2\",\"eventBody\":%s,\"metadata\":{\"CorrelationId\":\"%s\"} }"
        .formatted(topicName, eventBody, correlationId);
  }

  /** The body of a conversation with one agent who is connected by these sessions. */
  static String conversation(String id, String sessions) {
    return """
    {"id":"%s","participants":[
      {"id":"p1","purpose":"customer","attributes":{"note":"Grüße 😀"}},
      {"id":"p2","purpose":"agent","queueId":"%s",%s}]}"""
        .formatted(id, QUEUE, sessions);
  }

  static String call(String id) {
    return conversation(
        id,
        """
        "calls":[{"id":"c1","state":"connected","ani":"tel:+33123456789",\
        "connectedTime":"2026-11-21T17:00:00.131Z"}]""");
  }

  /** Sends a text frame to the socket that is open; returns its bytes. */
  byte[] send(String frame) {
    // Of one that was just replaced the end may not have come to the stand-in
    await()
        .alias("one socket is open")
        .atMost(Duration.ofMinutes(2))
        .untilAsserted(
            () ->
                assertThat(genesys.openSockets())
                    .as(() -> bridge.map(Bridge::log).orElse("no bridge"))
                    .isEqualTo(1));
    int sockets =
        genesys.perform(new Action.Frame(Action.Target.ALL, Action.Frame.Kind.RAW, 0, frame));
    if (sockets != 1) {
      throw new IllegalStateException(sockets + " sockets were open, not 1");
    }
    return frame.getBytes(StandardCharsets.UTF_8);
  }

  /** What these selectors choose of the contact centre, such as {@code v2.users.*.presence}. */
  List<String> topics(String... selectors) {
    return Stream.of(selectors)
        .flatMap(
            selector ->
                (selector.startsWith("v2.users.")
                        ? genesys.organization().agents().stream().map(Agent::id)
                        : genesys.organization().queues().stream().map(Entity::id))
                    .map(id -> selector.replace("*", id)))
        .toList();
  }

  /** How many of these topics are read, as the stand-in sees it, and by how many sockets. */
  Map<Integer, Long> readers(List<String> topics) {
    return topics.stream()
        .collect(
            Collectors.groupingBy(
                topic -> genesys.emit(topic, "{\"number\":-1}"), Collectors.counting()));
  }

  // ---- what arrives in Kafka

  /** Waits for the record with exactly this value on any topic. */
  ConsumerRecord<String, byte[]> awaitValue(byte[] value) {
    return awaitRecord(record -> Arrays.equals(record.value(), value));
  }

  /** Reads on until it holds. */
  void until(BooleanSupplier holds) {
    try {
      kafka.awaitUntil(
          records -> {
            bridge.ifPresent(Bridge::failIfEnded);
            return holds.getAsBoolean();
          });
    } catch (ConditionTimeoutException e) {
      throw new AssertionError("It did not come to that: " + bridge.map(Bridge::log), e);
    }
  }

  ConsumerRecord<String, byte[]> awaitRecord(Predicate<ConsumerRecord<String, byte[]>> which) {
    until(() -> kafka.records().stream().anyMatch(which));
    return kafka.records().stream().filter(which).findFirst().orElseThrow();
  }

  Stream<ConsumerRecord<String, byte[]>> recordsOf(String topic) {
    return kafka.records(prefix + topic).stream();
  }

  /** The signals read so far, oldest first. */
  List<JsonNode> signals() {
    recordsOf("signals").skip(signals.size()).forEach(it -> signals.add(json(it.value())));
    return List.copyOf(signals);
  }

  List<JsonNode> signals(String type) {
    return signals().stream().filter(it -> it.path("type").asText().equals(type)).toList();
  }

  /** The gaps that were told so far; each must name the one topic that is read. */
  List<Gap> gaps() {
    List<JsonNode> gaps = signals("GAP");
    for (JsonNode gap : gaps) {
      assertThat(gap.path("gap").asText()).isNotEmpty();
      assertThat(gap.path("topics").path("v2.routing.queues.{id}.conversations").asInt())
          .isEqualTo(1);
    }
    return gaps.stream().map(Gap::of).toList();
  }

  static JsonNode json(byte[] value) {
    try {
      return JSON.readTree(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // ---- what the bridge says

  /**
   * Whether a line of the log is a sentence of ours: no stack trace, nothing of the frameworks. Of
   * what a step has thrown it tells the class only.
   */
  static boolean isOneOfOurs(String line) {
    return line.matches(
            "\\d{4}-\\d\\d-\\d\\d [\\d:.]{12} (INFO |WARN |ERROR) [A-Z0-9].*[.)]|.* from \\S+")
        && !line.replaceFirst("\\w+(Exception|Error) (at step|in route) ", "")
            .matches(".*(Exception|org\\.apache|Exchange\\[).*");
  }

  // ---- routes

  /** A copy of the shipped routes that a test may edit. */
  Path copyOfRoutes() {
    return Routes.copyTo(folder);
  }

  /** The same, with no more topics on a channel than these. */
  Path copyOfRoutes(int topicsPerChannel) {
    return Routes.copyTo(folder, topicsPerChannel);
  }

  /** Adds to the routes that a login which an OAuth client was refused is tried again after 5 s. */
  static void forgetRefusalsSoon(Path routes, String client) {
    try {
      Files.writeString(
          routes.resolve("session.camel.yaml"),
          """
          - beans:
              - name: genesysSession-%1$s
                type: dev.caravan.genesys.connect.SessionBean
                properties:
                  clientName: %1$s
                  variables: GENESYS_CLIENTS_%2$s
                  clientId: "{{genesys.clients.%1$s.id}}"
                  clientSecret: "{{genesys.clients.%1$s.secret}}"
                  refusalRemembered: 5s
          """
              .formatted(client, client.toUpperCase(Locale.ROOT)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    bridge.ifPresent(Bridge::close);
    kafka.close();
    genesys.close();
  }
}
