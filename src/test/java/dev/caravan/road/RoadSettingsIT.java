package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.testing.Bridge;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A setting that cannot work gets one clear line, and the bridge stays up where it can. */
class RoadSettingsIT {

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
  void noCredentials() {
    Bridge bridge =
        road.start(road.settings().without("GENESYS_CLIENT_ID").without("GENESYS_CLIENT_SECRET"));

    saysOnce(bridge, "No credentials: set GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET");
    assertThat(road.genesys().calls()).isEmpty();
  }

  @Test
  void anUnknownMediaType() {
    Bridge bridge = road.start(road.settings().with("GENESYS_MEDIA", "voice,fax"));

    saysOnce(bridge, "Route receive cannot be built: \"fax\" is no media type");
  }

  @Test
  void anUnknownRegion() {
    Bridge bridge =
        road.start(
            road.settings()
                .without("GENESYS_LOGIN_URL")
                .without("GENESYS_API_URL")
                .with("GENESYS_REGION", "mars_north_1"));

    saysOnce(bridge, "mars_north_1");
  }

  @Test
  void aWrongSecretIsTriedOnceAndNotInAStorm() {
    Bridge bridge = road.start(road.settings().with("GENESYS_CLIENT_SECRET", "not-the-secret"));

    saysOnce(bridge, "Check GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_REGION");
    assertThat(road.genesys().callCounts()).containsOnlyKeys("POST /oauth/token");
    assertThat(road.genesys().callCounts().get("POST /oauth/token")).isEqualTo(1);
    assertThat(bridge.log()).doesNotContain("not-the-secret");
  }

  @Test
  void brokenYamlAndAStepThatDoesNotExistAreNamedAndReadAgainOnceMended() throws IOException {
    Path routes = road.copyOfRoutes();
    Path forward = routes.resolve("forward.camel.yaml");
    String good = Files.readString(forward);
    Files.writeString(forward, good.replaceFirst("steps:", "steps: ]"));
    Path signals = routes.resolve("signals.camel.yaml");
    String goodSignals = Files.readString(signals);
    Files.writeString(signals, goodSignals.replaceFirst("uri: kafka:", "uri: kavka:"));

    Bridge bridge = road.start(road.settings().with("CARAVAN_ROUTES_DIR", routes.toString()));

    Bridge.Health health = saysOnce(bridge, "Broken YAML in ");
    String place = "forward\\.camel\\.yaml, line \\d+, column \\d+";
    assertThat(health.text()).containsPattern(place);
    assertThat(bridge.log()).containsPattern("Broken YAML in .*" + place);
    assertThat(saysOnce(bridge, "kavka").text()).contains("signals.camel.yaml");
    await().atMost(Duration.ofMinutes(3)).until(() -> road.genesys().openSockets() == 1);
    Files.writeString(forward, good);
    Files.writeString(signals, goodSignals);
    bridge.awaitReady();
  }

  @Test
  void aKafkaWhoseNameDoesNotResolveIsNoReasonNotToRead() throws IOException {
    spoolsUntilMended("KAFKA_BOOTSTRAP_SERVERS", "kafka-nope.invalid:9092", "Kafka cannot be used");
  }

  @Tag("long")
  @Test
  void aWrongSecurityProtocolIsNoReasonNotToRead() throws IOException {
    spoolsUntilMended("KAFKA_SECURITY_PROTOCOL", "SASL", "KAFKA_SECURITY_PROTOCOL is");
  }

  private void spoolsUntilMended(String name, String value, String sentence) throws IOException {
    Bridge.Settings settings = road.settings().with("GENESYS_TOPICS", Road.TOPIC);
    Bridge misled =
        road.start(road.settings().with("GENESYS_TOPICS", Road.TOPIC).with(name, value));
    await().atMost(Duration.ofMinutes(3)).until(() -> road.genesys().openSockets() == 1);
    NumberedEvents ledger = new NumberedEvents(road.genesys());
    ledger.send(200);
    saysOnce(misled, sentence);
    Recipe.awaitWaiting(misled, 200);
    misled.terminate();
    misled.awaitEnd();

    road.start(settings);

    road.kafka().awaitUntil(ledger::allIn);
    ledger.assertOrder();
    assertThat(road.data().resolve("dead-letters")).doesNotExist();
  }

  @Test
  void noFolderWithRoutes() {
    Bridge bridge =
        road.start(
            road.settings().with("CARAVAN_ROUTES_DIR", road.data().resolve("nowhere").toString()));

    saysOnce(bridge, "Set CARAVAN_ROUTES_DIR");
  }

  @Test
  void aPortThatIsTaken() throws IOException {
    try (ServerSocket taken =
        new ServerSocket(Bridge.freePort(), 1, InetAddress.getLoopbackAddress())) {
      Bridge bridge =
          road.start(
              road.settings()
                  .with("CARAVAN_MANAGEMENT_PORT", String.valueOf(taken.getLocalPort())));

      assertThat(bridge.awaitEnd()).isEqualTo(1);
      assertThat(bridge.logLines())
          .filteredOn(line -> line.contains("port " + taken.getLocalPort()))
          .hasSize(1);
      assertThat(bridge.log()).contains("CARAVAN_MANAGEMENT_PORT").doesNotContain("\tat ");
    }
  }

  /** Not ready with this sentence, which stands in the log once; the process lives. */
  private static Bridge.Health saysOnce(Bridge bridge, String sentence) {
    bridge.awaitLog(sentence);
    Bridge.Health health =
        bridge.awaitReadiness(
            sentence,
            now -> now.status() == 503 && now.text().contains(sentence.replace("\"", "\\\"")));
    assertThat(bridge.liveness().isReady()).isTrue();
    assertThat(bridge.logLines()).filteredOn(line -> line.contains(sentence)).hasSize(1);
    assertThat(bridge.logLines()).filteredOn(line -> !Road.isOneOfOurs(line)).isEmpty();
    return health;
  }
}
