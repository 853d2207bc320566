package dev.caravan.kafka;

import dev.caravan.settings.KafkaClients;
import dev.caravan.settings.KafkaProperties;
import dev.caravan.settings.SettingsSource;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import javax.security.auth.login.LoginException;
import org.apache.camel.component.kafka.DefaultKafkaClientFactory;
import org.apache.camel.util.TimeUtils;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives camel-kafka producers that bear with a topic that is being created, and do not let a topic
 * or partition that takes nothing hold up the others; knows what is denied to them, and why there
 * can be no producer.
 *
 * <p>Making one takes as long as a name takes to resolve, so after a failure the next attempt, with
 * another record, is made {@link #UNUSABLE_AGAIN} later at the earliest.
 */
public final class IsolatingClientFactory extends DefaultKafkaClientFactory {

  private static final Logger LOG = LoggerFactory.getLogger(IsolatingClientFactory.class);
  private static final String ALL_OF_KAFKA = "Kafka";
  static final Duration UNUSABLE_AGAIN = Duration.ofSeconds(10);

  private final Duration patience;
  private final LongSupplier nanoTime;
  private final int answerMillis;
  private final Set<IsolatingProducer> producers = ConcurrentHashMap.newKeySet();

  /** Settings with which no producer can be made, as many as there are kinds of endpoints. */
  private final Map<Properties, Refusal> refusals = new ConcurrentHashMap<>();

  /** Kafka is there, as somebody knows. */
  private volatile boolean reached;

  private volatile Optional<String> silence = Optional.empty();

  /**
   * @param ended whether it is of a producer that has ended; that another works, only an
   *     acknowledgement shows
   */
  private record Refusal(String why, long atNanos, boolean ended) {}

  /**
   * @param patience how long a topic may be unknown to Kafka before its records are refused, such
   *     as {@code 60s} or {@code 1m30s}
   */
  public IsolatingClientFactory(String patience) {
    this(patience, System::nanoTime, 5_000);
  }

  /**
   * @param answerMillis how long an answer to the question whether Kafka is there may take
   */
  IsolatingClientFactory(String patience, LongSupplier nanoTime, int answerMillis) {
    this.nanoTime = nanoTime;
    this.answerMillis = answerMillis;
    this.patience = Duration.ofMillis(TimeUtils.toMilliSeconds(patience));
  }

  /**
   * @throws StuckException if there can be none for now
   */
  @Override
  public Producer<Object, Object> getProducer(Properties properties) {
    Refusal before = refusals.get(properties);
    if (before != null && nanoTime.getAsLong() - before.atNanos() < UNUSABLE_AGAIN.toNanos()) {
      throw new StuckException(ALL_OF_KAFKA, before.why());
    }
    if (mistake().isPresent()) {
      throw new StuckException(ALL_OF_KAFKA, mistake().get());
    }
    Config config = ConfigProvider.getConfig();
    try {
      IsolatingProducer producer =
          KafkaClients.make(
              config,
              KafkaProperties.over(properties, config),
              all ->
                  new IsolatingProducer(
                      this,
                      (Properties) properties.clone(),
                      all,
                      new RefusedTopics(patience, nanoTime)));
      producers.add(producer);
      if (before != null && !before.ended()) {
        accept(properties);
      }
      return producer;
    } catch (KafkaException e) {
      throw new StuckException(ALL_OF_KAFKA, refuse(properties, e));
    }
  }

  /** The producer sends nothing any more: it is closed. */
  void closed(IsolatingProducer producer) {
    producers.remove(producer);
  }

  /** A producer of these properties can be made, or Kafka has acknowledged a record of one. */
  void accept(Properties properties) {
    if (refusals.remove(properties) != null) {
      LOG.info("Kafka can be used: what waits for it is sent.");
    }
  }

  private String refuse(Properties properties, KafkaException failure) {
    String why = sentence(failure);
    LOG.debug("No producer could be made: {}", failure.getClass().getName());
    refuse(properties, why, false);
    return why;
  }

  /**
   * @param ended whether it is of a producer that sends nothing any more and will be closed
   */
  void refuse(Properties properties, String why, boolean ended) {
    boolean known = problem().filter(why::equals).isPresent();
    refusals.put((Properties) properties.clone(), new Refusal(why, nanoTime.getAsLong(), ended));
    if (!known) {
      LOG.error(
          "{} What is for Kafka waits in the spool; it is tried again every {} s.",
          why,
          UNUSABLE_AGAIN.toSeconds());
    }
  }

  /** Why no client of Kafka can be made, and what to do. */
  public static String sentence(KafkaException failure) {
    return (KafkaFailures.causes(failure).stream().anyMatch(LoginException.class::isInstance)
            ? "The bridge cannot log in to Kafka: %s. Look at the KAFKA_OAUTH_ and KAFKA_SASL_ settings."
            : "Kafka cannot be used: %s. Check KAFKA_BOOTSTRAP_SERVERS (host:port, comma-separated) and the other KAFKA_… settings.")
        .formatted(reason(failure));
  }

  /**
   * The innermost message that is a sentence: a path or the name of a class alone tells nothing.
   * What stands in quotes may be part of a password that was not quoted well.
   */
  private static String reason(Throwable failure) {
    return KafkaFailures.causes(failure).stream()
        .map(cause -> String.valueOf(cause.getMessage()).strip())
        .filter(message -> message.contains(" "))
        .reduce((outer, inner) -> inner)
        .orElse(failure.getClass().getSimpleName())
        .replaceAll("'[^']*'|\"[^\"]*\"", "…")
        .replaceAll("\\s+", " ")
        .replaceAll("[.\\s]+$", "");
  }

  /**
   * With a setting that is known to be wrong Kafka might be another one than is meant. Health tells
   * it from the start.
   */
  private static Optional<String> mistake() {
    return ConfigProvider.getConfig().getOptionalValue(SettingsSource.KAFKA_MISTAKE, String.class);
  }

  /**
   * Why there can be no producer at present, or why one does not look after its partitions, as a
   * sentence; empty as far as is known.
   */
  public Optional<String> problem() {
    Stream<String> untended = producers.stream().flatMap(it -> it.looking().trouble().stream());
    return Stream.concat(refusals.values().stream().map(Refusal::why), untended).findFirst();
  }

  /**
   * Asks whether Kafka is there, until it was once: that shows a wrong address or password before
   * the first record does, which may come hours later. Takes seconds if Kafka is slow.
   *
   * @param properties what a producer is made with
   */
  public void seek(Properties properties) throws InterruptedException {
    if (reached || mistake().isPresent()) {
      return;
    }
    try {
      if (!takesAny()) {
        ask(KafkaProperties.over(properties, ConfigProvider.getConfig()));
      }
      answers();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TimeoutException) {
        isSilent(
            "Kafka does not answer at %s: look at KAFKA_BOOTSTRAP_SERVERS, the brokers and KAFKA_SECURITY_PROTOCOL."
                .formatted(properties.get(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG)));
      } else if (e.getCause() instanceof AuthenticationException) {
        isSilent(KafkaFailures.judge(e.getCause()).sentence());
      } else {
        // Whatever it says, it is there
        answers();
      }
    } catch (KafkaException e) {
      refuse(properties, e);
      return;
    }
    refusals.remove(properties);
  }

  private void ask(Properties producer) throws ExecutionException, InterruptedException {
    try (Admin admin = KafkaClients.admin(ConfigProvider.getConfig(), producer, answerMillis)) {
      admin.describeCluster().nodes().get();
    }
  }

  void answers() {
    reached = true;
    if (silence.isPresent()) {
      silence = Optional.empty();
      LOG.info("Kafka answers.");
    }
  }

  private void isSilent(String why) {
    if (!silence.equals(Optional.of(why))) {
      silence = Optional.of(why);
      LOG.warn("{} What is for Kafka is kept on disk until it answers.", why);
    }
  }

  /** Why Kafka has not answered since the start, as a sentence; empty as far as is known. */
  public Optional<String> silence() {
    return silence;
  }

  /** The topics that Kafka denies to the producers that are open. */
  public SortedSet<String> deniedTopics() {
    SortedSet<String> denied = new TreeSet<>();
    producers.forEach(producer -> denied.addAll(producer.deniedTopics()));
    return denied;
  }

  /** Whether there is a topic for which Kafka takes records and does not deny it. */
  public boolean takesAny() {
    return producers.stream().anyMatch(IsolatingProducer::takesAny);
  }

  /** Asks for denied topics to which nothing was sent lately; takes seconds if Kafka is slow. */
  public void askForQuietTopics() {
    producers.forEach(IsolatingProducer::askForQuietTopics);
  }
}
