package dev.caravan.kafka;

import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.record.RecordBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A producer whose exceptions tell what Kafka cannot take now from what it will never take, also
 * when a topic is missing: {@link TimeoutException} as long as Kafka may yet create it, {@link
 * UnknownTopicOrPartitionException} when it has not done so in time. The client itself throws the
 * same exception for both, and blocks the sender before each, as it does for a topic without
 * rights.
 */
final class PatientProducer extends KafkaProducer<Object, Object> {

  private static final Logger LOG = LoggerFactory.getLogger(PatientProducer.class);

  /** What is not acknowledged by then stays in the spool, so there is nothing to wait for. */
  private static final Duration CLOSE_WITHIN = Duration.ofSeconds(2);

  private final TopicPatience patience;
  private final TopicRights rights;
  private final RightsInquiry inquiry;
  private final Consumer<PatientProducer> closed;

  /**
   * @param closed hears of it when this producer is closed
   */
  PatientProducer(
      Properties properties,
      TopicPatience patience,
      TopicRights rights,
      Consumer<PatientProducer> closed) {
    super(properties);
    this.patience = patience;
    this.rights = rights;
    this.inquiry = new RightsInquiry(properties);
    this.closed = closed;
  }

  @Override
  public Future<RecordMetadata> send(ProducerRecord<Object, Object> message, Callback callback) {
    String topic = message.topic();
    Optional<? extends ApiException> refusal =
        patience.refuses(topic) ? Optional.of(missing(topic)) : rights.refusal(topic);
    if (refusal.isPresent()) {
      callback.onCompletion(
          new RecordMetadata(
              new TopicPartition(topic, RecordMetadata.UNKNOWN_PARTITION),
              -1,
              -1,
              RecordBatch.NO_TIMESTAMP,
              -1,
              -1),
          refusal.get());
      return CompletableFuture.failedFuture(refusal.get());
    }
    return super.send(
        message, (metadata, cause) -> callback.onCompletion(metadata, judge(topic, cause)));
  }

  SortedSet<String> deniedTopics() {
    return rights.topics();
  }

  /** Finds out without a record whether a right was given meanwhile. */
  void askForQuietTopics() {
    SortedSet<String> quiet = rights.quiet();
    if (!quiet.isEmpty()) {
      inquiry.granted(quiet).forEach(this::granted);
    }
  }

  /** Also on a thread that was interrupted, as Camel does when a stop takes long. */
  @Override
  public void close() {
    closed.accept(this);
    boolean interrupted = Thread.interrupted();
    try {
      close(CLOSE_WITHIN);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private Exception judge(String topic, Exception cause) {
    if (cause == null) {
      patience.known(topic);
      granted(topic);
      return null;
    }
    if (cause instanceof AuthorizationException denial) {
      denied(topic, denial);
      return cause;
    }
    if (cause instanceof TimeoutException
        && cause.getCause() instanceof UnknownTopicOrPartitionException) {
      return patience.isTooLongUnknown(topic)
          ? missing(topic)
          : new TimeoutException("Kafka does not know the topic " + topic + " yet.");
    }
    return cause;
  }

  private void denied(String topic, AuthorizationException denial) {
    if (rights.denied(topic, denial)) {
      LOG.warn(
          "Kafka denies the topic {} to the bridge: {}. Its records are refused until the right is"
              + " given; Kafka is asked again every {} s. Grant the user of the bridge the"
              + " operations Write and Describe on it, and Create if Kafka is to create it.",
          topic,
          denial.getMessage().replaceAll("[.\\s]+$", ""),
          rights.again().toSeconds());
    }
  }

  private void granted(String topic) {
    if (rights.granted(topic)) {
      LOG.info("Kafka grants the topic {} to the bridge: its records flow.", topic);
    }
  }

  private UnknownTopicOrPartitionException missing(String topic) {
    return new UnknownTopicOrPartitionException(
        "Kafka does not know the topic "
            + topic
            + " and has not created it within "
            + patience.patience().toSeconds()
            + " s. Create it, or turn auto.create.topics.enable on.");
  }
}
