package dev.caravan.check;

import dev.caravan.cluster.ControlTopicAdmin;
import dev.caravan.command.KafkaEnvironment;
import dev.caravan.kafka.IsolatingClientFactory;
import dev.caravan.kafka.KafkaFailures;
import dev.caravan.kafka.WriteRights;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.camel.util.ObjectHelper;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthenticationException;

/** For finding out whether Kafka will take what the bridge sends. It creates and writes nothing. */
public final class KafkaCheck {

  private static final int PATIENCE_SECONDS = 15;
  private static final int ANSWER_MILLIS = 10_000;
  private static final int MOST_NAMES = 20;

  private final CheckReport report;
  private final KafkaEnvironment kafka;
  private final String servers;

  public KafkaCheck(CheckReport report, KafkaEnvironment kafka) {
    this.report = report;
    this.kafka = kafka;
    this.servers = kafka.bootstrapServers();
  }

  /**
   * @param topics what the bridge writes to
   * @param control by which several instances tell each other what they read, if there are
   */
  public void run(Collection<String> topics, Optional<String> control) {
    try (Admin admin = kafka.admin(ANSWER_MILLIS)) {
      Collection<Node> nodes = answer(admin.describeCluster().nodes());
      report.ok("%s answers; %d broker(s).", servers, nodes.size());
      Set<String> there = answer(admin.listTopics().names());
      List<String> present = topics.stream().filter(there::contains).toList();
      List<String> missing = topics.stream().filter(topic -> !there.contains(topic)).toList();
      if (!present.isEmpty()) {
        present(admin, present);
      }
      if (!missing.isEmpty()) {
        missing(admin, nodes.iterator().next(), missing);
      }
      if (control.filter(there::contains).isPresent()) {
        ControlTopicAdmin.fragile(
                answer(admin.describeTopics(List.of(control.get())).allTopicNames())
                    .get(control.get()),
                nodes)
            .ifPresent(report::note);
      }
    } catch (ExecutionException e) {
      report.failed(sentence(e.getCause()));
    } catch (TimeoutException e) {
      report.failed(sentence(e));
    } catch (KafkaException e) {
      report.failed(IsolatingClientFactory.sentence(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      report.failed("Kafka was not looked at: interrupted.");
    }
  }

  private void present(Admin admin, List<String> topics)
      throws ExecutionException, TimeoutException, InterruptedException {
    Map<String, TopicDescription> described =
        answer(
            admin
                .describeTopics(
                    topics, new DescribeTopicsOptions().includeAuthorizedOperations(true))
                .allTopicNames());
    List<String> refused =
        described.values().stream()
            .filter(topic -> !WriteRights.mayWrite(topic.authorizedOperations()))
            .map(TopicDescription::name)
            .toList();
    if (refused.isEmpty()) {
      boolean told =
          described.values().stream()
              .map(TopicDescription::authorizedOperations)
              .noneMatch(ObjectHelper::isEmpty);
      report.ok(
          "Topics that are there%s: %s.",
          told ? ", and may be written to (rights Write and Describe)" : "", names(topics));
    } else {
      report.failed(
          "The user of the bridge may not write to %s. Grant it the operations Write and Describe on them.",
          names(refused));
    }
  }

  private void missing(Admin admin, Node broker, List<String> topics)
      throws TimeoutException, InterruptedException {
    Optional<Boolean> automatic = createsTopics(admin, broker);
    if (automatic.isPresent() && !automatic.get()) {
      report.failed(
          "The brokers do not create topics by themselves (auto.create.topics.enable=false), and"
              + " these are missing: %s. Create them: what is for them would end in the dead"
              + " letters.",
          names(topics));
      return;
    }
    Set<String> reasons = new TreeSet<>();
    List<String> refused = new ArrayList<>();
    var tried =
        admin.createTopics(
            topics.stream()
                .map(topic -> new NewTopic(topic, Optional.empty(), Optional.empty()))
                .toList(),
            new CreateTopicsOptions().validateOnly(true));
    for (String topic : topics) {
      try {
        answer(tried.values().get(topic));
      } catch (ExecutionException e) {
        refused.add(topic);
        reasons.add(oneLine(e.getCause().getMessage()));
      }
    }
    if (!refused.isEmpty()) {
      report.failed(
          "These topics are missing, and Kafka will not create them: %s. It says: %s Create them, or allow it to the user of the bridge.",
          names(refused), String.join(" ", reasons));
    } else if (automatic.isEmpty()) {
      report.note(
          "Topics that are missing: %s. Whether the brokers create them by themselves could not be found out; if auto.create.topics.enable is off, create them.",
          names(topics));
    } else {
      report.ok("Topics that Kafka creates with their first record: %s.", names(topics));
    }
  }

  private static Optional<Boolean> createsTopics(Admin admin, Node broker)
      throws TimeoutException, InterruptedException {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.BROKER, broker.idString());
    try {
      Config config = answer(admin.describeConfigs(List.of(resource)).all()).get(resource);
      return Optional.ofNullable(config.get("auto.create.topics.enable"))
          .map(ConfigEntry::value)
          .map(Boolean::parseBoolean);
    } catch (ExecutionException notAllowed) {
      // To see the broker's settings takes a right that the bridge itself does not need
      return Optional.empty();
    }
  }

  private static <T> T answer(KafkaFuture<T> future)
      throws ExecutionException, TimeoutException, InterruptedException {
    return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private String sentence(Throwable failure) {
    if (failure instanceof AuthenticationException) {
      return "Kafka at %s was reached. %s".formatted(servers, KafkaFailures.distrust(failure));
    }
    if (failure instanceof TimeoutException
        || failure instanceof org.apache.kafka.common.errors.TimeoutException) {
      return "Kafka at %s does not answer. Check KAFKA_BOOTSTRAP_SERVERS, that the brokers run, and that KAFKA_SECURITY_PROTOCOL is theirs."
          .formatted(servers);
    }
    return "Kafka at %s: %s Check the KAFKA_… settings and the rights of their user."
        .formatted(servers, withEnd(oneLine(String.valueOf(failure.getMessage()))));
  }

  private static String names(List<String> topics) {
    String some = String.join(", ", topics.subList(0, Math.min(MOST_NAMES, topics.size())));
    int more = topics.size() - MOST_NAMES;
    return more > 0 ? some + " and " + more + " more" : some;
  }

  private static String oneLine(String text) {
    return text == null ? "" : text.strip().replaceAll("\\s+", " ");
  }

  private static String withEnd(String sentence) {
    return sentence.endsWith(".") ? sentence : sentence + ".";
  }
}
