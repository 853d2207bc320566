package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.caravan.command.Deadline;
import dev.caravan.dryrun.FrameTrial;
import dev.caravan.dryrun.Passage.Sent;
import dev.caravan.dryrun.RecordedFrame;
import dev.caravan.dryrun.Sample;
import dev.caravan.settings.Settings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class KafkaSchemasTest {

  private static final int ENOUGH = 3_000;
  private static final Pattern TARGET =
      Pattern.compile("kafka:\\{\\{caravan\\.topic\\.prefix}}([\\w.-]+)");
  private static final Map<String, List<byte[]>> FRAMES = new LinkedHashMap<>();

  /** A morning of the stand-in's contact centre, by Kafka topic. */
  @BeforeAll
  static void listen() {
    int[] frames = new int[1];
    Sample.told(
        Duration.ofHours(2),
        topic -> true,
        frame -> {
          if (frames[0]++ < ENOUGH) {
            FRAMES
                .computeIfAbsent(KafkaSchemas.stream(frame), stream -> new ArrayList<>())
                .add(frame);
          }
        },
        () -> frames[0] >= ENOUGH);
  }

  private static Map<String, JsonSchema> schemas() {
    JsonSchemaFactory factory = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7);
    Map<String, JsonSchema> schemas = new LinkedHashMap<>();
    KafkaSchemas.schemas().forEach((name, node) -> schemas.put(name, factory.getSchema(node)));
    return schemas;
  }

  @Test
  void theFilesAreWhatTheCatalogueSays() throws IOException {
    for (Map.Entry<Path, String> file : KafkaSchemas.files().entrySet()) {
      assertThat(Files.readString(file.getKey()))
          .as("%s; KafkaSchemas.main writes it", file.getKey())
          .isEqualTo(file.getValue());
    }
    try (Stream<Path> files = Files.list(KafkaSchemas.FOLDER)) {
      assertThat(files).allMatch(file -> isMade(file));
    }
  }

  private static boolean isMade(Path file) {
    try {
      return KafkaSchemas.files().containsKey(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void everyRecordOfTheStandInFitsTheSchemaOfItsKafkaTopic() {
    Map<String, JsonSchema> schemas = schemas();

    assertThat(FRAMES.keySet()).hasSizeGreaterThan(5);
    FRAMES.forEach(
        (stream, frames) ->
            frames.forEach(
                frame ->
                    assertThat(schemas.get(stream).validate(Road.json(frame)))
                        .as(stream)
                        .isEmpty()));
  }

  @Test
  void aRecordWithAnotherTypeInItsBodyDoesNotFit() {
    Map<String, JsonSchema> schemas = schemas();

    FRAMES.forEach(
        (stream, frames) -> {
          ObjectNode record = (ObjectNode) Road.json(frames.get(0));
          ObjectNode body = (ObjectNode) record.get("eventBody");
          String first = body.fieldNames().next();
          body.putArray(first).addArray().add(1);
          assertThat(schemas.get(stream).validate(record)).as(stream).isNotEmpty();
        });
  }

  @Test
  void theDocumentNamesEachKafkaTopicAndAllThatItRefersToIsThere() throws IOException {
    JsonNode document = new YAMLMapper().readTree(KafkaSchemas.DOCUMENT.toFile());

    TreeSet<String> addresses = new TreeSet<>();
    document.get("channels").forEach(one -> addresses.add(one.get("address").asText()));
    TreeSet<String> expected = new TreeSet<>(KafkaSchemas.schemas().keySet());
    expected.addAll(List.of("conversations.details", "signals", "dead-letters"));
    assertThat(addresses)
        .containsExactlyElementsOf(expected.stream().map("genesys."::concat).toList());
    List<JsonNode> references = document.findValues("$ref");
    assertThat(references).hasSizeGreaterThan(40);
    for (JsonNode reference : references) {
      String target = reference.asText();
      if (target.startsWith("#")) {
        assertThat(document.at(target.substring(1)).isMissingNode()).as(target).isFalse();
      } else {
        assertThat(Path.of("docs").resolve(target)).exists();
      }
    }
  }

  @Test
  void theDocumentNamesEveryKafkaTopicThatTheShippedRoutesWrite() throws IOException {
    JsonNode document = new YAMLMapper().readTree(KafkaSchemas.DOCUMENT.toFile());
    TreeSet<String> addresses = new TreeSet<>();
    document.get("channels").forEach(one -> addresses.add(one.get("address").asText()));
    TreeSet<String> written = new TreeSet<>();
    try (Stream<Path> routes = Files.list(Path.of("routes"))) {
      for (Path file : routes.filter(it -> it.toString().endsWith(".camel.yaml")).toList()) {
        Matcher target = TARGET.matcher(Files.readString(file));
        while (target.find()) {
          written.add("genesys." + target.group(1));
        }
      }
    }
    try (FrameTrial trial = new FrameTrial(Settings.of(Map.of("GENESYS_MEDIA", "*")))) {
      trial.of(
          RecordedFrame.shipped(),
          Deadline.in(Duration.ofMinutes(1)),
          tried -> tried.passage().of(Sent.class).forEach(it -> written.add(it.record().topic())));
    }

    assertThat(written).contains("genesys.signals", "genesys.dead-letters", "genesys.presence");
    assertThat(written).hasSizeGreaterThan(12);
    assertThat(written)
        .allMatch(
            topic ->
                addresses.contains(topic)
                    || addresses.contains(topic.replaceFirst("[^.]+$", "{media}")));
  }

  @Test
  void aConversationOfAnalyticsFitsAndOneOfAnotherFormDoesNot() {
    JsonSchema schema =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7).getSchema(KafkaSchemas.details());
    ObjectNode conversation =
        (ObjectNode)
            Road.json(
                """
                {"conversationId":"c-1","conversationStart":"2026-11-21T17:00:00.131Z","divisionIds":["d-1"],
                 "participants":[{"purpose":"agent","sessions":[{"mediaType":"voice","segments":[
                   {"segmentType":"interact","conference":false,"queueId":null}]}]}]}"""
                    .getBytes(StandardCharsets.UTF_8));

    assertThat(schema.validate(conversation)).isEmpty();
    conversation.withArray("participants").addObject().put("sessions", "none");
    assertThat(schema.validate(conversation)).isNotEmpty();
  }

  @Test
  void theDocumentNamesTheHeadersThatThePageDescribes() throws IOException {
    String page = Files.readString(Path.of("docs/kafka-contract.md"));

    assertThat(KafkaSchemas.HEADERS.keySet()).allMatch(header -> page.contains("`" + header + "`"));
  }
}
