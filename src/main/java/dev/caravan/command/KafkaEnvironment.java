package dev.caravan.command;

import dev.caravan.settings.ExtraJars;
import dev.caravan.settings.KafkaProperties;
import dev.caravan.settings.SettingsSource;
import io.smallrye.config.SmallRyeConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;

/** For reaching the cluster that the bridge writes to, with the same variables and secret files. */
public final class KafkaEnvironment {

  private static final String CAMEL = "camel.component.kafka.";
  private static final Map<String, String> RENAMED =
      Map.of("ssl.endpoint.algorithm", "ssl.endpoint.identification.algorithm");

  private final SmallRyeConfig config;

  public KafkaEnvironment(SmallRyeConfig config) {
    this.config = config;
  }

  public String bootstrapServers() {
    return config.getValue("kafka.bootstrap.servers", String.class);
  }

  public String topicPrefix() {
    return config.getValue("caravan.topic.prefix", String.class);
  }

  /** What an admin client is created with. */
  public Map<String, Object> adminProperties() {
    return properties(AdminClientConfig.configNames());
  }

  /** Makes a client, with what lies in the folder of jars. */
  public <T> T client(Supplier<T> made) {
    return ExtraJars.with(config, made);
  }

  /**
   * What a consumer is created with.
   *
   * @param servers of which cluster; the login of ours goes to no other one
   */
  public Map<String, Object> consumerProperties(Optional<String> servers) {
    if (servers.filter(it -> !it.equals(bootstrapServers())).isPresent()) {
      return Map.of(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, servers.get());
    }
    return properties(ConsumerConfig.configNames());
  }

  private Map<String, Object> properties(Set<String> known) {
    config
        .getOptionalValue(SettingsSource.KAFKA_MISTAKE, String.class)
        .ifPresent(
            mistake -> {
              throw new CommandFailure(mistake);
            });
    Map<String, Object> set = new HashMap<>();
    for (String name : config.getPropertyNames()) {
      if (name.startsWith(CAMEL)) {
        String option = name.substring(CAMEL.length()).replace('-', '.');
        set.put(RENAMED.getOrDefault(option, option), config.getConfigValue(name).getValue());
      }
    }
    set.putAll(KafkaProperties.of(config));
    Map<String, Object> properties = KafkaProperties.knownTo(known, set);
    properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers());
    return properties;
  }
}
