package dev.caravan.kafka;

import java.time.Duration;
import java.util.Properties;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.component.kafka.DefaultKafkaClientFactory;
import org.apache.camel.util.TimeUtils;
import org.apache.kafka.clients.producer.Producer;

/**
 * Gives camel-kafka producers that bear with a topic that is being created, and do not let one that
 * is missing or denied hold up the others; knows what is denied to them.
 */
public final class PatientClientFactory extends DefaultKafkaClientFactory {

  private static final Duration MISSING_AGAIN = Duration.ofMinutes(5);
  private static final Duration DENIED_AGAIN = Duration.ofSeconds(10);

  private final Duration patience;
  private final Set<PatientProducer> producers = ConcurrentHashMap.newKeySet();

  /**
   * @param patience how long a topic may be unknown to Kafka before its records are refused, such
   *     as {@code 60s} or {@code 1m30s}
   */
  public PatientClientFactory(String patience) {
    this.patience = Duration.ofMillis(TimeUtils.toMilliSeconds(patience));
  }

  @Override
  public Producer<Object, Object> getProducer(Properties properties) {
    PatientProducer producer =
        new PatientProducer(
            properties,
            new TopicPatience(patience, MISSING_AGAIN, System::nanoTime),
            new TopicRights(DENIED_AGAIN, System::nanoTime),
            producers::remove);
    producers.add(producer);
    return producer;
  }

  /** The topics that Kafka denies to the producers that are open. */
  public SortedSet<String> deniedTopics() {
    SortedSet<String> denied = new TreeSet<>();
    producers.forEach(producer -> denied.addAll(producer.deniedTopics()));
    return denied;
  }

  /** Asks for denied topics to which nothing was sent lately; takes seconds if Kafka is slow. */
  public void askForQuietTopics() {
    producers.forEach(PatientProducer::askForQuietTopics);
  }
}
