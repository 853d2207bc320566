package dev.caravan.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.Test;

class ConnectionProbeTest {

  private final ConnectionProbe probe = new ConnectionProbe(Duration.ofMillis(300));

  private static Properties settings(String servers) {
    Properties settings = new Properties();
    settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
    return settings;
  }

  @Test
  void aKafkaThatDoesNotAnswerIsAProblemUntilItIsThere() throws Exception {
    probe.probe(settings("127.0.0.1:9"));

    assertThat(probe.isReached()).isFalse();
    assertThat(probe.problem().orElseThrow())
        .contains("Kafka does not answer at 127.0.0.1:9", "KAFKA_BOOTSTRAP_SERVERS");

    probe.markReached();

    assertThat(probe.problem()).isEmpty();
    assertThat(probe.isReached()).isTrue();
  }
}
