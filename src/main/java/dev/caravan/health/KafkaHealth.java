package dev.caravan.health;

import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.background.BackgroundTask;
import dev.caravan.genesys.GenesysComponent;
import dev.caravan.health.ConditionHealthCheck.Condition;
import dev.caravan.kafka.DeadLetterFiles;
import dev.caravan.kafka.IsolatingClientFactory;
import dev.caravan.spool.SpoolComponent;
import dev.caravan.spool.SpoolEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.component.kafka.KafkaComponent;
import org.apache.camel.component.kafka.KafkaConfiguration;
import org.apache.camel.health.HealthCheckRegistry;
import org.apache.camel.quarkus.main.events.BeforeStart;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * Has health tell which topics Kafka denies, which dead letters lie as files and when there are
 * more of them than a few, and finds out when a right was given that nothing is sent for.
 */
@ApplicationScoped
public class KafkaHealth {

  /** By then the first signal has usually reached Kafka, and nobody needs to ask. */
  private static final Duration SEEK_AFTER = Duration.ofSeconds(5);

  private static final int MOST_NAMES = 20;

  private final Duration every;

  public KafkaHealth() {
    this(Duration.ofSeconds(10));
  }

  public KafkaHealth(Duration every) {
    this.every = every;
  }

  public void begin(@Observes BeforeStart starting) {
    begin(starting.getCamelContext());
  }

  public void begin(CamelContext context) {
    DeadLetterShare share =
        new DeadLetterShare(
            context.getComponent("genesys", GenesysComponent.class)::eventsRead, System::nanoTime);
    SpoolComponent spools = context.getComponent("spool", SpoolComponent.class);
    spools.addListener(
        event -> {
          if (event instanceof SpoolEvent.Letter letter) {
            share.letter(letter.why());
          }
        });
    HealthCheckRegistry health = HealthCheckRegistry.get(context);
    health.register(new ConditionHealthCheck("kafka-refusals", () -> refusals(context)));
    health.register(new ConditionHealthCheck("kafka", () -> reach(clients(context))));
    health.register(
        new ConditionHealthCheck(
            "dead-letters",
            () -> new Condition("", List.of(), share.sentence().stream().toList(), Map.of())));
    ScheduledExecutorService looks =
        context.getExecutorServiceManager().newScheduledThreadPool(this, "dead-letters", 3);
    BackgroundHealthCheck tasks = BackgroundHealthCheck.of(context);
    tasks.watch(BackgroundTask.every(every, "counting dead letters", looks, share::look));
    tasks.watch(
        BackgroundTask.every(
            every,
            "asking Kafka for rights",
            looks,
            () -> clients(context).ifPresent(IsolatingClientFactory::askForQuietTopics)));
    tasks.watch(
        BackgroundTask.every(SEEK_AFTER, every, "looking for Kafka", looks, () -> seek(context)));
  }

  private static void seek(CamelContext context) throws InterruptedException {
    Optional<IsolatingClientFactory> clients = clients(context);
    if (clients.isPresent()) {
      clients.get().seek(producerProperties(context));
    }
  }

  private static Condition reach(Optional<IsolatingClientFactory> clients) {
    return new Condition(
        "broken",
        clients.flatMap(IsolatingClientFactory::problem).stream().toList(),
        clients.flatMap(IsolatingClientFactory::silence).stream().toList(),
        Map.of());
  }

  private static Condition refusals(CamelContext context) {
    Optional<IsolatingClientFactory> clients = clients(context);
    return condition(
        clients.map(IsolatingClientFactory::deniedTopics).orElseGet(Collections::emptySortedSet),
        clients.filter(IsolatingClientFactory::takesAny).isPresent(),
        files(context));
  }

  private static Properties producerProperties(CamelContext context) {
    KafkaComponent kafka = context.getComponent("kafka", KafkaComponent.class);
    KafkaConfiguration configuration = kafka.getConfiguration();
    Properties properties = configuration.createProducerProperties();
    properties.put(
        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
        kafka.getKafkaClientFactory().getBrokers(configuration));
    return properties;
  }

  /**
   * Letters that lie as files and a topic that Kafka denies while it takes others are no reason to
   * be taken out of service.
   *
   * @param denied the topics that Kafka denies
   * @param takesAny whether there are others that it takes
   */
  static Condition condition(
      SortedSet<String> denied, boolean takesAny, Optional<DeadLetterFiles.Contents> files) {
    List<String> problems = new ArrayList<>();
    List<String> degraded = new ArrayList<>();
    Map<String, Object> numbers = new TreeMap<>();
    if (!denied.isEmpty()) {
      (takesAny ? degraded : problems).add(denied(denied));
    }
    files
        .filter(lying -> lying.letters() > 0)
        .ifPresent(
            lying -> {
              degraded.add(lying(lying));
              numbers.put("files", lying.letters());
              numbers.put("files.bytes", lying.bytes());
            });
    if (files.filter(DeadLetterFiles.Contents::full).isPresent()) {
      problems.add(
          "There is no room for more dead letters as files: further ones wait in the spool until"
              + " Kafka takes them or files are removed.");
    }
    return new Condition("broken", problems, degraded, numbers);
  }

  private static String denied(SortedSet<String> topics) {
    String more = topics.size() > MOST_NAMES ? " and others" : "";
    return "Kafka denies to the user of the bridge: %s. What is for them becomes dead letters, signals wait. Grant it the operations Write and Describe on them, and Create if Kafka is to create them; it is asked again by itself."
        .formatted(topics.stream().limit(MOST_NAMES).collect(Collectors.joining(", ", "", more)));
  }

  private static String lying(DeadLetterFiles.Contents lying) {
    String since =
        lying.oldest().map(time -> " since " + time.truncatedTo(ChronoUnit.SECONDS)).orElse("");
    return "%d dead letters that Kafka did not take lie as files in %s%s, the reason of each beside it. Nothing sends them by itself: mend the cause, send what is still of use, and remove them."
        .formatted(lying.letters(), lying.folder(), since);
  }

  /** None if the user's routes do without. */
  private static Optional<DeadLetterFiles.Contents> files(CamelContext context) {
    return context.getRegistry().findByType(DeadLetterFiles.class).stream()
        .findFirst()
        .map(DeadLetterFiles::contents);
  }

  private static Optional<IsolatingClientFactory> clients(CamelContext context) {
    KafkaComponent kafka = context.getComponent("kafka", KafkaComponent.class);
    return kafka.getKafkaClientFactory() instanceof IsolatingClientFactory clients
        ? Optional.of(clients)
        : Optional.empty();
  }
}
