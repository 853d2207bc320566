package dev.caravan.cli;

import dev.caravan.kafka.DeadLetterFiles;
import dev.caravan.kafka.PatientClientFactory;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.component.kafka.KafkaComponent;
import org.apache.camel.health.HealthCheckRegistry;
import org.apache.camel.quarkus.main.events.BeforeStart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has health tell which topics Kafka denies and which dead letters lie as files, and finds out when
 * a right was given that nothing is sent for.
 */
@ApplicationScoped
public class DeadLetterWatch {

  private static final Logger LOG = LoggerFactory.getLogger(DeadLetterWatch.class);
  private static final int ASK_EVERY_SECONDS = 10;

  void begin(@Observes BeforeStart starting) {
    CamelContext context = starting.getCamelContext();
    HealthCheckRegistry.get(context)
        .register(new DeadLettersHealthCheck(() -> denied(context), () -> files(context)));
    HealthCheckRegistry.get(context)
        .register(
            new ProblemHealthCheck(
                "kafka", () -> clients(context).flatMap(PatientClientFactory::problem)));
    context
        .getExecutorServiceManager()
        .newSingleThreadScheduledExecutor(this, "kafka-rights")
        .scheduleWithFixedDelay(
            () -> ask(context), ASK_EVERY_SECONDS, ASK_EVERY_SECONDS, TimeUnit.SECONDS);
  }

  /** An exception would be the end of all asking. */
  private static void ask(CamelContext context) {
    try {
      clients(context).ifPresent(PatientClientFactory::askForQuietTopics);
    } catch (RuntimeException e) {
      LOG.debug("Kafka was not asked for rights", e);
    }
  }

  private static SortedSet<String> denied(CamelContext context) {
    return clients(context)
        .map(PatientClientFactory::deniedTopics)
        .orElseGet(Collections::emptySortedSet);
  }

  /** None if the user's routes do without. */
  private static Optional<DeadLetterFiles.Contents> files(CamelContext context) {
    return context.getRegistry().findByType(DeadLetterFiles.class).stream()
        .findFirst()
        .map(DeadLetterFiles::contents);
  }

  private static Optional<PatientClientFactory> clients(CamelContext context) {
    KafkaComponent kafka = context.getComponent("kafka", KafkaComponent.class);
    return kafka.getKafkaClientFactory() instanceof PatientClientFactory clients
        ? Optional.of(clients)
        : Optional.empty();
  }
}
