package dev.caravan.command;

import dev.caravan.kafka.IsolatingClientFactory;
import dev.caravan.kafka.KafkaFailures;
import dev.caravan.settings.KafkaClients;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.eclipse.microprofile.config.Config;

/**
 * For reading along with whatever is written to a set of topics, those that appear later included.
 * It joins no consumer group: it needs no right to one and leaves no trace on the cluster.
 */
public final class TopicFollower implements AutoCloseable {

  private static final Duration LOOK_FOR_TOPICS_EVERY = Duration.ofSeconds(2);
  private static final Duration ANSWER_PATIENCE = Duration.ofSeconds(15);

  /** Kafka does not answer now; it may answer later, and then following goes on. */
  public static final class NoAnswer extends CommandFailure {

    NoAnswer(String sentence, Throwable cause) {
      super(sentence, cause);
    }
  }

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final String bootstrapServers;
  private final Predicate<String> wanted;
  private final boolean fromBeginning;
  private final Set<TopicPartition> followed = new HashSet<>();
  private boolean lookedBefore;
  private long lookedAt;

  /** In the names of topics {@code *} stands for anything, a comma for "or". */
  TopicFollower(
      Config config, Map<String, Object> properties, String topics, boolean fromBeginning) {
    Map<String, Object> all = new HashMap<>(properties);
    all.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    all.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    all.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) ANSWER_PATIENCE.toMillis());
    all.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) ANSWER_PATIENCE.toMillis());
    all.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    this.bootstrapServers = String.valueOf(all.get(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG));
    this.wanted = pattern(topics);
    this.fromBeginning = fromBeginning;
    try {
      this.consumer =
          KafkaClients.make(
              config,
              all,
              its ->
                  new KafkaConsumer<>(
                      its, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
    } catch (KafkaException e) {
      throw new CommandFailure(IsolatingClientFactory.sentence(e), e);
    }
  }

  static Predicate<String> pattern(String topics) {
    return Arrays.stream(topics.split(","))
        .map(
            glob ->
                Arrays.stream(glob.strip().split("\\*", -1))
                    .map(Pattern::quote)
                    .collect(Collectors.joining(".*")))
        .map(regex -> Pattern.compile(regex).asMatchPredicate())
        .reduce(topic -> false, Predicate::or);
  }

  /** What arrived; waits for it, but no longer than {@code most}. */
  public Iterable<ConsumerRecord<byte[], byte[]>> poll(Duration most) {
    try {
      lookForTopics();
      if (followed.isEmpty()) {
        // A consumer may not be polled before it has been given something to read
        LockSupport.parkNanos(most.toNanos());
        return List.of();
      }
      return consumer.poll(most);
    } catch (TimeoutException e) {
      throw new NoAnswer(
          "Kafka at %s did not answer within %d s. Check KAFKA_BOOTSTRAP_SERVERS or --bootstrap."
              .formatted(bootstrapServers, ANSWER_PATIENCE.toSeconds()),
          e);
    } catch (AuthenticationException e) {
      throw new CommandFailure(
          "Kafka at %s was reached. %s".formatted(bootstrapServers, KafkaFailures.distrust(e)), e);
    } catch (KafkaException e) {
      throw new CommandFailure("Kafka at %s: %s".formatted(bootstrapServers, e.getMessage()), e);
    }
  }

  private void lookForTopics() {
    if (lookedBefore && System.nanoTime() - lookedAt <= LOOK_FOR_TOPICS_EVERY.toNanos()) {
      return;
    }
    follow(
        consumer.listTopics().values().stream()
            .flatMap(List::stream)
            .filter(partition -> wanted.test(partition.topic()))
            .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
            .filter(partition -> !followed.contains(partition))
            .toList());
    lookedBefore = true;
    lookedAt = System.nanoTime();
  }

  /** A topic that appears while we look on is read from its beginning: all of it is news. */
  private void follow(Collection<TopicPartition> added) {
    if (added.isEmpty()) {
      return;
    }
    followed.addAll(added);
    consumer.assign(followed);
    if (fromBeginning || lookedBefore) {
      consumer.seekToBeginning(added);
    } else {
      consumer.seekToEnd(added);
      // Seeking is lazy; without this a record sent before the first poll would be missed.
      added.forEach(consumer::position);
    }
  }

  @Override
  public void close() {
    consumer.close(CloseOptions.timeout(Duration.ofSeconds(1)));
  }
}
