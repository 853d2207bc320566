package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.testing.Listening;
import dev.caravan.testing.StartedProgram;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
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
      String url = simulator.awaitOutput("GENESYS_LOGIN_URL=(http://127\\.0\\.0\\.1:\\d+)");

      assertThat(Listening.of(simulator.pid()))
          .singleElement()
          .matches(it -> it.getAddress().isLoopbackAddress());
      assertThat(login(url, "demo:demo")).isEqualTo(200);
      assertThat(login(url, "mine:secret")).isEqualTo(200);
      assertThat(login(url, "mine:wrong")).isEqualTo(400);
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

  private static int login(String url, String client) throws IOException, InterruptedException {
    String basic = Base64.getEncoder().encodeToString(client.getBytes());
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(url + "/oauth/token"))
                .header("Authorization", "Basic " + basic)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString("grant_type=client_credentials"))
                .build(),
            BodyHandlers.ofString())
        .statusCode();
  }
}
