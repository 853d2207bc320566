package dev.caravan.road;

import static org.apache.kafka.common.acl.AclOperation.CREATE;
import static org.apache.kafka.common.acl.AclOperation.DESCRIBE;
import static org.apache.kafka.common.acl.AclOperation.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.cli.LocalBroker;
import dev.caravan.simulator.Simulator;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.TopicReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Kafka will never take does not hold up the road, and what it cannot take now waits. */
class RoadPoisonIT {

  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int TEN_MEGABYTES = 10_000_000;
  private static final String PREFIX = "poison.";

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
      Ledger ledger = new Ledger(road.genesys());
      ledger.send(100);

      byte[] large = new byte[TEN_MEGABYTES];
      new Random(11).nextBytes(large);
      Files.write(inbox.resolve("one"), large);
      await().atMost(PATIENCE).until(() -> letters(road, ".json").anyMatch(f -> holds(f, large)));
      await().atMost(PATIENCE).until(() -> letters(road, ".reason").findAny().isPresent());
      ledger.send(100);

      assertThat(Files.readString(letters(road, ".reason").findFirst().orElseThrow()))
          .contains("larger than", "ce_id: large-one");
      Ledger.assertInOrder(road.kafka().awaitUntil(ledger::allIn));
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
      Ledger ledger = new Ledger(road.genesys());
      ledger.send(50);
      road.send(Road.event("v2.users." + Road.USER + ".presence", "{\"source\":\"X\"}", "1"));
      ledger.send(50);

      var letter = road.awaitRecord(it -> it.topic().equals(road.prefix() + "dead-letters"));
      assertThat(TopicReader.header(letter, "caravan-reason").orElseThrow())
          .startsWith("Kafka will not take it: ");
      Ledger.assertInOrder(road.kafka().awaitUntil(ledger::allIn));
    }
  }

  @Test
  void eventsOfATopicWithoutRightsAreDeadLettersUntilTheRightsAreGiven() throws Exception {
    try (LocalBroker broker = LocalBroker.start(guarded());
        Simulator genesys = Simulator.start(Road.quiet());
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      AclBinding denied =
          rule(ResourceType.TOPIC, PREFIX + "conversations.voice", WRITE, AclPermissionType.DENY);
      admin.createAcls(List.of(denied)).all().get();
      try (Bridge bridge = settings(genesys, broker).start(folder);
          TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX)) {
        bridge.awaitReady();
        Ledger ledger = new Ledger(genesys);
        ledger.send(50);

        reader.awaitUntil(all -> all.stream().filter(RoadPoisonIT::isLetter).count() == 50);
        assertThat(reader.records())
            .filteredOn(RoadPoisonIT::isLetter)
            .extracting(record -> TopicReader.header(record, "caravan-reason").orElse(""))
            .allMatch(reason -> reason.contains("Not authorized to access topics"));
        bridge.awaitReady();

        admin.deleteAcls(List.of(denied.toFilter())).all().get();
        Ledger after = new Ledger(genesys);
        after.send(50);
        reader.awaitUntil(after::allIn);
        Ledger.assertInOrder(reader.records());
      }
    }
  }

  @Test
  void aClientThatMayOnlyConnectSaysSoAndLosesNothing() throws Exception {
    int inside = Bridge.freePort();
    int outside = Bridge.freePort();
    try (LocalBroker broker = LocalBroker.start(strict(inside, outside));
        Simulator genesys = Simulator.start(Road.quiet());
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      Bridge.Settings settings =
          settings(genesys, broker)
              .with("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:" + outside)
              .with("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT")
              .with("KAFKA_SASL_MECHANISM", "PLAIN")
              .with("KAFKA_SASL_USERNAME", "bridge")
              .with("KAFKA_SASL_PASSWORD", "no-secret");
      try (Bridge bridge = settings.start(folder);
          TopicReader reader = new TopicReader(broker.bootstrapServers(), PREFIX)) {
        await().atMost(PATIENCE).until(() -> genesys.openSockets() == 1);
        Ledger ledger = new Ledger(genesys);
        ledger.send(20);
        bridge.awaitLog(
            "Spool 'dead-letters': a record could not be delivered: Not authorized to access"
                + " topics: [poison.dead-letters]. It and what follows wait");
        bridge.awaitReadiness(
            "the reason in health",
            health ->
                health
                    .check("spools")
                    .at("/data/spool.dead-letters")
                    .asText()
                    .contains("Not authorized to access topics"));
        assertThat(reader.readFor(Duration.ofSeconds(1))).isEmpty();
        assertThat(folder.resolve("data/dead-letters")).doesNotExist();

        admin
            .createAcls(Stream.of(WRITE, DESCRIBE, CREATE).map(RoadPoisonIT::allowed).toList())
            .all()
            .get();
        reader.awaitUntil(all -> numbers(all).size() == 20);
        int late = ledger.next();
        ledger.send(20);
        reader.awaitUntil(all -> ledger.missing(all).stream().noneMatch(n -> n >= late));

        assertThat(reader.records())
            .filteredOn(RoadPoisonIT::isLetter)
            .isNotEmpty()
            .extracting(record -> TopicReader.header(record, "caravan-reason").orElse(""))
            .allMatch(reason -> reason.contains("Not authorized to access topics"));
        Ledger.assertInOrder(reader.records());
        assertThat(folder.resolve("data/dead-letters")).doesNotExist();
      }
    }
  }

  /** The events that are in Kafka, on their own topic or as dead letters. */
  private static Set<Integer> numbers(List<ConsumerRecord<String, byte[]>> records) {
    return records.stream()
        .map(Ledger::number)
        .filter(number -> number >= 0)
        .collect(Collectors.toSet());
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
    return LocalBroker.Settings.defaults()
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
    return LocalBroker.Settings.defaults()
        .with("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
        .with("allow.everyone.if.no.acl.found", "true");
  }

  private static AclBinding rule(
      ResourceType type, String name, AclOperation operation, AclPermissionType permission) {
    return new AclBinding(
        new ResourcePattern(type, name, PatternType.LITERAL),
        new AccessControlEntry("User:ANONYMOUS", "*", operation, permission));
  }

  private static boolean isLetter(ConsumerRecord<String, byte[]> record) {
    return record.topic().equals(PREFIX + "dead-letters");
  }

  private Bridge start(Road road, Path routes) {
    Bridge bridge =
        road.start(
            road.settings()
                .with("GENESYS_TOPICS", Ledger.TOPIC + ",v2.users." + Road.USER + ".presence")
                .with("CARAVAN_ROUTES_DIR", routes.toString()));
    bridge.awaitReady();
    return bridge;
  }

  private static Bridge.Settings settings(Simulator genesys, LocalBroker broker) {
    return Bridge.settings()
        .genesys(genesys.url())
        .kafka(broker.bootstrapServers(), PREFIX)
        .with("GENESYS_TOPICS", Ledger.TOPIC);
  }

  private static Stream<Path> letters(Road road, String suffix) throws IOException {
    Path folder = road.data().resolve("dead-letters");
    if (!Files.isDirectory(folder)) {
      return Stream.empty();
    }
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(file -> file.toString().endsWith(suffix)).toList().stream();
    }
  }

  private static boolean holds(Path file, byte[] content) {
    try {
      return Arrays.equals(Files.readAllBytes(file), content);
    } catch (IOException e) {
      return false;
    }
  }
}
