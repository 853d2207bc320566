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
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
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

  private final String topic = SharedKafka.uniquePrefix() + "control";
  private final AtomicInteger made = new AtomicInteger();
  private Runnable whileItWrites = () -> {};

  private <T> T client(Function<Map<String, Object>, T> making, Map<String, Object> fixed) {
    Map<String, Object> all = new HashMap<>(fixed);
    all.put("bootstrap.servers", SharedKafka.bootstrapServers());
    made.incrementAndGet();
    return making.apply(all);
  }

  private long wall() {
    whileItWrites.run();
    return System.currentTimeMillis() + AHEAD_MILLIS;
  }

  @Test
  void aClientThatIsReplacedWhileItWritesDoesNotHaveTheNextReplaced() throws Exception {
    ControlRecord told =
        new ControlRecord.Member("me", Set.of(), false, Reach.YES, Map.of(), Logins.NONE, 0);
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

      writer.write(told);
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                writer.write(told);
                return !writer.clocks().isEmpty();
              });
      writer.look();

      assertThat(made).hasValue(2);
    }
  }
}
