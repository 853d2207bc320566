package dev.caravan.kafka;

import dev.caravan.settings.KafkaClients;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.eclipse.microprofile.config.ConfigProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out soon after the start whether Kafka answers: the first record, with which a wrong
 * address or password would show, may come hours later.
 */
final class ConnectionProbe {

  private static final Logger LOG = LoggerFactory.getLogger(ConnectionProbe.class);

  private final int patienceMillis;
  private volatile boolean reached;
  private volatile Optional<String> problem = Optional.empty();

  /**
   * @param patience how long an answer may take
   */
  ConnectionProbe(Duration patience) {
    this.patienceMillis = Math.toIntExact(patience.toMillis());
  }

  /** Why there has been no contact yet, as a sentence; empty if there was, or nobody asked. */
  Optional<String> problem() {
    return problem;
  }

  /** Whether nobody needs to ask any more. */
  boolean isReached() {
    return reached;
  }

  /** Kafka is there, as somebody knows. */
  void markReached() {
    reached = true;
    if (problem.isPresent()) {
      problem = Optional.empty();
      LOG.info("Kafka answers.");
    }
  }

  /**
   * Asks Kafka for its brokers, and waits for the answer.
   *
   * @param producer what a producer is made with
   * @throws org.apache.kafka.common.KafkaException if no client can be made with it
   */
  void probe(Properties producer) throws InterruptedException {
    try (Admin admin = KafkaClients.admin(ConfigProvider.getConfig(), producer, patienceMillis)) {
      admin.describeCluster().nodes().get();
      markReached();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TimeoutException) {
        fails(
            "Kafka does not answer at %s: look at KAFKA_BOOTSTRAP_SERVERS, the brokers and KAFKA_SECURITY_PROTOCOL."
                .formatted(producer.get(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG)));
      } else if (e.getCause() instanceof AuthenticationException) {
        fails(KafkaFailures.judge(e.getCause()).sentence());
      } else {
        // Whatever it says, it is there
        markReached();
      }
    }
  }

  private void fails(String why) {
    if (problem.filter(why::equals).isEmpty()) {
      LOG.warn("{} What is for Kafka is kept on disk until it answers.", why);
      problem = Optional.of(why);
    }
  }
}
