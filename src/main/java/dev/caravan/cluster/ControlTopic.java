package dev.caravan.cluster;

import dev.caravan.background.BackgroundTask;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control topic: reads all of it, from its beginning, and writes to it without waiting. It is
 * made if it is not there. Nothing is kept for later while Kafka is away: what still holds is
 * written again.
 */
final class ControlTopic implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ControlTopic.class);

  /** Many times the number of instances, so that shards can be dealt out evenly. */
  static final int SLOTS = 60;

  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration AGAIN = Duration.ofSeconds(1);
  private static final int ANSWER_MILLIS = 10_000;
  private static final int DELIVERY_MILLIS = 5_000;

  private final String topic;
  private final Clients clients;
  private final BiConsumer<ControlRecord, Boolean> heard;
  private final Runnable caughtUp;
  private final BackgroundTask task;
  private final Map<TopicPartition, Long> next = new HashMap<>();
  private volatile Optional<KafkaProducer<byte[], byte[]>> producer = Optional.empty();
  private volatile int slots;
  private volatile boolean closed;
  private volatile boolean listening;

  /**
   * @param heard takes each record, and whether it was written since we listen
   * @param caughtUp is run once, when all that there was has been heard
   */
  ControlTopic(
      String topic,
      Clients clients,
      BiConsumer<ControlRecord, Boolean> heard,
      Runnable caughtUp,
      BackgroundTask task) {
    this.topic = topic;
    this.clients = clients;
    this.heard = heard;
    this.caughtUp = caughtUp;
    this.task = task;
  }

  void start(Executor threads) {
    threads.execute(this::run);
  }

  private void run() {
    while (!closed) {
      if (!task.run(this::listen) && !closed) {
        pause();
      }
    }
  }

  private void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(AGAIN.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed = true;
    }
  }

  private void listen() throws InterruptedException, ExecutionException {
    if (slots == 0) {
      slots = findOrMake();
    }
    if (producer.isEmpty()) {
      producer = Optional.of(producer());
    }
    List<TopicPartition> partitions =
        IntStream.range(0, slots).mapToObj(slot -> new TopicPartition(topic, slot)).toList();
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions.stream().filter(one -> !next.containsKey(one)).toList());
      next.forEach(consumer::seek);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (!closed) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          next.put(new TopicPartition(topic, record.partition()), record.offset() + 1);
          if (record.key() != null) {
            ControlCodec.read(new String(record.key(), StandardCharsets.UTF_8), record.value())
                .ifPresent(told -> heard.accept(told, listening));
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
  }

  private int findOrMake() throws InterruptedException, ExecutionException {
    try (Admin admin =
        clients.make(
            Admin::create,
            Map.of("default.api.timeout.ms", ANSWER_MILLIS, "request.timeout.ms", ANSWER_MILLIS))) {
      try {
        return partitions(admin);
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
          throw e;
        }
      }
      try {
        NewTopic made =
            new NewTopic(topic, Optional.of(SLOTS), Optional.empty())
                .configs(
                    Map.of(
                        TopicConfig.CLEANUP_POLICY_CONFIG,
                        TopicConfig.CLEANUP_POLICY_COMPACT,
                        TopicConfig.SEGMENT_MS_CONFIG,
                        String.valueOf(Duration.ofHours(1).toMillis())));
        admin.createTopics(List.of(made)).all().get();
        LOG.info("The control topic {} was made.", topic);
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof TopicExistsException)) {
          throw e;
        }
      }
      return partitions(admin);
    }
  }

  private int partitions(Admin admin) throws InterruptedException, ExecutionException {
    return admin
        .describeTopics(List.of(topic))
        .allTopicNames()
        .get()
        .get(topic)
        .partitions()
        .size();
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

  private KafkaProducer<byte[], byte[]> producer() {
    return clients.make(
        properties ->
            new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer()),
        Map.of(
            ProducerConfig.ACKS_CONFIG,
            "all",
            ProducerConfig.LINGER_MS_CONFIG,
            0,
            // Whoever writes decides about sockets, and must not wait
            ProducerConfig.MAX_BLOCK_MS_CONFIG,
            50,
            ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
            DELIVERY_MILLIS,
            ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
            DELIVERY_MILLIS - 1_000,
            ProducerConfig.COMPRESSION_TYPE_CONFIG,
            "gzip"));
  }

  /** How many slots there are; 0 before that is known. */
  int slots() {
    return slots;
  }

  /** Never waits for an answer. */
  void write(ControlRecord told) {
    producer.ifPresent(
        open ->
            open.send(
                new ProducerRecord<>(
                    topic,
                    ControlCodec.partition(told, slots),
                    ControlCodec.key(told).getBytes(StandardCharsets.UTF_8),
                    ControlCodec.value(told)),
                (done, failure) -> {
                  if (failure != null) {
                    LOG.debug("A record of the control topic was not written", failure);
                  }
                }));
  }

  @Override
  public void close() {
    closed = true;
    producer.ifPresent(open -> open.close(Duration.ofSeconds(1)));
  }
}
