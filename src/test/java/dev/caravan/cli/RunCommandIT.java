package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunCommandIT {

  private static final int ENDED_BY_SIGTERM = 143;

  @TempDir private Path folder;
  private final int port = new FreePorts(ThreadLocalRandom.current()).next();

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

      bridge.terminate();

      assertThat(bridge.awaitEnd()).isEqualTo(ENDED_BY_SIGTERM);
      assertThat(bridge.output()).doesNotContain("\tat ", "ERROR");
    }
  }

  @Test
  void brokenYamlIsOneLineWithFileLineAndColumn() throws Exception {
    Files.writeString(folder.resolve("mine.camel.yaml"), "- route:\n    form: timer:tick\n");
    try (StartedProgram bridge = bridge(port)) {
      bridge.awaitOutput("Broken YAML in .*mine\\.camel\\.yaml, line \\d+, column \\d+: .*form.*");

      assertThat(bridge.output()).doesNotContain("\tat ");
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

  private StartedProgram bridge(int managementPort) throws Exception {
    return StartedProgram.start(
        folder,
        Map.of(
            "CARAVAN_ROUTES_DIR", folder.toString(),
            "CARAVAN_DATA_DIR", folder.resolve("data").toString(),
            "CARAVAN_MANAGEMENT_PORT", String.valueOf(managementPort)));
  }
}
