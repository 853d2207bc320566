package dev.caravan.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.Test;

class FirstContactTest {

  private final FirstContact contact = new FirstContact(Duration.ofMillis(300));

  private static Properties settings(String servers) {
    Properties settings = new Properties();
    settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
    return settings;
  }

  @Test
  void aKafkaThatDoesNotAnswerIsTroubleUntilItIsThere() throws Exception {
    contact.seek(settings("127.0.0.1:9"));

    assertThat(contact.isMade()).isFalse();
    assertThat(contact.trouble().orElseThrow())
        .contains("Kafka does not answer at 127.0.0.1:9", "KAFKA_BOOTSTRAP_SERVERS");

    contact.make();

    assertThat(contact.trouble()).isEmpty();
    assertThat(contact.isMade()).isTrue();
  }
}
