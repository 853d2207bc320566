package dev.caravan.cluster;

import java.util.Map;
import java.util.function.Function;

/** Makes Kafka's clients as the settings say. */
@FunctionalInterface
public interface Clients {

  /**
   * @param making takes the properties of the client
   * @param fixed properties over those of the settings
   * @throws org.apache.kafka.common.KafkaException if none can be made with these settings
   */
  <T> T make(Function<Map<String, Object>, T> making, Map<String, Object> fixed);
}
