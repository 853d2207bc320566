package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.check.CheckReport;
import dev.caravan.check.KafkaCheck;
import dev.caravan.command.KafkaEnvironment;
import dev.caravan.demo.LocalBroker;
import dev.caravan.settings.Settings;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import dev.caravan.simulator.fault.Action;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.Certificates;
import dev.caravan.testing.StartedProgram;
import dev.caravan.testing.TestBroker;
import dev.caravan.testing.TokenServer;
import dev.caravan.testing.TopicReader;
import io.smallrye.config.SmallRyeConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The road to a real broker that is spoken to over TLS, with each of the logins. */
class KafkaSecurityIT {

  private static final String PASSWORD = "kW9-\"kafka\\password$$-Zt4";
  private static final String HERE = "san=ip:127.0.0.1";
  private static final String QUEUE = "0e185c02-aca1-4a72-82ea-2e78684e2c89";

  @TempDir private static Path shared;
  private static Certificates certificates;
  private static TokenServer tokens;
  private static LocalBroker broker;
  private static final String UNKNOWN_CA =
      "The certificate of a Kafka broker is of a CA that the bridge does not trust";
  private static final Map<String, Integer> PORTS = new TreeMap<>();

  @TempDir private Path folder;

  @BeforeAll
  static void start() throws Exception {
    certificates = new Certificates(shared.resolve("certificates"));
    Path store = certificates.of("broker", "-ext", HERE);
    Path expired = certificates.of("expired", "-ext", HERE, "-startdate", "-9d", "-validity", "3");
    Path elsewhere = certificates.of("elsewhere", "-ext", "san=dns:kafka.example");
    certificates.of("bridge");
    tokens = new TokenServer(store, "bridge", PASSWORD);
    Path keys = Files.writeString(shared.resolve("keys.json"), tokens.keySet());
    StringBuilder listeners = new StringBuilder();
    for (String name : List.of("LOGIN", "MUTUAL", "RENEWED", "EXPIRED", "ELSEWHERE")) {
      PORTS.put(name, Bridge.freePort());
      listeners.append(",%s://127.0.0.1:%d".formatted(name, PORTS.get(name)));
    }
    int plain = Bridge.freePort();
    int controller = Bridge.freePort();
    String jaas = "org.apache.kafka.common.security.%s required";
    LocalBroker.Settings settings =
        TestBroker.settings()
            .withPort(plain)
            .with(
                "listeners",
                "PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d%s"
                    .formatted(plain, controller, listeners))
            .with("controller.quorum.voters", "1@127.0.0.1:" + controller)
            .with("advertised.listeners", "PLAINTEXT://127.0.0.1:" + plain + listeners)
            .with(
                "listener.security.protocol.map",
                "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_SSL,MUTUAL:SSL,RENEWED:SSL,EXPIRED:SSL,ELSEWHERE:SSL")
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
            .with("sasl.oauthbearer.jwks.endpoint.url", keys.toUri().toString());
    for (String both : List.of("mutual", "renewed")) {
      settings =
          settings
              .with("listener.name." + both + ".ssl.client.auth", "required")
              .with("listener.name." + both + ".ssl.truststore.type", "PEM")
              .with(
                  "listener.name." + both + ".ssl.truststore.location",
                  certificates.caFile().toString());
    }
    for (Map.Entry<String, Path> listener :
        Map.of(
                "login", store,
                "mutual", store,
                "renewed", store,
                "expired", expired,
                "elsewhere", elsewhere)
            .entrySet()) {
      String name = "listener.name." + listener.getKey() + ".ssl.";
      settings =
          settings
              .with(name + "keystore.type", "PKCS12")
              .with(name + "keystore.location", listener.getValue().toString())
              .with(name + "keystore.password", Certificates.PASSWORD)
              .with(name + "key.password", Certificates.PASSWORD);
    }
    List<String> flags = new ArrayList<>(settings.jvmFlags());
    // Kafka looks for the keys of tokens only where this allows it, too
    flags.add("-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=" + keys.toUri());
    broker = LocalBroker.start(settings.withJvmFlags(flags));
    createUser("bridge");
  }

