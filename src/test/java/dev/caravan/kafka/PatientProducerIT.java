package dev.caravan.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.caravan.testing.TopicReader;
import dev.caravan.testing.TwoBrokers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What of a real cluster takes nothing is stuck alone. */
class PatientProducerIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static TwoBrokers cluster;

  /** The failures of a record's attempts; one without is done. */
  private final Map<String, Exception> failures = new ConcurrentHashMap<>();

  private final ConcurrentLinkedQueue<String> done = new ConcurrentLinkedQueue<>();

  @BeforeAll
  static void start() throws Exception {
    cluster = TwoBrokers.start();
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Test
  void aPartitionWithoutALeaderIsStuckAloneAndRepeatsNothingWhenItComesBack() throws Exception {
    cluster.createTopic("split", 1, 2);
    try (PatientProducer producer = producer(Duration.ofSeconds(60));
        TopicReader reader = new TopicReader(cluster.first().bootstrapServers(), "split")) {
      send(producer, "split", 0, "first");
      send(producer, "split", 1, "second");
      await().atMost(PATIENCE).until(() -> done.size() == 2);

      Deque<String> stuck = new ArrayDeque<>();
      for (int i = 0; i < 100; i++) {
        stuck.add("stuck-" + i);
        send(producer, "split", 1, "stuck-" + i);
        if (i == 50) {
          cluster.second().kill();
        }
      }
      await()
          .atMost(PATIENCE)
          .until(
              () -> stuck.stream().allMatch(id -> done.contains(id) || failures.containsKey(id)));
      assertThat(failures.values())
          .isNotEmpty()
          .allSatisfy(
              failure ->
                  assertThat(KafkaFailures.judge(failure).what()).contains("split, partition 1"));

      // More than the memory of the producer, and each refused at once
      long begin = System.nanoTime();
      for (int i = 0; i < 3_000; i++) {
        assertThatThrownBy(() -> trySend(producer, "split", 1, "refused"))
            .isInstanceOf(StuckException.class);
        send(producer, "split", 0, "flows-" + i);
      }
      await().atMost(PATIENCE).until(() -> done.contains("flows-2999"));
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(20));

      cluster.second().restart();
      // Sent again in order until each is done, as the spool does
      while (!stuck.isEmpty()) {
        String id = stuck.peek();
        failures.remove(id);
        if (!done.contains(id)) {
          send(producer, "split", 1, id);
          await().atMost(PATIENCE).until(() -> done.contains(id) || failures.containsKey(id));
        }
        if (done.contains(id)) {
          stuck.remove();
        }
      }
      Map<String, Integer> times = new HashMap<>();
      reader
          .awaitUntil(records -> records.size() >= 3_102)
          .forEach(
              record ->
                  times.merge(new String(record.value(), StandardCharsets.UTF_8), 1, Integer::sum));
      assertThat(times).hasSize(3_102).allSatisfy((id, count) -> assertThat(count).isOne());
      List<String> ofTheStuck =
          reader.records().stream()
              .map(record -> new String(record.value(), StandardCharsets.UTF_8))
              .filter(value -> value.startsWith("stuck-"))
              .toList();
      assertThat(ofTheStuck)
          .isEqualTo(java.util.stream.IntStream.range(0, 100).mapToObj(i -> "stuck-" + i).toList());
    }
  }

  @Test
  void aTopicThatIsNotThereHoldsUpTheSenderOnceAndIsAskedForInTheBackground() throws Exception {
    cluster.createTopic("there", 1);
    try (PatientProducer producer = producer(Duration.ofSeconds(60))) {
      send(producer, "there", 0, "warm");
      await().atMost(PATIENCE).until(() -> done.contains("warm"));

      assertThatThrownBy(() -> trySend(producer, "comes-later", 0, "early"))
          .hasMessageContaining("Kafka does not know the topic comes-later yet");
      long begin = System.nanoTime();
      for (int i = 0; i < 1_000; i++) {
        assertThatThrownBy(() -> trySend(producer, "comes-later", 0, "early"))
            .isInstanceOf(StuckException.class);
      }
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));

      cluster.createTopic("comes-later", 1);
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                send(producer, "comes-later", 0, "late");
                return done.contains("late");
              });
    }
  }

  @Test
  void aTopicThatNobodyCreatesIsRefusedForGood() {
    try (PatientProducer producer = producer(Duration.ofSeconds(3))) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThatThrownBy(() -> trySend(producer, "never", 0, "x"))
                      .isInstanceOf(UnknownTopicOrPartitionException.class)
                      .satisfies(
                          failure ->
                              assertThat(KafkaFailures.judge(failure).kind())
                                  .isEqualTo(KafkaFailures.Kind.FINAL)));
    }
  }

  private void send(PatientProducer producer, String topic, int partition, String id) {
    try {
      trySend(producer, topic, partition, id);
    } catch (StuckException e) {
      failures.put(id, e);
    }
  }

  private void trySend(PatientProducer producer, String topic, int partition, String id) {
    byte[] value = id.getBytes(StandardCharsets.UTF_8);
    ProducerRecord<Object, Object> message = new ProducerRecord<>(topic, partition, "k", value);
    message.headers().add("ce_id", value);
    producer.send(
        message,
        (metadata, failure) -> {
          if (failure == null) {
            done.add(id);
          } else {
            failures.put(id, failure);
          }
        });
  }

  private static PatientProducer producer(Duration patience) {
    Properties properties = new Properties();
    properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, cluster.bootstrapServers());
    properties.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class.getName());
    properties.put(
        ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName());
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, "1000");
    properties.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, "1");
    properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "1800000");
    properties.put(ProducerConfig.BUFFER_MEMORY_CONFIG, "1000000");
    return new PatientProducer(
        properties,
        new RefusedTopics(
            new RefusedTopics.Limits(patience, Duration.ofMinutes(5), Duration.ofSeconds(10)),
            System::nanoTime),
        PartitionBreakers.Limits.DEFAULT,
        closed -> {});
  }
}
