package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.centre.Entity;
import dev.caravan.testing.Bridge;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What the topic selectors of a user choose, and what is told of those that choose nothing. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RoadSelectorsIT {

  private Road road;

  @BeforeAll
  void open(@TempDir Path folder) {
    road = Road.in(folder, Road.quiet().withCentre(new CentreSize(20, 25, 9)));
  }

  @AfterAll
  void close() {
    road.close();
  }

  @Test
  void queuesAreChosenByName() {
    List<Entity> queues = road.genesys().organization().queues();
    assertThat(queues).extracting(Entity::name).contains("Sales", "Sales EMEA", "Support");

    road.start(
            road.settings()
                .with(
                    "GENESYS_TOPICS",
                    "v2.routing.queues.[name=Sales*].conversations,"
                        + "v2.routing.queues.[name=Nobody*].conversations"))
        .awaitReady();

    assertThat(queues)
        .filteredOn(queue -> emit("v2.routing.queues." + queue.id() + ".conversations") > 0)
        .isNotEmpty()
        .extracting(Entity::name)
        .allMatch(name -> name.startsWith("Sales"))
        .hasSize((int) queues.stream().filter(q -> q.name().startsWith("Sales")).count());
    assertThat(road.bridge().log())
        .contains("Nothing matches v2.routing.queues.[name=Nobody*].conversations.");
  }

  @Test
  void aMisspeltTopicNamesTheNearestOnes() {
    int logins = road.genesys().callCounts().getOrDefault("POST /oauth/token", 0);

    Bridge bridge =
        road.start(road.settings().with("GENESYS_TOPICS", "v2.routing.queue.*.conversatons"));

    Bridge.Health health = broken(bridge, "GENESYS_TOPICS cannot be followed");
    assertThat(health.text()).contains("v2.routing.queues.*.conversations");
    bridge.awaitLog("GENESYS_TOPICS cannot be followed");
    assertThat(bridge.logLines())
        .filteredOn(line -> line.contains("v2.routing.queue.*.conversatons"))
        .singleElement()
        .asString()
        .contains("v2.routing.queues.*.conversations");
    assertThat(road.genesys().callCounts().getOrDefault("POST /oauth/token", 0)).isEqualTo(logins);
  }

  @Test
  void aSelectorThatMatchesNothingIsSaidToDoSo() {
    Bridge bridge =
        road.start(
            road.settings()
                .with("GENESYS_TOPICS", "v2.routing.queues.[name=Nobody*].conversations"));

    broken(bridge, "Nothing matches v2.routing.queues.[name=Nobody*].conversations");
    bridge.awaitLog("Nothing matches");
    assertThat(bridge.logLines())
        .filteredOn(line -> line.contains("Nothing matches"))
        .hasSize(1)
        .allMatch(Road::isOneOfOurs);
  }

  private static Bridge.Health broken(Bridge bridge, String sentence) {
    Bridge.Health health =
        bridge.awaitReadiness(
            sentence, now -> now.status() == 503 && now.text().contains(sentence));
    assertThat(health.check("genesys-notifications").at("/data/bridge.state").asText())
        .isEqualTo("broken");
    return health;
  }

  private int emit(String topic) {
    return road.genesys().emit(topic, "{\"id\":\"x\"}");
  }
}
