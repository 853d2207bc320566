package dev.caravan.cluster;

import dev.caravan.background.BackgroundTask;
import dev.caravan.cluster.ControlRecord.Until;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The control topic: reads all of it, from its beginning, and writes to it without waiting. It is
 * made if it is not there, and looked at again if it is not as it was. Nothing is kept for later
 * while Kafka is away: what still holds is written again.
 */
final class ControlTopic implements AutoCloseable {

  /** Many times the number of instances, so that shards can be dealt out evenly. */
  static final int SLOTS = 60;

  private static final Duration POLL = Duration.ofMillis(200);
  private static final int ANSWER_MILLIS = 10_000;

  private final String topic;
  private final Clients clients;
  private final BiPredicate<String, Boolean> ofUse;
  private final BiConsumer<ControlRecord, Boolean> heard;
  private final Runnable caughtUp;
  private final BackgroundTask task;
  private final LongSupplier wall;
  final ControlTopicAdmin admin;
  final ControlWriter writer;
  private final Map<TopicPartition, Long> next = new HashMap<>();
  private final KafkaLoop loop = new KafkaLoop();
  private Uuid id = Uuid.ZERO_UUID;
  private volatile boolean found;
  private volatile boolean listening;

  /**
   * @param ofUse takes a key, and whether its record was written since we listen: whether to hear
   *     it
   * @param heard takes each record, and whether it was written since we listen
   * @param caughtUp is run once, when all that there was has been heard
   * @param wall what the wall clock shows, in milliseconds
   */
  ControlTopic(
      String topic,
      Clients clients,
      BiPredicate<String, Boolean> ofUse,
      BiConsumer<ControlRecord, Boolean> heard,
      Runnable caughtUp,
      BackgroundTask task,
      LongSupplier wall) {
    this.topic = topic;
    this.clients = clients;
    this.ofUse = ofUse;
    this.heard = heard;
    this.caughtUp = caughtUp;
    this.task = task;
    this.wall = wall;
    this.admin = new ControlTopicAdmin(topic, clients);
    this.writer = new ControlWriter(topic, clients, wall);
  }

  void start(Executor threads) {
    loop.start(threads, () -> task.run(this::listen) && found);
  }

  private void listen() throws InterruptedException, ExecutionException {
    if (!found) {
      Optional<Uuid> there = admin.findOrMake();
      found = there.isPresent();
      if (!found) {
        return;
      }
      if (!there.get().equals(id)) {
        id = there.get();
        next.clear();
      }
    }
    writer.look();
    List<TopicPartition> partitions =
        IntStream.range(0, SLOTS).mapToObj(slot -> new TopicPartition(topic, slot)).toList();
    KafkaConsumer<byte[], byte[]> consumer = consumer();
    loop.with(consumer, () -> listen(consumer, partitions));
  }

  private void listen(KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions) {
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions.stream().filter(one -> !next.containsKey(one)).toList());
    next.forEach(consumer::seek);
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    while (!loop.isClosed()) {
      ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
      if (consumer.partitionsFor(topic).size() != SLOTS) {
        // Deleted, and perhaps made anew by the brokers: what is written there not all would hear
        found = false;
        writer.end(Duration.ZERO);
        return;
      }
      writer.look();
      for (ConsumerRecord<byte[], byte[]> record : records) {
        next.put(new TopicPartition(topic, record.partition()), record.offset() + 1);
        if (record.key() != null) {
          hear(new String(record.key(), StandardCharsets.UTF_8), record);
        }
      }
      if (!listening
          && ends.entrySet().stream()
              .allMatch(end -> consumer.position(end.getKey()) >= end.getValue())) {
        listening = true;
        caughtUp.run();
      }
    }
  }

  private void hear(String key, ConsumerRecord<byte[], byte[]> record) {
    if (ofUse.test(key, listening)) {
      ControlCodec.read(key, record.value())
          .flatMap(told -> inTime(told, record))
          .ifPresent(told -> heard.accept(told, listening));
    }
  }

  /**
   * A clock that is ahead would hide the beginning of a gap: nothing is read later than it is told.
   * When that was the broker says, for which we wait if it does not: of one from before we listen
   * nobody can tell. Then whoever told it tells the gap when it is back.
   */
  private Optional<ControlRecord> inTime(
      ControlRecord told, ConsumerRecord<byte[], byte[]> record) {
    boolean stamped = record.timestampType() == TimestampType.LOG_APPEND_TIME;
    long now = wall.getAsLong();
    long latest = stamped ? Math.min(now, record.timestamp()) : now;
    if (!(told instanceof Until until) || until.millis() <= latest) {
      return Optional.of(told);
    }
    return stamped || listening
        ? Optional.of(new Until(until.by(), until.shard(), until.epoch(), latest))
        : Optional.empty();
  }

  private KafkaConsumer<byte[], byte[]> consumer() {
    return clients.make(
        properties ->
            new KafkaConsumer<>(
                properties, new ByteArrayDeserializer(), new ByteArrayDeserializer()),
        Map.of(
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
            "earliest",
            ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
            false,
            ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
            false,
            ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG,
            (int) POLL.toMillis(),
            ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
            ANSWER_MILLIS));
  }

  @Override
  public void close() {
    loop.close();
    writer.close();
  }
}
