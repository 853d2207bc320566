package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.testing.Bridge;
import dev.caravan.testing.SharedKafka;
import dev.caravan.testing.StartedProgram;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged program, where Camel and Kafka are loaded by class loaders of Quarkus's own. */
class CheckCommandIT {

  @TempDir private Path folder;
  private final Map<String, String> environment = new HashMap<>();
  private Simulator genesys;

  @BeforeEach
  void start() {
    genesys = Simulator.start(SimulatorOptions.defaults());
    environment.putAll(
        Map.of(
            "GENESYS_LOGIN_URL", genesys.url(),
            "GENESYS_API_URL", genesys.url(),
            "GENESYS_CLIENT_ID", "demo",
            "GENESYS_CLIENT_SECRET", "demo",
            "KAFKA_BOOTSTRAP_SERVERS", SharedKafka.bootstrapServers(),
            "CARAVAN_TOPIC_PREFIX", SharedKafka.uniquePrefix(),
            "CARAVAN_DATA_DIR", folder.resolve("data").toString()));
  }

  @AfterEach
  void stop() {
    genesys.close();
  }

  @Test
  void exitCode0TellsThatTheBridgeWouldRun() throws Exception {
    try (StartedProgram check = StartedProgram.start(folder, environment, "check")) {
      assertThat(check.awaitEnd()).isZero();
      assertThat(check.output())
          .endsWith("The bridge would run.\n")
          .doesNotContain("WARN", "\tat ");
      assertThat(genesys.channels()).isZero();
      assertThat(folder.resolve("data")).doesNotExist();
    }
  }

  @Test
  void exitCode1TellsThatSomethingHasToBeMended() throws Exception {
    environment.put("GENESYS_CLIENT_SECRET", "wrong");
    try (StartedProgram check = StartedProgram.start(folder, environment, "check")) {
      assertThat(check.awaitEnd()).isEqualTo(1);
      assertThat(check.output())
          .contains("  FAILED  Genesys Cloud refused the credentials")
          .endsWith("The bridge would not run: 1 thing to mend, marked FAILED above.\n")
          .doesNotContain("WARN", "ERROR", "\tat ", "wrong");
    }
  }

  @Test
  void aBridgeThatRunsIsNotInTheWayNorDisturbed() throws Exception {
    Bridge.Settings settings = Bridge.settings();
    environment.forEach(settings::with);
    try (Bridge bridge = settings.start(folder)) {
      bridge.awaitReady();
      int sockets = genesys.openSockets();
      try (StartedProgram check = StartedProgram.start(folder, environment, "check")) {
        assertThat(check.awaitEnd()).isZero();
        assertThat(check.output()).contains("A bridge is running on it; a second one would");
      }

      assertThat(genesys.channels()).isEqualTo(1);
      assertThat(genesys.openSockets()).isEqualTo(sockets);
      assertThat(bridge.log()).doesNotContain("Disconnected");
    }
  }
}
