package dev.caravan.testing;

import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.awaitility.core.ConditionTimeoutException;

/**
 * For tests that assert what arrived in Kafka: reads all topics whose name starts with a prefix,
 * from their beginning, topics that are created later included. For one thread.
 */
public final class TopicReader implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMinutes(4);

  private final KafkaConsumer<String, byte[]> consumer;
  private final List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
  private final Map<String, List<ConsumerRecord<String, byte[]>>> byTopic = new HashMap<>();
  private final Map<TopicPartition, Long> next = new HashMap<>();

  public TopicReader(String bootstrapServers, String topicPrefix) {
    consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ConsumerConfig.GROUP_ID_CONFIG,
                "reader-" + UUID.randomUUID(),
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest",
                ConsumerConfig.METADATA_MAX_AGE_CONFIG,
                "300",
                // A condition is asked after each poll, and what it costs grows with what was read
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                "5000",
                ConsumerConfig.FETCH_MIN_BYTES_CONFIG,
                String.valueOf(1 << 20),
                ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG,
                "50"),
            new StringDeserializer(),
            new ByteArrayDeserializer());
    consumer.subscribe(Pattern.compile(Pattern.quote(topicPrefix) + ".*"));
  }

  /** All records read so far, in the order of reading: ordered within a partition. */
  public List<ConsumerRecord<String, byte[]>> records() {
    return List.copyOf(records);
  }

  /** The same but for so many that were read first. */
  public List<ConsumerRecord<String, byte[]>> recordsFrom(int first) {
    return List.copyOf(records.subList(first, records.size()));
  }

  /** Those of one topic; more may be added to this list by the next reading. */
  public List<ConsumerRecord<String, byte[]>> records(String topic) {
    return Collections.unmodifiableList(byTopic.computeIfAbsent(topic, it -> new ArrayList<>()));
  }

  /** Reads until so many records have been seen in all. */
  public List<ConsumerRecord<String, byte[]>> awaitRecords(int count) {
    return awaitUntil(seen -> seen.size() >= count);
  }

  /** Reads until the condition holds for all that has been seen. */
  public List<ConsumerRecord<String, byte[]>> awaitUntil(
      Predicate<List<ConsumerRecord<String, byte[]>>> enough) {
    try {
      await()
          .atMost(PATIENCE)
          .pollInSameThread()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(1))
          .until(
              () -> {
                read(Duration.ofMillis(100));
                return enough.test(records);
              });
    } catch (ConditionTimeoutException e) {
      throw new ConditionTimeoutException("What came to Kafka was not enough: " + counts(), e);
    }
    return records();
  }

  /** How many records of each topic have been read. */
  private Map<String, Integer> counts() {
    Map<String, Integer> counts = new TreeMap<>();
    byTopic.forEach((topic, all) -> counts.put(topic, all.size()));
    return counts;
  }

  /** Reads what arrives in this time, to assert that something did not. */
  public List<ConsumerRecord<String, byte[]>> readFor(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() < end) {
      read(Duration.ofMillis(100));
    }
    return records();
  }

  /** A header's value as text. */
  public static Optional<String> header(ConsumerRecord<?, ?> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null
        ? Optional.empty()
        : Optional.of(new String(header.value(), StandardCharsets.UTF_8));
  }

  /** A broker that was killed may have forgotten how far the group was: nothing counts twice. */
  private void read(Duration most) {
    for (ConsumerRecord<String, byte[]> record : consumer.poll(most)) {
      TopicPartition partition = new TopicPartition(record.topic(), record.partition());
      if (record.offset() >= next.getOrDefault(partition, 0L)) {
        next.put(partition, record.offset() + 1);
        records.add(record);
        byTopic.computeIfAbsent(record.topic(), it -> new ArrayList<>()).add(record);
      }
    }
  }

  @Override
  public void close() {
    consumer.close();
  }
}
