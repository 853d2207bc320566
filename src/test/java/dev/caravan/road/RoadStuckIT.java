package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.simulator.Simulator;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.Ledger;
import dev.caravan.testing.Pace;
import dev.caravan.testing.SharedKafka;
import dev.caravan.testing.TwoBrokers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.utils.Utils;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is stuck in Kafka is stuck alone: of two brokers one is killed, and partitions of several
 * topics have no leader.
 *
 * <p>With {@code -Dcaravan.stuck.minutes=10} it stays away for that long at 1,000 events a second;
 * what the others' 99th percentile was before and meanwhile is logged.
 */
class RoadStuckIT {

  private static final Logger LOG = LoggerFactory.getLogger(RoadStuckIT.class);
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final int PER_SECOND = 1_000;
  private static final int MINUTES = Integer.getInteger("caravan.stuck.minutes", 0);

  /** They take turns; a conversation is a Kafka key and has one medium. */
  private static final int CONVERSATIONS = 60;

  private static final List<String> MEDIA = List.of("voice", "chat", "message");
  private static final List<String> SESSIONS = List.of("calls", "chats", "messages");

  /** The broker of each partition. */
  private static final Map<String, int[]> TOPICS =
      Map.of(
          "conversations.voice", new int[] {1, 2, 1, 2},
          "conversations.chat", new int[] {2, 1},
          "conversations.message", new int[] {1},
          "signals", new int[] {1},
          "dead-letters", new int[] {1});

  private static TwoBrokers cluster;

  @TempDir private Path folder;
  private final String prefix = SharedKafka.uniquePrefix();
  private Simulator genesys;
  private Bridge bridge;
  private Arrived arrived;
  private final Ledger ledger = new Ledger();

  @BeforeAll
  static void startCluster() throws Exception {
    cluster = TwoBrokers.start();
  }

  @AfterAll
  static void endCluster() {
    cluster.close();
  }

  @BeforeEach
  void start() throws Exception {
    for (Map.Entry<String, int[]> topic : TOPICS.entrySet()) {
      cluster.createTopic(prefix + topic.getKey(), topic.getValue());
    }
    genesys = Simulator.start(Road.quiet());
    bridge =
        Bridge.settings()
            .genesys(genesys.url())
            .with("GENESYS_CLIENT_ID", Road.CLIENT)
            .with("GENESYS_CLIENT_SECRET", Road.SECRET)
            .with("GENESYS_TOPICS", Road.TOPIC)
            .kafka(cluster.bootstrapServers(), prefix)
            .start(folder);
    bridge.awaitReady();
    arrived = new Arrived();
    send(PER_SECOND);
    arrived.await("all arrive", number -> true);
  }

  @AfterEach
  void end() {
    Stream.of(arrived, bridge, genesys)
        .forEach(
            it -> {
              try {
                it.close();
              } catch (Exception e) {
                LOG.warn("{} could not be closed", it, e);
              }
            });
  }

  @Test
  void partitionsWithoutALeaderAreStuckAloneAndLoseAndRepeatNothing() throws Exception {
    send(MINUTES == 0 ? PER_SECOND : 60 * PER_SECOND);
    int before = ledger.sent();

    cluster.second().kill();
    send(Math.max(8, MINUTES * 60) * PER_SECOND);

    arrived.await("what is not stuck arrives", RoadStuckIT::isHealthy);
    Bridge.Health health =
        bridge.awaitReadiness(
            "what is stuck in health",
            now ->
                Stream.of(
                        prefix + "conversations.voice, partition 1",
                        prefix + "conversations.voice, partition 3",
                        prefix + "conversations.chat, partition 0")
                    .allMatch(now.text()::contains));
    assertThat(health.text()).doesNotContain("partition 2", "message, partition");
    LOG.info(
        "99 % of what is not stuck reached Kafka's producer within {} ms before and {} ms while"
            + " stuck; the longest {} ms",
        arrived.percentile(PER_SECOND, before, 0.99),
        arrived.percentile(before, ledger.sent(), 0.99),
        arrived.percentile(before, ledger.sent(), 1));
    int meanwhile = ledger.sent();

    cluster.second().restart();
    send(2 * PER_SECOND);

    arrived.await("all arrive", number -> true);
    bridge.awaitReadiness(
        "nothing is stuck in health",
        now -> now.isReady() && !now.text().contains(prefix + "conversations"));
    LOG.info("{} of {} were sent while stuck", meanwhile - before, ledger.sent());
    assertOnceAndInOrder();
  }

