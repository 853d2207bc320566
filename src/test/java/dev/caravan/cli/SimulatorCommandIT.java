package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.simulator.Guest;
import dev.caravan.testing.Listening;
import dev.caravan.testing.StartedProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulatorCommandIT {

  private static final int ENDED_BY_SIGTERM = 143;

  @TempDir private Path folder;

  @Test
  void letsItsClientsLogInUntilItIsStopped() throws Exception {
    Path scenario =
        Files.writeString(
            folder.resolve("quiet.yaml"), "name: quiet\noptions: {traffic: {on: false}}\n");
    try (StartedProgram simulator =
        StartedProgram.start(
            folder,
            Map.of(),
            "simulator",
            "--port",
            "0",
            "--agents",
            "3",
            "--client",
            "mine:secret",
            "--scenario",
            scenario.toString())) {
      Guest guest =
          new Guest(simulator.awaitOutput("GENESYS_LOGIN_URL=(http://127\\.0\\.0\\.1:\\d+)"));

      assertThat(Listening.of(simulator.pid()))
          .singleElement()
          .matches(it -> it.getAddress().isLoopbackAddress());
      assertThat(guest.requestToken("demo", "demo").status()).isEqualTo(200);
      assertThat(guest.requestToken("mine", "secret").status()).isEqualTo(200);
      assertThat(guest.requestToken("mine", "wrong").status()).isEqualTo(400);
      simulator.terminate();

      assertThat(simulator.awaitEnd()).isEqualTo(ENDED_BY_SIGTERM);
    }
  }

  @Test
  void saysWhatIsWrongWithAScenario() throws Exception {
    Path scenario = Files.writeString(folder.resolve("odd.yaml"), "fautls: []\n");

    CommandLineHarness simulator =
        CommandLineHarness.run("simulator", "--port", "0", "--scenario", scenario.toString());

    assertThat(simulator.exitCode()).isEqualTo(1);
    assertThat(simulator.err()).contains("odd.yaml", "no section 'fautls'");
  }
}
