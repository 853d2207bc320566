package dev.caravan.settings;

import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaException;
import org.eclipse.microprofile.config.Config;

/** The one place in which clients of Kafka are made, whatever they are for. */
public final class KafkaClients {

  private KafkaClients() {}

  /**
   * Makes a client of these properties. It and its threads find what lies in the jars of {@code
   * CARAVAN_JARS_DIR}. Takes up to 5 s where nobody answers.
   *
   * @throws KafkaException if none can be made, or if what listens there does not speak Kafka's
   *     protocol
   */
  public static <P extends Map<?, ?>, T> T make(
      Config config, P properties, Function<P, T> client) {
    PlainListener.look(properties);
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(ExtraJars.loader(config));
    try {
      return client.apply(properties);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /** Makes one that asks a cluster, of what its other clients are made with. */
  public static Admin admin(Config config, Map<?, ?> properties, int patienceMillis) {
    Map<String, Object> its = KafkaProperties.knownTo(AdminClientConfig.configNames(), properties);
    its.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, patienceMillis);
    its.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, patienceMillis);
    return make(config, its, Admin::create);
  }
}
