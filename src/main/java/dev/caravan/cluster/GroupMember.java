package dev.caravan.cluster;

import dev.caravan.background.BackgroundTask;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Membership in the group, whose assignment says which slots are ours. It reads nothing. Nothing is
 * done in its callbacks but to pass on what they say.
 */
final class GroupMember implements AutoCloseable {

  private static final Duration POLL = Duration.ofMillis(200);
  private static final Set<String> CLASSIC_ONLY =
      Set.of(
          ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
          ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG,
          ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG);
  private static final long LOOK_NANOS = 20_000_000;

  private final String topic;
  private final Clients clients;
  private final Map<String, Object> properties;
  private final Consumer<Set<Integer>> assigned;
  private final Runnable lost;
  private final BackgroundTask task;
  private final KafkaLoop loop = new KafkaLoop();
  private volatile boolean away;

  /** Whether it has been left for good, as far as can be told; {@link #stay} takes that back. */
  private volatile boolean left;

  private volatile boolean member;

  /**
   * @param name of the group and of the topic whose partitions are the slots
   * @param assigned takes the slots that are ours from now on
   * @param lost is run when the group has given us up
   */
  GroupMember(
      String name,
      Clients clients,
      Consumer<Set<Integer>> assigned,
      Runnable lost,
      BackgroundTask task) {
    this.topic = name;
    this.clients = clients;
    this.assigned = assigned;
    this.lost = lost;
    this.task = task;
    Map<String, Object> fixed = new HashMap<>();
    fixed.put(ConsumerConfig.GROUP_ID_CONFIG, name);
    fixed.put(
        ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
        CooperativeStickyAssignor.class.getName());
    fixed.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    fixed.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
    fixed.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    fixed.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 10_000);
    // Whoever is left learns of a dead one with its next heartbeat, and the gap lasts until then
    fixed.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 1_000);
    fixed.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, 60_000);
    this.properties = Map.copyOf(fixed);
  }

  void start(Executor threads) {
    loop.start(threads, () -> !isOut() && task.run(this::take));
  }

  /** Becomes a member again, or leaves the group until then. */
  void join(boolean on) {
    away = !on;
  }

  private boolean isOut() {
    return away || left;
  }

  private void take() {
    member = true;
    KafkaConsumer<byte[], byte[]> consumer =
        clients.make(
            made ->
                new KafkaConsumer<>(
                    ofItsProtocol(made), new ByteArrayDeserializer(), new ByteArrayDeserializer()),
            properties);
    try {
      loop.with(consumer, () -> take(consumer));
    } finally {
      member = false;
    }
  }

  private void take(KafkaConsumer<byte[], byte[]> consumer) {
    consumer.subscribe(List.of(topic), new Slots(consumer));
    while (!loop.isClosed() && !isOut()) {
      consumer.poll(POLL);
    }
    if (!loop.isClosed()) {
      assigned.accept(Set.of());
    }
  }

  /** With the protocol of KIP-848, if it is set, brokers assign and know what a session is. */
  private static Map<String, Object> ofItsProtocol(Map<String, Object> made) {
    if (!GroupProtocol.CONSUMER.name.equals(made.get(ConsumerConfig.GROUP_PROTOCOL_CONFIG))) {
      return made;
    }
    Map<String, Object> its = new HashMap<>(made);
    its.keySet().removeAll(CLASSIC_ONLY);
    return its;
  }

  private final class Slots implements ConsumerRebalanceListener {

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Set<Integer> slots = new HashSet<>();

    private Slots(KafkaConsumer<byte[], byte[]> consumer) {
      this.consumer = consumer;
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> added) {
      // Somebody else reads the records
      consumer.pause(added);
      added.forEach(partition -> slots.add(partition.partition()));
      assigned.accept(Set.copyOf(slots));
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> gone) {
      gone.forEach(partition -> slots.remove(partition.partition()));
      if (!loop.isClosed()) {
        assigned.accept(Set.copyOf(slots));
      }
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> gone) {
      slots.clear();
      lost.run();
    }
  }

  /**
   * Leaves the group until {@link #stay}, so that the others have our slots at once; waits for that
   * for some seconds.
   */
  void leave() {
    left = true;
    long end = System.nanoTime() + KafkaLoop.CLOSE.multipliedBy(2).toNanos();
    while (member && System.nanoTime() < end) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /** What was left is joined again. */
  void stay() {
    left = false;
  }

  /** Leaves the group for good. */
  @Override
  public void close() {
    loop.close();
  }
}
