package dev.caravan.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.demo.LocalBroker;
import dev.caravan.spool.Failure;
import dev.caravan.testing.TestBroker;
import dev.caravan.testing.TopicReader;
import dev.caravan.testing.TwoBrokers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What of a real cluster takes nothing is stuck alone. */
class IsolatingProducerIT {

  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** For so long a sender waits that asks Kafka about a topic. */
  private static final Duration HELD_UP = Duration.ofSeconds(1);

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
    try (IsolatingProducer producer = producer(Duration.ofSeconds(60));
        TopicReader reader = new TopicReader(cluster.first().bootstrapServers(), "split")) {
      deliver(producer, "split", 0, "first");
      deliver(producer, "split", 1, "second");

      Deque<String> stuck = new ArrayDeque<>();
      for (int i = 0; i < 100; i++) {
        stuck.add("stuck-" + i);
        send(producer, "split", 1, "stuck-" + i);
        if (i == 50) {
          cluster.second().kill();
        }
      }
      await()
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
      awaitDelivered(
          producer,
          "split",
          0,
          IntStream.range(0, 3_000).mapToObj(i -> "flows-" + i).collect(Collectors.toSet()));
      assertThat(Duration.ofNanos(System.nanoTime() - begin))
          .as("none of them is held up")
          .isLessThan(HELD_UP.multipliedBy(3_000).dividedBy(10));

      cluster.second().restart();
      // Sent again in order until each is done, as the spool does
      while (!stuck.isEmpty()) {
        String id = stuck.peek();
        failures.remove(id);
        if (!done.contains(id)) {
          send(producer, "split", 1, id);
          await().until(() -> done.contains(id) || failures.containsKey(id));
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
          .isEqualTo(IntStream.range(0, 100).mapToObj(i -> "stuck-" + i).toList());
    }
  }

  @Test
  void aTopicThatIsNotThereHoldsUpTheSenderOnceAndIsAskedForInTheBackground() throws Exception {
    cluster.createTopic("there", 1);
    try (IsolatingProducer producer = producer(Duration.ofSeconds(60))) {
      deliver(producer, "there", 0, "warm");

      await()
          .untilAsserted(
              () ->
                  assertThatThrownBy(() -> trySend(producer, "comes-later", 0, "early"))
                      .hasMessageContaining("Kafka does not know the topic comes-later yet"));
      long begin = System.nanoTime();
      for (int i = 0; i < 1_000; i++) {
        assertThatThrownBy(() -> trySend(producer, "comes-later", 0, "early"))
            .isInstanceOf(StuckException.class);
      }
      assertThat(Duration.ofNanos(System.nanoTime() - begin))
          .as("none of them is held up")
          .isLessThan(HELD_UP.multipliedBy(1_000).dividedBy(10));

      cluster.createTopic("comes-later", 1);
      await()
          .until(
              () -> {
                send(producer, "comes-later", 0, "late");
                return done.contains("late");
              });
    }
  }

  @Test
  void aTopicThatNobodyCreatesIsRefusedForGood() {
    try (IsolatingProducer producer = producer(Duration.ofSeconds(3))) {
      await()
          .untilAsserted(
              () ->
                  assertThatThrownBy(() -> trySend(producer, "never", 0, "x"))
                      .isInstanceOf(UnknownTopicOrPartitionException.class)
                      .satisfies(
                          failure ->
                              assertThat(KafkaFailures.judge(failure).kind())
                                  .isEqualTo(Failure.Kind.FINAL)));
    }
  }

  @Test
  void moreStuckPartitionsThanThereIsMemoryForDoNotStopTheOthers() throws Exception {
    int[] second = new int[100];
    Arrays.fill(second, 2);
    cluster.createTopic("many", second);
    cluster.createTopic("healthy", 1, 1, 1);
    try (IsolatingProducer producer = producer(Duration.ofSeconds(60))) {
      deliver(producer, "many", 0, "first");
      for (int i = 0; i < 2; i++) {
        deliver(producer, "healthy", i, "before-" + i);
      }
      cluster.second().kill();
      try {
        // The memory is that of 61 batches
        for (int i = 0; i < second.length; i++) {
          send(producer, "many", i, "many-" + i);
        }

        for (int i = 0; i < 50; i++) {
          String id = "flows-" + i;
          send(producer, "healthy", i % 2, id);
          await().until(() -> done.contains(id) || failures.containsKey(id));
          assertThat(failures).doesNotContainKey(id);
        }
      } finally {
        cluster.second().restart();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        UnsupportedVersionException.class,
        ClusterAuthorizationException.class,
        ProducerFencedException.class
      })
  void aClientThatHasFailedForGoodFailsNoRecordForGoodAndIsReplaced(Class<?> fatal)
      throws Exception {
    String topic = "fatal-" + fatal.getSimpleName();
    String refused = "refused-" + fatal.getSimpleName();
    cluster.createTopic(topic, 1);
    cluster.createTopic(refused, 1);
    AtomicLong nanos = new AtomicLong();
    IsolatingClientFactory factory = new IsolatingClientFactory("60s", nanos::get, 5_000);
    Properties properties = properties();
    properties.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, Fatal.class.getName());
    IsolatingProducer producer = (IsolatingProducer) factory.getProducer(properties);
    deliver(producer, topic, 0, "before");
    deliver(producer, refused, 0, "before, too");
    assertThat(factory.problem()).isEmpty();

    // An exception of Kafka's on the way through its client is to it as an answer of Kafka
    send(producer, refused, 0, fatal.getName());
    String id = "after-" + fatal.getSimpleName();
    assertThatThrownBy(
            () -> {
              trySend(producer, topic, 0, id);
              trySend(producer, topic, 0, id);
            })
        .isInstanceOf(StuckException.class)
        .hasMessageContaining("Kafka's client has failed and sends nothing any more");
    assertThat(factory.problem().orElseThrow()).contains("Kafka's client has failed");
    await().until(() -> failures.size() > 0 || done.size() == 2);
    assertThat(done).doesNotContain(id);

    assertThatThrownBy(producer::orAnother).as("not at once").isInstanceOf(StuckException.class);
    nanos.addAndGet(IsolatingClientFactory.UNUSABLE_AGAIN.toNanos());
    try (IsolatingProducer next = awaitAnother(producer)) {
      deliver(next, topic, 0, id);
      assertThat(factory.problem()).as("once a record has arrived").isEmpty();
    }
  }

  @Test
  void aClientWhoseThreadHasEndedIsReplacedAndAllThatItHeldHasFailed() throws Exception {
    cluster.createTopic("ended", 1);
    AtomicLong nanos = new AtomicLong();
    IsolatingClientFactory factory = new IsolatingClientFactory("60s", nanos::get, 5_000);
    Properties properties = properties();
    properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "1000");
    properties.put(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG, Deadly.class.getName());
    IsolatingProducer producer = (IsolatingProducer) factory.getProducer(properties);
    deliver(producer, "ended", 0, "before");

    Deadly.armed.set(true);
    send(producer, "ended", 0, "deadly");
    await().until(() -> !Deadly.armed.get());
    send(producer, "ended", 0, "held");
    Queue<Object> ofNoEvent = new ConcurrentLinkedQueue<>();
    producer.send(
        new ProducerRecord<>("ended", 0, "k", new byte[1]),
        (metadata, failure) -> ofNoEvent.add(failure == null ? "done" : failure));

    await().until(producer::hasEnded);
    assertThat(factory.problem()).contains("Kafka's client does not run any more.");
    await().until(() -> failures.containsKey("held") && !ofNoEvent.isEmpty());
    assertThat(ofNoEvent).singleElement().isInstanceOf(StuckException.class);
    nanos.addAndGet(IsolatingClientFactory.UNUSABLE_AGAIN.toNanos());
    try (IsolatingProducer next = awaitAnother(producer)) {
      deliver(next, "ended", 0, "after");
    }
  }

