package dev.caravan.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.SmallRyeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class KafkaPropertiesTest {

  private static final String SECRET = "kW9-secret";
  private static final String MODULE_WITH_EXTENSION =
      "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required"
          + " extension_logicalCluster=\"lkc-1\";";

  @TempDir private Path folder;

  private static SmallRyeConfig config(Map<String, String> environment) {
    return Settings.of(environment);
  }

  private static Map<String, String> properties(Map<String, String> environment) {
    SmallRyeConfig config = config(environment);
    assertThat(mistake(config)).isEmpty();
    return KafkaProperties.of(config);
  }

  private static Optional<String> mistake(SmallRyeConfig config) {
    return config.getOptionalValue(SettingsSource.KAFKA_MISTAKE, String.class);
  }

  private static String mistake(Map<String, String> environment) {
    return mistake(config(environment)).orElseThrow();
  }

  private String file(String name) throws IOException {
    return Files.writeString(folder.resolve(name), SECRET).toString();
  }

  // ---- any property

  @Test
  void anyPropertyOfKafkasClientsCanBeSet() {
    assertThat(
            properties(
                Map.of(
                    "KAFKA_PROPERTY_CONNECTIONS_MAX_IDLE_MS", "180000",
                    "KAFKA_PROPERTY_LINGER_MS", "100",
                    "KAFKA_PROPERTY_FETCH_MAX_BYTES", "1000000",
                    "KAFKA_PROPERTY_CLIENT_DNS_LOOKUP", "use_all_dns_ips",
                    "KAFKA_PROPERTY_INTERCEPTOR_CLASSES", "in.a.jar.of.Theirs")))
        .containsEntry("connections.max.idle.ms", "180000")
        .containsEntry("linger.ms", "100")
        .containsEntry("fetch.max.bytes", "1000000")
        .containsEntry("client.dns.lookup", "use_all_dns_ips")
        .containsEntry("interceptor.classes", "in.a.jar.of.Theirs");
  }

  @Test
  void aNameThatKafkaDoesNotKnowIsASentenceWithTheNearest() {
    assertThat(mistake(Map.of("KAFKA_PROPERTY_CONECTIONS_MAX_IDLE_MS", "180000")))
        .isEqualTo(
            "KAFKA_PROPERTY_CONECTIONS_MAX_IDLE_MS sets conections.max.idle.ms, which is no property of"
                + " Kafka's clients. The nearest is KAFKA_PROPERTY_CONNECTIONS_MAX_IDLE_MS. Correct it"
                + " and restart.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ACKS",
        "ENABLE_IDEMPOTENCE",
        "KEY_SERIALIZER",
        "VALUE_SERIALIZER",
        "TRANSACTIONAL_ID",
        "RETRIES",
        "DELIVERY_TIMEOUT_MS",
        "MAX_BLOCK_MS",
        "PARTITIONER_IGNORE_KEYS"
      })
  void whatThePromisesRestOnCannotBeSet(String name) {
    assertThat(mistake(Map.of("KAFKA_PROPERTY_" + name, "1")))
        .isEqualTo(
            "KAFKA_PROPERTY_%s cannot be set: what the bridge promises rests on it. Take it away and restart."
                .formatted(name));
  }

  @ParameterizedTest
  @CsvSource({
    "BOOTSTRAP_SERVERS, KAFKA_BOOTSTRAP_SERVERS",
    "SASL_MECHANISM, KAFKA_SASL_MECHANISM",
    "COMPRESSION_TYPE, KAFKA_COMPRESSION",
    "MAX_REQUEST_SIZE, KAFKA_MAX_REQUEST_BYTES",
    "SASL_OAUTHBEARER_SCOPE, KAFKA_OAUTH_SCOPE"
  })
  void whatHasASettingOfItsOwnIsSetByThat(String name, String own) {
    assertThat(mistake(Map.of("KAFKA_PROPERTY_" + name, SECRET)))
        .startsWith("KAFKA_PROPERTY_" + name + " has a setting of its own: set " + own)
        .doesNotContain(SECRET);
  }

  @Test
  void aValueThatKafkaDoesNotTakeIsToldByName() {
    assertThat(mistake(Map.of("KAFKA_PROPERTY_LINGER_MS", "soon")))
        .startsWith("KAFKA_PROPERTY_LINGER_MS cannot be used: Invalid value soon");
    assertThat(mistake(Map.of("KAFKA_PROPERTY_CLIENT_DNS_LOOKUP", "maybe")))
        .startsWith("KAFKA_PROPERTY_CLIENT_DNS_LOOKUP cannot be used: ");
  }

  @Test
  void aSecretOfAnyPropertyMayComeFromAFileUnlessItIsSetItself() throws IOException {
    String name = "KAFKA_PROPERTY_SASL_OAUTHBEARER_ASSERTION_PRIVATE_KEY_PASSPHRASE";
    String property = "sasl.oauthbearer.assertion.private.key.passphrase";
    String file = file("passphrase");

    assertThat(properties(Map.of(name + "_FILE", file))).containsEntry(property, SECRET);
    assertThat(properties(Map.of(name + "_FILE", file, name, "itself")))
        .containsEntry(property, "itself");
  }

  // ---- login and certificates

  @Test
  void aTokenIsAskedForWithKafkasOwnHandler() throws IOException {
    Map<String, String> properties =
        properties(
            Map.of(
                "KAFKA_OAUTH_TOKEN_URL", "https://id.example/oauth2/token",
                "KAFKA_OAUTH_CLIENT_ID", "bridge",
                "KAFKA_OAUTH_CLIENT_SECRET_FILE", file("secret"),
                "KAFKA_OAUTH_SCOPE", "kafka"));

    assertThat(properties)
        .containsEntry("security.protocol", "SASL_SSL")
        .containsEntry("sasl.mechanism", "OAUTHBEARER")
        .containsEntry("sasl.oauthbearer.token.endpoint.url", "https://id.example/oauth2/token")
        .containsEntry("sasl.oauthbearer.client.credentials.client.secret", SECRET)
        .containsEntry("sasl.oauthbearer.scope", "kafka");
    assertThat(System.getProperty("org.apache.kafka.sasl.oauthbearer.allowed.urls"))
        .contains("https://id.example/oauth2/token");
    assertThat(takenByKafka(properties)).isTrue();
  }

  @Test
  void certificatesAloneMeanTls() throws IOException {
    assertThat(
            properties(
                Map.of(
                    "KAFKA_SSL_CA_FILE", file("ca.pem"),
                    "KAFKA_SSL_CERTIFICATE_FILE", file("tls.crt"),
                    "KAFKA_SSL_KEY_FILE", file("tls.key"))))
        .containsEntry("security.protocol", "SSL")
        .containsEntry("caravan.ssl.key.file", folder.resolve("tls.key").toString());
  }

  @Test
  void aTokenIsAskedForWithAModuleOfOnesOwnToo() {
    Map<String, String> made =
        properties(
            Map.of(
                "KAFKA_SASL_JAAS_CONFIG",
                MODULE_WITH_EXTENSION,
                "KAFKA_OAUTH_TOKEN_URL",
                "https://login.example/token",
                "KAFKA_OAUTH_CLIENT_ID",
                "bridge",
                "KAFKA_OAUTH_CLIENT_SECRET",
                "hush"));

    assertThat(made)
        .containsEntry("sasl.jaas.config", MODULE_WITH_EXTENSION)
        .containsEntry("sasl.oauthbearer.token.endpoint.url", "https://login.example/token")
        .containsEntry("sasl.mechanism", "OAUTHBEARER");
  }

  @Test
  void theLoginOfMskTakesItsOwnClasses() {
    assertThat(properties(Map.of("KAFKA_SASL_MECHANISM", "AWS_MSK_IAM")))
        .containsEntry("security.protocol", "SASL_SSL")
        .containsEntry(
            "sasl.client.callback.handler.class",
            "software.amazon.msk.auth.iam.IAMClientCallbackHandler");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "KAFKA_SASL_MECHANISM=SCRAM-SHA-512 | without KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD",
        "KAFKA_SASL_USERNAME=bridge | without KAFKA_SASL_PASSWORD",
        "KAFKA_SASL_PASSWORD=hush | without KAFKA_SASL_USERNAME",
        "KAFKA_OAUTH_CLIENT_ID=bridge | KAFKA_OAUTH_TOKEN_URL and KAFKA_OAUTH_CLIENT_SECRET are missing",
        "KAFKA_OAUTH_TOKEN_URL=https://x/y;KAFKA_SASL_USERNAME=bridge | there is one login only",
        "KAFKA_SASL_MECHANISM=OAUTHBEARER | KAFKA_OAUTH_TOKEN_URL and KAFKA_OAUTH_CLIENT_ID and",
        "KAFKA_OAUTH_TOKEN_URL=https://x/y;KAFKA_SASL_MECHANISM=PLAIN | is PLAIN. Set it to OAUTHBEARER",
        "KAFKA_SSL_CA_FILE=/nowhere/ca.pem | KAFKA_SSL_CA_FILE=/nowhere/ca.pem cannot be read",
        "KAFKA_SSL_CERTIFICATE_FILE=pom.xml | KAFKA_SSL_CERTIFICATE_FILE and KAFKA_SSL_KEY_FILE are",
        "KAFKA_SSL_CA_FILE=pom.xml;KAFKA_SECURITY_PROTOCOL=PLAINTEXT | which is no TLS",
        "KAFKA_SASL_MECHANISM=AWS_MSK_IAM;KAFKA_SECURITY_PROTOCOL=SSL | which is without a login",
        "KAFKA_COMPRESSION=lz5 | one of none, gzip, snappy, lz4, zstd",
        "KAFKA_MAX_REQUEST_BYTES=1MB | a whole number from 10000 to 33554432"
      })
  void whatDoesNotGoTogetherIsASentence(String variables, String sentence) {
    Map<String, String> environment = new HashMap<>();
    for (String variable : variables.split(";")) {
      environment.put(variable.split("=", 2)[0], variable.split("=", 2)[1]);
    }

    assertThat(mistake(environment)).contains(sentence);
  }

  // ---- the recipes

  static Stream<Arguments> recipes() throws IOException {
    return Pattern.compile("(?s)## ([^\n]+)\n[^#]*?```sh\n(.*?)```")
        .matcher(Files.readString(Path.of("docs/kafka.md")))
        .results()
        .map(found -> Arguments.of(found.group(1), found.group(2)));
  }

  @Test
  void thereIsARecipeForEachClusterThatManyHave() throws IOException {
    assertThat(recipes().map(recipe -> recipe.get()[0].toString()))
        .contains(
            "Confluent Cloud",
            "AWS MSK with SCRAM",
            "AWS MSK with IAM",
            "Azure Event Hubs",
            "Strimzi, with TLS",
            "Tokens (OAUTHBEARER)");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("recipes")
  void aRecipeHasNoMistakeAndKafkaTakesWhatIsMadeOfIt(String name, String settings)
      throws IOException {
    Map<String, String> environment = new HashMap<>();
    for (String line : settings.strip().split("\n")) {
      String[] parts = line.split("=", 2);
      boolean file = parts[0].startsWith("KAFKA_SSL_") && parts[0].endsWith("_FILE");
      environment.put(parts[0], file ? file(parts[0]) : parts[1]);
    }

    Map<String, String> made = properties(environment);

    assertThat(made.get("security.protocol")).isIn("SSL", "SASL_SSL");
    Map<String, Object> all = new HashMap<>(made);
    // It comes in a jar of AWS
    all.remove("sasl.client.callback.handler.class");
    all.put("bootstrap.servers", environment.get("KAFKA_BOOTSTRAP_SERVERS"));
    String bytes = "org.apache.kafka.common.serialization.ByteArraySerializer";
    all.put("key.serializer", bytes);
    all.put("value.serializer", bytes);
    assertThat(new ProducerConfig(all).originals()).containsAllEntriesOf(all);
    if (name.equals("Azure Event Hubs")) {
      assertThat(all.get("sasl.jaas.config").toString()).contains("username=\"$ConnectionString\"");
    }
  }

  // ---- for whom

  @Test
  void aClientOfAnotherClusterIsLeftAlone() {
    SmallRyeConfig config =
        config(Map.of("KAFKA_BOOTSTRAP_SERVERS", "mine:9092", "KAFKA_PROPERTY_LINGER_MS", "100"));
    Properties mine = new Properties();
    mine.put("bootstrap.servers", "mine:9092");
    mine.put("linger.ms", "5");
    Properties other = new Properties();
    other.put("bootstrap.servers", "other:9092");
    other.put("linger.ms", "5");

    assertThat(KafkaProperties.over(mine, config)).containsEntry("linger.ms", "100");
    assertThat(KafkaProperties.over(other, config)).isEqualTo(other);
  }

  private static boolean takenByKafka(Map<String, String> properties) {
    Map<String, Object> all = new HashMap<>(properties);
    all.put("bootstrap.servers", "localhost:9092");
    all.put("key.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
    all.put("value.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
    all.put("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
    all.put("value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
    return new ProducerConfig(all).originals().containsKey("sasl.jaas.config")
        && new ConsumerConfig(all).originals().containsKey("sasl.jaas.config");
  }
}