  private static void createUser(String name) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      admin
          .alterUserScramCredentials(
              List.of(
                  new UserScramCredentialUpsertion(
                      name, new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), PASSWORD)))
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

  /** Trusts another CA than the one of the brokers. */
  private static Map<String, String> mistrust() throws IOException {
    Map<String, String> variables = user("PLAIN", PASSWORD);
    Path unrelated = shared.resolve("unrelated");
    variables.put("KAFKA_SSL_CA_FILE", new Certificates(unrelated).caFile().toString());
    return variables;
  }

  @ParameterizedTest
  @ValueSource(strings = {"OAUTHBEARER", "MUTUAL TLS"})
  void eventsReachABrokerThatIsLoggedInToOverTls(String login) throws IOException {
    assertThatEventsArrive(login);
  }

  @Tag("long")
  @ParameterizedTest
  @ValueSource(strings = {"PLAIN", "SCRAM-SHA-512"})
  void soTheyDoWithAPassword(String login) throws IOException {
    assertThatEventsArrive(login);
  }

  private void assertThatEventsArrive(String login) throws IOException {
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
      await().atMost(Duration.ofMinutes(3)).until(() -> genesys.openSockets() == 1);

      awaitArrival(send(genesys, "c-1"), reader, bridge);
      bridge.awaitReady();
      assertNoSecret(bridge.log() + bridge.readiness().text());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"user", "unknown CA"})
  void whyKafkaAndTheBridgeDoNotTrustEachOtherIsToldInLogHealthAndCheck(String wrong)
      throws IOException {
    assertToldInLogHealthAndCheck(wrong);
  }

  @Tag("long")
  @ParameterizedTest
  @ValueSource(strings = {"no TLS", "token", "EXPIRED", "ELSEWHERE", "stranger"})
  void soIsEachOtherReason(String wrong) throws IOException {
    assertToldInLogHealthAndCheck(wrong);
  }

  private void assertToldInLogHealthAndCheck(String wrong) throws IOException {
    Map<String, String> variables =
        switch (wrong) {
          case "user" -> user("SCRAM-SHA-512", "not-the-password");
          case "token" -> token("not-the-password");
          case "unknown CA" -> mistrust();
          case "stranger" -> listener("MUTUAL");
          // In 128 MB of heap, of which the client without TLS asks 352 MB for the alert
          case "no TLS" -> Map.of("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:" + PORTS.get("LOGIN"));
          default -> listener(wrong);
        };
    String sentence =
        switch (wrong) {
          case "user" -> "does not accept the bridge's user and password";
          case "token" -> "The bridge cannot log in to Kafka: ";
          case "unknown CA" -> UNKNOWN_CA;
          case "EXPIRED" -> "The certificate of a Kafka broker has expired";
          case "no TLS" -> "speaks TLS, and KAFKA_SECURITY_PROTOCOL is PLAINTEXT";
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
  void theBridgeGoesOnWhenTheBrokersCertificateAndItsOwnAreRenewedByAnotherCa() throws Exception {
    Certificates renewed = new Certificates(folder.resolve("renewed"));
    Path store = renewed.of("broker", "-ext", HERE);
    renewed.of("bridge");
    Path mounted = Files.createDirectory(folder.resolve("mounted"));
    mount(certificates, mounted);
    Map<String, String> variables = listener("RENEWED");
    variables.put("KAFKA_SSL_CA_FILE", mounted.resolve("ca.crt").toString());
    variables.put("KAFKA_SSL_CERTIFICATE_FILE", mounted.resolve("user.crt").toString());
    variables.put("KAFKA_SSL_KEY_FILE", mounted.resolve("user.key").toString());
    variables.put("KAFKA_PROPERTY_CONNECTIONS_MAX_IDLE_MS", "1000");
    String prefix = "renewed.";
    try (Simulator genesys = genesys();
        Bridge bridge = bridge(genesys, prefix, variables);
        TopicReader reader = new TopicReader(broker.bootstrapServers(), prefix)) {
      await().atMost(Duration.ofMinutes(3)).until(() -> genesys.openSockets() == 1);
      awaitArrival(send(genesys, "c-1"), reader, bridge);

      renewBroker(store, renewed.caFile());
      String frame = sendUntilRefused(genesys, bridge);
      bridge.awaitReadiness(UNKNOWN_CA, now -> now.text().contains(UNKNOWN_CA));
      mount(renewed, mounted);

      awaitArrival(frame, reader, bridge);
      bridge.awaitReady();
      assertThat(bridge.log())
          .contains("The certificates for Kafka were renewed")
          .doesNotContain("failed authentication");
    }
  }

  /** Kafka's client would never send again after a login that was refused when it began. */
  @Test
  void eventsArriveOnceWhenTheUserIsMadeLongAfterTheBridgeHasStarted() throws Exception {
    String user = "latecomer";
    String prefix = "late.";
    Map<String, String> variables = user("SCRAM-SHA-512", PASSWORD);
    variables.put("KAFKA_SASL_USERNAME", user);
    List<String> frames = new ArrayList<>();
    try (Simulator genesys = genesys();
        Bridge bridge = bridge(genesys, prefix, variables);
        TopicReader reader = new TopicReader(broker.bootstrapServers(), prefix)) {
      await().atMost(Duration.ofMinutes(3)).until(() -> genesys.openSockets() == 1);
      for (int i = 0; i < 20; i++) {
        frames.add(send(genesys, "c-" + i));
      }
      String sentence = "Kafka does not accept the bridge's user and password";
      bridge.awaitReadiness(
          "the producer's own login",
          now -> now.text().contains(sentence) && now.text().contains("Kafka topic " + prefix));

      createUser(user);

      for (int i = 20; i < 40; i++) {
        frames.add(send(genesys, "c-" + i));
      }
      for (String frame : frames) {
        awaitArrival(frame, reader, bridge);
      }
      bridge.awaitReady();
      assertThat(
              reader.records().stream()
                  .map(record -> new String(record.value()))
                  .filter(frames::contains))
          .containsExactlyInAnyOrderElementsOf(frames);
      assertNoSecret(bridge.log() + bridge.readiness().text());
    }
  }

  /** A connection is kept for as long as it is used; the one that follows is refused. */
  private static String sendUntilRefused(Simulator genesys, Bridge bridge) {
    String[] last = new String[1];
    await()
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofSeconds(2))
        .until(
            () -> {
              boolean refused = bridge.log().contains(UNKNOWN_CA);
              last[0] = send(genesys, UUID.randomUUID().toString());
              return refused;
            });
    return last[0];
  }

  private static void mount(Certificates from, Path folder) throws IOException {
    Map.of(
            "ca.crt", from.caFile(),
            "user.crt", from.certificateFile("bridge"),
            "user.key", from.keyFile("bridge"))
        .forEach(
            (name, file) -> {
              try {
                Files.copy(file, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  @Test
  void aLoginOfOnesOwnFromAJarIsUsedByTheBridgeCheckAndTailAlike() throws Exception {
    Path jars = Files.createDirectory(folder.resolve("jars"));
    loginJar(jars.resolve("login.jar"));
    Map<String, String> variables = listener("LOGIN");
    variables.put("CARAVAN_JARS_DIR", jars.toString());
    variables.put("KAFKA_SASL_MECHANISM", "PLAIN");
    variables.put("KAFKA_SASL_JAAS_CONFIG", "example.OwnLogin required;");
    variables.put("KAFKA_PROPERTY_SASL_CLIENT_CALLBACK_HANDLER_CLASS", "example.OwnLogin");
    String prefix = "own-login.";
    try (Simulator genesys = genesys();
        // As the launcher starts it: Quarkus' own class loader is the one that extra jars come to
        Bridge bridge =
            settings(genesys, prefix, variables)
                .jar("target/quarkus-app/quarkus-run.jar")
                .start(folder);
        StartedProgram check = program(genesys, prefix, variables, "check");
        StartedProgram tail =
            program(genesys, prefix, variables, "tail", "--from-beginning", "--max", "1")) {
      bridge.awaitReady();

      assertThat(tail.awaitEnd()).as(tail.output()).isZero();
      assertThat(tail.output()).contains(prefix + "signals");
      assertThat(check.awaitEnd()).as(check.output()).isZero();
      assertThat(check.output()).contains("answers; 1 broker(s)");
      assertNoSecret(bridge.log() + check.output());
    }
  }

  @Tag("long")
  @Test
  void aPropertyThatKafkaDoesNotKnowIsToldByTheBridgeCheckAndTailAlike() throws Exception {
    Map<String, String> variables = user("PLAIN", PASSWORD);
    variables.put("KAFKA_PROPERTY_LINGER_MILLIS", "20");
    String sentence =
        "KAFKA_PROPERTY_LINGER_MILLIS sets linger.millis, which is no property of Kafka's clients."
            + " The nearest is KAFKA_PROPERTY_LINGER_MS.";
    try (Simulator genesys = genesys();
        Bridge bridge = bridge(genesys, "unknown.", variables);
        StartedProgram check = program(genesys, "unknown.", variables, "check");
        StartedProgram tail = program(genesys, "unknown.", variables, "tail")) {
      bridge.awaitLog(sentence);
      bridge.awaitReadiness(sentence, now -> now.text().contains(sentence));

      assertThat(tail.awaitEnd()).isEqualTo(1);
      assertThat(tail.output()).contains(sentence).doesNotContain("\tat ");
      assertThat(check.awaitEnd()).isEqualTo(1);
      assertThat(check.output()).contains("  FAILED  " + sentence).doesNotContain("\tat ");
      await().atMost(Duration.ofMinutes(3)).until(() -> genesys.openSockets() == 1);
    }
  }

  private StartedProgram program(
      Simulator genesys, String prefix, Map<String, String> variables, String... arguments)
      throws IOException {
    Map<String, String> all = new TreeMap<>(variables);
    all.putAll(genesysSettings(genesys, prefix));
    // One beside the bridge is told to be in use
    all.put("CARAVAN_DATA_DIR", folder.resolve("data").toString());
    return StartedProgram.start(folder, all, arguments);
  }

  /** A jar as somebody makes it who logs in to Kafka in a way of his own. */
  private void loginJar(Path jar) throws IOException {
    String source =
        """
        package example;
        import java.util.*;
        import javax.security.auth.Subject;
        import javax.security.auth.callback.*;
        import javax.security.auth.login.AppConfigurationEntry;
        public class OwnLogin
            implements javax.security.auth.spi.LoginModule,
                org.apache.kafka.common.security.auth.AuthenticateCallbackHandler {
          public void configure(
              Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> entries) {}
          public void handle(Callback[] callbacks) {
            for (Callback callback : callbacks) {
              if (callback instanceof NameCallback name) name.setName("bridge");
              if (callback instanceof PasswordCallback password)
                password.setPassword(new String(Base64.getDecoder().decode("%s")).toCharArray());
            }
          }
          public void close() {}
          public void initialize(
              Subject subject, CallbackHandler handler, Map<String, ?> shared, Map<String, ?> options) {}
          public boolean login() { return true; }
          public boolean commit() { return true; }
          public boolean abort() { return true; }
          public boolean logout() { return true; }
        }
        """
            .formatted(Base64.getEncoder().encodeToString(PASSWORD.getBytes()));
    Path file = folder.resolve("OwnLogin.java");
    Files.writeString(file, source);
    String kafka = Admin.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    int failed =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-cp", kafka, "-d", folder.toString(), file.toString());
    assertThat(failed).isZero();
    String entry = "example/OwnLogin.class";
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new JarEntry(entry));
      out.write(Files.readAllBytes(folder.resolve(entry)));
    }
  }

  private static void renewBroker(Path store, Path authorities) throws Exception {
    String listener = "listener.name.renewed.ssl.";
    List<AlterConfigOp> changes =
        Stream.of(
                new ConfigEntry(listener + "keystore.location", store.toString()),
                new ConfigEntry(listener + "truststore.location", authorities.toString()))
            .map(entry -> new AlterConfigOp(entry, AlterConfigOp.OpType.SET))
            .toList();
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      admin
          .incrementalAlterConfigs(
              Map.of(new ConfigResource(ConfigResource.Type.BROKER, "1"), changes))
          .all()
          .get(2, TimeUnit.MINUTES);
    }
  }

  private static String send(Simulator genesys, String conversation) {
    String frame =
        "{\"topicName\":\"v2.routing.queues.%s.conversations\",\"eventBody\":{\"id\":\"%s\",\"participants\":[{\"purpose\":\"agent\",\"calls\":[{\"state\":\"connected\"}]}]}}"
            .formatted(QUEUE, conversation);
    genesys.perform(new Action.Frame(Action.Target.ALL, Action.Frame.Kind.RAW, 0, frame));
    return frame;
  }

  private static void awaitArrival(String frame, TopicReader reader, Bridge bridge) {
    reader.awaitUntil(
        records -> {
          bridge.failIfEnded();
          return records.stream().anyMatch(record -> new String(record.value()).equals(frame));
        });
  }

  private static Simulator genesys() {
    return Simulator.start(SimulatorOptions.defaults().withTraffic(Traffic.NONE));
  }

  private Bridge bridge(Simulator genesys, String prefix, Map<String, String> variables) {
    return settings(genesys, prefix, variables).start(folder);
  }

  private static Bridge.Settings settings(
      Simulator genesys, String prefix, Map<String, String> variables) {
    Bridge.Settings settings = Bridge.settings();
    genesysSettings(genesys, prefix).forEach(settings::with);
    variables.forEach(settings::with);
    return settings;
  }

  private static Map<String, String> genesysSettings(Simulator genesys, String prefix) {
    return Map.of(
        "GENESYS_LOGIN_URL",
        genesys.url(),
        "GENESYS_API_URL",
        genesys.url(),
        "GENESYS_CLIENT_ID",
        "demo",
        "GENESYS_CLIENT_SECRET",
        "demo",
        "GENESYS_TOPICS",
        "v2.routing.queues." + QUEUE + ".conversations",
        "CARAVAN_TOPIC_PREFIX",
        prefix);
  }

  private static String check(Map<String, String> variables) {
    StringWriter out = new StringWriter();
    SmallRyeConfig config = Settings.of(variables);
    new KafkaCheck(new CheckReport(new PrintWriter(out)), new KafkaEnvironment(config))
        .run(List.of("checked"), Optional.empty());
    return out.toString();
  }

  private static void assertNoSecret(String text) {
    assertThat(text).doesNotContain("kW9-", "not-the-password");
  }
}
