package dev.caravan.simulator.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.Ear;
import dev.caravan.simulator.Guest;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scenarios do what their files say. */
class ScenarioTest {

  private static final Pattern YAML = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL);

  @Test
  void aTimelineIsPlayed(@TempDir Path folder) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("play.yaml"),
            """
            options: {traffic: {on: false}}
            faults:
              - {on: call, match: "GET /api/v2/users", effect: status, status: 504, times: 1}
            timeline:
              - {at: PT0.1S, every: PT0.1S, times: 600, type: socketClosing, never: true}
            """);

    try (Simulator simulator = Simulator.start(Scenario.load(file))) {
      Guest guest = new Guest(simulator).login();
      assertThat(guest.get("/api/v2/users").status()).isEqualTo(504);
      assertThat(guest.get("/api/v2/users").status()).isEqualTo(200);
      Ear ear = guest.listen(guest.channel());

      await().until(() -> ear.heard("v2.system.socket_closing").size() >= 3);
    }
  }

  @Test
  void aScenarioIsPlayedOnARunningSimulator() {
    try (Simulator simulator =
        Simulator.start(SimulatorOptions.defaults().withTraffic(Traffic.NONE))) {
      Guest guest = new Guest(simulator).login();
      Ear ear = guest.listen(guest.channel());

      JsonNode played =
          guest
              .post(
                  "/control/scenario",
                  "name: end\ntimeline:\n  - {at: PT0.2S, type: close, code: 1013}")
              .body();

      assertThat(played.path("steps").asInt()).isEqualTo(1);
      assertThat(ear.awaitClose()).isEqualTo(1013);
    }
  }

  @Test
  void trafficThatIsStartedWithoutFurtherWordGoesByInRealTimeAndZeroIsFlatOut() {
    List<Action> actions =
        Scenario.parse(
                """
                timeline:
                  - {type: traffic}
                  - {type: traffic, on: true}
                  - {type: traffic, on: false}
                  - {type: traffic, speed: 0}
                """)
            .timeline()
            .stream()
            .map(Scenario.Step::action)
            .toList();

    assertThat(actions)
        .containsExactly(
            new Action.SetTraffic(true, 1.0),
            new Action.SetTraffic(true, 1.0),
            new Action.SetTraffic(false, 1.0),
            new Action.SetTraffic(true, 0.0));
  }

  @Test
  void aFaultWithoutARateAlwaysStrikesAndOneWithRateZeroNever() {
    String fault = "faults:\n  - {on: event, effect: drop%s}";

    assertThat(Scenario.parse(fault.formatted("")).faults().get(0).rate()).isEqualTo(1);
    assertThat(Scenario.parse(fault.formatted(", rate: 0")).faults().get(0).rate()).isZero();
    assertThatThrownBy(() -> Scenario.parse(fault.formatted(", rate: 30")))
        .hasMessageContaining("a share from 0 to 1");
  }

  @Test
  void everyExampleInTheManualCanBeRead() throws IOException {
    Matcher examples = YAML.matcher(Files.readString(Path.of("docs/simulator.md")));
    List<Scenario> read = new ArrayList<>();
    while (examples.find()) {
      read.add(Scenario.parse(examples.group(1)));
    }

    assertThat(read).hasSize(2);
    assertThat(read.get(1).timeline()).hasSize(5);
  }
}
