package dev.caravan.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.background.SteadyClock;
import dev.caravan.check.CheckReport;
import dev.caravan.check.KafkaCheck;
import dev.caravan.command.KafkaEnvironment;
import dev.caravan.demo.LocalBroker;
import dev.caravan.settings.Settings;
import dev.caravan.testing.LogLines;
import dev.caravan.testing.ProcessSignal;
import dev.caravan.testing.SharedKafka;
import dev.caravan.testing.TestBroker;
import dev.caravan.testing.TwoBrokers;
import dev.caravan.topic.Plan;
import dev.caravan.topic.TopicSharder;
import io.smallrye.config.SmallRyeConfig;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Membership and control topic against a real broker; whoever reads does nothing. */
@Tag("slow")
class ClusterTest {

  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Map<String, String> SETTINGS =
      Map.of("GENESYS_TOPICS", "v2.a", "GENESYS_MEDIA", "voice");

  private final String name = SharedKafka.uniquePrefix() + "cluster";
  private final String topic = "caravan." + name;
  private final List<AutoCloseable> open = new ArrayList<>();
  private Admin admin;
  private GroupProtocol protocol = GroupProtocol.CLASSIC;
  private String servers = SharedKafka.bootstrapServers();

  /** By how much the clock of the next one is ahead of Kafka's. */
  private Duration ahead = Duration.ZERO;

  /** What each one has for a Kafka that is to listen from now on. */
  private volatile Optional<String> listenersServers = Optional.empty();

  /** Those that listen to the control topic, in the order in which they were made. */
  private final List<KafkaConsumer<?, ?>> listeners = new CopyOnWriteArrayList<>();

  /** Those of all, in the order in which they were made. */
  private final List<KafkaProducer<?, ?>> producers = new CopyOnWriteArrayList<>();

  /** What the first producer has for a Kafka. */
  private Optional<String> firstServers = Optional.empty();

  /** Of the one that was started last. */
  private ScheduledExecutorService control;

  /** Those of the same. */
  private ThreadPoolExecutor threads;

  @BeforeEach
  void connect() {
    admin = Admin.create(Map.of("bootstrap.servers", servers));
  }

  private void moveTo(String others) {
    admin.close();
    servers = others;
    connect();
  }

  @AfterEach
  void end() throws Exception {
    closeAll();
    admin.close();
  }

