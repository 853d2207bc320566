package dev.caravan.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RoundRobinPartitioner;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

class PartitionChoiceTest {

  private static final Node NODE = new Node(1, "localhost", 9092);
  private final Properties properties = new Properties();

  PartitionChoiceTest() {
    properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:9092");
    properties.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class.getName());
    properties.put(
        ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName());
  }

  @Test
  void aKeyGoesWhereKafkaWouldSendIt() {
    PartitionChoice choice = new PartitionChoice(properties);

    for (int i = 0; i < 1_000; i++) {
      String key = "key-" + i;
      assertThat(chosen(choice, null, key))
          .contains(
              BuiltInPartitioner.partitionForKey(new StringSerializer().serialize("t", key), 6));
    }
  }

  @Test
  void whatHasNoKeyGoesRoundWhatIsStuckOrWithoutALeader() {
    PartitionChoice choice = new PartitionChoice(properties);

    for (int i = 0; i < 100; i++) {
      Optional<PartitionInfo> chosen =
          choice.choose(
              message(null, null),
              partitions(),
              partition -> partition.partition() != 1 && partition.partition() != 2);
      assertThat(chosen.orElseThrow().partition()).isIn(0, 3, 4);
    }
  }

  @Test
  void whatTheRouteOrAPartitionerChoosesStays() {
    assertThat(chosen(new PartitionChoice(properties), 3, "key")).contains(3);

    properties.put(ProducerConfig.PARTITIONER_CLASS_CONFIG, RoundRobinPartitioner.class.getName());
    assertThat(chosen(new PartitionChoice(properties), null, "key")).isEmpty();
  }

  @Test
  void aKeyThatIsOfAnotherTypeIsLeftToTheProducerToRefuse() {
    assertThat(chosen(new PartitionChoice(properties), null, 17)).isEmpty();
  }

  private static Optional<Integer> chosen(PartitionChoice choice, Integer partition, Object key) {
    return choice
        .choose(message(partition, key), partitions(), any -> true)
        .map(PartitionInfo::partition);
  }

  private static ProducerRecord<Object, Object> message(Integer partition, Object key) {
    return new ProducerRecord<>("t", partition, key, new byte[0]);
  }

  /** Six; the last one has no leader. */
  private static List<PartitionInfo> partitions() {
    return IntStream.range(0, 6)
        .mapToObj(i -> new PartitionInfo("t", i, i == 5 ? null : NODE, new Node[0], new Node[0]))
        .toList();
  }
}
