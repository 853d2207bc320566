package dev.caravan.kafka;

import dev.caravan.background.BackgroundTask;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A producer for which a topic that is missing or denied, or a partition that takes nothing, is
 * stuck alone: what is sent there fails at once, and never fills the memory or blocks the sender
 * for longer than a {@code max.block.ms} once in a while.
 *
 * <p>Its exceptions tell what Kafka cannot take now from what it will never take: {@link
 * StuckException} as long as there is hope, {@link UnknownTopicOrPartitionException} when a topic
 * was not created in time. What it refuses it throws, so that the sender knows before it goes on to
 * the next record of the same key.
 */
final class PatientProducer extends KafkaProducer<Object, Object> {

  private static final Logger LOG = LoggerFactory.getLogger(PatientProducer.class);

  /** What is not acknowledged by then stays in the spool, so there is nothing to wait for. */
  private static final Duration CLOSE_WITHIN = Duration.ofSeconds(2);

  private static final Duration LOOK_EVERY = Duration.ofMillis(250);

  private static final int MOST_NAMED = 5;

  private final RefusedTopics topics;
  private final RightsInquiry inquiry;
  private final Consumer<PatientProducer> closed;
  private final PartitionBreakers breakers;
  private final PartitionChoice choice;
  private final ScheduledExecutorService watch =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "kafka-partition-watch");
            thread.setDaemon(true);
            return thread;
          });

  private final BackgroundTask looking;

  /**
   * @param closed hears of it when this producer is closed
   */
  PatientProducer(
      Properties properties,
      RefusedTopics topics,
      PartitionBreakers.Limits limits,
      Consumer<PatientProducer> closed) {
    super(properties);
    this.topics = topics;
    this.inquiry = new RightsInquiry(properties);
    this.closed = closed;
    this.breakers = new PartitionBreakers(limits, System::nanoTime, Clock.systemUTC());
    this.choice = PartitionChoice.of(properties);
    this.looking =
        BackgroundTask.every(
            LOOK_EVERY, "looking after the partitions of Kafka", watch, this::look);
  }

  @Override
  public Future<RecordMetadata> send(ProducerRecord<Object, Object> message, Callback callback) {
    String topic = message.topic();
    List<PartitionInfo> partitions = partitions(topic);
    Optional<RecordIdentity> identity = RecordIdentity.of(message);
    Optional<RecordMetadata> arrived = breakers.arrived(topic, partitions.size(), identity);
    if (arrived.isPresent()) {
      callback.onCompletion(arrived.get(), null);
      return CompletableFuture.completedFuture(arrived.get());
    }
    Optional<PartitionInfo> chosen =
        choice.choose(message, partitions, partition -> !breakers.isOpen(partition));
    if (chosen.isEmpty()) {
      return super.send(message, judging(topic, callback));
    }
    PartitionInfo partition = chosen.get();
    PartitionBreakers.Sent sent =
        breakers.send(
            new TopicPartition(topic, partition.partition()),
            partition.leader() != null,
            identity,
            judging(topic, callback));
    try {
      return super.send(
          new ProducerRecord<>(
              topic,
              partition.partition(),
              message.timestamp(),
              message.key(),
              message.value(),
              message.headers()),
          sent);
    } catch (IllegalStateException closedMeanwhile) {
      sent.withdraw();
      throw new StuckException(topic, "The producer was closed.", closedMeanwhile);
    } catch (RuntimeException e) {
      sent.withdraw();
      throw e;
    }
  }

  /** For health: whether partitions are still looked after. */
  BackgroundTask looking() {
    return looking;
  }

  SortedSet<String> deniedTopics() {
    return topics.denied();
  }

  boolean takesAny() {
    return topics.takesAny();
  }

  /** Finds out without a record whether a right was given meanwhile. */
  void askForQuietTopics() {
    SortedSet<String> quiet = topics.quiet();
    if (!quiet.isEmpty()) {
      inquiry.granted(quiet).forEach(topic -> tellGranted(topic, topics.granted(topic)));
    }
  }

  /** Also on a thread that was interrupted, as Camel does when a stop takes long. */
  @Override
  public void close() {
    closed.accept(this);
    watch.shutdownNow();
    boolean interrupted = Thread.interrupted();
    try {
      close(CLOSE_WITHIN);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Blocks the sender for the first record of a topic only, until Kafka has told of it. */
  private List<PartitionInfo> partitions(String topic) {
    Optional<ApiException> refusal = topics.refusal(topic);
    if (refusal.isPresent()) {
      throw refusal.get();
    }
    return ask(topic);
  }

  private List<PartitionInfo> ask(String topic) {
    try {
      List<PartitionInfo> partitions = super.partitionsFor(topic);
      topics.answered(topic);
      return partitions;
    } catch (ApiException e) {
      ApiException judged = judge(topic, RecordMetadata.UNKNOWN_PARTITION, e);
      if (judged instanceof StuckException stuck) {
        topics.unanswered(topic, stuck);
      } else {
        topics.answered(topic);
      }
      throw judged;
    } catch (IllegalStateException closedMeanwhile) {
      throw new StuckException(topic, "The producer was closed.", closedMeanwhile);
    }
  }

  private Callback judging(String topic, Callback callback) {
    return (metadata, cause) -> {
      if (cause == null) {
        tellGranted(topic, topics.took(topic));
      }
      int partition = metadata == null ? RecordMetadata.UNKNOWN_PARTITION : metadata.partition();
      callback.onCompletion(
          metadata, cause instanceof ApiException api ? judge(topic, partition, api) : cause);
    };
  }

  private ApiException judge(String topic, int partition, ApiException cause) {
    if (cause instanceof StuckException) {
      return cause;
    }
    if (cause instanceof AuthorizationException denial) {
      denied(topic, denial);
      return cause;
    }
    String what = StuckException.name(new TopicPartition(topic, partition));
    if (cause instanceof TimeoutException
        && cause.getCause() instanceof UnknownTopicOrPartitionException) {
      return topics.isTooLongUnknown(topic)
          ? topics.missing(topic)
          : new StuckException(what, "Kafka does not know the topic " + topic + " yet.", cause);
    }
    boolean gone = cause instanceof UnknownTopicOrPartitionException;
    KafkaFailures.Verdict verdict = KafkaFailures.judge(cause);
    return gone || verdict.kind() == KafkaFailures.Kind.LATER
        ? new StuckException(
            what,
            "Kafka topic %s: %s"
                .formatted(what, gone ? "Kafka does not know it now." : verdict.sentence()),
            cause)
        : cause;
  }

  private void look() {
    try {
      tell(breakers.look());
      topics.next().ifPresent(this::ask);
    } catch (ApiException notYet) {
      LOG.trace("A topic is awaited still", notYet);
    }
  }

  private static void tell(PartitionBreakers.Changes changes) {
    if (!changes.opened().isEmpty()) {
      LOG.warn(
          "{}{} Records for it are not sent until it acknowledges again; all others are.",
          String.join(
              " ", changes.opened().stream().limit(MOST_NAMED).map(Throwable::getMessage).toList()),
          andMore(changes.opened().size()));
    }
    if (!changes.closed().isEmpty()) {
      LOG.info(
          "Records are sent again to Kafka topic {}.{}",
          String.join("; ", changes.closed().stream().limit(MOST_NAMED).toList()),
          andMore(changes.closed().size()));
    }
  }

  private static String andMore(int count) {
    return count > MOST_NAMED ? " The same for %d more.".formatted(count - MOST_NAMED) : "";
  }

  private void denied(String topic, AuthorizationException denial) {
    if (topics.denied(topic, denial)) {
      LOG.warn(
          "Kafka denies the topic {} to the bridge: {}. Its records are refused until the right is"
              + " given; Kafka is asked again every {} s. Grant the user of the bridge the"
              + " operations Write and Describe on it, and Create if Kafka is to create it.",
          topic,
          denial.getMessage().replaceAll("[.\\s]+$", ""),
          topics.limits().deniedAgain().toSeconds());
    }
  }

  private static void tellGranted(String topic, boolean news) {
    if (news) {
      LOG.info("Kafka grants the topic {} to the bridge: its records flow.", topic);
    }
  }
}
