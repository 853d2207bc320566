package dev.caravan.simulator.centre;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.EnumNamingStrategies;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.stream.Stream;

/**
 * JSON as Genesys Cloud writes it, with ISO-8601 instants in UTC with exactly three decimals, and
 * as the stand-in is told things: names in camel case, durations in ISO-8601.
 */
public final class Json {

  public static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .addModule(new JavaTimeModule())
          .addModule(new SimpleModule().addDeserializer(Duration.class, new DurationReader()))
          .enumNamingStrategy(EnumNamingStrategies.LOWER_CAMEL_CASE)
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private static final DateTimeFormatter INSTANT =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

  /** Durations in ISO-8601 only: of a bare number nobody can know whether it means seconds. */
  private static final class DurationReader extends StdDeserializer<Duration> {

    private DurationReader() {
      super(Duration.class);
    }

    @Override
    public Duration deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      String text = parser.getValueAsString("");
      try {
        return Duration.parse(text);
      } catch (DateTimeException e) {
        return (Duration)
            context.handleWeirdStringValue(
                Duration.class, text, "a duration is written like PT2M or PT0.5S");
      }
    }
  }

  private Json() {}

  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  public static ArrayNode array() {
    return MAPPER.createArrayNode();
  }

  /** An answer that lists these. */
  public static ObjectNode listing(Stream<? extends JsonNode> entities) {
    ObjectNode listing = object();
    entities.forEach(listing.putArray("entities")::add);
    return listing;
  }

  public static byte[] bytes(JsonNode node) {
    try {
      return MAPPER.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A JSON tree could not be written, which cannot happen.", e);
    }
  }

  /** The same options, but for one of them. */
  @SuppressWarnings("unchecked")
  public static <R extends Record> R with(R options, String name, Object value) {
    ObjectNode changed = MAPPER.valueToTree(options);
    changed.set(name, MAPPER.valueToTree(value));
    return (R) MAPPER.convertValue(changed, options.getClass());
  }

  /** How a constant is written. */
  public static String name(Enum<?> constant) {
    return MAPPER.convertValue(constant, String.class);
  }

  /** Reads what somebody has written; the exception says in a sentence what is wrong with it. */
  public static <T> T read(JsonNode node, Class<T> type) {
    if (node.isMissingNode() || node.isNull()) {
      throw new IllegalArgumentException("There is nothing where something was to be read.");
    }
    try {
      return MAPPER.treeToValue(node, type);
    } catch (JsonProcessingException e) {
      boolean ours = e.getCause() instanceof IllegalArgumentException;
      String sentence = ours ? e.getCause().getMessage() : e.getOriginalMessage();
      throw new IllegalArgumentException(sentence, e);
    }
  }

  /** Reads what stands beside a class in the jar. */
  public static JsonNode resource(Class<?> beside, String name) {
    try (InputStream resource = beside.getResourceAsStream(name)) {
      return tree(resource.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException("The simulator's " + name + " cannot be read.", e);
    }
  }

  /** Reads what this program itself has written. */
  public static JsonNode tree(byte[] json) {
    try {
      return MAPPER.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException("JSON of our own cannot be read, which cannot happen.", e);
    }
  }

  /** Such as {@code 2026-11-21T17:00:00.123Z}. */
  public static String time(Instant instant) {
    return INSTANT.format(instant);
  }

  public static String time(long epochMillis) {
    return time(Instant.ofEpochMilli(epochMillis));
  }
}
