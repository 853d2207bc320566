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
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
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
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RetriableException;
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

  /** So long a record is waited for at most while there is no room for it. */
  static final int BLOCKS_MILLIS = 50;

  private static final Duration POLL = Duration.ofMillis(200);
  private static final int ANSWER_MILLIS = 10_000;
  private static final int DELIVERY_MILLIS = 5_000;

  private final String topic;
  private final Clients clients;
  private final BiPredicate<String, Boolean> ofUse;
  private final BiConsumer<ControlRecord, Boolean> heard;
  private final Runnable caughtUp;
  private final BackgroundTask task;
  private final Map<TopicPartition, Long> next = new HashMap<>();
  private volatile Optional<KafkaProducer<byte[], byte[]>> producer = Optional.empty();
  private volatile int slots;
  private final KafkaLoop loop = new KafkaLoop();
  private volatile boolean listening;
  private volatile Optional<String> refused = Optional.empty();
  private volatile String trouble = "";

  /**
   * @param ofUse takes a key, and whether its record was written since we listen: whether to hear
   *     it
   * @param heard takes each record, and whether it was written since we listen
   * @param caughtUp is run once, when all that there was has been heard
   */
  ControlTopic(
      String topic,
      Clients clients,
      BiPredicate<String, Boolean> ofUse,
      BiConsumer<ControlRecord, Boolean> heard,
      Runnable caughtUp,
      BackgroundTask task) {
    this.topic = topic;
    this.clients = clients;
    this.ofUse = ofUse;
    this.heard = heard;
    this.caughtUp = caughtUp;
    this.task = task;
  }

  void start(Executor threads) {
    loop.start(threads, () -> task.run(this::listen) && slots > 0);
  }

  private void listen() throws InterruptedException, ExecutionException {
    if (slots == 0) {
      slots = findOrMake();
      if (slots == 0) {
        return;
      }
    }
    if (producer.isEmpty()) {
      producer = Optional.of(producer());
    }
    List<TopicPartition> partitions =
        IntStream.range(0, slots).mapToObj(slot -> new TopicPartition(topic, slot)).toList();
    KafkaConsumer<byte[], byte[]> consumer = consumer();
    loop.with(consumer, () -> listen(consumer, partitions));
  }

  private void listen(KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions) {
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions.stream().filter(one -> !next.containsKey(one)).toList());
    next.forEach(consumer::seek);
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    while (!loop.isClosed()) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        next.put(new TopicPartition(topic, record.partition()), record.offset() + 1);
        if (record.key() != null) {
          hear(new String(record.key(), StandardCharsets.UTF_8), record.value());
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

  private void hear(String key, byte[] value) {
    if (ofUse.test(key, listening)) {
      ControlCodec.read(key, value).ifPresent(told -> heard.accept(told, listening));
    }
  }

  /** How many partitions it has; 0 if it is not as it has to be. */
  private int findOrMake() throws InterruptedException, ExecutionException {
    try (Admin admin =
        clients.make(
            Admin::create,
            Map.of("default.api.timeout.ms", ANSWER_MILLIS, "request.timeout.ms", ANSWER_MILLIS))) {
      int partitions;
      try {
        partitions = partitions(admin);
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
          throw e;
        }
        make(admin);
        partitions = partitions(admin);
      }
      Optional<String> wrong = wrong(partitions, cleanup(admin));
      if (!wrong.equals(refused)) {
        wrong.ifPresent(LOG::error);
        refused = wrong;
      }
      return wrong.isEmpty() ? partitions : 0;
    }
  }

  private void make(Admin admin) throws InterruptedException, ExecutionException {
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

  /** Its cleanup policy; that of a topic which we make if it may not be asked for. */
  private String cleanup(Admin admin) throws InterruptedException, ExecutionException {
    ConfigResource its = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    try {
      return admin
          .describeConfigs(List.of(its))
          .all()
          .get()
          .get(its)
          .get(TopicConfig.CLEANUP_POLICY_CONFIG)
          .value();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof AuthorizationException)) {
        throw e;
      }
      LOG.warn(
          "Whether the control topic {} is compacted cannot be seen: that takes the right"
              + " DescribeConfigs. It has to be.",
          topic);
      return TopicConfig.CLEANUP_POLICY_COMPACT;
    }
  }

  /** Why a topic that is there cannot be the control topic, and what is to be done. */
  private Optional<String> wrong(int partitions, String cleanup) {
    if (partitions != SLOTS) {
      return Optional.of(
          "The control topic %s has %d partitions, and needs %d. Stop all instances, delete it, and start them: they make it as it has to be."
              .formatted(topic, partitions, SLOTS));
    }
    return cleanup.equals(TopicConfig.CLEANUP_POLICY_COMPACT)
        ? Optional.empty()
        : Optional.of(
            "The control topic %s has cleanup.policy=%s, by which Kafka would delete what the instances have told each other. Set it to compact; it is looked at again every second."
                .formatted(topic, cleanup));
  }

  /** Why the topic cannot be used before somebody acts; empty if it can, or is not known yet. */
  Optional<String> refused() {
    return refused;
  }

  /** Why it cannot be written to, other than that Kafka does not answer; empty if it can. */
  String trouble() {
    return trouble;
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
            BLOCKS_MILLIS,
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

  /** Never waits for an answer; for room, {@link #BLOCKS_MILLIS} at most. */
  void write(ControlRecord told) {
    producer.ifPresent(
        open ->
            open.send(
                new ProducerRecord<>(
                    topic,
                    ControlCodec.partition(told, slots),
                    ControlCodec.key(told).getBytes(StandardCharsets.UTF_8),
                    ControlCodec.value(told)),
                (done, failure) -> written(failure)));
  }

  /** What does not pass by itself is told; the others hear nothing of this instance. */
  private void written(Exception failure) {
    if (failure == null) {
      trouble = "";
    } else if (failure instanceof ApiException && !(failure instanceof RetriableException)) {
      if (trouble.isEmpty()) {
        LOG.error(
            "Kafka refuses what this instance writes to the control topic {}: {}.",
            topic,
            failure.getClass().getSimpleName());
      }
      trouble =
          "Kafka refuses what this instance writes to the control topic %s (%s), so the others do not hear of it.%s"
              .formatted(
                  topic,
                  failure.getClass().getSimpleName(),
                  failure instanceof AuthorizationException
                      ? " It needs the rights Read, Write and Describe on it."
                      : "");
    } else {
      LOG.debug("A record of the control topic was not written", failure);
    }
  }

  @Override
  public void close() {
    loop.close();
    producer.ifPresent(open -> open.close(Duration.ofSeconds(1)));
  }
}
