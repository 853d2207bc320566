package dev.caravan.road;

import static org.apache.kafka.common.acl.AclOperation.CREATE;
import static org.apache.kafka.common.acl.AclOperation.DESCRIBE;
import static org.apache.kafka.common.acl.AclOperation.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.demo.LocalBroker;
import dev.caravan.simulator.Simulator;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.Routes;
import dev.caravan.testing.TestBroker;
import dev.caravan.testing.TopicReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Kafka will never take does not hold up the road, and what it cannot take now waits. */
class RoadPoisonIT {

  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int TEN_MEGABYTES = 10_000_000;
  private static final int MANY = 500;
  private static final String PREFIX = "poison.";
  private static final String PRESENCE = "v2.users." + Road.USER + ".presence";

  @TempDir private Path folder;

  @Test
  void aRecordOfTenMegabytesBecomesADeadLetterFileWithItsReason() throws Exception {
    try (Road road = Road.in(folder)) {
      Path routes = road.copyOfRoutes();
      Path inbox = Files.createDirectory(folder.resolve("inbox"));
      // No notification is that large, but what a route of the user's puts into the spool may be
      Files.writeString(
          routes.resolve("large.camel.yaml"),
          """
          - route:
              id: large
              from:
                uri: file:%s
                steps:
                  - setHeader: { name: CamelGenesysStream, constant: { expression: "other" } }
                  - setHeader: { name: ce_id, constant: { expression: "large-one" } }
                  - to: spool:events
          """
              .formatted(inbox));
      Bridge bridge = start(road, routes);
      NumberedEvents ledger = new NumberedEvents(road.genesys());
      ledger.send(100);

      byte[] large = new byte[TEN_MEGABYTES];
      new Random(11).nextBytes(large);
      // At once: what takes from there would take a part of it, too
      Files.move(
          Files.write(folder.resolve("one"), large),
          inbox.resolve("one"),
          StandardCopyOption.ATOMIC_MOVE);
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  Road.deadLetters(road.data(), ".json").stream()
                      .anyMatch(f -> Road.holds(f, large)));
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(Road.deadLetters(road.data(), ".reason"))
                      .singleElement()
                      .satisfies(
                          it ->
                              assertThat(Files.readString(it))
                                  .contains("larger than", "ce_id: large-one")));
      ledger.send(100);