  @Tag("long")
  @Test
  void aTopicThatIsMadeAgainWithFewerPartitionsTakesWhatWasMeantForThoseThatAreGone()
      throws Exception {
    cluster.deleteTopic(prefix + "conversations.voice");
    arrived.forget(prefix + "conversations.voice");
    send(PER_SECOND);
    cluster.createTopic(prefix + "conversations.voice", 1);
    send(2 * PER_SECOND);

    arrived.await("all arrive", number -> true);
    assertOnceAndInOrder();
  }

  // ---- what is sent

  private void send(int count) {
    long start = System.nanoTime();
    for (int i = 0; i < count; i++) {
      Pace.awaitTime(start + i * 1_000_000_000L / PER_SECOND);
      int number = ledger.sending();
      String body =
          "{\"id\":\"%s\",\"number\":%d,\"participants\":[{\"purpose\":\"agent\",\"%s\":[{\"state\":\"connected\"}]}]}"
              .formatted(key(number), number, SESSIONS.get(number % MEDIA.size()));
      assertThat(genesys.emit(Road.TOPIC, body)).as(bridge::log).isOne();
    }
  }

  private static String key(int number) {
    return "conversation-" + number % CONVERSATIONS;
  }

  private static boolean isHealthy(int number) {
    int[] brokers = TOPICS.get("conversations." + MEDIA.get(number % MEDIA.size()));
    byte[] key = key(number).getBytes(StandardCharsets.UTF_8);
    return brokers[Utils.toPositive(Utils.murmur2(key)) % brokers.length] == 1;
  }

  // ---- what arrives

  /** Holds each arrival against what was sent. */
  private final class Arrived implements AutoCloseable {

    private final KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers", cluster.first().bootstrapServers(),
                "auto.offset.reset", "earliest",
                "metadata.max.age.ms", "300"),
            new StringDeserializer(),
            new ByteArrayDeserializer());
    private final Map<TopicPartition, Long> next = new HashMap<>();
    private final Map<Integer, Long> tookMillis = new HashMap<>();
    private boolean reassign;

    Arrived() {
      assign();
    }

    private void assign() {
      Set<TopicPartition> partitions = new HashSet<>();
      for (String medium : MEDIA) {
        String topic = prefix + "conversations." + medium;
        int count =
            next.isEmpty() ? TOPICS.get("conversations." + medium).length : partitionsNow(topic);
        IntStream.range(0, count).forEach(i -> partitions.add(new TopicPartition(topic, i)));
      }
      consumer.assign(partitions);
    }

    private int partitionsNow(String topic) {
      return consumer.partitionsFor(topic, Duration.ofMinutes(1)).size();
    }

    /** It is deleted: what arrives there from now on begins anew. */
    void forget(String topic) {
      next.keySet().removeIf(partition -> partition.topic().equals(topic));
      consumer.assign(
          consumer.assignment().stream()
              .filter(partition -> !partition.topic().equals(topic))
              .toList());
      reassign = true;
    }

    void await(String what, IntPredicate wanted) {
      if (reassign) {
        reassign = false;
        assign();
        consumer.seekToBeginning(
            consumer.assignment().stream().filter(it -> !next.containsKey(it)).toList());
      }
      Awaitility.await(what)
          .atMost(PATIENCE.plusMinutes(MINUTES))
          .pollInSameThread()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(1))
          .until(
              () -> {
                consumer.poll(Duration.ofMillis(100)).forEach(this::take);
                bridge.failIfEnded();
                return ledger.missing().stream().noneMatch(wanted);
              });
    }

    private void take(ConsumerRecord<String, byte[]> record) {
      TopicPartition partition = new TopicPartition(record.topic(), record.partition());
      if (record.offset() < next.getOrDefault(partition, 0L)) {
        return;
      }
      next.put(partition, record.offset() + 1);
      int number = Ledger.number(record);
      if (ledger.arrived(number, record.key())) {
        tookMillis.put(number, record.timestamp() - ledger.time(number).toEpochMilli());
      }
    }

    /** How long that part of the healthy ones of an interval took at most, in milliseconds. */
    long percentile(int from, int to, double part) {
      long[] sorted =
          IntStream.range(from, to)
              .filter(RoadStuckIT::isHealthy)
              .mapToLong(tookMillis::get)
              .sorted()
              .toArray();
      return sorted[(int) Math.min(sorted.length - 1L, (long) (part * sorted.length))];
    }

    @Override
    public void close() {
      consumer.close();
    }
  }

  private void assertOnceAndInOrder() {
    assertThat(ledger.missing().stream()).as("lost").isEmpty();
    ledger.assertNothingRepeated();
    ledger.assertOrder();
  }
}
