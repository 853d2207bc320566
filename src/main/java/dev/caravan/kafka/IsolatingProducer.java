package dev.caravan.kafka;

import dev.caravan.background.BackgroundTask;
import dev.caravan.spool.Failure;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A producer for which a topic that is missing or denied, or a partition that takes nothing, is
 * stuck alone: what is sent there fails at once, and never fills the memory or blocks the sender
 * for longer than a {@code max.block.ms} once in a while. What it refuses it throws, so that the
 * sender knows before it goes on to the next record of the same key: {@link StuckException} as long
 * as there is hope.
 *
 * <p>Kafka's client may come into a state in which it sends nothing any more, whatever Kafka does:
 * after an error that it takes for fatal, if its login was refused when it asked for its identity
 * (<a href="https://issues.apache.org/jira/browse/KAFKA-20237">KAFKA-20237</a>), or when an {@link
 * Error} ended its thread. Then this producer ends: it is closed, so that all that it holds has
 * failed, and {@link #orAnother} gives another.
 */
final class IsolatingProducer extends KafkaProducer<Object, Object> {

  private static final Logger LOG = LoggerFactory.getLogger(IsolatingProducer.class);

  /** What is not acknowledged by then stays in the spool, so there is nothing to wait for. */
  private static final Duration CLOSE_WITHIN = Duration.ofSeconds(2);

  private static final Duration LOOK_EVERY = Duration.ofMillis(250);
  private static final Duration MOST_PASSED = Duration.ofSeconds(1);

  private static final int MOST_NAMED = 5;

  private static final String ALL_OF_KAFKA = "Kafka";

  /** How Kafka's client says on every send that it is in a state which it never leaves. */
  private static final String FAILED_FOR_GOOD = "execute transactional method";

  private final RefusedTopics topics;
  private final WriteRights rights;
  private final IsolatingClientFactory factory;
  private final Properties asked;
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

  /** As long as a request may take. */
  private final Duration patience;

  private volatile boolean acknowledged;
  private volatile boolean loginRefused;
  private volatile boolean closing;
  private volatile boolean closed;
  private volatile Optional<String> end = Optional.empty();

  private double lastPolls;
  private long lastLookNanos;
  private Duration still = Duration.ZERO;

  /**
   * @param asked the properties of which the factory was asked to make a producer
   * @param properties with which it makes it
   */
  IsolatingProducer(
      IsolatingClientFactory factory,
      Properties asked,
      Properties properties,
      RefusedTopics topics) {
    super(properties);
    this.factory = factory;
    this.asked = asked;
    ProducerConfig config = new ProducerConfig(properties);
    this.topics = topics;
    this.rights = new WriteRights(properties);
    this.patience = Duration.ofMillis(config.getInt(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG));
    this.breakers = new PartitionBreakers(batches(config), System::nanoTime, Clock.systemUTC());
    this.choice = new PartitionChoice(properties);
    this.lastLookNanos = System.nanoTime();
    this.looking =
        BackgroundTask.every(
            LOOK_EVERY, "looking after the partitions of Kafka", watch, this::look);
  }

  private static int batches(ProducerConfig config) {
    long batch = Math.max(1, config.getInt(ProducerConfig.BATCH_SIZE_CONFIG));
    long batches = config.getLong(ProducerConfig.BUFFER_MEMORY_CONFIG) / batch;
    return (int) Math.min(Integer.MAX_VALUE / 4, batches);
  }

  @Override
  public Future<RecordMetadata> send(ProducerRecord<Object, Object> message, Callback callback) {
    throwIfEnded();
    String topic = message.topic();
    topics
        .refusal(topic)
        .ifPresent(
            refusal -> {
              throw refusal;
            });
    List<PartitionInfo> partitions = ask(topic);
    Optional<RecordIdentity> identity = RecordIdentity.of(message);
    Optional<RecordMetadata> arrived = breakers.arrived(topic, partitions.size(), identity);
    if (arrived.isPresent()) {
      callback.onCompletion(arrived.get(), null);
      return CompletableFuture.completedFuture(arrived.get());
    }
    Optional<PartitionInfo> chosen =
        choice.choose(message, partitions, partition -> !breakers.isOpen(partition));
    if (chosen.isEmpty()) {
      try {
        return super.send(message, judging(message, callback));
      } catch (RuntimeException e) {
        throw thrown(topic, e);
      }
    }
    PartitionInfo partition = chosen.get();
    PartitionBreakers.Sent sent =
        breakers.send(
            new TopicPartition(topic, partition.partition()),
            partition.leader() != null,
            identity,
            judging(message, callback));
    ProducerRecord<Object, Object> placed =
        new ProducerRecord<>(
            topic,
            partition.partition(),
            message.timestamp(),
            message.key(),
            message.value(),
            message.headers());
    try {
      return sent.give(() -> super.send(placed, sent));
    } catch (RuntimeException e) {
      throw thrown(topic, e);
    }
  }

  /** What Kafka's client throws of itself is no verdict on the record. */
  private RuntimeException thrown(String topic, RuntimeException e) {
    if (closing) {
      return new StuckException(topic, "The producer was closed.", e);
    }
    if (String.valueOf(e.getMessage()).contains(FAILED_FOR_GOOD)) {
      return failedForGood(e);
    }
    return e;
  }

  private StuckException failedForGood(RuntimeException e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    String why =
        "Kafka's client has failed and sends nothing any more (%s)."
            .formatted(cause.getClass().getSimpleName());
    end(why);
    LOG.debug("The client of Kafka failed", e);
    return new StuckException(ALL_OF_KAFKA, why, e);
  }

  private synchronized void end(String why) {
    if (end.isEmpty() && !closing) {
      end = Optional.of(why);
      factory.refuse(asked, why, true);
    }
  }

  private void throwIfEnded() {
    if (end.isPresent()) {
      throw new StuckException(ALL_OF_KAFKA, end.get());
    }
  }

  /** Nothing of what this producer was given has left it, so another may send all of it. */
  private boolean hasSentNothing() {
    return total("record-send-total") == 0;
  }

  /** What the client counts; no number if it does not count that. */
  private double total(String name) {
    return metrics().entrySet().stream()
        .filter(metric -> metric.getKey().name().equals(name))
        .filter(metric -> metric.getKey().group().equals("producer-metrics"))
        .mapToDouble(metric -> ((Number) metric.getValue().metricValue()).doubleValue())
        .findFirst()
        .orElse(Double.NaN);
  }

  /**
   * Whether the client's thread has ended: it waits for answers no longer than a request may take.
   * What passes between two looks counts for a second at most, as all threads may have stood still.
   */
  private boolean hasStopped() {
    long now = System.nanoTime();
    Duration passed = Duration.ofNanos(Math.min(now - lastLookNanos, MOST_PASSED.toNanos()));
    lastLookNanos = now;
    double count = total("select-total");
    still = count == lastPolls ? still.plus(passed) : Duration.ZERO;
    lastPolls = count;
    return still.compareTo(patience.multipliedBy(2)) >= 0;
  }

  /**
   * This producer, or another if this one has ended and is closed by now.
   *
   * @throws StuckException if there is none for now
   */
  Producer<Object, Object> orAnother() {
    if (end.isEmpty()) {
      return this;
    }
    if (!closed) {
      throwIfEnded();
    }
    return factory.getProducer(asked);
  }

  boolean hasEnded() {
    return end.isPresent();
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
      rights.granted(quiet).forEach(topic -> logGranted(topic, topics.granted(topic)));
    }
  }

  /** Also on a thread that was interrupted, as Camel does when a stop takes long. */
  @Override
  public void close() {
    closeWithin(CLOSE_WITHIN);
  }

  private void closeWithin(Duration atMost) {
    closing = true;
    factory.closed(this);
    watch.shutdownNow();
    boolean interrupted = Thread.interrupted();
    try {
      close(atMost);
    } finally {
      closed = true;
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Blocks the sender for the first record of a topic only, until Kafka has described it. */
  private List<PartitionInfo> ask(String topic) {
    try {
      List<PartitionInfo> partitions = super.partitionsFor(topic);
      topics.known(topic);
      if (loginRefused && !acknowledged && hasSentNothing()) {
        end("Kafka's client was refused the login when it began, and would never send anything.");
        throwIfEnded();
      }
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

  private Callback judging(ProducerRecord<Object, Object> message, Callback callback) {
    String topic = message.topic();
    boolean timestampOfRoute = message.timestamp() != null;
    return (metadata, cause) -> {
      if (cause == null) {
        if (!acknowledged) {
          acknowledged = true;
          factory.accept(asked);
        }
        logGranted(topic, topics.took(topic));
      }
      int partition = metadata == null ? RecordMetadata.UNKNOWN_PARTITION : metadata.partition();
      try {
        callback.onCompletion(
            metadata,
            cause instanceof ApiException api
                ? judge(topic, partition, timestampOfRoute ? ofRecord(api) : api)
                : cause);
      } catch (Error e) {
        // On the client's thread, which it would end
        LOG.error(
            "What waited for Kafka's answer failed with {}.", e.getClass().getSimpleName(), e);
      }
    };
  }

  /** A timestamp that Kafka refuses while it takes this moment's will not pass with the clocks. */
  private static ApiException ofRecord(ApiException cause) {
    return KafkaFailures.refusesTimestamp(cause)
            && !KafkaFailures.refusesMoment(cause, Instant.now())
        ? new InvalidRecordException(
            "The route has set a timestamp that Kafka does not take: " + cause.getMessage(), cause)
        : cause;
  }

  private ApiException judge(String topic, int partition, ApiException cause) {
    if (cause instanceof StuckException) {
      return cause;
    }
    if (cause instanceof AuthorizationException denial) {
      denied(topic, denial);
      return cause;
    }
    if (cause instanceof ProducerFencedException) {
      return failedForGood(cause);
    }
    loginRefused |= cause instanceof AuthenticationException;
    String what = StuckException.name(new TopicPartition(topic, partition));
    if (cause instanceof TimeoutException
        && cause.getCause() instanceof UnknownTopicOrPartitionException) {
      return unknown(topic, what, cause);
    }
    boolean gone = cause instanceof UnknownTopicOrPartitionException;
    Failure verdict = KafkaFailures.judge(cause);
    return gone || verdict.kind() == Failure.Kind.LATER
        ? new StuckException(
            what,
            "Kafka topic %s: %s"
                .formatted(what, gone ? "Kafka does not know it now." : verdict.sentence()),
            cause)
        : cause;
  }

  /** What the client says may be an answer of before Kafka went away: it keeps the last one. */
  private ApiException unknown(String topic, String what, ApiException cause) {
    if (!topics.isTooLongUnknown(topic)) {
      return new StuckException(what, "Kafka does not know the topic " + topic + " yet.", cause);
    }
    Optional<Boolean> known = rights.knows(topic);
    if (known.equals(Optional.of(false))) {
      return topics.missing(topic);
    }
    topics.known(topic);
    return new StuckException(
        what,
        known.isPresent()
            ? "Kafka has made the topic " + topic + " by now."
            : "Kafka does not answer, and did not know the topic " + topic + " before.",
        cause);
  }

  private void look() {
    try {
      PartitionBreakers.Changes changes = breakers.look();
      log(changes);
      if (!acknowledged && changes.silence().compareTo(patience) >= 0 && hasSentNothing()) {
        end(
            "Kafka's client has sent nothing for %d s, though Kafka answers."
                .formatted(patience.toSeconds()));
      }
      if (hasStopped()) {
        end("Kafka's client does not run any more.");
      }
      if (end.isPresent()) {
        closeWithin(Duration.ZERO);
        breakers.abandon(new StuckException(ALL_OF_KAFKA, end.get()));
        return;
      }
      topics.next().ifPresent(this::ask);
    } catch (ApiException notYet) {
      LOG.trace("A topic is awaited still", notYet);
    }
  }

  private static void log(PartitionBreakers.Changes changes) {
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
          RefusedTopics.DENIED_AGAIN.toSeconds());
    }
  }

  private static void logGranted(String topic, boolean news) {
    if (news) {
      LOG.info("Kafka grants the topic {} to the bridge: its records flow.", topic);
    }
  }
}
