package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.simulator.fault.Fault;
import dev.caravan.testing.Bridge;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A bridge that a supervisor restarts again and again asks no more often than one that runs on. */
class RoadRestartsIT {

  private static final String CHANNEL = "POST /api/v2/notifications/channels";
  private static final int RESTARTS = 5;

  @TempDir Path folder;

  @Test
  @Tag("long")
  void restartsDoNotMakeAttemptsMoreFrequent() {
    try (Road road = Road.in(folder)) {
      road.genesys().arm(Fault.status(CHANNEL, 503));
      Bridge.Settings settings =
          road.settings()
              .with("GENESYS_RETRY_ATTEMPTS", "0")
              .with("GENESYS_RETRY_INITIAL_DELAY", "10m")
              .with("GENESYS_RETRY_MAXIMUM_DELAY", "10m");
      for (int i = 0; i < RESTARTS; i++) {
        Bridge bridge = road.start(settings);
        bridge.awaitReadiness(
            "the bridge waits for its turn", health -> health.text().contains("next attempt in"));
        bridge.kill();
      }

      // The first, and hardly another within these seconds
      assertThat(attempts(road)).isBetween(1, RESTARTS - 1);
    }
  }

  private static int attempts(Road road) {
    return road.genesys().callCounts().getOrDefault(CHANNEL, 0);
  }
}
