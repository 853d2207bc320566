package dev.caravan.testing;

import dev.caravan.demo.LocalBroker;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * For tests that take away a part of a Kafka cluster: two brokers, each a process of its own, whose
 * partitions are not replicated. So those that lie on the second one have no leader once it is
 * killed. No topic is created by itself.
 */
public final class TwoBrokers implements AutoCloseable {

  private final LocalBroker first;
  private final LocalBroker second;
  private final Admin admin;

  private TwoBrokers() {
    int controller = Bridge.freePort();
    int port = Bridge.freePort();
    LocalBroker.Settings common =
        TestBroker.settings()
            .with("auto.create.topics.enable", "false")
            .with("controller.quorum.voters", "1@127.0.0.1:" + controller);
    first =
        LocalBroker.start(
            common
                .withPort(port)
                .with(
                    "listeners",
                    "PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d"
                        .formatted(port, controller)));
    int other = Bridge.freePort();
    second =
        LocalBroker.start(
            common
                .withPort(other)
                .with("process.roles", "broker")
                .with("node.id", "2")
                .with("listeners", "PLAINTEXT://127.0.0.1:" + other));
    admin = Admin.create(Map.of("bootstrap.servers", first.bootstrapServers()));
  }

  /** Starts both. */
  public static TwoBrokers start() throws InterruptedException, ExecutionException {
    TwoBrokers cluster = new TwoBrokers();
    // What groups have read stays known without the second one
    cluster
        .admin
        .createTopics(
            List.of(
                new NewTopic("__consumer_offsets", Map.of(0, List.of(1)))
                    .configs(Map.of("cleanup.policy", "compact"))))
        .all()
        .get();
    return cluster;
  }

  /** Makes a topic: a partition for each number of a broker. */
  public void createTopic(String name, int... brokers)
      throws InterruptedException, ExecutionException {
    createTopic(name, Map.of(), brokers);
  }

  /** Makes a topic with settings of its own. */
  public void createTopic(String name, Map<String, String> settings, int... brokers)
      throws InterruptedException, ExecutionException {
    Map<Integer, List<Integer>> partitions = new LinkedHashMap<>();
    for (int i = 0; i < brokers.length; i++) {
      partitions.put(i, List.of(brokers[i]));
    }
    admin.createTopics(List.of(new NewTopic(name, partitions).configs(settings))).all().get();
  }

  public void deleteTopic(String name) throws InterruptedException, ExecutionException {
    admin.deleteTopics(List.of(name)).all().get();
  }

  /** The one that stays. */
  public LocalBroker first() {
    return first;
  }

  /** The one that is taken away. */
  public LocalBroker second() {
    return second;
  }

  public String bootstrapServers() {
    return first.bootstrapServers() + "," + second.bootstrapServers();
  }

  @Override
  public void close() {
    admin.close();
    second.close();
    first.close();
  }
}
