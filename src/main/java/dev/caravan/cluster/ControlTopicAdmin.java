package dev.caravan.cluster;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.record.TimestampType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the control topic, if it is not there, and looks whether it is as it has to be. */
public final class ControlTopicAdmin {

  private static final Logger LOG = LoggerFactory.getLogger(ControlTopicAdmin.class);

  private static final String PREFIX = "caravan.";

  /** As many as Kafka advises; fewer only if there are fewer brokers. */
  private static final int REPLICAS = 3;

  private static final int ANSWER_MILLIS = 10_000;

  private final String topic;
  private final Clients clients;
  private volatile Optional<String> refused = Optional.empty();
  private volatile Optional<String> fragile = Optional.empty();

  ControlTopicAdmin(String topic, Clients clients) {
    this.topic = topic;
    this.clients = clients;
  }

  /** The control topic, and the group, of the instances that share this name. */
  public static String name(String cluster) {
    return PREFIX + cluster;
  }

  /** What it is to Kafka, once it is there and as it has to be; empty if it is not. */
  Optional<Uuid> findOrMake() throws InterruptedException, ExecutionException {
    try (Admin admin =
        clients.make(
            Admin::create,
            Map.of("default.api.timeout.ms", ANSWER_MILLIS, "request.timeout.ms", ANSWER_MILLIS))) {
      Collection<Node> brokers = admin.describeCluster().nodes().get();
      TopicDescription its;
      try {
        its = described(admin);
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
          throw e;
        }
        make(admin, brokers.size());
        its = described(admin);
      }
      Optional<Config> config = config(admin);
      Optional<String> wrong =
          wrong(
              its.partitions().size(),
              config
                  .map(set -> set.get(TopicConfig.CLEANUP_POLICY_CONFIG).value())
                  .orElse(TopicConfig.CLEANUP_POLICY_COMPACT));
      if (!wrong.equals(refused)) {
        wrong.ifPresent(LOG::error);
        refused = wrong;
      }
      fragile = fragile(its, brokers);
      if (wrong.isEmpty() && config.filter(set -> !isStamped(set)).isPresent()) {
        stamp(admin);
      }
      return wrong.isPresent() ? Optional.empty() : Optional.of(its.topicId());
    }
  }

  private void make(Admin admin, int brokers) throws InterruptedException, ExecutionException {
    try {
      NewTopic made =
          new NewTopic(
                  topic,
                  Optional.of(ControlTopic.SLOTS),
                  // One broker may stand for many, whose number it knows
                  brokers > 1 ? Optional.of((short) Math.min(REPLICAS, brokers)) : Optional.empty())
              .configs(
                  Map.of(
                      TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT,
                      TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, TimestampType.LOG_APPEND_TIME.name,
                      TopicConfig.SEGMENT_MS_CONFIG,
                          String.valueOf(Duration.ofHours(1).toMillis())));
      admin.createTopics(List.of(made)).all().get();
      LOG.info("The control topic {} was made.", topic);
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw e;
      }
    }
  }

  private TopicDescription described(Admin admin) throws InterruptedException, ExecutionException {
    return admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
  }

  /** How it is set; empty if that may not be asked for. */
  private Optional<Config> config(Admin admin) throws InterruptedException, ExecutionException {
    try {
      return Optional.of(admin.describeConfigs(List.of(resource())).all().get().get(resource()));
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof AuthorizationException)) {
        throw e;
      }
      LOG.warn(
          "Whether the control topic {} has cleanup.policy=compact and {}={} cannot be seen: that"
              + " takes the right DescribeConfigs. It has to have them.",
          topic,
          TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
          TimestampType.LOG_APPEND_TIME.name);
      return Optional.empty();
    }
  }

  private ConfigResource resource() {
    return new ConfigResource(ConfigResource.Type.TOPIC, topic);
  }

  private static boolean isStamped(Config config) {
    return Optional.ofNullable(config.get(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG))
        .filter(its -> TimestampType.LOG_APPEND_TIME.name.equals(its.value()))
        .isPresent();
  }

  /** Has the brokers say when each record was written, in a topic that does not say so yet. */
  private void stamp(Admin admin) throws InterruptedException, ExecutionException {
    AlterConfigOp its =
        new AlterConfigOp(
            new ConfigEntry(
                TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, TimestampType.LOG_APPEND_TIME.name),
            AlterConfigOp.OpType.SET);
    try {
      admin.incrementalAlterConfigs(Map.of(resource(), List.of(its))).all().get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof ApiException) || e.getCause() instanceof RetriableException) {
        throw e;
      }
      LOG.warn(
          "Kafka does not let this instance set {}={} for the control topic {} ({}). Set it, or the"
              + " gap of an instance whose clock is ahead begins too late.",
          TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
          TimestampType.LOG_APPEND_TIME.name,
          topic,
          e.getCause().getClass().getSimpleName());
    }
  }

  /**
   * Why the death of a broker may keep the instances from the control topic; empty if it does not.
   */
  public static Optional<String> fragile(TopicDescription its, Collection<Node> brokers) {
    Set<Integer> all = new HashSet<>();
    brokers.forEach(broker -> all.add(broker.id()));
    // Those that are away, too
    its.partitions().forEach(part -> part.replicas().forEach(broker -> all.add(broker.id())));
    boolean once = its.partitions().stream().anyMatch(part -> part.replicas().size() == 1);
    return once && all.size() > 1
        ? Optional.of(
            "The control topic %s has one replica, and Kafka %d brokers: while one of them is away, no instance that starts reads anything, and two may read and forward the same. Give it %d with kafka-reassign-partitions.sh, then restart the instances one after the other."
                .formatted(its.name(), all.size(), Math.min(REPLICAS, all.size())))
        : Optional.empty();
  }

  /** Why a topic that is there cannot be the control topic, and what is to be done. */
  private Optional<String> wrong(int partitions, String cleanup) {
    if (partitions != ControlTopic.SLOTS) {
      return Optional.of(
          "The control topic %s has %d partitions, and needs %d. Delete it: the instances make it as it has to be."
              .formatted(topic, partitions, ControlTopic.SLOTS));
    }
    return cleanup.equals(TopicConfig.CLEANUP_POLICY_COMPACT)
        ? Optional.empty()
        : Optional.of(
            "The control topic %s has cleanup.policy=%s, by which Kafka would delete what the instances have told each other. Set it to compact; it is looked at again every second."
                .formatted(topic, cleanup));
  }

  /** Why the topic cannot be used before somebody acts; empty if it can, or is not known yet. */
  Optional<String> refused() {
    return refused;
  }

  /** As {@link #fragile(TopicDescription, Collection)} told when it was looked at last. */
  Optional<String> fragile() {
    return fragile;
  }
}
