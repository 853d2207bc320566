package dev.caravan.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.SmallRyeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.JaasContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsSourceTest {

  @TempDir Path folder;

  private static SmallRyeConfig config(Map<String, String> environment) {
    return Settings.of(environment);
  }

  private static Optional<String> value(SmallRyeConfig config, String name) {
    return config.getOptionalValue(name, String.class);
  }

  private static Optional<String> mistake(SmallRyeConfig config) {
    return value(config, SettingsSource.MISTAKE)
        .or(() -> value(config, SettingsSource.LATER_MISTAKE));
  }

  private String file(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content).toString();
  }

  // ---- hosts

  @ParameterizedTest
  @CsvSource({
    "'', mypurecloud.com",
    "mypurecloud.ie, mypurecloud.ie",
    "eu_west_1, mypurecloud.ie",
    "eu-central-1, mypurecloud.de"
  })
  void theHostsFollowFromTheRegion(String region, String domain) {
    SmallRyeConfig config = config(Map.of("GENESYS_REGION", region));

    assertThat(value(config, "genesys.login.url")).contains("https://login." + domain);
    assertThat(value(config, "genesys.api.url")).contains("https://api." + domain);
    assertThat(mistake(config)).isEmpty();
  }

  @Test
  void anUnknownRegionIsASentenceAndNoException() {
    SmallRyeConfig config = config(Map.of("GENESYS_REGION", "mars_north_1"));

    assertThat(mistake(config).orElseThrow())
        .startsWith("GENESYS_REGION is \"mars_north_1\", which is no region of Genesys Cloud.")
        .contains("mypurecloud.de (eu_central_1)");
  }

  @Test
  void anUnknownRegionIsNoMistakeWhenBothHostsAreGiven() {
    SmallRyeConfig config =
        config(
            Map.of(
                "GENESYS_REGION", "mars_north_1",
                "GENESYS_LOGIN_URL", "http://127.0.0.1:8085",
                "GENESYS_API_URL", "http://127.0.0.1:8085"));

    assertThat(mistake(config)).isEmpty();
  }

  @Test
  void aSlashAtTheEndOfAHostDoesNotMatter() {
    SmallRyeConfig config =
        config(
            Map.of(
                "GENESYS_LOGIN_URL", "https://proxy.example/login//",
                "GENESYS_API_URL", " https://proxy.example/ "));

    assertThat(value(config, "genesys.login.url")).contains("https://proxy.example/login");
    assertThat(value(config, "genesys.api.url")).contains("https://proxy.example");
  }

  // ---- values that cannot be used

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GENESYS_TOPICS_REFRESH | soon | a duration such as 500ms, 2s, 15m or 1h30m, from 1s to"
            + " 720h; 0 for never",
        "GENESYS_TOPICS_REFRESH | 31d | from 1s to 720h",
        "GENESYS_TOPICS_REFRESH | -5m | a duration",
        "GENESYS_RETRY_INITIAL_DELAY | 0 | from 1ms to 1h",
        "GENESYS_RETRY_MAXIMUM_DELAY | 90 s | a duration",
        "GENESYS_RETRY_ATTEMPTS | many | a whole number from 0 to 1000",
        "GENESYS_RETRY_ATTEMPTS | -1 | a whole number from 0 to 1000",
        "GENESYS_REST_REQUESTS_PER_MINUTE | 0 | a whole number from 1 to 100000",
        "GENESYS_BREAKER_FAILURE_RATE | 101 | a whole number from 1 to 100",
        "GENESYS_BREAKER_WAIT | 10s | a whole number from 1 to 3600",
        "GENESYS_MAX_IN_FLIGHT | 1e3 | a whole number",
        "CARAVAN_MANAGEMENT_HOST | 192.0.2.1 | an address of this machine, such as 127.0.0.1, or 0.0.0.0",
        "CARAVAN_MANAGEMENT_PORT | 70000 | a whole number from 0 to 65535",
        "CARAVAN_MANAGEMENT_PORT | 99999999999999999999 | a whole number from 0 to 65535",
        "GENESYS_API_URL | api.mypurecloud.ie | an address such as https://api.mypurecloud.ie",
        "GENESYS_LOGIN_URL | http://127.0.0.1:99999 | an address such as",
        "CARAVAN_TOPIC_PREFIX | my topics/ | letters, digits, dots",
        "KAFKA_BOOTSTRAP_SERVERS | kafka-1 | a list such as kafka-1:9092,kafka-2:9092",
        "KAFKA_BOOTSTRAP_SERVERS | kafka-1:9092,kafka-2:0 | host and port (1 to 65535) of each",
        "CARAVAN_SPOOL_WHEN_FULL | blok | one of block, drop-oldest",
        "CARAVAN_SPOOL_BLOCK_TIMEOUT | 1 | a duration such as 500ms, 2s, 15m or 1h30m, from 1s to",
        "CARAVAN_SPOOL_BLOCK_TIMEOUT | -1h | from 1s to 24h; 0 for as long as it takes",
        "GENESYS_RETRY_INITIAL_DELAY | 100 | a duration",
        "KAFKA_SECURITY_PROTOCOL | TLS | one of PLAINTEXT, SASL_PLAINTEXT, SASL_SSL, SSL"
      })
  void aValueThatCannotBeUsedIsASentenceWithNameValueAndWhatIsAllowed(
      String name, String value, String allowed) {
    assertThat(mistake(config(Map.of(name, value))).orElseThrow())
        .startsWith(name + " is \"" + value + "\", but it must be ")
        .contains(allowed)
        .endsWith(". Correct it and restart.");
  }

  @ParameterizedTest
  @CsvSource({
    "GENESYS_TOPICS_REFRESH, genesys.topics.refresh, 1m",
    "GENESYS_RETRY_ATTEMPTS, genesys.retry.attempts, 20",
    "CARAVAN_MANAGEMENT_PORT, caravan.management.port, 9876",
    "GENESYS_API_URL, genesys.api.url, https://api.mypurecloud.com"
  })
  void theBridgeCanComeUpAndTellItBecauseTheDefaultStandsIn(
      String name, String property, String shipped) {
    assertThat(value(config(Map.of(name, "soon")), property)).contains(shipped);
  }

  @Test
  void whatCouldReachAnotherClusterOrTopicIsNotReplaced() {
    SmallRyeConfig config =
        config(
            Map.of(
                "KAFKA_SECURITY_PROTOCOL", "TLS",
                "CARAVAN_TOPIC_PREFIX", "my topics/",
                "KAFKA_BOOTSTRAP_SERVERS", "kafka"));

    assertThat(value(config, "kafka.security.protocol")).contains("TLS");
    assertThat(value(config, "caravan.topic.prefix")).contains("my topics/");
    assertThat(value(config, "kafka.bootstrap.servers")).contains("kafka");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1500ms", "2s", "15m", "1h30m", "1d2h3m4s5ms", " 15m "})
  void durationsOfAllUnitsAreTaken(String duration) {
    assertThat(mistake(config(Map.of("GENESYS_TOPICS_REFRESH", duration)))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost:9092", "a:1, b:65535", "[::1]:9092", "SASL://h:9092", "a:1,"})
  void serversOfAllFormsThatKafkaTakesAreTaken(String servers) {
    assertThat(mistake(config(Map.of("KAFKA_BOOTSTRAP_SERVERS", servers)))).isEmpty();
  }

  @Test
  void allMistakesAreToldAtOnce() {
    assertThat(
            mistake(config(Map.of("GENESYS_BREAKER_WAIT", "x", "GENESYS_REGION", "mars")))
                .orElseThrow())
        .contains("GENESYS_BREAKER_WAIT is \"x\"", "GENESYS_REGION is \"mars\"");
  }

  @Test
  void aPasswordInAnAddressIsNotQuoted() {
    assertThat(
            mistake(config(Map.of("GENESYS_API_URL", "ftp://me:s3cret@proxy.example")))
                .orElseThrow())
        .doesNotContain("s3cret");
  }

  // ---- variables that are empty

  @ParameterizedTest
  @CsvSource({
    "CARAVAN_ROUTES_DIR, caravan.routes.dir, ./routes",
    "CARAVAN_DATA_DIR, caravan.data.dir, ./data",
    "CARAVAN_MANAGEMENT_PORT, caravan.management.port, 9876",
    "CARAVAN_TOPIC_PREFIX, caravan.topic.prefix, genesys.",
    "GENESYS_TOPICS, genesys.topics, v2.routing.queues.*.conversations",
    "GENESYS_MEDIA, genesys.media, 'voice,chat,message'",
    "GENESYS_TOPICS_REFRESH, genesys.topics.refresh, 1m",
    "KAFKA_BOOTSTRAP_SERVERS, kafka.bootstrap.servers, localhost:9092"
  })
  void anEmptyVariableCountsAsNotSet(String name, String property, String shipped) {
    for (String nothing : List.of("", "  ")) {
      SmallRyeConfig config = config(Map.of(name, nothing));

      assertThat(value(config, property)).contains(shipped);
      assertThat(mistake(config)).isEmpty();
    }
  }

  // ---- secrets

  @Test
  void aSecretComesFromTheFileThatItsVariableNames() throws IOException {
    SmallRyeConfig config =
        config(Map.of("GENESYS_CLIENT_SECRET_FILE", file("secret", "s3cret\n")));

    assertThat(value(config, "genesys.client.secret")).contains("s3cret");
  }

  @Test
  void aSecretComesFromTheFolder() throws IOException {
    file("GENESYS_CLIENT_ID", "id-1");
    file("GENESYS_CLIENT_SECRET", "  s3cret  ");

    SmallRyeConfig config = config(Map.of("CARAVAN_SECRETS_DIR", folder.toString()));

    assertThat(value(config, "genesys.client.id")).contains("id-1");
    assertThat(value(config, "genesys.client.secret")).contains("s3cret");
  }

  @Test
  void theVariableItselfComesFirstThenItsFileThenTheFolder() throws IOException {
    file("GENESYS_CLIENT_ID", "from the folder");
    file("GENESYS_CLIENT_SECRET", "from the folder");

    SmallRyeConfig config =
        config(
            Map.of(
                "CARAVAN_SECRETS_DIR", folder.toString(),
                "GENESYS_CLIENT_ID", "from the variable",
                "GENESYS_CLIENT_ID_FILE", file("id", "from the file"),
                "GENESYS_CLIENT_SECRET_FILE", file("secret", "from the file")));

    assertThat(value(config, "genesys.client.id")).contains("from the variable");
    assertThat(value(config, "genesys.client.secret")).contains("from the file");
  }

  @Test
  void aFileThatIsNotThereIsASentence() {
    Path nowhere = folder.resolve("nowhere");

    SmallRyeConfig config = config(Map.of("GENESYS_CLIENT_SECRET_FILE", nowhere.toString()));

    assertThat(mistake(config))
        .contains(
            "GENESYS_CLIENT_SECRET cannot be read from the file "
                + nowhere
                + ": there is no such file. Correct the file, or set GENESYS_CLIENT_SECRET"
                + " itself.");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 70_000})
  void aFileThatCanBeNoSecretIsASentence(int size) throws IOException {
    SmallRyeConfig config =
        config(Map.of("KAFKA_SASL_PASSWORD_FILE", file("password", "x".repeat(size))));

    assertThat(mistake(config).orElseThrow())
        .startsWith("KAFKA_SASL_PASSWORD cannot be read")
        .containsAnyOf("it is empty", "it is too large for a secret")
        .doesNotContain("xx");
  }

  @Test
  void aFileThatIsNoTextIsASentence() throws IOException {
    Path file = Files.write(folder.resolve("bytes"), new byte[] {(byte) 0xC3, 0x28});

    SmallRyeConfig config = config(Map.of("KAFKA_SASL_PASSWORD_FILE", file.toString()));

    assertThat(mistake(config).orElseThrow()).contains("it is no text");
  }

  @Test
  void aStandbyNeedsAnotherInstance() {
    assertThat(value(config(Map.of("CARAVAN_STANDBY", "1")), SettingsSource.MISTAKE).orElseThrow())
        .startsWith("CARAVAN_STANDBY is 1, and CARAVAN_CLUSTER is not set");

    assertThat(mistake(config(Map.of("CARAVAN_STANDBY", "1", "CARAVAN_CLUSTER", "a")))).isEmpty();
    assertThat(mistake(config(Map.of("CARAVAN_STANDBY", "0")))).isEmpty();
  }

  @Test
  void whatStandsBehindTheSpoolKeepsNothingFromBeingRead() {
    for (String name :
        List.of("KAFKA_SECURITY_PROTOCOL", "CARAVAN_TOPIC_PREFIX", "KAFKA_BOOTSTRAP_SERVERS")) {
      SmallRyeConfig config = config(Map.of(name, "!"));
      assertThat(value(config, SettingsSource.MISTAKE)).as(name).isEmpty();
      assertThat(value(config, SettingsSource.KAFKA_MISTAKE).orElseThrow()).startsWith(name);
      assertThat(value(config, SettingsSource.LATER_MISTAKE).orElseThrow()).startsWith(name);
    }
    for (String name : List.of("KAFKA_TOPIC_PATIENCE", "CARAVAN_SPOOL_WHEN_FULL")) {
      SmallRyeConfig config = config(Map.of(name, "!"));
      assertThat(value(config, SettingsSource.MISTAKE)).as(name).isEmpty();
      assertThat(value(config, SettingsSource.KAFKA_MISTAKE)).as("a default does").isEmpty();
    }
  }

  // ---- Kafka

  @Test
  void kafkaVariablesBecomePropertiesOfItsClients() {
    SmallRyeConfig config =
        config(
            Map.of(
                "KAFKA_SECURITY_PROTOCOL", "SSL",
                "KAFKA_SSL_TRUSTSTORE_LOCATION", "/etc/trust.p12",
                "KAFKA_SSL_TRUSTSTORE_PASSWORD", "changeit"));

    assertThat(value(config, "caravan.kafka.security.protocol")).contains("SSL");
    assertThat(value(config, "caravan.kafka.ssl.truststore.location")).contains("/etc/trust.p12");
    assertThat(value(config, "caravan.kafka.ssl.truststore.password")).contains("changeit");
    assertThat(value(config, "caravan.kafka.sasl.jaas.config")).isEmpty();
  }

  @Test
  void withoutKafkaVariablesNothingIsSaidAboutSecurity() {
    assertThat(config(Map.of()).getPropertyNames())
        .noneMatch(name -> name.startsWith("caravan.kafka."));
  }

  @ParameterizedTest
  @CsvSource({
    "PLAIN, org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256, org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512, org.apache.kafka.common.security.scram.ScramLoginModule"
  })
  void userAndPasswordBecomeALoginModuleThatKafkaReads(String mechanism, String module) {
    SmallRyeConfig config =
        config(
            Map.of(
                "KAFKA_SASL_MECHANISM", mechanism,
                "KAFKA_SASL_USERNAME", "bridge",
                "KAFKA_SASL_PASSWORD", "pass"));

    AppConfigurationEntry entry = jaas(config);

    assertThat(entry.getLoginModuleName()).isEqualTo(module);
    assertThat(Map.copyOf(entry.getOptions()))
        .isEqualTo(Map.of("username", "bridge", "password", "pass"));
    assertThat(value(config, "caravan.kafka.sasl.mechanism")).contains(mechanism);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "with space",
        "quo\"te",
        "back\\slash",
        "semi;colon",
        "sla//sh",
        "#hash",
        "\\\"both"
      })
  void anyPasswordSurvivesTheQuoting(String password) throws IOException {
    SmallRyeConfig config =
        config(
            Map.of(
                "KAFKA_SASL_USERNAME",
                "dom\\user",
                "KAFKA_SASL_PASSWORD_FILE",
                file("password", password)));

    assertThat(Map.copyOf(jaas(config).getOptions()))
        .isEqualTo(Map.of("username", "dom\\user", "password", password));
  }

  @Test
  void aPasswordAloneIsNotIgnoredNorSentInTheClear() {
    SmallRyeConfig config =
        config(Map.of("KAFKA_SASL_USERNAME", "bridge", "KAFKA_SASL_PASSWORD", "pass"));

    assertThat(value(config, "caravan.kafka.sasl.mechanism")).contains("PLAIN");
    assertThat(value(config, "caravan.kafka.security.protocol")).contains("SASL_SSL");
  }

  @Test
  void aProtocolThatWasChosenStays() {
    SmallRyeConfig config =
        config(
            Map.of(
                "KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT",
                "KAFKA_SASL_USERNAME", "bridge",
                "KAFKA_SASL_PASSWORD", "pass"));

    assertThat(value(config, "caravan.kafka.security.protocol")).contains("SASL_PLAINTEXT");
  }

  @Test
  void aLoginModuleThatWasGivenStays() {
    SmallRyeConfig config =
        config(
            Map.of(
                "KAFKA_SASL_JAAS_CONFIG", "my.Module required;",
                "KAFKA_SASL_USERNAME", "bridge",
                "KAFKA_SASL_PASSWORD", "pass"));

    assertThat(value(config, "caravan.kafka.sasl.jaas.config")).contains("my.Module required;");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a$b", "a$$b", "a\\$b", "${HOME}", "a\\${HOME}b", "$", "\\\\$x", "a\\"})
  void dollarsAndBackslashesStandForThemselves(String password) throws IOException {
    SmallRyeConfig config = config(Map.of("KAFKA_SASL_PASSWORD_FILE", file("password", password)));

    assertThat(value(config, "kafka.sasl.password")).contains(password);
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTPS_PROXY", "https_proxy"})
  void theProxyIsSetAsEveryCompanyDoes(String name) {
    SmallRyeConfig config = config(Map.of(name, "http://pat:p%40ss@proxy.example:3128"));

    assertThat(value(config, "https.proxy")).contains("http://pat:p%40ss@proxy.example:3128");
    assertThat(mistake(config)).isEmpty();
  }

  @Test
  void aProxyThatCannotBeUsedIsToldWithoutItsPasswordAndNothingGoesAroundIt() {
    SmallRyeConfig config = config(Map.of("HTTPS_PROXY", "socks5://pat:hunter2@proxy:1080"));

    assertThat(value(config, SettingsSource.MISTAKE).orElseThrow())
        .contains("HTTPS_PROXY", "http://proxy.example.com:3128")
        .doesNotContain("hunter2");
  }

  private static AppConfigurationEntry jaas(SmallRyeConfig config) {
    String text = value(config, "caravan.kafka.sasl.jaas.config").orElseThrow();
    JaasContext context =
        JaasContext.loadClientContext(Map.of("sasl.jaas.config", new Password(text)));
    return context.configurationEntries().get(0);
  }
}
