package dev.caravan.kafka;

import java.util.Map;
import org.apache.camel.component.kafka.KafkaConstants;
import org.apache.camel.spi.Metadata;

/**
 * The headers by which a route chooses topic and key of a record, and the one place that knows what
 * they are called in Camel, which gives them other names from version to version. They are none of
 * the record's own headers.
 */
public final class KafkaHeaders {

  @Metadata(
      description = "The Kafka topic, instead of the one that the endpoint names",
      javaType = "String")
  public static final String TOPIC = "genesys-kafka-topic";

  @Metadata(description = "The key of the record", javaType = "String")
  public static final String KEY = "genesys-kafka-key";

  private static final Map<String, String> CAMELS =
      Map.of(TOPIC, KafkaConstants.OVERRIDE_TOPIC, KEY, KafkaConstants.KEY);

  private KafkaHeaders() {}

  /** Gives them the names that Camel knows; what a route named so itself stays. */
  public static void translate(Map<String, Object> headers) {
    CAMELS.forEach(
        (ours, camels) -> {
          Object value = headers.remove(ours);
          if (value != null) {
            headers.put(camels, value);
          }
        });
  }

  /** Whether a header chooses the topic. */
  public static boolean isTopic(String header) {
    return TOPIC.equals(header) || KafkaConstants.OVERRIDE_TOPIC.equals(header);
  }
}
