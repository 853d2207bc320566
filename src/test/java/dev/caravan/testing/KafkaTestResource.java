package dev.caravan.testing;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.util.Map;

/**
 * For Quarkus tests: points the application at the shared broker and gives it a topic prefix of its
 * own. The configuration carries both as {@code kafka.bootstrap.servers} and {@code
 * caravan.topic.prefix}.
 */
public class KafkaTestResource implements QuarkusTestResourceLifecycleManager {

  @Override
  public Map<String, String> start() {
    return Map.of(
        "kafka.bootstrap.servers", SharedKafka.bootstrapServers(),
        "caravan.topic.prefix", SharedKafka.uniquePrefix());
  }

  @Override
  public void stop() {
    // The broker is shared and ends with the JVM.
  }
}
