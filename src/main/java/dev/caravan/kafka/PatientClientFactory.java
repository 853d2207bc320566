package dev.caravan.kafka;

import java.time.Duration;
import java.util.Properties;
import org.apache.camel.component.kafka.DefaultKafkaClientFactory;
import org.apache.camel.util.TimeUtils;
import org.apache.kafka.clients.producer.Producer;

/**
 * Gives camel-kafka producers that bear with a topic that is being created, and do not let one that
 * is missing hold up the others.
 */
public final class PatientClientFactory extends DefaultKafkaClientFactory {

  private static final Duration AGAIN = Duration.ofMinutes(5);

  private final Duration patience;

  /**
   * @param patience how long a topic may be unknown to Kafka before its records are refused, such
   *     as {@code 60s} or {@code 1m30s}
   */
  public PatientClientFactory(String patience) {
    this.patience = Duration.ofMillis(TimeUtils.toMilliSeconds(patience));
  }

  @Override
  public Producer<Object, Object> getProducer(Properties properties) {
    return new PatientProducer(properties, new TopicPatience(patience, AGAIN, System::nanoTime));
  }
}
