package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Holds records of a real Kafka against docs/asyncapi.yaml: topic, headers, value. */
final class KafkaContract {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SHIPPED_PREFIX = "genesys.";

  private final JsonSchemaFactory schemas =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7);
  private final Map<String, JsonNode> messages = new TreeMap<>();

  KafkaContract() {
    JsonNode document = read(KafkaSchemas.DOCUMENT, new YAMLMapper());
    for (JsonNode channel : document.get("channels")) {
      JsonNode message =
          document.at(channel.at("/messages/record/$ref").asText().substring(1)).deepCopy();
      if (message.at("/headers/$ref").asText().startsWith("#")) {
        ((ObjectNode) message)
            .set("headers", document.at(message.at("/headers/$ref").asText().substring(1)));
      }
      messages.put(channel.get("address").asText(), message);
    }
  }

  /**
   * Fails unless each record is as the document says; tells of which channels there were any.
   *
   * @param prefix of the Kafka topics in the place of {@code genesys.}
   */
  Set<String> assertThatAllFit(Collection<ConsumerRecord<String, byte[]>> records, String prefix) {
    Set<String> seen = new TreeSet<>();
    for (ConsumerRecord<String, byte[]> record : records) {
      String topic = SHIPPED_PREFIX + record.topic().substring(prefix.length());
      String address =
          messages.containsKey(topic) ? topic : topic.replaceFirst("[^.]+$", "{media}");
      JsonNode message = messages.get(address);
      assertThat(message).as("the channel of " + topic).isNotNull();
      assertFits(message.get("headers"), headers(record), topic);
      if (message.has("payload")) {
        assertFits(message.get("payload"), Road.json(record.value()), topic);
      }
      seen.add(address);
    }
    return seen;
  }

  private void assertFits(JsonNode described, JsonNode told, String topic) {
    JsonNode schema =
        described.path("schema").isMissingNode() ? described : described.get("schema");
    JsonNode resolved =
        schema.has("$ref")
            ? read(Path.of("docs").resolve(schema.get("$ref").asText()), JSON)
            : schema;
    assertThat(schemas.getSchema(resolved).validate(told)).as(topic + ": " + told).isEmpty();
  }

  private static ObjectNode headers(ConsumerRecord<?, ?> record) {
    ObjectNode headers = JSON.createObjectNode();
    record
        .headers()
        .forEach(
            header ->
                headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8)));
    return headers;
  }

  private static JsonNode read(Path file, ObjectMapper mapper) {
    try {
      return mapper.readTree(file.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
