package dev.caravan.demo;

import dev.caravan.command.Home;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a demo is started with; port 0 means any free one.
 *
 * @param environment the variables of the terminal the demo was started in
 */
public record DemoSettings(
    int agents,
    double speed,
    int genesysPort,
    int kafkaPort,
    int managementPort,
    int pagePort,
    Map<String, String> environment) {

  private static final String TOPICS =
      "v2.routing.queues.*.conversations,"
          + "v2.users.*?presence&routingStatus,"
          + "v2.analytics.queues.*.observations";

  /** Folder of the routes: the shipped ones, unless the user names his own. */
  String routes() {
    return given("CARAVAN_ROUTES_DIR")
        .map(Path::of)
        .orElse(Home.path().resolve("routes"))
        .toAbsolutePath()
        .toString();
  }

  /** A variable's value; one that is empty counts as not set. */
  private Optional<String> given(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
  }

  /**
   * The bridge's variables. Nothing that points at a real org or cluster is passed on: a demo never
   * leaves this machine.
   */
  Map<String, String> bridgeEnvironment(
      String genesys, String kafka, int management, int page, String data) {
    Map<String, String> bridge = new HashMap<>(environment);
    bridge
        .keySet()
        .removeIf(name -> name.matches("(GENESYS|KAFKA|CARAVAN)_.*|(?i:https|no)_proxy"));
    bridge.put("GENESYS_TOPICS", TOPICS);
    for (String own : List.of("GENESYS_TOPICS", "GENESYS_MEDIA", "CARAVAN_ROUTES_RELOAD")) {
      given(own).ifPresent(value -> bridge.put(own, value));
    }
    bridge.putAll(
        Map.of(
            "GENESYS_LOGIN_URL",
            genesys,
            "GENESYS_API_URL",
            genesys,
            "GENESYS_CLIENT_ID",
            "demo",
            "GENESYS_CLIENT_SECRET",
            "demo",
            "KAFKA_BOOTSTRAP_SERVERS",
            kafka,
            "CARAVAN_ROUTES_DIR",
            routes(),
            "CARAVAN_DATA_DIR",
            data,
            "CARAVAN_MANAGEMENT_PORT",
            String.valueOf(management),
            "CARAVAN_HTTP_PORT",
            String.valueOf(page)));
    return bridge;
  }
}
