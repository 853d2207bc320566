package dev.caravan.road;

import static dev.caravan.road.Road.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.caravan.simulator.fault.Action;
import dev.caravan.testing.SharedKafka;
import dev.caravan.testing.TopicReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Frames that cannot be read or that Kafka refuses: none of them vanishes, and the road goes on.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RoadBadFramesIT {

  private static final int FOUR_MEBIBYTES = 4 << 20;
  private static final String LIMIT = "max.message.bytes";
  private Road road;

  @BeforeAll
  void open(@TempDir Path folder) throws Exception {
    road = Road.in(folder);
    try (Admin admin = admin()) {
      NewTopic small = new NewTopic(road.prefix() + "other", Optional.of(1), Optional.empty());
      admin.createTopics(List.of(small.configs(Map.of(LIMIT, "1000000")))).all().get();
    }
    road.start(road.settings()).awaitReady();
  }

  @AfterAll
  void close() {
    road.close();
  }

  static Stream<Arguments> unreadable() {
    String good = event(Road.TOPIC, Road.call("c"), "r");
    return Stream.of(
        arguments("no JSON", "Hello from a proxy", "does not begin with a JSON object"),
        arguments("broken JSON", "{\"topicName\":\"v2.x.y\",\"eventBody\":{]}", "is not JSON"),
        arguments("cut off", good.substring(0, good.length() / 2), "cut off"),
        arguments("no topic", "{\"eventBody\":{},\"version\":\"2\"}", "has no topicName"),
        arguments("no body", "{\"topicName\":\"v2.x.y\",\"version\":\"2\"}", "has no eventBody"),
        arguments("empty", "", "is empty"),
        arguments(
            "nested deeply",
            event("v2.x.y", "{\"a\":".repeat(1_500) + "1" + "}".repeat(1_500), "r"),
            "nest"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unreadable")
  void aFrameThatCannotBeReadLiesInTheDeadLettersWithTheReason(
      String what, String frame, String reason) {
    byte[] bytes = road.send(frame);

    ConsumerRecord<String, byte[]> letter = road.awaitValue(bytes);

    assertThat(letter.topic()).isEqualTo(road.prefix() + "dead-letters");
    assertThat(TopicReader.header(letter, "caravan-reason").orElseThrow()).contains(reason);
    assertThat(new KafkaContract().assertThatAllFit(List.of(letter), road.prefix()))
        .containsExactly("genesys.dead-letters");
    theRoadGoesOn();
  }

  @Test
  void aBinaryFrameLiesInTheDeadLettersWithTheReason() {
    String text = "binary " + UUID.randomUUID();
    road.genesys().perform(new Action.Frame(Action.Target.ALL, Action.Frame.Kind.BINARY, 0, text));

    ConsumerRecord<String, byte[]> letter = road.awaitValue(text.getBytes(StandardCharsets.UTF_8));

    assertThat(letter.topic()).isEqualTo(road.prefix() + "dead-letters");
    assertThat(TopicReader.header(letter, "caravan-reason").orElseThrow()).contains("binary");
    theRoadGoesOn();
  }

  @Test
  void aFrameOfFourMebibytesArrives() {
    byte[] frame = road.send(event(Road.TOPIC, large(FOUR_MEBIBYTES), "large"));

    ConsumerRecord<String, byte[]> record = road.awaitValue(frame);

    assertThat(record.topic()).isEqualTo(road.prefix() + "conversations.voice");
    theRoadGoesOn();
  }

  @Test
  void aFrameOfMoreThanEightMebibytesCostsAGapThatSaysWhy() {
    road.send(event(Road.TOPIC, large(2 * FOUR_MEBIBYTES + 1), "too large"));

    road.awaitRecord(
        record ->
            record.topic().equals(road.prefix() + "signals")
                && Road.json(record.value()).path("type").asText().equals("GAP")
                && Road.json(record.value()).path("cause").asText().equals("too-large"));
    assertThat(road.bridge().log()).contains("(1009: A message has more than 8388608 bytes)");
    theRoadGoesOn();
  }

  @Test
  void aFrameThatKafkaRefusesGoesToTheDeadLettersAndIfThoseRefuseItToAFile() throws Exception {
    byte[] refused = road.send(event("v2.something.large", large(FOUR_MEBIBYTES), "refused"));

    ConsumerRecord<String, byte[]> letter = road.awaitValue(refused);
    assertThat(letter.topic()).isEqualTo(road.prefix() + "dead-letters");
    assertThat(TopicReader.header(letter, "caravan-reason").orElseThrow())
        .contains("larger than the max message size");
    assertThat(TopicReader.header(letter, "genesys-topic")).contains("v2.something.large");

    limitDeadLetters("1000000");
    byte[] refusedTwice =
        road.send(event("v2.something.large", large(FOUR_MEBIBYTES), "refused twice"));

    await()
        .atMost(Duration.ofMinutes(3))
        .until(
            () ->
                Road.deadLetters(road.data(), "").stream()
                    .anyMatch(file -> Road.holds(file, refusedTwice)));
    // The folder is closed to others; a file is once it is written
    await()
        .atMost(Duration.ofMinutes(3))
        .untilAsserted(
            () ->
                assertThat(Road.deadLetters(road.data(), ""))
                    .allSatisfy(
                        file ->
                            assertThat(Files.getPosixFilePermissions(file))
                                .isEqualTo(PosixFilePermissions.fromString("rw-------"))));
    theRoadGoesOn();
    limitDeadLetters("8000000");
  }

  private void theRoadGoesOn() {
    road.awaitValue(
        road.send(event(Road.TOPIC, Road.call("goes-on"), UUID.randomUUID().toString())));
  }

  /** A call of at least so many bytes that no compression makes small. */
  private static String large(int bytes) {
    byte[] noise = new byte[bytes / 4 * 3 + 3];
    new Random(7).nextBytes(noise);
    String text = java.util.Base64.getEncoder().encodeToString(noise);
    return Road.conversation(
        UUID.randomUUID().toString(),
        "\"calls\":[{\"id\":\"c\",\"state\":\"connected\",\"provider\":\"%s\"}]".formatted(text));
  }

  private void limitDeadLetters(String bytes) throws Exception {
    try (Admin admin = admin()) {
      ConfigResource topic =
          new ConfigResource(ConfigResource.Type.TOPIC, road.prefix() + "dead-letters");
      AlterConfigOp limit =
          new AlterConfigOp(new ConfigEntry(LIMIT, bytes), AlterConfigOp.OpType.SET);
      admin.incrementalAlterConfigs(Map.of(topic, List.of(limit))).all().get();
    }
  }

  private static Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", (Object) SharedKafka.bootstrapServers()));
  }
}
