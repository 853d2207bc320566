package dev.caravan.road;

import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.BeanPropertyDefinition;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.mypurecloud.sdk.v2.model.AnalyticsConversationWithoutAttributes;
import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.Frame;
import dev.caravan.topic.Topic;
import dev.caravan.topic.TopicCatalogue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Date;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The JSON Schemas of what arrives in Kafka, made from the catalogue of topics, and the AsyncAPI
 * document that names them. After a change of either {@link #main} writes them.
 */
final class KafkaSchemas {

  static final Path FOLDER = Path.of("docs/schemas");
  static final Path DOCUMENT = Path.of("docs/asyncapi.yaml");

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ANY_ID = "00000000-0000-4000-8000-000000000000";
  private static final String MEDIA = "conversations.{media}";
  private static final String DETAILS_FILE = "conversations.details.schema.json";
  private static final String LETTERS_FILE = "dead-letters.headers.schema.json";

  private static final Map<String, String> TITLES =
      new TreeMap<>(
          Map.of(
              MEDIA,
              "Conversation events, by primary medium",
              "presence",
              "Presence of users",
              "routing-status",
              "Routing status of users",
              "adherence",
              "Adherence of users",
              "observations",
              "Statistics of queues, users and flows",
              "detail-events",
              "Detail events of conversations",
              "transcription",
              "Transcription of conversations",
              "other",
              "All other events"));

  private KafkaSchemas() {}

  public static void main(String[] args) throws IOException {
    Files.createDirectories(FOLDER);
    for (Map.Entry<Path, String> file : files().entrySet()) {
      Files.writeString(file.getKey(), file.getValue());
    }
  }

  /** All files, as they should be. */
  static Map<Path, String> files() throws IOException {
    Map<Path, String> files = new TreeMap<>();
    for (Map.Entry<String, ObjectNode> schema : schemas().entrySet()) {
      files.put(
          FOLDER.resolve(file(schema.getKey())), JSON.writeValueAsString(schema.getValue()) + "\n");
    }
    files.put(FOLDER.resolve(DETAILS_FILE), JSON.writeValueAsString(details()) + "\n");
    files.put(FOLDER.resolve(LETTERS_FILE), JSON.writeValueAsString(deadLetterHeaders()) + "\n");
    files.put(
        DOCUMENT,
        YAMLMapper.builder()
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(YAMLGenerator.Feature.INDENT_ARRAYS_WITH_INDICATOR)
            .build()
            .writeValueAsString(document()));
    return files;
  }

  /** The stream of an event without the medium: the Kafka topic without its prefix. */
  static String stream(byte[] frame) {
    if (!(new EnvelopeReader().read(frame) instanceof Frame.Notification event)) {
      throw new IllegalArgumentException("It is no event");
    }
    return event.stream().startsWith("conversations.") ? MEDIA : event.stream();
  }

  private static String file(String stream) {
    return stream.replace(".{media}", "") + ".schema.json";
  }

  // ---- schemas

  static Map<String, ObjectNode> schemas() {
    Map<String, ObjectNode> schemas = new TreeMap<>();
    for (Topic topic : TopicCatalogue.shipped().all()) {
      String name = topic.pattern().replace("{id}", ANY_ID);
      byte[] frame =
          "{\"topicName\":\"%s\",\"version\":\"2\",\"eventBody\":{},\"metadata\":{}}"
              .formatted(name)
              .getBytes(StandardCharsets.UTF_8);
      if (topic.family() != 'S') {
        add(schemas.computeIfAbsent(stream(frame), KafkaSchemas::envelope), topic);
      }
    }
    return schemas;
  }

  private static ObjectNode envelope(String stream) {
    ObjectNode schema = JsonNodeFactory.instance.objectNode();
    schema.put("$schema", "http://json-schema.org/draft-07/schema#");
    schema.put("title", "A record of genesys." + stream + ": " + TITLES.get(stream));
    schema.put(
        "description",
        "Byte for byte what Genesys Cloud sent. It adds fields and values at any time: expect more"
            + " than stands here, and fields that are null or absent.");
    schema.put("type", "object");
    schema.putArray("required").add("topicName").add("eventBody");
    ObjectNode properties = schema.putObject("properties");
    properties.putObject("topicName").put("type", "string");
    properties.putObject("version").put("type", "string");
    properties.putObject("eventBody").put("type", "object");
    properties
        .putObject("metadata")
        .put("type", "object")
        .putObject("properties")
        .putObject("CorrelationId")
        .put("type", "string");
    schema.putArray("allOf");
    schema.putObject("definitions");
    return schema;
  }

  private static void add(ObjectNode schema, Topic topic) {
    ObjectNode one = schema.withArray("allOf").addObject();
    one.putObject("if")
        .putObject("properties")
        .putObject("topicName")
        .put("pattern", pattern(topic.pattern()));
    one.putObject("then")
        .putObject("properties")
        .putObject("eventBody")
        .put("$ref", "#/definitions/" + topic.modelClass());
    ObjectNode definitions = (ObjectNode) schema.get("definitions");
    if (!definitions.has(topic.modelClass())) {
      definitions.set(topic.modelClass(), nullable(topic.schema().toJsonSchema()));
    }
  }

  private static String pattern(String topic) {
    return "^"
        + Pattern.compile("\\{id\\}").matcher(topic.replace(".", "\\.")).replaceAll("[^.?]+")
        + "$";
  }

  /** Genesys Cloud writes null where it has nothing to say. */
  private static JsonNode nullable(JsonNode schema) {
    if (schema instanceof ObjectNode node) {
      JsonNode type = node.path("type");
      if (type.isTextual()) {
        node.putArray("type").add(type.asText()).add("null");
      }
      if (node.get("enum") instanceof ArrayNode values) {
        // New values come without notice
        node.remove("enum");
        node.set("examples", values);
      }
      node.path("properties").forEach(KafkaSchemas::nullable);
      nullable(node.path("items"));
      nullable(node.path("additionalProperties"));
    }
    return schema;
  }

  // ---- what is no notification

  /** A conversation as analytics has it, with the fields that the official SDK knows. */
  static ObjectNode details() {
    ObjectNode definitions = JsonNodeFactory.instance.objectNode();
    JavaType conversation = JSON.constructType(AnalyticsConversationWithoutAttributes.class);
    ofType(conversation, definitions);
    ObjectNode schema = (ObjectNode) definitions.remove(name(conversation));
    schema.put("type", "object");
    schema.put("$schema", "http://json-schema.org/draft-07/schema#");
    schema.put("title", "A record of genesys.conversations.details: a conversation of analytics");
    schema.put(
        "description",
        "What Genesys Cloud answered to a query for conversation details. It adds fields and values"
            + " at any time: expect more than stands here, and fields that are null or absent.");
    schema.putArray("required").add("conversationId");
    schema.set("definitions", definitions);
    return schema;
  }

  private static String name(JavaType type) {
    return type.getRawClass().getSimpleName();
  }

  private static ObjectNode ofType(JavaType type, ObjectNode definitions) {
    ObjectNode schema = JsonNodeFactory.instance.objectNode();
    Class<?> plain = type.getRawClass();
    if (type.isCollectionLikeType()) {
      typed(schema, "array").set("items", ofType(type.getContentType(), definitions));
    } else if (type.isMapLikeType()) {
      typed(schema, "object")
          .set("additionalProperties", ofType(type.getContentType(), definitions));
    } else if (plain == Boolean.class) {
      typed(schema, "boolean");
    } else if (plain == Integer.class || plain == Long.class) {
      typed(schema, "integer");
    } else if (Number.class.isAssignableFrom(plain)) {
      typed(schema, "number");
    } else if (type.isEnumType() || plain == String.class || plain == Date.class) {
      typed(schema, "string");
    } else {
      if (!definitions.has(name(type))) {
        ObjectNode properties =
            typed(definitions.putObject(name(type)), "object").putObject("properties");
        // A class tells its methods in an order of its own each time
        JSON.getSerializationConfig().introspect(type).findProperties().stream()
            .sorted(Comparator.comparing(BeanPropertyDefinition::getName))
            .forEach(
                field ->
                    properties.set(field.getName(), ofType(field.getPrimaryType(), definitions)));
      }
      schema.put("$ref", "#/definitions/" + name(type));
    }
    return schema;
  }

  /** Genesys Cloud writes null where it has nothing to say. */
  private static ObjectNode typed(ObjectNode schema, String type) {
    schema.putArray("type").add(type).add("null");
    return schema;
  }

  /** Of what could not be read nobody knows what it is about; of the rest all is known. */
  static ObjectNode deadLetterHeaders() {
    ObjectNode schema = JsonNodeFactory.instance.objectNode();
    schema.put("$schema", "http://json-schema.org/draft-07/schema#");
    schema.put("title", "The headers of a record of genesys.dead-letters");
    headers(schema);
    ((ArrayNode) schema.get("required")).add("caravan-reason");
    return schema;
  }

  // ---- the document

  private static ObjectNode document() {
    ObjectNode all = JsonNodeFactory.instance.objectNode();
    all.put("asyncapi", "3.0.0");
    all.putObject("info")
        .put("title", "Caravan")
        .put("version", "0.1.0")
        .put(
            "description",
            "What Caravan writes to Kafka, with the shipped routes and the prefix genesys. See"
                + " kafka-contract.md for delivery, order and repeats.")
        .putObject("license")
        .put("name", "Apache-2.0");
    all.put("defaultContentType", "application/json");
    all.putObject("servers")
        .putObject("kafka")
        .put("host", "localhost:9092")
        .put("protocol", "kafka");
    ObjectNode channels = all.putObject("channels");
    ObjectNode operations = all.putObject("operations");
    ObjectNode components = all.putObject("components");
    ObjectNode messages = components.putObject("messages");
    TITLES.forEach(
        (stream, title) ->
            channel(
                channels,
                operations,
                messages,
                stream,
                title,
                Map.of("$ref", "./schemas/" + file(stream))));
    channel(
        channels,
        operations,
        messages,
        "conversations.details",
        "Conversations that were read again after a gap, as analytics has them",
        Map.of("$ref", "./schemas/" + DETAILS_FILE));
    channel(
        channels,
        operations,
        messages,
        "signals",
        "What the connection to Genesys Cloud went through",
        Map.of("$ref", "./signals.schema.json"));
    channel(
        channels,
        operations,
        messages,
        "dead-letters",
        "What could not be read or sent: the original bytes",
        Map.of());
    ((ObjectNode) messages.get("dead-letters"))
        .putObject("headers")
        .put("schemaFormat", "application/schema+json;version=draft-07")
        .putObject("schema")
        .put("$ref", "./schemas/" + LETTERS_FILE);
    headers(components.putObject("schemas").putObject("headers"));
    return all;
  }

  private static void channel(
      ObjectNode channels,
      ObjectNode operations,
      ObjectNode messages,
      String stream,
      String title,
      Map<String, Object> payload) {
    String name = stream.replace(".{media}", "").replace('.', '-');
    ObjectNode channel = channels.putObject(name);
    channel.put("address", "genesys." + stream).put("title", title);
    channel.putObject("messages").putObject("record").put("$ref", "#/components/messages/" + name);
    if (stream.equals(MEDIA)) {
      ObjectNode media = channel.putObject("parameters").putObject("media");
      media.put("description", "The medium of the party that connected last and is not over");
      media.putArray("examples").add("voice").add("chat").add("message").add("email");
    }
    ObjectNode operation = operations.putObject("write-" + name);
    operation.put("action", "send").putObject("channel").put("$ref", "#/channels/" + name);
    ObjectNode message = messages.putObject(name);
    message.put("title", title);
    message.putObject("headers").put("$ref", "#/components/schemas/headers");
    if (payload.isEmpty()) {
      message.put("contentType", "application/octet-stream");
    } else {
      ObjectNode typed = message.putObject("payload");
      typed.put("schemaFormat", "application/schema+json;version=draft-07");
      typed.set("schema", JSON.valueToTree(new TreeMap<>(payload)));
    }
    message
        .putObject("bindings")
        .putObject("kafka")
        .putObject("key")
        .put("type", "string")
        .put("description", "The id of what it is about: what happens to one stays in order");
  }

  private static void headers(ObjectNode headers) {
    headers.put("type", "object");
    headers.putArray("required").add("ce_id").add("ce_type").add("ce_source").add("ce_specversion");
    ObjectNode properties = headers.putObject("properties");
    HEADERS.forEach(
        (name, description) ->
            properties.putObject(name).put("type", "string").put("description", description));
  }

  static final Map<String, String> HEADERS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("ce_id", "The event's own id; a repeat has the same"),
              Map.entry("ce_type", "com.genesys.cloud. and the topic with {id} for ids"),
              Map.entry("ce_source", "The API's address"),
              Map.entry("ce_subject", "The key"),
              Map.entry("ce_time", "When the frame was read"),
              Map.entry("ce_specversion", "Of CloudEvents: 1.0"),
              Map.entry("content-type", "Of the value"),
              Map.entry("genesys-topic", "The topic with its ids"),
              Map.entry("genesys-correlation-id", "Genesys Cloud's own"),
              Map.entry("genesys-media", "The primary medium; absent if there is none"),
              Map.entry("genesys-media-all", "All media, if there are several"),
              Map.entry("genesys-message-type", "Such as whatsapp, of messages"),
              Map.entry("genesys-origin", "backfill, replay or late; else absent"),
              Map.entry("caravan-reason", "Of dead letters")));
}
