package dev.caravan.kafka;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.utils.Utils;

/**
 * Says before a record is sent which partition it goes to: with a key the one that Kafka's own
 * partitioner chooses, without a key any that is not stuck, the same one for a moment.
 */
final class PartitionChoice {

  /** Long enough for batches, short enough that no partition gets all. */
  private static final Duration STAYS = Duration.ofMillis(100);

  private final boolean byKafka;
  private final Serializer<Object> keys;

  /**
   * @param properties of the producer: one with a partitioner of its own is left to that
   */
  @SuppressWarnings("unchecked")
  PartitionChoice(Properties properties) {
    ProducerConfig config = new ProducerConfig(properties);
    byKafka =
        config.getClass(ProducerConfig.PARTITIONER_CLASS_CONFIG) != null
            || config.getBoolean(ProducerConfig.PARTITIONER_IGNORE_KEYS_CONFIG);
    keys =
        config.getConfiguredInstance(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, Serializer.class);
    keys.configure(config.originals(), true);
  }

  /** Empty if it is not known before Kafka's producer has chosen. */
  Optional<PartitionInfo> choose(
      ProducerRecord<Object, Object> message,
      List<PartitionInfo> partitions,
      Predicate<TopicPartition> flows) {
    if (message.partition() != null) {
      return numbered(partitions, message.partition());
    }
    if (byKafka || partitions.isEmpty()) {
      return Optional.empty();
    }
    if (message.key() == null) {
      return Optional.of(anyThatFlows(partitions, flows));
    }
    byte[] key;
    try {
      key = keys.serialize(message.topic(), message.headers(), message.key());
    } catch (ClassCastException otherType) {
      // Kafka's producer says which class it is, and which one is wanted
      return Optional.empty();
    }
    return key == null
        ? Optional.of(anyThatFlows(partitions, flows))
        : numbered(partitions, Utils.toPositive(Utils.murmur2(key)) % partitions.size());
  }

  private static PartitionInfo anyThatFlows(
      List<PartitionInfo> partitions, Predicate<TopicPartition> flows) {
    int first = (int) Math.floorMod(System.nanoTime() / STAYS.toNanos(), (long) partitions.size());
    for (int i = 0; i < partitions.size(); i++) {
      PartitionInfo partition = partitions.get((first + i) % partitions.size());
      if (partition.leader() != null
          && flows.test(new TopicPartition(partition.topic(), partition.partition()))) {
        return partition;
      }
    }
    return partitions.get(first);
  }

  private static Optional<PartitionInfo> numbered(List<PartitionInfo> partitions, int number) {
    // For each record, so without a stream
    for (PartitionInfo partition : partitions) {
      if (partition.partition() == number) {
        return Optional.of(partition);
      }
    }
    return Optional.empty();
  }
}