  private static IsolatingProducer awaitAnother(IsolatingProducer producer) {
    IsolatingProducer[] another = new IsolatingProducer[1];
    await()
        .ignoreExceptionsInstanceOf(StuckException.class)
        .until(() -> (another[0] = (IsolatingProducer) producer.orAnother()) != producer);
    return another[0];
  }

  /** Ends the thread of a client once, by an error that Kafka does not catch. */
  public static final class Deadly implements ProducerInterceptor<Object, Object> {

    static final AtomicBoolean armed = new AtomicBoolean();

    @Override
    public ProducerRecord<Object, Object> onSend(ProducerRecord<Object, Object> message) {
      return message;
    }

    @Override
    public void onAcknowledgement(RecordMetadata metadata, Exception failure) {
      if (armed.getAndSet(false)) {
        throw new OutOfMemoryError("unable to create native thread, says the test");
      }
    }

    @Override
    public void configure(Map<String, ?> settings) {
      // Has none
    }

    @Override
    public void close() {
      // Holds nothing
    }
  }

  @Test
  void anErrorOfWhoeverWaitsForAnAnswerDoesNotEndTheClientsThread() throws Exception {
    cluster.createTopic("error", 1);
    try (IsolatingProducer producer = producer(Duration.ofSeconds(60))) {
      deliver(producer, "error", 0, "before");
      producer.send(
          new ProducerRecord<>("error", 0, "k", new byte[1]),
          (metadata, failure) -> {
            done.add("error");
            throw new OutOfMemoryError("unable to create native thread, says the test");
          });
      await().until(() -> done.contains("error"));

      send(producer, "error", 0, "next");

      await().until(() -> done.contains("next"));
    }
  }