      road.kafka().awaitUntil(ledger::allIn);
      ledger.assertOrder();
      bridge.awaitReady();
    }
  }

  @Test
  void whatTheSerializerRefusesIsADeadLetterAndTheRestFlows() throws Exception {
    try (Road road = Road.in(folder)) {
      Path routes = road.copyOfRoutes();
      Path forward = routes.resolve("forward.camel.yaml");
      // An edit that forgets to make bytes again of what it took apart
      Files.writeString(
          forward,
          Files.readString(forward)
              .replace(
                  "        - to:\n            id: to-kafka",
                  """
                          - filter:
                              simple: { expression: "${header.genesys-topic} contains 'presence'" }
                              steps:
                                - unmarshal: { json: { library: Jackson } }
                          - to:
                              id: to-kafka\
                  """));
      start(road, routes);
      NumberedEvents ledger = new NumberedEvents(road.genesys());
      ledger.send(50);
      road.send(Road.event("v2.users." + Road.USER + ".presence", "{\"source\":\"X\"}", "1"));
      ledger.send(50);

      var letter = road.awaitRecord(it -> it.topic().equals(road.prefix() + "dead-letters"));
      assertThat(TopicReader.header(letter, "caravan-reason").orElseThrow())
          .startsWith("Kafka will not take it: ");
      road.kafka().awaitUntil(ledger::allIn);
      ledger.assertOrder();
    }
  }

  @Test
  void eventsOfATopicWithoutRightsAreDeadLettersAndDoNotHoldUpTheOthers() throws Exception {
    try (LocalBroker broker = LocalBroker.start(guarded());
        Simulator genesys = Simulator.start(Road.quiet());
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      AclBinding denied =
          rule(ResourceType.TOPIC, PREFIX + "presence", AclOperation.ALL, AclPermissionType.DENY);
      admin.createAcls(List.of(denied)).all().get();
      Bridge.Settings settings =
          settings(genesys, broker).with("GENESYS_TOPICS", Road.TOPIC + "," + PRESENCE);
      try (Bridge bridge = settings.start(folder);
          TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX)) {
        bridge.awaitReady();
        NumberedEvents ledger = new NumberedEvents(genesys);
        for (int i = 0; i < MANY; i++) {
          presence(genesys, i);
          ledger.send(1);
        }

        // With a second for each denied event it would take eight minutes
        reader.awaitUntil(
            all -> ledger.allIn(of("conversations.voice", all)) && letters(all).size() == MANY);
        assertThat(letters(reader.records()))
            .extracting(record -> TopicReader.header(record, "caravan-reason").orElse(""))
            .allMatch(reason -> reason.contains("Not authorized to access topics"));
        ledger.assertOrder();
        Bridge.Health health =
            bridge.awaitReadiness("the denied topic in health", now -> !sentence(now).isEmpty());
        assertThat(sentence(health))
            .startsWith("Kafka denies to the user of the bridge: poison.presence.");
        assertThat(health.isReady()).as("one topic is no reason not to be ready").isTrue();

        // Nothing need be sent to find out that the right was given
        admin.deleteAcls(List.of(denied.toFilter())).all().get();
        bridge.awaitReadiness("the right that was given", now -> sentence(now).isEmpty());
        for (int i = MANY; i < MANY + 50; i++) {
          presence(genesys, i);
        }
        reader.awaitUntil(all -> of("presence", all).size() == 50);
        assertThat(of("presence", reader.records()))
            .extracting(NumberedEvents::number)
            .containsExactlyElementsOf(IntStream.range(MANY, MANY + 50).boxed().toList());
        assertSaidOnce(bridge, "denies the topic poison.presence", "grants the topic");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Tag("long")
  void withoutAnyRightsLettersBecomeFilesAsLongAsThereIsRoomAndThenWait(boolean mayDescribe)
      throws Exception {
    int inside = Bridge.freePort();
    int outside = Bridge.freePort();
    Path routes = Routes.copyTo(folder);
    Path letters = routes.resolve("dead-letters.camel.yaml");
    Files.writeString(
        letters, Files.readString(letters).replace("takes(*, 10000,", "takes(*, 20,"));
    try (LocalBroker broker = LocalBroker.start(strict(inside, outside));
        Simulator genesys = Simulator.start(Road.quiet());
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      if (mayDescribe) {
        admin
            .createAcls(Stream.of(DESCRIBE, CREATE).map(RoadPoisonIT::allowed).toList())
            .all()
            .get();
      }
      Bridge.Settings settings =
          settings(genesys, broker)
              .with("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:" + outside)
              .with("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT")
              .with("KAFKA_SASL_MECHANISM", "PLAIN")
              .with("KAFKA_SASL_USERNAME", "bridge")
              .with("KAFKA_SASL_PASSWORD", "no-secret")
              .with("CARAVAN_ROUTES_DIR", routes.toString());
      try (Bridge bridge = settings.start(folder);
          TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX)) {
        await().atMost(PATIENCE).until(() -> genesys.openSockets() == 1);
        NumberedEvents ledger = new NumberedEvents(genesys);
        ledger.send(30);

        await()
            .atMost(PATIENCE)
            .until(() -> Road.deadLetters(folder.resolve("data"), ".reason").size() == 10);
        Bridge.Health health =
            bridge.awaitReadiness(
                "the letters that wait in health",
                now -> sentence(now).contains("wait in the spool until Kafka takes them"));
        assertThat(health.isReady()).isFalse();
        assertThat(health.check("kafka-refusals").at("/data/bridge.state").asText())
            .isEqualTo("broken");
        assertThat(sentence(health))
            .contains(PREFIX + "conversations.voice", PREFIX + "dead-letters")
            .contains("10 dead letters that Kafka did not take lie as files in " + folder)
            .contains("Write and Describe")
            .doesNotContain("no-secret");
        assertThat(reader.readFor(Duration.ofSeconds(1))).isEmpty();

        admin
            .createAcls(Stream.of(WRITE, DESCRIBE, CREATE).map(RoadPoisonIT::allowed).toList())
            .all()
            .get();
        bridge.awaitReadiness("nothing denied", now -> !sentence(now).contains("Kafka denies"));
        ledger.send(20);
        // What arrives while the first record of a topic asks for the right is still a dead letter
        // A letter that lies as a file comes to the topic, too, if one before it had to wait
        List<Integer> filed = filed();
        reader.awaitUntil(all -> kept(filed, all).size() == 50);
        ledger.send(20);
        reader.awaitUntil(all -> kept(filed, all).size() == 70);
        assertThat(of("conversations.voice", reader.records()))
            .extracting(NumberedEvents::number)
            .containsAll(IntStream.range(50, 70).boxed().toList());
        ledger.note(reader.records()).assertOrder();
        assertThat(filed()).as("they stay").containsExactlyInAnyOrderElementsOf(filed);
        assertThat(of("conversations.voice", reader.records()))
            .extracting(NumberedEvents::number)
            .as("what is a dead letter is nothing else")
            .doesNotHaveDuplicates()
            .doesNotContainAnyElementsOf(filed)
            .doesNotContainAnyElementsOf(numbers(letters(reader.records())).toList());

        assertThat(sentence(bridge.awaitReady())).startsWith("10 dead letters");
        assertSaidOnce(bridge, "There is no room for a dead letter in ");
        for (String topic : List.of("poison.conversations.voice", "poison.dead-letters")) {
          assertDeniedAndGranted(bridge, topic);
        }
      }
    }
  }

  /** An answer from before the right was given may come after it: then it is denied once more. */
  private static void assertDeniedAndGranted(Bridge bridge, String topic) {
    List<String> said =
        bridge.logLines().stream()
            .filter(line -> line.contains("s the topic " + topic + " to the bridge"))
            .map(line -> line.contains("denies") ? "denies" : "grants")
            .toList();
    assertThat(said).hasSizeBetween(2, 4);
    assertThat(said)
        .as("each once, in turn")
        .isEqualTo(
            Stream.iterate("denies", it -> it.equals("denies") ? "grants" : "denies")
                .limit(said.size() / 2 * 2)
                .toList());
  }

  private static void assertSaidOnce(Bridge bridge, String... texts) {
    for (String text : texts) {
      assertThat(bridge.logLines()).filteredOn(line -> line.contains(text)).hasSize(1);
    }
    assertThat(bridge.log()).doesNotContain("Topic authorization failed");
  }

  private static String sentence(Bridge.Health health) {
    JsonNode data = health.check("kafka-refusals").at("/data");
    return (data.at("/sentence").asText() + " " + data.at("/degraded").asText()).strip();
  }

  private static void presence(Simulator genesys, int number) {
    String body = "{\"source\":\"PURECLOUD\",\"number\":" + number + "}";
    genesys.emit(PRESENCE, Road.json(body.getBytes(StandardCharsets.UTF_8)));
  }

  /** The numbers of the events that lie as files. */
  private List<Integer> filed() throws IOException {
    List<Integer> numbers = new ArrayList<>();
    for (Path file : Road.deadLetters(folder.resolve("data"), ".json")) {
      numbers.add(Road.json(Files.readAllBytes(file)).at("/eventBody/number").asInt(-1));
    }
    return numbers;
  }

  /** The numbers of the events that lie as files or came to a topic. */
  private static Set<Integer> kept(
      List<Integer> filed, List<ConsumerRecord<String, byte[]>> records) {
    return Stream.concat(
            filed.stream(),
            Stream.of(letters(records), of("conversations.voice", records))
                .flatMap(RoadPoisonIT::numbers))
        .collect(Collectors.toSet());
  }

  private static Stream<Integer> numbers(List<ConsumerRecord<String, byte[]>> records) {
    return records.stream().map(NumberedEvents::number);
  }

  private static List<ConsumerRecord<String, byte[]>> letters(
      List<ConsumerRecord<String, byte[]>> records) {
    return of("dead-letters", records);
  }

  private static List<ConsumerRecord<String, byte[]>> of(
      String topic, List<ConsumerRecord<String, byte[]>> records) {
    return records.stream().filter(record -> record.topic().equals(PREFIX + topic)).toList();
  }

  private static AclBinding allowed(AclOperation operation) {
    return new AclBinding(
        new ResourcePattern(ResourceType.TOPIC, PREFIX, PatternType.PREFIXED),
        new AccessControlEntry("User:bridge", "*", operation, AclPermissionType.ALLOW));
  }

  /** The broker and the test may do everything, who logs in only what a rule allows. */
  private static LocalBroker.Settings strict(int inside, int outside) {
    int controller = Bridge.freePort();
    String listeners =
        "PLAINTEXT://127.0.0.1:%d,SASL_PLAINTEXT://127.0.0.1:%d".formatted(inside, outside);
    return TestBroker.settings()
        .withPort(inside)
        .with("listeners", listeners + ",CONTROLLER://127.0.0.1:" + controller)
        .with("advertised.listeners", listeners)
        .with("controller.quorum.voters", "1@127.0.0.1:" + controller)
        .with("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
        .with(
            "listener.security.protocol.map",
            "PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT")
        .with("super.users", "User:ANONYMOUS")
        .with("sasl.enabled.mechanisms", "PLAIN")
        .with(
            "listener.name.sasl_plaintext.plain.sasl.jaas.config",
            "org.apache.kafka.common.security.plain.PlainLoginModule required"
                + " user_bridge=\"no-secret\";");
  }

  /** Everybody may do what no rule is about: the broker itself, and the test. */
  private static LocalBroker.Settings guarded() {
    return TestBroker.settings()
        .with("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
        .with("allow.everyone.if.no.acl.found", "true");
  }

  private static AclBinding rule(
      ResourceType type, String name, AclOperation operation, AclPermissionType permission) {
    return new AclBinding(
        new ResourcePattern(type, name, PatternType.LITERAL),
        new AccessControlEntry("User:ANONYMOUS", "*", operation, permission));
  }

  private Bridge start(Road road, Path routes) {
    Bridge bridge =
        road.start(
            road.settings()
                .with("GENESYS_TOPICS", Road.TOPIC + ",v2.users." + Road.USER + ".presence")
                .with("CARAVAN_ROUTES_DIR", routes.toString()));
    bridge.awaitReady();
    return bridge;
  }

  private static Bridge.Settings settings(Simulator genesys, LocalBroker broker) {
    return Bridge.settings()
        .genesys(genesys.url())
        .kafka(broker.bootstrapServers(), PREFIX)
        .with("GENESYS_TOPICS", Road.TOPIC);
  }
}
