package dev.caravan.bench;

import dev.caravan.testing.Ledger;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.LongUnaryOperator;
import org.HdrHistogram.Histogram;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Counts and checks what arrived in Kafka: every number once, every frame as it was sent, the
 * numbers of a key in order.
 */
final class Arrivals implements AutoCloseable {

  private static final Duration POLL = Duration.ofMillis(200);

  private final LoadFrames frames;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Ledger ledger = new Ledger();
  private long foreign;

  Arrivals(String bootstrapServers, LoadFrames frames) {
    this.frames = frames;
    this.consumer = consumer(bootstrapServers);
  }

  /** It reads from the beginning, many records at a time, and does not wait for more. */
  static KafkaConsumer<byte[], byte[]> consumer(String bootstrapServers) {
    return new KafkaConsumer<>(
        Map.of(
            "bootstrap.servers",
            bootstrapServers,
            "enable.auto.commit",
            "false",
            "auto.offset.reset",
            "earliest",
            "fetch.min.bytes",
            "1",
            "max.poll.records",
            "5000"),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }

  /** Records in Kafka, those about the road itself left out. */
  long count() {
    return consumer.endOffsets(follow()).values().stream().mapToLong(Long::longValue).sum();
  }

  /** All partitions there are by now; those that are new are read from their beginning. */
  private List<TopicPartition> follow() {
    List<TopicPartition> all =
        consumer.listTopics().entrySet().stream()
            .filter(topic -> topic.getKey().startsWith("genesys."))
            .filter(topic -> !topic.getKey().equals("genesys.signals"))
            .flatMap(topic -> topic.getValue().stream())
            .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
            .toList();
    // The client warns whenever it learns the end of a partition that is not assigned to it
    if (!consumer.assignment().containsAll(all)) {
      consumer.assign(all);
    }
    return all;
  }

  /** Reads all that is there and was not read yet. */
  void check() {
    Map<TopicPartition, Long> ends = consumer.endOffsets(follow());
    while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
      consumer.poll(POLL).forEach(this::check);
    }
  }

  /**
   * Reads what comes until all with these numbers were read that are to reach Kafka.
   *
   * @param sentAt by number, when in {@link System#nanoTime()} it was due to be sent
   * @param ended whether not to wait any longer
   * @return microseconds from then until it was read; for what did not come, until the end
   */
  Histogram read(long first, long last, LongUnaryOperator sentAt, BooleanSupplier ended) {
    Histogram micros = new Histogram(3);
    follow();
    int left = frames.kept(first, last);
    while (left > 0 && !ended.getAsBoolean()) {
      Iterable<ConsumerRecord<byte[], byte[]>> records = consumer.poll(POLL);
      long now = System.nanoTime();
      for (ConsumerRecord<byte[], byte[]> record : records) {
        long number = check(record);
        if (number >= first && number < last) {
          micros.recordValue(microsFrom(sentAt.applyAsLong(number), now));
          left--;
        }
      }
    }
    long end = System.nanoTime();
    for (long number = first; left > 0 && number < last; number++) {
      if (frames.isKept(number) && !ledger.hasArrived((int) number)) {
        micros.recordValue(microsFrom(sentAt.applyAsLong(number), end));
      }
    }
    return micros;
  }

  private static long microsFrom(long nanos, long toNanos) {
    return Math.max(0, toNanos - nanos) / 1_000;
  }

  /** Its number if it is one that was awaited, else -1. */
  private long check(ConsumerRecord<byte[], byte[]> record) {
    long number =
        record.topic().startsWith("genesys.conversations.") ? frames.number(record.value()) : -1;
    if (number < 0 || number > Integer.MAX_VALUE || !frames.isKept(number)) {
      foreign++;
      return -1;
    }
    boolean first = ledger.arrived((int) number, number % frames.conversations());
    return first ? number : -1;
  }

  /**
   * What is wrong after so many frames were sent.
   *
   * @return a sentence; it begins with "Right" if nothing is
   */
  String verdict(long sent) {
    return verdict(sent, 0);
  }

  /**
   * The same where events may be repeated.
   *
   * @param repeatedAtMost so many in all
   */
  String verdict(long sent, long repeatedAtMost) {
    int expected = frames.kept(0, sent);
    long lost = expected - ledger.arrived();
    boolean right =
        lost == 0
            && ledger.repeated() <= repeatedAtMost
            && ledger.outOfOrder() == 0
            && foreign == 0;
    return "%s: of %,d frames %,d lost, %,d repeated, %,d out of order within their key, %,d not as they were sent"
        .formatted(
            right ? "Right" : "WRONG",
            expected,
            lost,
            ledger.repeated(),
            ledger.outOfOrder(),
            foreign);
  }

  @Override
  public void close() {
    consumer.close();
  }
}
