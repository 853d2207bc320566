package dev.caravan.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.testing.SharedKafka;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.config.TopicConfig;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
@Tag("slow")
class ControlWriterTest {

  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** That it is too much is told when the first record is acknowledged. */
  private static final long AHEAD_MILLIS = 60_000;

  private static final ControlRecord TOLD =
      new ControlRecord.Member("me", Set.of(), false, Reach.YES, Map.of(), Logins.NONE, 0);

  private final String topic = SharedKafka.uniquePrefix() + "control";
  private final AtomicInteger made = new AtomicInteger();
  private Runnable whileItWrites = () -> {};
  private String servers = SharedKafka.bootstrapServers();

  /** Counts what Kafka's clients are given to send. */
  public static final class Given implements ProducerInterceptor<byte[], byte[]> {

    private static final AtomicInteger RECORDS = new AtomicInteger();

    @Override
    public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
      RECORDS.incrementAndGet();
      return record;
    }

    @Override
    public void onAcknowledgement(RecordMetadata record, Exception failure) {}

    @Override
    public void configure(Map<String, ?> properties) {}

    @Override
    public void close() {}
  }

  private <T> T client(Function<Map<String, Object>, T> making, Map<String, Object> fixed) {
    Map<String, Object> all = new HashMap<>(fixed);
    all.put("bootstrap.servers", servers);
    all.put("interceptor.classes", Given.class.getName());
    made.incrementAndGet();
    return making.apply(all);
  }

  private long wall() {
    whileItWrites.run();
    return System.currentTimeMillis() + AHEAD_MILLIS;
  }

  @Test
  void aClientThatIsReplacedWhileItWritesDoesNotHaveTheNextReplaced() throws Exception {
    NewTopic stamped =
        new NewTopic(topic, ControlTopic.SLOTS, (short) 1)
            .configs(Map.of(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime"));
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", SharedKafka.bootstrapServers()));
        ControlWriter writer = new ControlWriter(topic, this::client, this::wall)) {
      admin.createTopics(List.of(stamped)).all().get();
      writer.look();
      whileItWrites =
          () -> {
            whileItWrites = () -> {};
            writer.end(Duration.ZERO);
            writer.look();
          };

      writer.write(TOLD);
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                writer.write(TOLD);
                return !writer.clocks().isEmpty();
              });
      writer.look();

      assertThat(made).hasValue(2);
    }
  }

  /** Else the others would count whoever has ended as one that is there, for ten minutes. */
  @Test
  void nothingIsWrittenAfterTheLastRecord() throws Exception {
    NewTopic control = new NewTopic(topic, ControlTopic.SLOTS, (short) 1);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", SharedKafka.bootstrapServers()));
        ControlWriter writer = new ControlWriter(topic, this::client, this::wall)) {
      admin.createTopics(List.of(control)).all().get();
      writer.look();
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                writer.write(TOLD);
                return writer.isTaken();
              });
      Given.RECORDS.set(0);

      writer.writeLast(new ControlRecord.Gone("me"));
      writer.write(TOLD);

      assertThat(Given.RECORDS).hasValue(1);
    }
  }

  /** Each record would be waited for, on the thread that decides about sockets. */
  @Test
  void whileKafkaIsAwayItIsNotWaitedForWithEachRecord() {
    servers = "127.0.0.1:1";
    Given.RECORDS.set(0);
    try (ControlWriter writer = new ControlWriter(topic, this::client, this::wall)) {
      writer.look();

      IntStream.range(0, 10).forEach(record -> writer.write(TOLD));

      assertThat(Given.RECORDS).hasValue(1);
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                writer.write(TOLD);
                return Given.RECORDS.get() == 2;
              });
    }
  }
}
