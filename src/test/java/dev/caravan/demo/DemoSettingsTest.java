package dev.caravan.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class DemoSettingsTest {

  @Test
  void nothingThatPointsAtARealOrgOrClusterReachesTheDemosBridge() {
    Map<String, String> bridge =
        bridge(
            Map.of(
                "GENESYS_CLIENT_ID", "real",
                "GENESYS_CLIENT_SECRET", "real",
                "GENESYS_CLIENTS_A_SECRET", "real",
                "GENESYS_REGION", "mypurecloud.ie",
                "KAFKA_BOOTSTRAP_SERVERS", "real:9092",
                "KAFKA_SASL_PASSWORD", "real",
                "CARAVAN_DATA_DIR", "/real",
                "PATH", "/bin"));

    assertThat(bridge.values()).noneMatch(value -> value.contains("real"));
    assertThat(bridge)
        .containsEntry("PATH", "/bin")
        .containsEntry("GENESYS_CLIENT_ID", "demo")
        .containsEntry("GENESYS_API_URL", "http://127.0.0.1:1")
        .containsEntry("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:2")
        .containsEntry("CARAVAN_MANAGEMENT_PORT", "3")
        .containsEntry("CARAVAN_HTTP_PORT", "4")
        .containsEntry("CARAVAN_DATA_DIR", "/tmp/data");
  }

  @Test
  void theUsersTopicsMediaAndRoutesAreKept() {
    Map<String, String> bridge =
        bridge(
            Map.of(
                "GENESYS_TOPICS", "v2.users.*.presence",
                "GENESYS_MEDIA", "email",
                "CARAVAN_ROUTES_DIR", "/mine",
                "CARAVAN_ROUTES_RELOAD", "true"));

    assertThat(bridge)
        .containsEntry("GENESYS_TOPICS", "v2.users.*.presence")
        .containsEntry("GENESYS_MEDIA", "email")
        .containsEntry("CARAVAN_ROUTES_DIR", "/mine")
        .containsEntry("CARAVAN_ROUTES_RELOAD", "true");
  }

  @Test
  void emptyVariablesCountAsNotSet() {
    Map<String, String> bridge =
        bridge(Map.of("GENESYS_TOPICS", "", "GENESYS_MEDIA", " ", "CARAVAN_ROUTES_DIR", ""));

    assertThat(bridge.get("GENESYS_TOPICS")).contains("v2.routing.queues.*.conversations");
    assertThat(bridge).doesNotContainKey("GENESYS_MEDIA");
    assertThat(bridge.get("CARAVAN_ROUTES_DIR")).endsWith("/routes");
  }

  private static Map<String, String> bridge(Map<String, String> environment) {
    return new DemoSettings(1, 1, 0, 0, 0, 0, environment)
        .bridgeEnvironment("http://127.0.0.1:1", "127.0.0.1:2", 3, 4, "/tmp/data");
  }
}
