package dev.caravan.cluster;

import dev.caravan.background.BackgroundTask;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Membership in the group, whose assignment says which slots are ours. It reads nothing. Nothing is
 * done in its callbacks but to pass on what they say.
 */
final class GroupMember implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(GroupMember.class);

  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration CLOSE = Duration.ofSeconds(3);
  private static final Duration AGAIN = Duration.ofSeconds(1);
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
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean closed;
  private volatile boolean started;
  private volatile boolean away;

  /** Whether it has been left for good, as far as can be told; {@link #stay} takes that back. */
  private volatile boolean left;

  private volatile boolean member;

  /**
   * @param group of Kafka
   * @param assigned takes the slots that are ours from now on
   * @param lost is run when the group has given us up
   */
  GroupMember(
      String group,
      String topic,
      Clients clients,
      Consumer<Set<Integer>> assigned,
      Runnable lost,
      BackgroundTask task) {
    this.topic = topic;
    this.clients = clients;
    this.assigned = assigned;
    this.lost = lost;
    this.task = task;
    Map<String, Object> fixed = new HashMap<>();
    fixed.put(ConsumerConfig.GROUP_ID_CONFIG, group);
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
    started = true;
    threads.execute(
        () -> {
          try {
            run();
          } finally {
            ended.countDown();
          }
        });
  }

  private void run() {
    while (!closed) {
      if ((isOut() || !task.run(this::take)) && !closed) {
        try {
          TimeUnit.MILLISECONDS.sleep(AGAIN.toMillis());
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          closed = true;
        }
      }
    }
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
      consumer.subscribe(List.of(topic), new Slots(consumer));
      while (!closed && !isOut()) {
        consumer.poll(POLL);
      }
      if (!closed) {
        assigned.accept(Set.of());
      }
    } catch (WakeupException e) {
      // Closing
    } finally {
      consumer.close(CloseOptions.timeout(CLOSE));
      member = false;
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
      if (!closed) {
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
    long end = System.nanoTime() + CLOSE.multipliedBy(2).toNanos();
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
    closed = true;
    try {
      if (started && !ended.await(CLOSE.toMillis() * 2, TimeUnit.MILLISECONDS)) {
        LOG.debug("The group was not left in time; it finds out by itself");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
