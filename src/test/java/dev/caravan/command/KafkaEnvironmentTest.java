package dev.caravan.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaEnvironmentTest {

  private static KafkaEnvironment of(Map<String, String> variables) {
    return new KafkaEnvironment(Settings.of(variables));
  }

  @Test
  void hasTheBridgesDefaults() {
    KafkaEnvironment environment = of(Map.of());

    assertThat(environment.bootstrapServers()).isEqualTo("localhost:9092");
    assertThat(environment.topicPrefix()).isEqualTo("genesys.");
  }

  @Test
  void passesSecurityOnToTheClient() {
    Map<String, Object> properties =
        of(Map.of(
                "KAFKA_BOOTSTRAP_SERVERS", "kafka:9093",
                "KAFKA_SECURITY_PROTOCOL", "SASL_SSL",
                "KAFKA_SASL_MECHANISM", "SCRAM-SHA-512",
                "KAFKA_SASL_USERNAME", "reader",
                "KAFKA_SASL_PASSWORD", "p\"w",
                "KAFKA_SSL_TRUSTSTORE_LOCATION", "/etc/trust.jks",
                "KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM", "https"))
            .consumerProperties(Optional.empty());

    assertThat(properties)
        .containsEntry("bootstrap.servers", "kafka:9093")
        .containsEntry("security.protocol", "SASL_SSL")
        .containsEntry("sasl.mechanism", "SCRAM-SHA-512")
        .containsEntry("ssl.truststore.location", "/etc/trust.jks")
        .containsEntry("ssl.endpoint.identification.algorithm", "https");
    assertThat(properties.get("sasl.jaas.config"))
        .asString()
        .contains("ScramLoginModule", "username=\"reader\"", "password=\"p\\\"w\"");
  }

  @Test
  void theLoginGoesToNoOtherCluster() {
    KafkaEnvironment environment =
        of(
            Map.of(
                "KAFKA_BOOTSTRAP_SERVERS", "kafka:9093",
                "KAFKA_SASL_USERNAME", "reader",
                "KAFKA_SASL_PASSWORD", "hush"));

    assertThat(environment.consumerProperties(Optional.of("127.0.0.1:9092")))
        .containsOnly(Map.entry("bootstrap.servers", "127.0.0.1:9092"));
    assertThat(environment.consumerProperties(Optional.of("kafka:9093")))
        .containsKey("sasl.jaas.config");
  }

  @Test
  void readsAPasswordFromAFile(@TempDir Path folder) throws IOException {
    Path secret = Files.writeString(folder.resolve("password"), "from-a-file\n");

    assertThat(
            of(Map.of(
                    "KAFKA_SASL_USERNAME", "reader", "KAFKA_SASL_PASSWORD_FILE", secret.toString()))
                .consumerProperties(Optional.empty())
                .get("sasl.jaas.config"))
        .asString()
        .contains("from-a-file");
  }

  @Test
  void saysWhichSecretFileIsNotThere() {
    KafkaEnvironment environment = of(Map.of("KAFKA_SASL_PASSWORD_FILE", "/nowhere/password"));

    assertThatThrownBy(() -> environment.consumerProperties(Optional.empty()))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("KAFKA_SASL_PASSWORD")
        .hasMessageContaining("/nowhere/password");
  }
}
