package dev.caravan.kafka;

import dev.caravan.settings.KafkaClients;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.eclipse.microprofile.config.ConfigProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks Kafka whether a client may write to topics, without writing: a topic for which nothing comes
 * would else seem denied long after the right was given.
 */
public final class WriteRights {

  private static final Logger LOG = LoggerFactory.getLogger(WriteRights.class);
  private static final int PATIENCE_MILLIS = 5_000;

  private final Properties producer;

  /**
   * @param producer what the client that writes was made with
   */
  WriteRights(Properties producer) {
    this.producer = producer;
  }

  private Admin admin() {
    return KafkaClients.admin(ConfigProvider.getConfig(), producer, PATIENCE_MILLIS);
  }

  /** Those of these topics that the client may write to; none if Kafka does not answer. */
  Set<String> granted(Set<String> topics) {
    Set<String> granted = new TreeSet<>();
    try (Admin admin = admin()) {
      Map<String, KafkaFuture<TopicDescription>> answers =
          admin
              .describeTopics(topics, new DescribeTopicsOptions().includeAuthorizedOperations(true))
              .topicNameValues();
      for (String topic : topics) {
        if (mayWrite(admin, topic, answers.get(topic))) {
          granted.add(topic);
        }
      }
    } catch (KafkaException e) {
      LOG.debug("Kafka was not asked for rights", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return granted;
  }

  /** Whether Kafka knows the topic now; empty if it does not answer, or denies to tell. */
  Optional<Boolean> knows(String topic) {
    try (Admin admin = admin()) {
      admin.describeTopics(List.of(topic)).allTopicNames().get();
      return Optional.of(true);
    } catch (ExecutionException e) {
      return e.getCause() instanceof UnknownTopicOrPartitionException
          ? Optional.of(false)
          : Optional.empty();
    } catch (KafkaException e) {
      LOG.debug("Kafka was not asked for a topic", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Optional.empty();
  }

  private static boolean mayWrite(Admin admin, String topic, KafkaFuture<TopicDescription> answer)
      throws InterruptedException {
    try {
      return mayWrite(answer.get().authorizedOperations());
    } catch (ExecutionException e) {
      return e.getCause() instanceof UnknownTopicOrPartitionException && mayCreate(admin, topic);
    }
  }

  /** Whether these operations include writing. A cluster without authorization says nothing. */
  public static boolean mayWrite(Set<AclOperation> operations) {
    return operations == null
        || operations.isEmpty()
        || operations.contains(AclOperation.WRITE)
        || operations.contains(AclOperation.ALL);
  }

  /** Kafka creates a topic with its first record for those who may. */
  private static boolean mayCreate(Admin admin, String topic) throws InterruptedException {
    try {
      admin
          .createTopics(
              List.of(new NewTopic(topic, Optional.empty(), Optional.empty())),
              new CreateTopicsOptions().validateOnly(true))
          .all()
          .get();
      return true;
    } catch (ExecutionException e) {
      LOG.debug("Kafka would not create the topic {}", topic, e);
      return false;
    }
  }
}
