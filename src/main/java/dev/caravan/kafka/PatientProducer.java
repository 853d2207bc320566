package dev.caravan.kafka;

import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.record.RecordBatch;

/**
 * A producer whose exceptions tell what Kafka cannot take now from what it will never take, also
 * when a topic is missing: {@link TimeoutException} as long as Kafka may yet create it, {@link
 * UnknownTopicOrPartitionException} when it has not done so in time. The client itself throws the
 * same exception for both, and blocks the sender before each.
 */
final class PatientProducer extends KafkaProducer<Object, Object> {

  /** What is not acknowledged by then stays in the spool, so there is nothing to wait for. */
  private static final Duration CLOSE_WITHIN = Duration.ofSeconds(2);

  private final TopicPatience patience;

  PatientProducer(Properties properties, TopicPatience patience) {
    super(properties);
    this.patience = patience;
  }

  @Override
  public Future<RecordMetadata> send(ProducerRecord<Object, Object> message, Callback callback) {
    String topic = message.topic();
    if (patience.refuses(topic)) {
      UnknownTopicOrPartitionException refusal = refusal(topic);
      callback.onCompletion(
          new RecordMetadata(
              new TopicPartition(topic, RecordMetadata.UNKNOWN_PARTITION),
              -1,
              -1,
              RecordBatch.NO_TIMESTAMP,
              -1,
              -1),
          refusal);
      return CompletableFuture.failedFuture(refusal);
    }
    return super.send(
        message, (metadata, cause) -> callback.onCompletion(metadata, judge(topic, cause)));
  }

  /** Also on a thread that was interrupted, as Camel does when a stop takes long. */
  @Override
  public void close() {
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
      return null;
    }
    if (cause instanceof TimeoutException
        && cause.getCause() instanceof UnknownTopicOrPartitionException) {
      return patience.isTooLongUnknown(topic)
          ? refusal(topic)
          : new TimeoutException("Kafka does not know the topic " + topic + " yet.");
    }
    return cause;
  }

  private UnknownTopicOrPartitionException refusal(String topic) {
    return new UnknownTopicOrPartitionException(
        "Kafka does not know the topic "
            + topic
            + " and has not created it within "
            + patience.patience().toSeconds()
            + " s. Create it, or turn auto.create.topics.enable on.");
  }
}
