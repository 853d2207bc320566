package dev.caravan.command;

import dev.caravan.settings.KafkaClients;
import dev.caravan.settings.KafkaProperties;
import dev.caravan.settings.Settings;
import dev.caravan.settings.SettingsSource;
import io.smallrye.config.SmallRyeConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
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

  /** The one that these variables alone tell of. */
  public static KafkaEnvironment of(Map<String, String> variables) {
    return new KafkaEnvironment(Settings.of(variables));
  }

  public String bootstrapServers() {
    return config.getValue("kafka.bootstrap.servers", String.class);
  }

  public String topicPrefix() {
    return config.getValue("caravan.topic.prefix", String.class);
  }

  /** A client that asks the cluster. */
  public Admin admin(int patienceMillis) {
    return KafkaClients.admin(config, properties(AdminClientConfig.configNames()), patienceMillis);
  }

  /** What a consumer is created with; the login of our cluster goes to no other one. */
  public Map<String, Object> consumerProperties(Optional<String> servers) {
    if (servers.filter(it -> !it.equals(bootstrapServers())).isPresent()) {
      return Map.of(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, servers.get());
    }
    return properties(ConsumerConfig.configNames());
  }

  /** Reads along in topics of such a cluster, from the next record on or from the oldest. */
  public TopicFollower follow(Optional<String> servers, String topics, boolean fromBeginning) {
    return new TopicFollower(config, consumerProperties(servers), topics, fromBeginning);
  }

  private Map<String, Object> properties(Set<String> known) {
    CommandFailure.ifPresent(config.getOptionalValue(SettingsSource.KAFKA_MISTAKE, String.class));
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
