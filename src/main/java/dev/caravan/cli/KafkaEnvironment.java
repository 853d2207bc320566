package dev.caravan.cli;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerConfig;

/**
 * For reaching the cluster that the bridge writes to: the same {@code KAFKA_…} variables, each
 * named after the client property it sets.
 */
record KafkaEnvironment(Map<String, String> variables) {

  private static final String PREFIX = "KAFKA_";

  KafkaEnvironment {
    variables = Map.copyOf(variables);
  }

  String bootstrapServers() {
    return variables.getOrDefault("KAFKA_BOOTSTRAP_SERVERS", "localhost:9092");
  }

  String topicPrefix() {
    return variables.getOrDefault("CARAVAN_TOPIC_PREFIX", "genesys.");
  }

  /** What a consumer is created with: KAFKA_SASL_MECHANISM becomes sasl.mechanism, and so on. */
  Map<String, Object> consumerProperties() {
    Map<String, Object> properties = new HashMap<>();
    variables.forEach(
        (name, value) -> property(name).ifPresent(property -> properties.put(property, value)));
    properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers());
    return properties;
  }

  private static Optional<String> property(String variable) {
    return Stream.of(variable)
        .filter(name -> name.startsWith(PREFIX))
        .map(name -> name.substring(PREFIX.length()).toLowerCase(Locale.ROOT).replace('_', '.'))
        .filter(ConsumerConfig.configNames()::contains)
        .findFirst();
  }
}
