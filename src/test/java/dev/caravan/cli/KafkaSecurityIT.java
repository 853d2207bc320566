package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.simulator.Act;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.Certificates;
import dev.caravan.testing.TokenServer;
import dev.caravan.testing.TopicReader;
import io.smallrye.config.SmallRyeConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The road to a real broker that is spoken to over TLS, with each of the logins. */
class KafkaSecurityIT {

  private static final String PASSWORD = "kW9-\"kafka\\password$$-Zt4";
  private static final String QUEUE = "0e185c02-aca1-4a72-82ea-2e78684e2c89";

  @TempDir private static Path shared;
  private static Certificates certificates;
  private static TokenServer tokens;
  private static LocalBroker broker;
  private static final Map<String, Integer> PORTS = new TreeMap<>();

  @TempDir private Path folder;

  @BeforeAll
  static void start() throws Exception {
    certificates = new Certificates(shared.resolve("certificates"));
    String here = "san=ip:127.0.0.1";
    Path store = certificates.of("broker", "-ext", here);
    Path expired = certificates.of("expired", "-ext", here, "-startdate", "-9d", "-validity", "3");
    Path elsewhere = certificates.of("elsewhere", "-ext", "san=dns:kafka.example");
    certificates.of("bridge");
    tokens = new TokenServer(store, "bridge", PASSWORD);
    Path keys = Files.writeString(shared.resolve("keys.json"), tokens.keySet());
    StringBuilder listeners = new StringBuilder();
    for (String name : List.of("LOGIN", "MUTUAL", "EXPIRED", "ELSEWHERE")) {
      PORTS.put(name, Bridge.freePort());
      listeners.append(",%s://127.0.0.1:%d".formatted(name, PORTS.get(name)));
    }
    int plain = Bridge.freePort();
    int controller = Bridge.freePort();
    String jaas = "org.apache.kafka.common.security.%s required";
    LocalBroker.Settings settings =
        LocalBroker.Settings.defaults()
            .withPort(plain)
            .with(
                "listeners",
                "PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d%s"
                    .formatted(plain, controller, listeners))
            .with("controller.quorum.voters", "1@127.0.0.1:" + controller)
            .with("advertised.listeners", "PLAINTEXT://127.0.0.1:" + plain + listeners)
            .with(
                "listener.security.protocol.map",
                "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_SSL,MUTUAL:SSL,EXPIRED:SSL,ELSEWHERE:SSL")
            .with("inter.broker.listener.name", "PLAINTEXT")
            .with("listener.name.login.sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-512,OAUTHBEARER")
            .with(
                "listener.name.login.plain.sasl.jaas.config",
                jaas.formatted("plain.PlainLoginModule")
                    + " user_bridge=\""
                    + PASSWORD.replace("\\", "\\\\").replace("\"", "\\\"")
                    + "\";")
            .with(
                "listener.name.login.scram-sha-512.sasl.jaas.config",
                jaas.formatted("scram.ScramLoginModule") + ";")
            .with(
                "listener.name.login.oauthbearer.sasl.jaas.config",
                jaas.formatted("oauthbearer.OAuthBearerLoginModule") + ";")
            .with(
                "listener.name.login.oauthbearer.sasl.server.callback.handler.class",
                "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler")
            .with("sasl.oauthbearer.jwks.endpoint.url", keys.toUri().toString())
            .with("listener.name.mutual.ssl.client.auth", "required")
            .with("listener.name.mutual.ssl.truststore.type", "PEM")
            .with("listener.name.mutual.ssl.truststore.location", certificates.caFile().toString());
    for (Map.Entry<String, Path> listener :
        Map.of("login", store, "mutual", store, "expired", expired, "elsewhere", elsewhere)
            .entrySet()) {
      String name = "listener.name." + listener.getKey() + ".ssl.";
      settings =
          settings
              .with(name + "keystore.type", "PKCS12")
              .with(name + "keystore.location", listener.getValue().toString())
              .with(name + "keystore.password", Certificates.PASSWORD)
              .with(name + "key.password", Certificates.PASSWORD);
    }
    broker = LocalBroker.start(settings);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      admin
          .alterUserScramCredentials(
              List.of(
                  new UserScramCredentialUpsertion(
                      "bridge",
                      new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096),
                      PASSWORD)))
          .all()
          .get();
    }
  }

  @AfterAll
  static void stop() {
    broker.close();
    tokens.close();
  }

  private static Map<String, String> listener(String name) {
    Map<String, String> variables = new TreeMap<>();
    variables.put("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:" + PORTS.get(name));
    variables.put("KAFKA_SSL_CA_FILE", certificates.caFile().toString());
    return variables;
  }

  private static Map<String, String> user(String mechanism, String password) {
    Map<String, String> variables = listener("LOGIN");
    variables.put("KAFKA_SASL_MECHANISM", mechanism);
    variables.put("KAFKA_SASL_USERNAME", "bridge");
    variables.put("KAFKA_SASL_PASSWORD", password);
    return variables;
  }

  private static Map<String, String> token(String secret) {
    Map<String, String> variables = listener("LOGIN");
    variables.put("KAFKA_OAUTH_TOKEN_URL", tokens.url());
    variables.put("KAFKA_OAUTH_CLIENT_ID", "bridge");
    variables.put("KAFKA_OAUTH_CLIENT_SECRET", secret);
    variables.put("KAFKA_OAUTH_CA_FILE", certificates.caFile().toString());
    return variables;
  }

  private static Map<String, String> certificate() {
    Map<String, String> variables = listener("MUTUAL");
    variables.put("KAFKA_SSL_CERTIFICATE_FILE", certificates.certificateFile("bridge").toString());
    variables.put("KAFKA_SSL_KEY_FILE", certificates.keyFile("bridge").toString());
    return variables;
  }

  @ParameterizedTest
  @ValueSource(strings = {"PLAIN", "SCRAM-SHA-512", "OAUTHBEARER", "MUTUAL TLS"})
  void eventsReachABrokerThatIsLoggedInToOverTls(String login) throws IOException {
    Map<String, String> variables =
        switch (login) {
          case "OAUTHBEARER" -> token(PASSWORD);
          case "MUTUAL TLS" -> certificate();
          default -> user(login, PASSWORD);
        };
    String prefix = login.toLowerCase().replace(' ', '-') + ".";

    assertThat(check(variables)).contains("answers; 1 broker(s)").doesNotContain("FAILED");
    try (Simulator genesys = genesys();
        Bridge bridge = bridge(genesys, prefix, variables);
        TopicReader reader = new TopicReader(broker.bootstrapServers(), prefix)) {
      await().atMost(Duration.ofSeconds(60)).until(() -> genesys.openSockets() == 1);
      String frame =
          "{\"topicName\":\"v2.routing.queues.%s.conversations\",\"eventBody\":{\"id\":\"c\",\"participants\":[{\"purpose\":\"agent\",\"calls\":[{\"state\":\"connected\"}]}]}}"
              .formatted(QUEUE);
      genesys.perform(new Act.Frame(Act.Whom.ALL, Act.Frame.Kind.RAW, 0, frame));

      reader.awaitUntil(
          records -> {
            bridge.failIfEnded();
            return records.stream().anyMatch(record -> new String(record.value()).equals(frame));
          });
      bridge.awaitReady();
      assertNoSecret(bridge.log() + bridge.readiness().text());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"user", "token", "EXPIRED", "ELSEWHERE", "stranger"})
  void whyKafkaAndTheBridgeDoNotTrustEachOtherIsToldInLogHealthAndCheck(String wrong)
      throws IOException {
    Map<String, String> variables =
        switch (wrong) {
          case "user" -> user("SCRAM-SHA-512", "not-the-password");
          case "token" -> token("not-the-password");
          case "stranger" -> listener("MUTUAL");
          default -> listener(wrong);
        };
    String sentence =
        switch (wrong) {
          case "user" -> "does not accept the bridge's user and password";
          case "token" -> "The bridge cannot log in to Kafka: ";
          case "EXPIRED" -> "The certificate of a Kafka broker has expired";
          case "ELSEWHERE" -> "The certificate of a Kafka broker is for another host name";
          default -> "Kafka does not accept the bridge's own certificate";
        };

    assertThat(check(variables)).contains("FAILED").contains(sentence);
    try (Simulator genesys = genesys();
        Bridge bridge = bridge(genesys, "never.", variables)) {
      bridge.awaitLog(sentence);
      Bridge.Health health = bridge.awaitReadiness(sentence, now -> now.text().contains(sentence));

      assertThat(bridge.liveness().isReady()).isTrue();
      assertNoSecret(bridge.log() + health.text());
    }
  }

  @Test
  void aCertificateThatIsRenewedIsTakenForTheNextConnection() throws Exception {
    certificates.of("soon");
    Path certificate = folder.resolve("tls.crt");
    Path key = folder.resolve("tls.key");
    Certificates others = new Certificates(folder.resolve("others"));
    others.of("soon");
    Files.copy(others.certificateFile("soon"), certificate);
    Files.copy(others.keyFile("soon"), key);
    Map<String, String> variables = listener("MUTUAL");
    variables.put("KAFKA_SSL_CERTIFICATE_FILE", certificate.toString());
    variables.put("KAFKA_SSL_KEY_FILE", key.toString());
    KafkaEnvironment kafka = new KafkaEnvironment(Settings.of(variables));
    Map<String, Object> properties = kafka.adminProperties();
    properties.put("default.api.timeout.ms", 3_000);
    properties.put("request.timeout.ms", 2_000);

    try (Admin admin = Admin.create(properties)) {
      assertThat(answers(admin)).isFalse();
      Files.copy(certificates.keyFile("soon"), key, StandardCopyOption.REPLACE_EXISTING);
      Files.copy(
          certificates.certificateFile("soon"), certificate, StandardCopyOption.REPLACE_EXISTING);

      await().atMost(Duration.ofSeconds(30)).until(() -> answers(admin));
    }
  }

  private static boolean answers(Admin admin) throws Exception {
    try {
      return !admin.describeCluster().nodes().get(20, TimeUnit.SECONDS).isEmpty();
    } catch (ExecutionException refused) {
      return false;
    }
  }

  private static Simulator genesys() {
    return Simulator.start(SimulatorOptions.defaults().withTraffic(Traffic.NONE));
  }

  private Bridge bridge(Simulator genesys, String prefix, Map<String, String> variables) {
    Bridge.Settings settings =
        Bridge.settings()
            .genesys(genesys.url())
            .with("GENESYS_TOPICS", "v2.routing.queues." + QUEUE + ".conversations")
            .with("CARAVAN_TOPIC_PREFIX", prefix);
    variables.forEach(settings::with);
    return settings.start(folder);
  }

  private static String check(Map<String, String> variables) {
    StringWriter out = new StringWriter();
    SmallRyeConfig config = Settings.of(variables);
    new KafkaCheck(new CheckReport(new PrintWriter(out)), new KafkaEnvironment(config))
        .run(List.of("checked"));
    return out.toString();
  }

  private static void assertNoSecret(String text) {
    assertThat(text).doesNotContain("kW9-", "not-the-password");
  }
}
