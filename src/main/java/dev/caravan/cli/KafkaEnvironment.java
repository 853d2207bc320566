package dev.caravan.cli;

import dev.caravan.settings.SettingsSource;
import io.smallrye.config.SmallRyeConfig;
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

  KafkaEnvironment(SmallRyeConfig config) {
    this.config = config;
  }

  String bootstrapServers() {
    return config.getValue("kafka.bootstrap.servers", String.class);
  }

  String topicPrefix() {
    return config.getValue("caravan.topic.prefix", String.class);
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
