package dev.caravan.cli;

import dev.caravan.SettingsSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;

/** For reaching the cluster that the bridge writes to, with the same variables and secret files. */
final class KafkaEnvironment {

  private static final String CAMEL = "camel.component.kafka.";
  private static final Map<String, String> RENAMED =
      Map.of("ssl.endpoint.algorithm", "ssl.endpoint.identification.algorithm");

  private final SmallRyeConfig config;

  private KafkaEnvironment(SmallRyeConfig config) {
    this.config = config;
  }

  /** What the environment and {@code -D} options say. */
  static KafkaEnvironment read() {
    return new KafkaEnvironment(builder().addDefaultSources().build());
  }

  /** What the given variables say. */
  static KafkaEnvironment of(Map<String, String> variables) {
    return new KafkaEnvironment(
        builder().withSources(new io.smallrye.config.EnvConfigSource(variables, 300)).build());
  }

  private static SmallRyeConfigBuilder builder() {
    return new SmallRyeConfigBuilder().addDefaultInterceptors().withSources(new SettingsSource());
  }

  String bootstrapServers() {
    return config
        .getOptionalValue("kafka.bootstrap.servers", String.class)
        .orElse("localhost:9092");
  }

  String topicPrefix() {
    return config.getOptionalValue("caravan.topic.prefix", String.class).orElse("genesys.");
  }

  /** What an admin client is created with. */
  static Map<String, Object> adminProperties(SmallRyeConfig config) {
    return new KafkaEnvironment(config).properties(AdminClientConfig.configNames());
  }

  /** What a consumer is created with. */
  Map<String, Object> consumerProperties() {
    return properties(ConsumerConfig.configNames());
  }

  private Map<String, Object> properties(Set<String> known) {
    config
        .getOptionalValue(SettingsSource.KAFKA_MISTAKE, String.class)
        .ifPresent(
            mistake -> {
              throw new CommandFailure(mistake);
            });
    Map<String, Object> properties = new HashMap<>();
    for (String name : config.getPropertyNames()) {
      if (name.startsWith(CAMEL)) {
        String option = name.substring(CAMEL.length()).replace('-', '.');
        properties.put(
            RENAMED.getOrDefault(option, option), config.getConfigValue(name).getValue());
      }
    }
    properties.keySet().retainAll(known);
    properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers());
    return properties;
  }
}
