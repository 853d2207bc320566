package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.demo.FreePorts;
import dev.caravan.routes.ShippedRoutes;
import dev.caravan.simulator.Guest;
import dev.caravan.testing.StartedProgram;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunCommandIT {

  private static final int ENDED_BY_SIGTERM = 143;

  @TempDir private Path folder;
  private final int port = FreePorts.next();

  /** Else the shipped ones would run, too. */
  @BeforeEach
  void runNoShippedRoutes() throws IOException {
    for (String name : ShippedRoutes.ofThisVersion().texts().keySet()) {
      Files.writeString(folder.resolve(name), "[]");
    }
  }

  @Test
  void sigtermStopsTheBridge() throws Exception {
    Files.writeString(
        folder.resolve("tick.camel.yaml"),
        """
        - route:
            id: tick
            from:
              uri: timer:tick
              steps:
                - log: "the route is at work"
        """);
    try (StartedProgram bridge = bridge(port)) {
      bridge.awaitOutput("the route is at work");
      assertThat(health("")).containsOnlyOnce("\"name\": \"context\"");
      assertThat(health("/live")).containsOnlyOnce("\"name\": \"context\"");

      bridge.terminate();

      assertThat(bridge.awaitEnd()).isEqualTo(ENDED_BY_SIGTERM);
      assertThat(bridge.output()).doesNotContain("\tat ", "ERROR");
      assertThat(bridge.output().lines())
          .anyMatch(line -> line.contains("INFO  Stopping as asked:"))
          .last()
          .asString()
          .endsWith(
              "INFO  The bridge has ended. No spool was open; what lies in the data folder is as it was.");
    }
  }

  @Test
  void sigtermEndsABridgeThatCouldNotStartAtOnce() throws Exception {
    Files.writeString(folder.resolve("mine.camel.yaml"), "- route:\n    form: timer:tick\n");
    try (StartedProgram bridge = bridge(port)) {
      bridge.awaitOutput("It is tried again every 10 s\\.");

      bridge.terminate();

      assertThat(bridge.awaitEnd()).isEqualTo(ENDED_BY_SIGTERM);
      assertThat(bridge.output()).containsOnlyOnce("ERROR").contains("The bridge has ended.");
    }
  }

  @Test
  void aValueThatCannotBeUsedIsASentenceAndTheBridgeStaysUpToTellIt() throws Exception {
    Files.writeString(folder.resolve("none.camel.yaml"), "[]");
    Files.copy(
        Path.of("routes/receive.camel.yaml"),
        folder.resolve("receive.camel.yaml"),
        StandardCopyOption.REPLACE_EXISTING);
    try (StartedProgram bridge =
        StartedProgram.start(
            folder,
            Map.of(
                "CARAVAN_ROUTES_DIR", folder.toString(),
                "CARAVAN_DATA_DIR", folder.resolve("data").toString(),
                "CARAVAN_MANAGEMENT_PORT", String.valueOf(port),
                "GENESYS_CLIENT_ID", "",
                "GENESYS_TOPICS_REFRESH", "soon"))) {
      bridge.awaitOutput(
          "Not receiving any events until somebody acts. .*GENESYS_TOPICS_REFRESH is \"soon\", but it must be a duration");

      assertThat(bridge.output()).doesNotContain("\tat ", "Exception");
    }
  }

  @Test
  void noVariableOfTheEnvironmentEndsTheProcess() throws Exception {
    Files.writeString(folder.resolve("none.camel.yaml"), "[]");
    Map<String, String> environment = new TreeMap<>();
    Properties shipped = new Properties();
    try (InputStream in = getClass().getResourceAsStream("/application.properties")) {
      shipped.load(in);
    }
    for (String name : shipped.stringPropertyNames()) {
      environment.put(name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z]", "_"), "rubbish");
    }
    for (String name :
        List.of(
            "CAMEL_COMPONENT_HTTP_PROXY_HOST",
            "CAMEL_COMPONENT_KAFKA_LAZY_START_PRODUCER",
            "CAMEL_COMPONENT_NO_SUCH",
            "CAMEL_MAIN_NO_SUCH",
            "CAMEL_BEAN_X",
            "QUARKUS_HTTP_PORT",
            "QUARKUS_LOG_LEVEL",
            "QUARKUS_CONFIG_LOCATIONS",
            "SMALLRYE_CONFIG_LOCATIONS",
            "quarkus.thread-pool.max-threads",
            "_DEV_QUARKUS_LOG_LEVEL",
            "OTEL_SDK_DISABLED",
            "CARAVAN_MISTAKE",
            "CARAVAN_BUILDING",
            "CARAVAN_NO_SUCH",
            "KAFKA_PORT",
            "A_${DOLLAR}")) {
      environment.put(name, "${rubbish");
    }
    environment.putAll(
        Map.of(
            "CARAVAN_ROUTES_DIR", folder.toString(),
            "CARAVAN_DATA_DIR", folder.resolve("data").toString(),
            "GENESYS_CLIENT_SECRET", "a${dollar}$$",
            "CARAVAN_MANAGEMENT_PORT", String.valueOf(port)));

    try (StartedProgram bridge = StartedProgram.start(folder, environment)) {
      bridge.awaitOutput("CAMEL_COMPONENT_HTTP_PROXY_HOST, .*: left aside");
      bridge.awaitOutput("Running 0 routes|no routes|No route");

      await()
          .atMost(Duration.ofMinutes(2))
          .ignoreExceptionsInstanceOf(UncheckedIOException.class)
          .until(() -> health("/live").contains("UP"));
      assertThat(bridge.output()).doesNotContain("\tat ", "Exception");
    }
  }

  @Test
  void aFileInThePlaceOfTheSpoolIsASentence() throws Exception {
    Files.writeString(folder.resolve("none.camel.yaml"), "[]");
    Files.createDirectory(folder.resolve("data"));
    Files.createFile(folder.resolve("data/spool"));
    try (StartedProgram bridge = bridge(port)) {
      bridge.awaitOutput(
          "data/spool is a file, not a folder\\. .* It is tried again every 10 s\\.");

      assertThat(bridge.output()).doesNotContain("\tat ", "Exception");
    }
  }

  @Test
  void aTakenPortIsASentenceAndExitCode1() throws Exception {
    Files.writeString(folder.resolve("none.camel.yaml"), "[]");
    try (ServerSocket other = new ServerSocket(port, 1, InetAddress.getByName("0.0.0.0"));
        StartedProgram bridge = bridge(other.getLocalPort())) {
      assertThat(bridge.awaitEnd()).isEqualTo(1);
      assertThat(bridge.output())
          .contains("port " + port + " is in use by another program", "CARAVAN_MANAGEMENT_PORT")
          .doesNotContain("\tat ");
    }
  }

  private String health(String which) {
    return new Guest("http://127.0.0.1:" + port).get("/observe/health" + which).text();
  }

  private StartedProgram bridge(int managementPort) throws Exception {
    return StartedProgram.start(
        folder,
        Map.of(
            "CARAVAN_ROUTES_DIR", folder.toString(),
            "CARAVAN_DATA_DIR", folder.resolve("data").toString(),
            "CARAVAN_MANAGEMENT_PORT", String.valueOf(managementPort)));
  }
}
