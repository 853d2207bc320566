package dev.caravan.settings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.check.CheckReport;
import dev.caravan.check.SettingsCheck;
import dev.caravan.cli.CommandLineHarness;
import dev.caravan.command.KafkaEnvironment;
import io.smallrye.config.SmallRyeConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands read the sources that the bridge reads, in the folder where they are started. */
class SettingsTest {

  @TempDir private Path folder;
  private String before;

  @BeforeEach
  void startThere() throws IOException {
    before = System.setProperty("user.dir", folder.toString());
    Files.writeString(
        folder.resolve(".env"),
        "KAFKA_BOOTSTRAP_SERVERS=from-env-file:9092\nQUARKUS_LOG_LEVEL=rubbish\n");
    Files.writeString(
        Files.createDirectory(folder.resolve("config")).resolve("application.properties"),
        "caravan.topic.prefix=from.config.\nkafka.bootstrap.servers=from-config:9092\n"
            + "kafka.sasl.username=reader\nkafka.sasl.password=pa$$word\n");
  }

  @AfterEach
  void goBack() {
    System.setProperty("user.dir", before);
  }

  @Test
  void tailReadsTheEnvFileAndTheConfigFolder() {
    KafkaEnvironment environment = new KafkaEnvironment(Settings.read());

    assertThat(environment.bootstrapServers()).isEqualTo("from-env-file:9092");
    assertThat(environment.topicPrefix()).isEqualTo("from.config.");
    assertThat(environment.consumerProperties(Optional.empty()))
        .containsEntry("bootstrap.servers", "from-env-file:9092")
        .containsEntry("security.protocol", "SASL_SSL");
  }

  @Test
  void checkTellsWhereASettingIsSetAndWhatWasLeftAside() {
    SmallRyeConfig config = Settings.read();
    StringWriter out = new StringWriter();

    new SettingsCheck(new CheckReport(new PrintWriter(out))).run(config);

    assertThat(out.toString().lines())
        .contains(
            "  ok      KAFKA_BOOTSTRAP_SERVERS=from-env-file:9092 (from .env)",
            "  ok      CARAVAN_TOPIC_PREFIX=from.config. (from config/application.properties)",
            "  ok      Set, and not shown: KAFKA_SASL_PASSWORD, KAFKA_SASL_USERNAME.")
        .anyMatch(line -> line.contains("QUARKUS_LOG_LEVEL: left aside"))
        .noneMatch(line -> line.contains("None is set"));
  }

  /** With what it says unknown, nothing may be sent: it could reach another cluster. */
  @Test
  void anEnvFileThatCannotBeReadIsAMistakeAndNotTheEndOfTheProcess() throws IOException {
    Files.delete(folder.resolve(".env"));
    // A regular file whose first byte nobody may read
    Files.createSymbolicLink(folder.resolve(".env"), Path.of("/proc/self/mem"));

    SmallRyeConfig config = Settings.read();

    assertThat(config.getValue("kafka.bootstrap.servers", String.class))
        .isEqualTo("from-config:9092");
    for (String name : List.of(SettingsSource.LATER_MISTAKE, SettingsSource.KAFKA_MISTAKE)) {
      assertThat(config.getValue(name, String.class))
          .contains(folder.resolve(".env") + " cannot be read");
    }
    assertThat(config.getOptionalValue(SettingsSource.MISTAKE, String.class).orElse(""))
        .doesNotContain("/.env");
  }

  @Test
  void aBackslashInTheEnvFileReachesKafka() throws IOException {
    Files.writeString(
        folder.resolve(".env"), "KAFKA_SASL_USERNAME=u\nKAFKA_SASL_PASSWORD=a\\u12\\$b\n");

    assertThat(new KafkaEnvironment(Settings.read()).consumerProperties(Optional.empty()))
        .hasEntrySatisfying(
            "sasl.jaas.config",
            jaas -> assertThat(jaas.toString()).contains("password=\"a\\\\u12\\\\$b\""));
  }

  @Test
  void theProxyIsShownWithoutItsLoginAndOptionsOfTheJvmAreNot() throws IOException {
    Files.writeString(
        folder.resolve(".env"),
        "https_proxy=http://pat:hunter%2F2@proxy.example.com:3128\nNO_PROXY=.internal\n"
            + "CARAVAN_JAVA_OPTIONS=-Djavax.net.ssl.trustStorePassword=hunter2\n");
    StringWriter out = new StringWriter();

    new SettingsCheck(new CheckReport(new PrintWriter(out))).run(Settings.read());

    assertThat(out.toString().lines())
        .contains(
            "  ok      HTTPS_PROXY=http://…@proxy.example.com:3128 (from .env)",
            "  ok      NO_PROXY=.internal (from .env)")
        .anyMatch(line -> line.matches("  ok      Set, and not shown: CARAVAN_JAVA_OPTIONS, .*"));
    assertThat(out.toString()).doesNotContain("hunter", "pat:");
  }

  @Test
  void topicsPrintsThePrefixThatIsSet() {
    assertThat(CommandLineHarness.run("topics", "v2.users.*.presence").out())
        .contains("from.config.presence");
  }
}
