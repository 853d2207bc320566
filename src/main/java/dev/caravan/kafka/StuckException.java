package dev.caravan.kafka;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;

/**
 * Says that Kafka cannot take a record for now, and which topic or partition, or which route on the
 * way there, is to blame. Its message holds nothing of the record, so it may stand in log and
 * health.
 */
public final class StuckException extends RetriableException {

  private static final long serialVersionUID = 1L;

  private final String what;

  public StuckException(String what, String sentence) {
    super(sentence);
    this.what = what;
  }

  StuckException(String what, String sentence, Throwable cause) {
    super(sentence, cause);
    this.what = what;
  }

  /** What is stuck, such as {@code genesys.presence, partition 2}. */
  public String what() {
    return what;
  }

  static String name(TopicPartition partition) {
    return partition.partition() < 0
        ? partition.topic()
        : partition.topic() + ", partition " + partition.partition();
  }
}
