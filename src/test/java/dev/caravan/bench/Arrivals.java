package dev.caravan.bench;

import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
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
  private final Map<TopicPartition, Long> checkedTo = new HashMap<>();
  private final BitSet seen = new BitSet();
  private final long[] lastOfConversation = new long[LoadFrames.CONVERSATIONS];
  private long repeated;
  private long outOfOrder;
  private long foreign;

  Arrivals(String bootstrapServers, LoadFrames frames) {
    this.frames = frames;
    this.consumer =
        new KafkaConsumer<>(
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
    Arrays.fill(lastOfConversation, -1);
  }

  /** Records in Kafka, those about the road itself left out. */
  long count() {
    return consumer.endOffsets(partitions()).values().stream().mapToLong(Long::longValue).sum();
  }

  private List<TopicPartition> partitions() {
    return consumer.listTopics().entrySet().stream()
        .filter(topic -> topic.getKey().startsWith("genesys."))
        .filter(topic -> !topic.getKey().equals("genesys.signals"))
        .flatMap(topic -> topic.getValue().stream())
        .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
        .toList();
  }

  /** Reads all that is there and was not read yet. */
  void check() {
    List<TopicPartition> partitions = partitions();
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    follow(partitions);
    while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
      consumer.poll(POLL).forEach(this::check);
    }
    ends.keySet().forEach(partition -> checkedTo.put(partition, consumer.position(partition)));
  }

  /**
   * Reads what comes and stamps it.
   *
   * @param stamps by number less the first, {@link System#nanoTime()} of when it was read
   */
  void stamp(long first, long[] stamps, BooleanSupplier ended) {
    List<TopicPartition> partitions = partitions();
    follow(partitions);
    int left = stamps.length;
    while (left > 0 && !ended.getAsBoolean()) {
      Iterable<ConsumerRecord<byte[], byte[]>> records = consumer.poll(POLL);
      long now = System.nanoTime();
      for (ConsumerRecord<byte[], byte[]> record : records) {
        long number = check(record);
        if (number >= first && number < first + stamps.length) {
          stamps[(int) (number - first)] = now;
          left--;
        }
      }
    }
    partitions.forEach(partition -> checkedTo.put(partition, consumer.position(partition)));
  }

  private void follow(List<TopicPartition> partitions) {
    consumer.assign(partitions);
    partitions.forEach(
        partition -> consumer.seek(partition, checkedTo.getOrDefault(partition, 0L)));
  }

  private long check(ConsumerRecord<byte[], byte[]> record) {
    long number =
        record.topic().startsWith("genesys.conversations.") ? frames.number(record.value()) : -1;
    if (number < 0 || number > Integer.MAX_VALUE) {
      foreign++;
      return -1;
    }
    if (seen.get((int) number)) {
      repeated++;
      return number;
    }
    seen.set((int) number);
    int conversation = (int) (number % LoadFrames.CONVERSATIONS);
    if (number < lastOfConversation[conversation]) {
      outOfOrder++;
    }
    lastOfConversation[conversation] = number;
    return number;
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
    long lost = sent - seen.get(0, (int) sent).cardinality();
    boolean right = lost == 0 && repeated <= repeatedAtMost && outOfOrder == 0 && foreign == 0;
    return "%s: of %,d frames %,d lost, %,d repeated, %,d out of order within their key, %,d not as they were sent"
        .formatted(right ? "Right" : "WRONG", sent, lost, repeated, outOfOrder, foreign);
  }

  @Override
  public void close() {
    consumer.close();
  }
}
