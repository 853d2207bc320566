package dev.caravan.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caravan.testing.Command;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The official SDKs, which know nothing of stand-ins, take this one for Genesys Cloud. */
class OfficialSdksIT {

  private static final String JS_SDK = "purecloud-platform-client-v2@262.0.0";
  private static final String PASSWORD = "changeit";

  @TempDir private Path folder;

  private static String javaTool(String name) {
    return Path.of(System.getProperty("java.home"), "bin", name).toString();
  }

  private Path keyStore() throws IOException {
    Path keyStore = folder.resolve("keys.p12");
    Command made =
        Command.run(
            javaTool("keytool"),
            "-genkeypair",
            "-alias",
            "simulator",
            "-keyalg",
            "RSA",
            "-keysize",
            "2048",
            "-validity",
            "2",
            "-storetype",
            "PKCS12",
            "-keystore",
            keyStore.toString(),
            "-storepass",
            PASSWORD,
            "-dname",
            "CN=gcsim.test",
            "-ext",
            "SAN=dns:api.gcsim.test,dns:login.gcsim.test,dns:streaming.gcsim.test");
    assertThat(made.exitCode()).as(made.output()).isZero();
    return keyStore;
  }

  private Path hosts() throws IOException {
    return Files.writeString(
        folder.resolve("hosts"),
        "127.0.0.1 api.gcsim.test\n127.0.0.1 login.gcsim.test\n127.0.0.1 streaming.gcsim.test\n");
  }

  @Test
  void theJavaSdkLogsInOverTlsAndReceivesTypedEvents() throws IOException {
    Path keyStore = keyStore();
    SimulatorOptions options =
        SimulatorOptions.defaults()
            .withTls(new Tls(keyStore.toString(), PASSWORD))
            .withTraffic(Traffic.times(60));

    try (Simulator simulator = Simulator.start(options)) {
      Command outcome =
          Command.run(
              javaTool("java"),
              "-Djdk.net.hosts.file=" + hosts(),
              "-Djavax.net.ssl.trustStore=" + keyStore,
              "-Djavax.net.ssl.trustStorePassword=" + PASSWORD,
              "-Djavax.net.ssl.trustStoreType=PKCS12",
              "-cp",
              System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
              OfficialJavaSdkClient.class.getName(),
              "https://api.gcsim.test:" + simulator.port());

      assertThat(outcome.exitCode()).as(outcome.output()).isZero();
      assertThat(outcome.output().lines().filter(line -> line.startsWith("worked: ")))
          .containsExactly(
              "worked: refused with 400",
              "worked: login",
              "worked: users 20 of 20",
              "worked: queues 2",
              "worked: channel expires true",
              "worked: states Permitted Rejected",
              "worked: listed 1",
              "worked: channels 1",
              "worked: topics 242",
              "worked: unknown channel 404",
              "worked: events true [ConversationEventTopicConversation,"
                  + " PresenceEventUserPresence, QueueConversationEventTopicConversation,"
                  + " UserRoutingStatusUserRoutingStatus]");
    }
  }

  @Test
  void theJavaScriptSdkMakesTheSameCalls() throws IOException {
    assumeTrue(onPath("node") && onPath("npm"), "Node.js and npm are needed for the official SDK");
    Path modules = Path.of("target", "js-sdk").toAbsolutePath();
    Files.createDirectories(modules);
    Command installed =
        Command.run(
            "npm",
            "install",
            "--prefix",
            modules.toString(),
            "--no-audit",
            "--no-fund",
            "--no-save",
            "--ignore-scripts",
            JS_SDK);
    assumeTrue(
        installed.exitCode() == 0, "npm cannot fetch the official SDK: " + installed.output());
    Path script = modules.resolve("client.cjs");
    try (InputStream source = OfficialSdksIT.class.getResourceAsStream("js-sdk-client.cjs")) {
      Files.write(script, source.readAllBytes());
    }

    try (Simulator simulator =
        Simulator.start(SimulatorOptions.defaults().withTraffic(Traffic.NONE))) {
      Command outcome = Command.run("node", script.toString(), Integer.toString(simulator.port()));

      assertThat(outcome.exitCode()).as(outcome.output()).isZero();
      assertThat(outcome.output().lines().filter(line -> line.startsWith("worked: ")))
          .containsExactly(
              "worked: login",
              "worked: users 20",
              "worked: queues 2",
              "worked: channel",
              "worked: states Permitted Rejected",
              "worked: listed 1",
              "worked: head",
              "worked: delete",
              "worked: topics 242",
              "worked: unknown channel 404");
    }
  }

  private static boolean onPath(String tool) {
    for (String place : System.getenv("PATH").split(File.pathSeparator)) {
      if (Files.isExecutable(Path.of(place, tool))) {
        return true;
      }
    }
    return false;
  }
}
