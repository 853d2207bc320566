package dev.caravan.cli;

import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.background.BackgroundTask;
import dev.caravan.kafka.DeadLetterFiles;
import dev.caravan.kafka.PatientClientFactory;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedSet;
import org.apache.camel.CamelContext;
import org.apache.camel.component.kafka.KafkaComponent;
import org.apache.camel.health.HealthCheckRegistry;
import org.apache.camel.quarkus.main.events.BeforeStart;

/**
 * Has health tell which topics Kafka denies and which dead letters lie as files, and finds out when
 * a right was given that nothing is sent for.
 */
@ApplicationScoped
public class DeadLetterWatch {

  private static final int ASK_EVERY_SECONDS = 10;

  void begin(@Observes BeforeStart starting) {
    CamelContext context = starting.getCamelContext();
    HealthCheckRegistry.get(context)
        .register(new DeadLettersHealthCheck(() -> denied(context), () -> files(context)));
    HealthCheckRegistry.get(context)
        .register(
            new ProblemHealthCheck(
                "kafka", () -> clients(context).flatMap(PatientClientFactory::problem)));
    BackgroundHealthCheck.of(context)
        .watch(
            BackgroundTask.every(
                Duration.ofSeconds(ASK_EVERY_SECONDS),
                "asking Kafka for rights",
                context
                    .getExecutorServiceManager()
                    .newSingleThreadScheduledExecutor(this, "kafka-rights"),
                () -> clients(context).ifPresent(PatientClientFactory::askForQuietTopics)));
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