  private void closeAll() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    open.clear();
  }

  /** Each hears the other. */
  private static void awaitBoth(Cluster one, Cluster other) {
    await().atMost(PATIENCE).until(() -> one.status().there() == 2 && other.status().there() == 2);
  }

  private Cluster start(Map<String, String> settings) {
    return start(settings, new NoReader());
  }

  private Cluster start(Map<String, String> settings, ShardReader reader) {
    ScheduledExecutorService its = Executors.newSingleThreadScheduledExecutor();
    control = its;
    ThreadPoolExecutor both = (ThreadPoolExecutor) Executors.newFixedThreadPool(2);
    threads = both;
    SteadyClock clock = new SteadyClock();
    long aheadMillis = ahead.toMillis();
    Cluster cluster =
        new Cluster(
            name,
            this::client,
            reader,
            its,
            both,
            settings,
            false,
            1,
            clock,
            () -> System.currentTimeMillis() + aheadMillis,
            RandomGenerator.getDefault());
    cluster.start();
    open.add(cluster);
    open.add(its::shutdownNow);
    open.add(both::shutdownNow);
    return cluster;
  }

  private void make(int partitions, String cleanup) throws Exception {
    admin
        .createTopics(
            List.of(
                new NewTopic(topic, Optional.of(partitions), Optional.empty())
                    .configs(Map.of("cleanup.policy", cleanup))))
        .all()
        .get();
  }

  @Test
  void aControlTopicWithOtherPartitionsIsRefused() throws Exception {
    make(3, "compact");

    Cluster cluster = start(SETTINGS);

    await().atMost(PATIENCE).until(() -> cluster.status().refused().isPresent());
    assertThat(cluster.status().problem())
        .contains("The control topic " + topic + " has 3 partitions, and needs 60.");
    assertThat(cluster.knowsNothing()).isTrue();
  }

  @Test
  void aControlTopicOfWhichKafkaForgetsRecordsIsRefusedUntilItDoesNot() throws Exception {
    make(ControlTopic.SLOTS, "compact,delete");
    Cluster cluster = start(SETTINGS);
    await().atMost(PATIENCE).until(() -> cluster.status().refused().isPresent());
    assertThat(cluster.status().problem()).contains("cleanup.policy=compact,delete");

    admin
        .incrementalAlterConfigs(
            Map.of(
                new ConfigResource(ConfigResource.Type.TOPIC, topic),
                List.of(
                    new AlterConfigOp(
                        new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.SET))))
        .all()
        .get();

    await().atMost(PATIENCE).until(() -> cluster.status().there() == 1);
    assertThat(cluster.status().refused()).isEmpty();
  }

  @Test
  void whichSettingsOfAnotherInstanceDifferIsTold() {
    Cluster one = start(SETTINGS);
    Cluster other = start(Map.of("GENESYS_TOPICS", "v2.b", "GENESYS_MEDIA", "voice"));

    for (Cluster each : List.of(one, other)) {
      await().atMost(PATIENCE).until(() -> each.status().problem().contains("other settings"));
    }
    assertThat(one.status().problem())
        .contains(
            "Instance %s has other settings than this one: GENESYS_TOPICS."
                .formatted(other.status().instance()));
  }

  @Test
  void twoWithTheSameSettingsSayNothingOfThem() {
    Cluster one = start(SETTINGS);

    awaitBoth(one, start(SETTINGS));
    assertThat(one.status().problem()).doesNotContain("other settings");
  }

  @Test
  void whoLeavesTheOthersAndRunsOnSaysSo() {
    Cluster cluster = start(SETTINGS);
    await().atMost(PATIENCE).until(() -> cluster.status().there() == 1);

    cluster.leave();

    await().atMost(PATIENCE).until(() -> cluster.status().problem().contains("leaves its shards"));
  }

  @Test
  void whoRunsOnAfterItHasLeftIsAMemberOfTheGroupAgain() throws Exception {
    Cluster cluster = start(SETTINGS);
    await().atMost(PATIENCE).until(() -> members() == 1);
    cluster.leave();
    assertThat(members()).as("its slots are the others'").isZero();

    cluster.stay();

    await().atMost(PATIENCE).until(() -> members() == 1 && cluster.status().leads());
    assertThat(cluster.status().problem()).doesNotContain("leaves its shards");
  }

  @Test
  void whoRunsOnBeforeAnythingWasDecidedOfItsLeavingIsAMemberOfTheGroupAgain() throws Exception {
    Cluster cluster = start(SETTINGS);
    await().atMost(PATIENCE).until(() -> members() == 1);
    CountDownLatch decided = new CountDownLatch(1);
    control.submit(
        () -> {
          decided.await();
          return null;
        });
    cluster.leave();

    cluster.stay();
    decided.countDown();

    await().atMost(PATIENCE).until(() -> members() == 1 && cluster.status().leads());
    assertThat(cluster.status().problem()).doesNotContain("leaves its shards");
  }

  /** As one may that is not allowed to read the control topic any more. */
  @Test
  void whoHearsNothingOfTheControlTopicLeavesWhatIsToBePlannedToOthers() {
    Cluster deaf = start(SETTINGS);
    await().atMost(PATIENCE).until(() -> deaf.status().leads());
    Cluster other = start(SETTINGS);
    awaitBoth(deaf, other);

    listenersServers = Optional.of("127.0.0.1:1");
    listeners.get(0).wakeup();

    await().atMost(PATIENCE).until(() -> other.status().leads());
    assertThat(deaf.status().leads()).isFalse();
    assertThat(deaf.status().problem()).contains("hears nothing of the control topic");
    assertThat(other.status().there()).as("it is heard").isEqualTo(2);
    listenersServers = Optional.empty();
    await().atMost(PATIENCE).until(() -> deaf.status().there() == 2);
    await().atMost(PATIENCE).until(() -> members() == 2);
  }

  /** Until others lead what a broker has led, some ten seconds may pass: here it stands still. */
  @Test
  void whoStopsWhileKafkaIsAwayForAMomentHandsOverOnceItIsBack() throws Exception {
    try (LocalBroker broker = LocalBroker.start(TestBroker.settings())) {
      moveTo(broker.bootstrapServers());
      NoReader reader = new NoReader();
      Cluster leaves = start(SETTINGS, reader);
      reader.readsFor(leaves);
      await().atMost(PATIENCE).until(() -> leaves.status().leads());
      leaves.listed(new Plan(List.of(new TopicSharder.Shard(0, List.of("v2.a")))), true);
      await().atMost(PATIENCE).until(() -> leaves.status().here() == 1);
      NoReader next = new NoReader();
      Cluster stays = start(SETTINGS, next);
      next.readsFor(stays);
      await().atMost(PATIENCE).until(() -> leaves.status().there() == 2);

      CompletableFuture<Void> left;
      ProcessSignal.send("STOP", broker.pid());
      try {
        await().atMost(PATIENCE).until(() -> leaves.status().problem().contains("does not answer"));
        left = CompletableFuture.runAsync(leaves::leave);
        await()
            .pollDelay(KafkaLoop.CLOSE.multipliedBy(2).plusSeconds(1))
            .untilAsserted(() -> assertThat(left).isNotDone());
      } finally {
        ProcessSignal.send("CONT", broker.pid());
      }

      left.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      assertThat(leaves.status().here()).isZero();
      assertThat(stays.status().here()).isEqualTo(1);
      closeAll();
    }
  }

  private int members() throws Exception {
    return admin
        .describeConsumerGroups(List.of(topic))
        .describedGroups()
        .get(topic)
        .toCompletionStage()
        .toCompletableFuture()
        .handle((group, none) -> group == null ? 0 : group.members().size())
        .get();
  }

  @Test
  void instancesAreMembersByTheNewerGroupProtocolIfThatIsSet() throws Exception {
    protocol = GroupProtocol.CONSUMER;
    Cluster one = start(SETTINGS);
    Cluster other = start(SETTINGS);

    await().atMost(PATIENCE).until(() -> members() == 2);
    awaitBoth(one, other);
    assertThat(
            admin.describeConsumerGroups(List.of(topic)).describedGroups().get(topic).get().type())
        .isEqualTo(GroupType.CONSUMER);
  }

  @Test
  void whatOneWasAnsweredThatHasEndedSinceIsNotBelievedByOneThatStartsLater() throws Exception {
    NoReader other = new NoReader();
    Cluster ends = start(SETTINGS);
    Cluster stays = start(SETTINGS, other);
    awaitBoth(ends, stays);
    ends.answered(1, new Cluster.Answer("one", List.of("v2.a"), List.of()));
    await().atMost(PATIENCE).until(() -> other.answered.contains("one"));
    stays.answered(2, new Cluster.Answer("two", List.of("v2.b"), List.of()));
    open.remove(ends);
    ends.close();
    await().atMost(PATIENCE).until(() -> stays.status().there() == 1);

    NoReader later = new NoReader();
    start(SETTINGS, later);

    await().atMost(PATIENCE).until(() -> later.answered.contains("two"));
    assertThat(later.answered).doesNotContain("one");
  }

  /** One that is interrupted logs errors of Kafka's clients, and leaves by running into a limit. */
  @ParameterizedTest
  @EnumSource(GroupProtocol.class)
  void whoIsClosedHasEndedByItselfAndLeftTheGroup(GroupProtocol its) throws Exception {
    protocol = its;
    Cluster cluster = start(SETTINGS);
    await().atMost(PATIENCE).until(() -> members() == 1);
    open.remove(cluster);
    try (LogLines log = new LogLines("org.apache.kafka.clients")) {
      cluster.close();

      assertThat(members()).isZero();
      // A thread counts as active for a moment after what it ran has ended
      await().untilAsserted(() -> assertThat(threads.getActiveCount()).isZero());
      assertThat(log.lines()).noneMatch(line -> line.contains("Interrupt"));
    }
  }

  /**
   * A client of Kafka that has ended for good is as silent as one that looks for Kafka where none
   * is.
   */
  @Test
  void aClientOfKafkaThatGetsNoAnswerIsReplaced() {
    firstServers = Optional.of("127.0.0.1:1");
    Cluster cluster = start(SETTINGS);
    await().atMost(PATIENCE).until(() -> cluster.status().problem().contains("does not answer"));

    await().atMost(PATIENCE).until(() -> cluster.status().there() == 1);

    assertThat(producers).hasSize(2);
  }

  @Test
  void aClientOfKafkaThatHasFailedIsReplacedBeforeTheOthersMissTheInstance() {
    Cluster cluster = start(SETTINGS);
    Cluster other = start(SETTINGS);
    awaitBoth(cluster, other);

    producers.get(0).close(Duration.ZERO);

    await().atMost(PATIENCE).until(() -> producers.size() == 3);
    await()
        .during(Duration.ofMillis(Timings.DEAD_AFTER_MILLIS))
        .atMost(PATIENCE)
        .until(() -> cluster.status().there() == 2 && other.status().there() == 2);
  }

  @Test
  void aControlTopicThatWasDeletedAndMadeAnewByOthersIsToldAndMadeOnceThatIsDeleted()
      throws Exception {
    try (LocalBroker broker =
        LocalBroker.start(TestBroker.settings().with("auto.create.topics.enable", "false"))) {
      moveTo(broker.bootstrapServers());
      Cluster one = start(SETTINGS);
      Cluster other = start(SETTINGS);
      await().atMost(PATIENCE).until(() -> areBothHeard(one, other));

      admin.deleteTopics(List.of(topic)).all().get();
      make(1, "delete");
      for (Cluster each : List.of(one, other)) {
        await().atMost(PATIENCE).until(() -> each.status().problem().contains("has 1 partitions"));
        assertThat(each.status().refused()).as("it reads on").isEmpty();
      }
      admin.deleteTopics(List.of(topic)).all().get();

      await().atMost(PATIENCE).until(() -> areBothHeard(one, other));
      assertThat(described().partitions()).hasSize(ControlTopic.SLOTS);
      closeAll();
    }
  }

  /** And nothing is wrong. */
  private static boolean areBothHeard(Cluster one, Cluster other) {
    return Stream.of(one, other)
        .allMatch(
            each ->
                each.status().there() == 2
                    && each.status()
                        .problem()
                        .equals("No instance has found out yet what is to be read."));
  }

  private TopicDescription described() throws Exception {
    return admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
  }

  @Test
  void theGapOfAnInstanceWhoseClockWasAheadBeginsWhenItEnded() {
    ahead = Duration.ofMinutes(1);
    NoReader before = new NoReader();
    Cluster ends = start(SETTINGS, before);
    before.opened = ends::opened;
    before.wall = () -> System.currentTimeMillis() + Duration.ofMinutes(1).toMillis();
    await().atMost(PATIENCE).until(() -> ends.status().leads());
    ends.listed(new Plan(List.of(new TopicSharder.Shard(0, List.of("v2.a")))), true);
    await().atMost(PATIENCE).until(() -> before.untils.get() > 2);
    assertThat(ends.status().problem()).contains("ahead of that of Kafka's broker.");
    open.remove(ends);
    Instant asked = Instant.now();
    ends.close();
    Instant ended = Instant.now();

    ahead = Duration.ZERO;
    NoReader after = new NoReader();
    start(SETTINGS, after);

    await().atMost(PATIENCE).until(() -> !after.lastRead.isEmpty());
    assertThat(after.lastRead.get(0)).isPresent();
    assertThat(after.lastRead.get(0).get()).isBetween(asked.minusSeconds(30), ended);
  }

  @Test
  void theBrokersStampAControlTopicThatWasThereBefore() throws Exception {
    make(ControlTopic.SLOTS, "compact");

    Cluster cluster = start(SETTINGS);

    await().atMost(PATIENCE).until(() -> cluster.status().there() == 1);
    ConfigResource its = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    assertThat(
            admin
                .describeConfigs(List.of(its))
                .all()
                .get()
                .get(its)
                .get("message.timestamp.type")
                .value())
        .isEqualTo("LogAppendTime");
  }

  @Test
  void ofTwoBrokersEachHasAllOfTheControlTopicAndOneThatHasNotIsTold() throws Exception {
    try (TwoBrokers brokers = TwoBrokers.start()) {
      moveTo(brokers.bootstrapServers());
      Cluster cluster = start(SETTINGS);
      await().atMost(PATIENCE).until(() -> cluster.status().there() == 1);
      assertThat(described().partitions())
          .allSatisfy(partition -> assertThat(partition.replicas()).hasSize(2));
      assertThat(cluster.status().problem()).doesNotContain("replica");
      assertThat(check()).doesNotContain("replica");
      open.remove(cluster);
      cluster.close();
      brokers.deleteTopic(topic);

      brokers.createTopic(
          topic, IntStream.range(0, ControlTopic.SLOTS).map(slot -> 1 + slot % 2).toArray());
      Cluster again = start(SETTINGS);

      await().atMost(PATIENCE).until(() -> again.status().problem().contains("has one replica"));
      assertThat(check()).contains("note    The control topic " + topic + " has one replica");
      open.remove(again);
      again.close();
    }
  }

  private String check() {
    StringWriter out = new StringWriter();
    SmallRyeConfig config = Settings.of(Map.of("KAFKA_BOOTSTRAP_SERVERS", servers));
    new KafkaCheck(new CheckReport(new PrintWriter(out)), new KafkaEnvironment(config))
        .run(List.of(), Optional.of(topic));
    return out.toString();
  }

  private <T> T client(Function<Map<String, Object>, T> making, Map<String, Object> fixed) {
    Map<String, Object> all = new HashMap<>(fixed);
    boolean first = producers.isEmpty() && fixed.containsKey(ProducerConfig.ACKS_CONFIG);
    boolean listens = "earliest".equals(fixed.get(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG));
    String its = listens ? listenersServers.orElse(servers) : servers;
    all.put("bootstrap.servers", first ? firstServers.orElse(servers) : its);
    all.put("group.protocol", protocol.name);
    T made = making.apply(all);
    if (made instanceof KafkaProducer<?, ?> producer) {
      producers.add(producer);
    } else if (listens) {
      listeners.add((KafkaConsumer<?, ?>) made);
    }
    return made;
  }

  /** There is nothing to read; notes what others were answered. */
  private static final class NoReader implements ShardReader {

    /** The OAuth clients of whose answers others have told. */
    private final List<String> answered = new CopyOnWriteArrayList<>();

    /** Until when each shard that was to be opened was read. */
    private final List<Optional<Instant>> lastRead = new CopyOnWriteArrayList<>();

    /** How often it was asked until when a shard was read. */
    private final AtomicInteger untils = new AtomicInteger();

    private LongSupplier wall = System::currentTimeMillis;

    /** Takes the shards of which the channel is live; it is at once. */
    private IntConsumer opened = shard -> {};

    /** Takes those of which all has been read; it has at once. */
    private IntConsumer drained = shard -> {};

    private void readsFor(Cluster cluster) {
      opened = cluster::opened;
      drained = cluster::drained;
    }

    @Override
    public void open(TopicSharder.Shard shard, boolean held, Optional<Instant> until) {
      lastRead.add(until);
      opened.accept(shard.number());
    }

    @Override
    public void standBy(TopicSharder.Shard shard) {}

    @Override
    public void takeOver(TopicSharder.Shard shard, Optional<Instant> lastRead) {}

    @Override
    public void takePart(int shard) {}

    @Override
    public void rescue(int shard) {}

    @Override
    public void acknowledged(int shard, List<Cluster.Forwarded> forwarded, long settledMillis) {}

    @Override
    public List<Cluster.Reached> reached() {
      return List.of();
    }

    @Override
    public void change(TopicSharder.Shard shard) {}

    @Override
    public void inherit(TopicSharder.Shard shard, Instant lastRead) {}

    @Override
    public void unread(TopicSharder.Shard shard, long since, Optional<Instant> lastRead) {}

    @Override
    public void close(int shard) {}

    @Override
    public void finish(int shard) {}

    @Override
    public void note(int shard, boolean on) {}

    @Override
    public void hold(int shard) {}

    @Override
    public void drain(int shard) {
      drained.accept(shard);
    }

    @Override
    public List<Cluster.Forwarded> stopForwarding(int shard) {
      return List.of();
    }

    @Override
    public void release(int shard, List<Cluster.Forwarded> forwarded) {}

    @Override
    public void readElsewhere(TopicSharder.Shard shard, Optional<Instant> lastRead) {}

    @Override
    public void lead(boolean on, Plan before) {}

    @Override
    public void want(List<String> subscriptions) {}

    @Override
    public OptionalLong until(int shard) {
      untils.incrementAndGet();
      return OptionalLong.of(wall.getAsLong());
    }

    @Override
    public Reach reach() {
      return Reach.UNKNOWN;
    }

    @Override
    public Logins logins() {
      return Logins.NONE;
    }

    @Override
    public void answered(Cluster.Answer answer, Instant at) {
      answered.add(answer.client());
    }
  }
}
