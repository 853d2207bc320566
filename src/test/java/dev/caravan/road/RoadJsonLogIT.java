package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.fault.Action;
import dev.caravan.testing.Bridge;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log as JSON, from the first line to the last. */
class RoadJsonLogIT {

  private static final String CONVERSATION = "7d2f0a10-6a35-4d33-9d0a-5a2f3f8f1c11";

  private Road road;

  @BeforeEach
  void open(@TempDir Path folder) {
    road = Road.in(folder);
  }

  @AfterEach
  void close() {
    road.close();
  }

  @Test
  void eachLineIsAnObjectWithTheWordsOfTheTextAndWithoutSecretsAndPayloads() {
    // A mistake and a poisoned event are told in many words, and more is told with --verbose
    Bridge bridge =
        road.start(
            road.settings()
                .with("CARAVAN_LOG_FORMAT", "json")
                .with("CARAVAN_PAGE", "perhaps")
                .verbose());
    bridge.awaitLog("Connected: the bridge started.");
    String topic = Road.TOPIC;
    road.awaitValue(road.send(Road.event(topic, Road.call(CONVERSATION), "first")));
    List<String> secrets = new ArrayList<>(road.genesys().credentials());
    road.send("{\"topicName\":\"" + topic + "\",\"eventBody\":{\"id\":\"" + CONVERSATION);
    bridge.awaitLog("went to the dead letters");
    road.genesys().perform(new Action.RevokeToken(Action.Target.ALL));
    bridge.awaitLog("Disconnected: the token was revoked.");
    bridge.awaitLog("Connected: the token was revoked.");
    secrets.addAll(road.genesys().credentials());
    secrets.addAll(List.of(Road.SECRET, CONVERSATION, "33123456789", "Grüße"));

    bridge.terminate();
    bridge.awaitEnd();

    List<JsonNode> lines =
        bridge.logLines().stream()
            .map(line -> Road.json(line.getBytes(StandardCharsets.UTF_8)))
            .toList();
    assertThat(lines)
        .allSatisfy(
            line -> {
              assertThat(OffsetDateTime.parse(line.path("timestamp").asText())).isNotNull();
              assertThat(line.path("level").asText()).matches("ERROR|WARN|INFO|DEBUG");
              assertThat(line.path("message").asText()).isNotEmpty();
              assertThat(line.has("mdc")).isFalse();
            });
    assertThat(lines.stream().map(line -> line.path("message").asText()))
        .anyMatch(words -> words.contains("CARAVAN_PAGE is \"perhaps\""))
        .anyMatch(words -> words.equals("Shard 0. Connected: the bridge started."))
        .anyMatch(words -> words.startsWith("The bridge has ended."));
    assertThat(bridge.log()).doesNotContain(secrets);
  }
}
