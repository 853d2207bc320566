package dev.caravan.road;

import static dev.caravan.road.Road.QUEUE;
import static dev.caravan.road.Road.USER;
import static dev.caravan.road.Road.conversation;
import static dev.caravan.road.Road.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.caravan.simulator.fault.Action;
import dev.caravan.testing.Listening;
import dev.caravan.testing.TopicReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a consumer of the Kafka topics may rely on: topic, key, headers, value. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RoadContractIT {

  private static final String CONVERSATION = "dc119522-79c5-4729-a131-05a4ca44a12f";
  private static final String QUEUE_TYPE = "v2.routing.queues.{id}.conversations";

  private Road road;

  @BeforeAll
  void open(@TempDir Path folder) {
    road = Road.in(folder);
    road.start(road.settings().verbose()).awaitReady();
  }

  @AfterAll
  void close() {
    road.close();
  }

  static Stream<Arguments> events() {
    return Stream.of(
        arguments(
            Road.TOPIC,
            Road.call(CONVERSATION),
            "conversations.voice",
            CONVERSATION,
            QUEUE_TYPE,
            Map.of("genesys-media", "voice")),
        arguments(
            Road.TOPIC,
            conversation(CONVERSATION, "\"chats\":[{\"id\":\"c1\",\"state\":\"connected\"}]"),
            "conversations.chat",
            CONVERSATION,
            QUEUE_TYPE,
            Map.of("genesys-media", "chat")),
        arguments(
            Road.TOPIC,
            conversation(
                CONVERSATION,
                "\"messages\":[{\"id\":\"c1\",\"state\":\"connected\",\"type\":\"WhatsApp\"}]"),
            "conversations.message",
            CONVERSATION,
            QUEUE_TYPE,
            Map.of("genesys-media", "message", "genesys-message-type", "whatsapp")),
        arguments(
            Road.TOPIC,
            conversation(
                CONVERSATION,
                """
                "calls":[{"id":"c1","state":"connected",\
                "connectedTime":"2026-11-21T17:00:00.131Z"}],\
                "screenshares":[{"id":"c2","state":"terminated",\
                "connectedTime":"2026-11-21T17:01:00.131Z"}]\
                """),
            "conversations.voice",
            CONVERSATION,
            QUEUE_TYPE,
            Map.of("genesys-media", "voice", "genesys-media-all", "voice,screenshare")),
        arguments(
            "v2.users." + USER + ".presence",
            "{\"source\":\"PURECLOUD\",\"presenceDefinition\":{\"systemPresence\":\"AWAY\"}}",
            "presence",
            USER,
            "v2.users.{id}.presence",
            Map.of()),
        arguments(
            "v2.users." + USER + ".routingStatus",
            "{\"id\":\"" + USER + "\",\"routingStatus\":{\"status\":\"IDLE\"}}",
            "routing-status",
            USER,
            "v2.users.{id}.routingStatus",
            Map.of()),
        arguments(
            "v2.users." + USER + ".workforcemanagement.adherence",
            "{\"user\":{\"id\":\"" + USER + "\"},\"adherenceState\":\"InAdherence\"}",
            "adherence",
            USER,
            "v2.users.{id}.workforcemanagement.adherence",
            Map.of()),
        arguments(
            "v2.analytics.queues." + QUEUE + ".observations",
            """
            {"group":{"queueId":"%s","mediaType":"voice"},"data":[{"metrics":[]}]}\
            """
                .formatted(QUEUE),
            "observations",
            QUEUE,
            "v2.analytics.queues.{id}.observations",
            Map.of("genesys-media", "voice")),
        arguments(
            "v2.detail.events.conversation." + CONVERSATION + ".acd.start",
            "{\"conversationId\":\"%s\",\"mediaType\":\"CHAT\"}".formatted(CONVERSATION),
            "detail-events",
            CONVERSATION,
            "v2.detail.events.conversation.{id}.acd.start",
            Map.of("genesys-media", "chat")),
        arguments(
            "v2.conversations." + CONVERSATION + ".transcription",
            "{\"conversationId\":\"%s\",\"transcripts\":[]}".formatted(CONVERSATION),
            "transcription",
            CONVERSATION,
            "v2.conversations.{id}.transcription",
            Map.of("genesys-media", "voice")),
        arguments(
            "v2.something.nobody.knows",
            "{\"id\":\"x\"}",
            "other",
            "v2.something.nobody.knows",
            "v2.something.nobody.knows",
            Map.of()));
  }

  @ParameterizedTest(name = "{0} to {2}")
  @MethodSource("events")
  void anEventArrivesAsItWasSentWithTheseHeadersAndNoOthers(
      String topicName,
      String eventBody,
      String kafkaTopic,
      String key,
      String type,
      Map<String, String> ownHeaders) {
    String correlationId = UUID.randomUUID().toString();

    byte[] frame = road.send(event(topicName, eventBody, correlationId));

    ConsumerRecord<String, byte[]> record = road.awaitValue(frame);
    assertThat(record.topic()).isEqualTo(road.prefix() + kafkaTopic);
    assertThat(record.key()).isEqualTo(key);
    Map<String, String> headers = headers(record);
    assertThat(headers.remove("ce_id")).matches("[0-9a-f]{32,}");
    assertThat(Instant.parse(headers.remove("ce_time"))).isBeforeOrEqualTo(Instant.now());
    Map<String, String> expected =
        new TreeMap<>(
            Map.of(
                "ce_specversion",
                "1.0",
                "ce_source",
                road.genesys().url(),
                "ce_type",
                "com.genesys.cloud." + type,
                "ce_subject",
                key,
                "content-type",
                "application/json",
                "genesys-topic",
                topicName,
                "genesys-correlation-id",
                correlationId));
    expected.putAll(ownHeaders);
    assertThat(headers).isEqualTo(expected);
  }

  @Test
  void anEventOfAMediaTypeThatIsNotKeptDoesNotArrive() {
    String email =
        event(
            Road.TOPIC,
            conversation(CONVERSATION, "\"emails\":[{\"id\":\"c1\",\"state\":\"connected\"}]"),
            "an-email");
    byte[] before = road.send(email);

    byte[] after = road.send(event(Road.TOPIC, Road.call(CONVERSATION), "after-the-email"));

    road.awaitValue(after);
    assertThat(road.kafka().records())
        .noneMatch(record -> java.util.Arrays.equals(record.value(), before))
        .noneMatch(record -> record.topic().endsWith("email"));
  }

  @Test
  void aStateThatComesBackIsAnotherEventWithAnIdOfItsOwn() {
    String conversation = UUID.randomUUID().toString();
    String first = event(Road.TOPIC, Road.call(conversation), "first");
    String again = event(Road.TOPIC, Road.call(conversation), "again");

    road.send(first);
    road.send(again);
    road.send(first);

    road.kafka()
        .awaitUntil(
            records -> records.stream().filter(r -> conversation.equals(r.key())).count() >= 3);
    assertThat(road.kafka().records())
        .filteredOn(record -> conversation.equals(record.key()))
        .hasSize(3)
        .extracting(record -> new String(record.value(), StandardCharsets.UTF_8))
        .containsExactly(first, again, first);
    assertThat(road.kafka().records())
        .filteredOn(record -> conversation.equals(record.key()))
        .extracting(record -> TopicReader.header(record, "ce_id").orElseThrow())
        .doesNotHaveDuplicates();
  }

  @Test
  void whatTheRoadWentThroughIsOnTheSignalsTopic() {
    road.awaitRecord(
        record ->
            record.topic().endsWith("signals")
                && "CONNECTED".equals(Road.json(record.value()).path("type").asText()));

    ConsumerRecord<String, byte[]> connected =
        road.recordsOf("signals")
            .filter(r -> "CONNECTED".equals(Road.json(r.value()).path("type").asText()))
            .findFirst()
            .orElseThrow();
    assertThat(connected.key()).isEqualTo("0");
    Map<String, String> headers = headers(connected);
    assertThat(headers.remove("ce_id")).matches("[0-9a-f]{32}");
    assertThat(Instant.parse(headers.remove("ce_time"))).isBeforeOrEqualTo(Instant.now());
    assertThat(headers)
        .isEqualTo(
            Map.of(
                "ce_specversion",
                "1.0",
                "ce_source",
                road.genesys().url(),
                "ce_type",
                "dev.caravan.signal.CONNECTED",
                "ce_subject",
                "0",
                "content-type",
                "application/json"));
  }

  @Test
  void everyRecordIsACloudEventWhateverItsTopic() throws Exception {
    byte[] unreadable = road.send("Hello from a proxy, " + UUID.randomUUID());
    events()
        .map(event -> event.get())
        .forEach(
            event ->
                road.awaitValue(
                    road.send(
                        event(
                            (String) event[0], (String) event[1], UUID.randomUUID().toString()))));

    ConsumerRecord<String, byte[]> letter = road.awaitValue(unreadable);

    assertThat(letter.topic()).isEqualTo(road.prefix() + "dead-letters");
    assertThat(headers(letter))
        .containsEntry("ce_type", "dev.caravan.unreadable")
        .containsEntry("content-type", "application/octet-stream")
        .containsOnlyKeys(
            "ce_specversion",
            "ce_id",
            "ce_source",
            "ce_type",
            "ce_time",
            "content-type",
            "caravan-reason");
    CloudEvents.assertAll(road.kafka().records());
    assertThat(road.kafka().records())
        .extracting(record -> record.topic().substring(road.prefix().length()))
        .contains("signals", "dead-letters", "presence", "other");
  }

  @Test
  void controlFramesAreNoEvents() {
    road.genesys().perform(new Action.Heartbeats(Action.Target.ALL, true));
    road.send(
        "{\"topicName\":\"channel.metadata\",\"eventBody\":{\"message\":\"WebSocket Heartbeat\"}}");
    byte[] after = road.send(event(Road.TOPIC, Road.call(CONVERSATION), "after-the-heartbeat"));

    road.awaitValue(after);
    assertThat(road.kafka().records())
        .noneMatch(
            record -> new String(record.value(), StandardCharsets.UTF_8).contains("Heartbeat\""));
  }

  @Test
  void nobodyOutsideThisMachineOrOfAnotherUserGetsIn() throws IOException {
    road.awaitValue(road.send(event(Road.TOPIC, Road.call(CONVERSATION), "to-be-kept")));

    assertThat(Listening.of(road.bridge().pid()))
        .containsExactlyInAnyOrder(
            new InetSocketAddress("127.0.0.1", road.bridge().managementPort()),
            new InetSocketAddress("127.0.0.1", road.bridge().pagePort()));
    Map<Path, String> permissions =
        ofTheData(
            path ->
                (Files.isDirectory(path) ? "d" : "-")
                    + PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
    assertThat(permissions).hasSizeGreaterThan(5);
    assertThat(permissions.values()).containsOnly("drwx------", "-rw-------");
  }

  @Test
  @Order(Integer.MAX_VALUE)
  void noSecretAndNobodysDataIsInWhatIsWrittenAboutTheRoad() throws IOException {
    List<String> secrets = new ArrayList<>(road.genesys().credentials());
    road.genesys().perform(new Action.RevokeToken(Action.Target.ALL));
    road.bridge().awaitLog("Connected: the token was revoked.");
    road.bridge().awaitReady();
    secrets.addAll(road.genesys().credentials());
    secrets.addAll(List.of(Road.SECRET, CONVERSATION, "33123456789", "Grüße", USER));

    Map<String, String> written = new TreeMap<>();
    written.put("log", road.bridge().log());
    written.put("health", road.bridge().readiness().text());
    written.put("metrics", road.bridge().metrics());
    written.put(
        "signals",
        road.recordsOf("signals")
            .map(record -> new String(record.value(), StandardCharsets.UTF_8) + headers(record))
            .collect(Collectors.joining()));
    Path spool = road.data().resolve("spool");
    ofTheData(
            path ->
                Files.isRegularFile(path) && !path.startsWith(spool) ? Files.readString(path) : "")
        .forEach(
            (file, text) -> {
              // What keeps others out of the folder is empty, and so is what is just being written
              if (!text.isEmpty()) {
                written.put(file.toString(), text);
              }
            });
    assertThat(secrets).hasSizeGreaterThan(6);
    assertThat(written.get("log")).contains(" DEBUG ");
    assertThat(written.keySet()).anyMatch(name -> name.contains("gaps"));
    assertThat(written)
        .allSatisfy(
            (where, text) -> assertThat(text).as(where).isNotEmpty().doesNotContain(secrets));
  }

  /** What one asks of a file. */
  @FunctionalInterface
  private interface Question {
    String ask(Path path) throws IOException;
  }

  /** The answers of all that lies in the data folder; the bridge may take some away meanwhile. */
  private Map<Path, String> ofTheData(Question question) throws IOException {
    Map<Path, String> answers = new TreeMap<>();
    Files.walkFileTree(
        road.data(),
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes its)
              throws IOException {
            return visitFile(folder, its);
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes its) throws IOException {
            try {
              answers.put(file, question.ask(file));
              return FileVisitResult.CONTINUE;
            } catch (NoSuchFileException e) {
              return visitFileFailed(file, e);
            }
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            return failure instanceof NoSuchFileException
                ? FileVisitResult.CONTINUE
                : super.visitFileFailed(file, failure);
          }
        });
    return answers;
  }

  private static Map<String, String> headers(ConsumerRecord<String, byte[]> record) {
    Map<String, String> headers = new TreeMap<>();
    for (Header header : record.headers()) {
      String value = new String(header.value(), StandardCharsets.UTF_8);
      assertThat(headers.put(header.key(), value)).as("twice: " + header.key()).isNull();
    }
    return headers;
  }
}
