package dev.caravan.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.caravan.command.CommandFailure;
import dev.caravan.command.Home;
import dev.caravan.testing.SharedKafka;
import dev.caravan.testing.TopicReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalBrokerIT {

  @Test
  void carriesARecordToATopicThatDidNotExist() {
    String prefix = SharedKafka.uniquePrefix();

    send(SharedKafka.bootstrapServers(), prefix + "a", "key", "value");

    try (TopicReader reader = new TopicReader(SharedKafka.bootstrapServers(), prefix)) {
      assertThat(reader.awaitRecords(1))
          .singleElement()
          .satisfies(
              it -> {
                assertThat(it.topic()).isEqualTo(prefix + "a");
                assertThat(it.key()).isEqualTo("key");
                assertThat(it.value()).asString(StandardCharsets.UTF_8).isEqualTo("value");
              });
    }
  }

  @Test
  @Tag("long")
  void comesBackOnTheSamePortWithItsDataAfterBeingKilled() {
    try (LocalBroker broker = LocalBroker.start()) {
      String servers = broker.bootstrapServers();
      send(servers, "kept", "k", "before");
      try (TopicReader reader = new TopicReader(servers, "kept")) {
        reader.awaitRecords(1);

        broker.kill();
        assertThat(broker.isRunning()).isFalse();
        broker.restart();
        send(servers, "kept", "k", "after");

        assertThat(broker.bootstrapServers()).isEqualTo(servers);
        assertThat(values(reader.awaitRecords(2))).containsExactly("before", "after");
      }
    }
  }

  @Test
  void takesItsSettings() throws Exception {
    LocalBroker.Settings settings =
        LocalBroker.Settings.defaults()
            .with("num.partitions", "7")
            .with("message.max.bytes", "2000")
            .with("log.segment.bytes", "1048576");

    try (LocalBroker broker = LocalBroker.start(settings);
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      send(broker.bootstrapServers(), "t", "k", "small");

      assertThat(
              admin
                  .describeTopics(List.of("t"))
                  .allTopicNames()
                  .get(2, TimeUnit.MINUTES)
                  .get("t")
                  .partitions())
          .hasSize(7);
      assertThatThrownBy(() -> send(broker.bootstrapServers(), "t", "k", "x".repeat(5_000)))
          .hasRootCauseInstanceOf(RecordTooLargeException.class);
    }
  }

  @Test
  void leavesNeitherProcessNorFolderBehind() {
    LocalBroker broker = LocalBroker.start();
    ProcessHandle process = ProcessHandle.of(broker.pid()).orElseThrow();
    Path folder = broker.folder();

    broker.close();

    assertThat(process.isAlive()).isFalse();
    assertThat(folder).doesNotExist();
  }

  @Test
  void saysWhichPortIsTaken() throws IOException {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int taken = other.getLocalPort();

      assertThatThrownBy(() -> LocalBroker.start(LocalBroker.Settings.defaults().withPort(taken)))
          .isInstanceOf(CommandFailure.class)
          .hasMessage(
              "Port %d, wanted for Apache Kafka, is in use by another program.".formatted(taken)
                  + " Name another one, or 0 for any.");
    }
  }

  @Test
  void showsTheLogWhenTheBrokerRefusesToStart() {
    LocalBroker.Settings nonsense =
        LocalBroker.Settings.defaults().with("num.io.threads", "not a number");

    assertThatThrownBy(() -> LocalBroker.start(nonsense))
        .isInstanceOf(CommandFailure.class)
        .hasMessageStartingWith("Apache Kafka ended while starting.")
        .hasMessageContaining("num.io.threads");
  }

  @Test
  void endsWhenItsParentIsKilled(@TempDir Path folder) throws IOException {
    Path pidFile = folder.resolve("pid");
    ChildProcess parent =
        ChildProcess.start(
            List.of(
                Home.java(),
                "-Dcaravan.home=" + Path.of("").toAbsolutePath(),
                "-cp",
                System.getProperty("java.class.path"),
                BrokerHolder.class.getName(),
                pidFile.toString()),
            System.getenv(),
            folder.resolve("log"));
    await().atMost(Duration.ofMinutes(3)).until(() -> Files.exists(pidFile));
    ProcessHandle broker =
        ProcessHandle.of(Long.parseLong(Files.readString(pidFile))).orElseThrow();
    assertThat(broker.isAlive()).isTrue();

    parent.kill();

    await().atMost(Duration.ofMinutes(3)).until(() -> !broker.isAlive());
  }

  /** A parent that starts a broker, writes down its process id, and waits to be killed. */
  static final class BrokerHolder {

    private BrokerHolder() {}

    public static void main(String[] args) throws IOException, InterruptedException {
      LocalBroker broker = LocalBroker.start();
      Path written = Files.writeString(Path.of(args[0] + ".new"), String.valueOf(broker.pid()));
      Files.move(written, Path.of(args[0]));
      Thread.currentThread().join();
    }
  }

  private static List<String> values(
      List<org.apache.kafka.clients.consumer.ConsumerRecord<String, byte[]>> records) {
    return records.stream().map(it -> new String(it.value(), StandardCharsets.UTF_8)).toList();
  }

  private static void send(String servers, String topic, String key, String value) {
    try (KafkaProducer<String, byte[]> producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                servers,
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                "10000000"),
            new StringSerializer(),
            new ByteArraySerializer())) {
      producer
          .send(new ProducerRecord<>(topic, key, value.getBytes(StandardCharsets.UTF_8)))
          .get(2, TimeUnit.MINUTES);
    } catch (Exception e) {
      throw new AssertionError("not sent", e);
    }
  }
}