  /**
   * A clock that is behind by as long as the client gathers a batch, and a topic that bears with no
   * such difference, stand for one that is ahead by more than the hour that brokers bear with.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void whatIsRefusedForTheClocksWaitsUntilTheyAreSet(int records) throws Exception {
    String topic = "clocks-" + records;
    cluster.createTopic(topic, Map.of(TopicConfig.MESSAGE_TIMESTAMP_BEFORE_MAX_MS_CONFIG, "0"), 1);
    Properties gathering = properties();
    gathering.put(ProducerConfig.LINGER_MS_CONFIG, "200");
    try (IsolatingProducer producer =
        producer(gathering, Duration.ofSeconds(60), System::nanoTime)) {
      for (int i = 0; i < records; i++) {
        send(producer, topic, 0, "late-" + i);
      }

      await().until(() -> failures.size() == records);
      assertThat(failures.values())
          .extracting(KafkaFailures::judge)
          .allSatisfy(
              verdict ->
                  assertThat(verdict)
                      .returns(Failure.Kind.LATER, Failure::kind)
                      .returns(topic + ", partition 0", Failure::what))
          .extracting(Failure::sentence)
          .allSatisfy(sentence -> assertThat(sentence).contains("set the clocks"));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void aTimestampThatTheRouteHasSetHoldsUpNothing(int records) throws Exception {
    String topic = "odd-" + records;
    cluster.createTopic(topic, 1);
    Properties gathering = properties();
    gathering.put(ProducerConfig.LINGER_MS_CONFIG, "200");
    long ahead = System.currentTimeMillis() + Duration.ofHours(2).toMillis();
    Queue<Exception> ofOdd = new ConcurrentLinkedQueue<>();
    try (IsolatingProducer producer =
        producer(gathering, Duration.ofSeconds(60), System::nanoTime)) {
      for (int i = 0; i < records; i++) {
        producer.send(
            new ProducerRecord<>(topic, 0, ahead, "k", new byte[] {1}),
            (metadata, failure) -> ofOdd.add(failure));
      }
      send(producer, topic, 0, "in its batch");

      await().until(() -> ofOdd.size() == records && failures.size() == 1);
      assertThat(ofOdd)
          .extracting(KafkaFailures::judge)
          .extracting(Failure::kind)
          .containsOnly(Failure.Kind.FINAL);
      assertThat(ofOdd).extracting(Exception::getMessage).asString().contains("The route has set");
      assertThat(KafkaFailures.judge(failures.get("in its batch")).kind())
          .isEqualTo(Failure.Kind.LATER);
      send(producer, topic, 0, "again");
      await().until(() -> done.contains("again"));
    }
  }

  /** Kafka's client keeps the last answer to what it asked of a topic. */
  @Test
  void aTopicThatWasUnknownBeforeKafkaWentAwayIsNotMissing() {
    AtomicLong nanos = new AtomicLong();
    try (LocalBroker broker =
        LocalBroker.start(TestBroker.settings().with("auto.create.topics.enable", "false"))) {
      Properties properties = properties();
      properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers());
      try (IsolatingProducer producer = producer(properties, Duration.ofSeconds(60), nanos::get)) {
        await()
            .untilAsserted(
                () ->
                    assertThatThrownBy(() -> trySend(producer, "unborn", 0, "x"))
                        .hasMessageContaining("Kafka does not know the topic unborn yet"));
        broker.kill();

        nanos.addAndGet(Duration.ofMinutes(10).toNanos());

        await()
            .untilAsserted(
                () ->
                    assertThatThrownBy(() -> trySend(producer, "unborn", 0, "x"))
                        .hasMessage(
                            "Kafka does not answer, and did not know the topic unborn before."));
      }
    }
  }

  /** Throws the exception that a value names, if it does. */
  public static final class Fatal extends ByteArraySerializer {

    @Override
    public byte[] serialize(String topic, byte[] value) {
      String text = new String(value, StandardCharsets.UTF_8);
      if (text.startsWith("org.apache.kafka.")) {
        try {
          throw (RuntimeException)
              Class.forName(text).getConstructor(String.class).newInstance("by the test");
        } catch (ReflectiveOperationException e) {
          throw new AssertionError(e);
        }
      }
      return value;
    }
  }

  private static ConditionFactory await() {
    return Awaitility.await().atMost(PATIENCE);
  }

  private void deliver(IsolatingProducer producer, String topic, int partition, String id) {
    send(producer, topic, partition, id);
    awaitDelivered(producer, topic, partition, Set.of(id));
  }

  /** What fails is sent again, as the spool does: Kafka's client may not know the topic yet. */
  private void awaitDelivered(
      IsolatingProducer producer, String topic, int partition, Set<String> ids) {
    await()
        .until(
            () -> {
              for (String id : ids) {
                if (failures.remove(id) != null) {
                  send(producer, topic, partition, id);
                }
              }
              return Set.copyOf(done).containsAll(ids);
            });
  }

  private void send(IsolatingProducer producer, String topic, int partition, String id) {
    try {
      trySend(producer, topic, partition, id);
    } catch (StuckException e) {
      failures.put(id, e);
    }
  }

  private void trySend(IsolatingProducer producer, String topic, int partition, String id) {
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

  private static IsolatingProducer producer(Duration patience) {
    return producer(properties(), patience, System::nanoTime);
  }

  private static IsolatingProducer producer(
      Properties properties, Duration patience, LongSupplier nanoTime) {
    return (IsolatingProducer)
        new IsolatingClientFactory(patience.toSeconds() + "s", nanoTime, 5_000)
            .getProducer(properties);
  }

  private static Properties properties() {
    Properties properties = new Properties();
    properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, cluster.bootstrapServers());
    properties.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class.getName());
    properties.put(
        ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName());
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, String.valueOf(HELD_UP.toMillis()));
    properties.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, "1");
    properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "1800000");
    properties.put(ProducerConfig.BUFFER_MEMORY_CONFIG, "1000000");
    return properties;
  }
}
