package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.simulator.api.CallRecord;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.testing.Bridge;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** While Genesys Cloud fails, it is asked seldom; and soon again when it is back. */
class RoadStormIT {

  private static final Logger LOG = LoggerFactory.getLogger(RoadStormIT.class);

  /**
   * The delays of a test are a tenth of those that ship, so that this stands for a minute. With
   * -Dcaravan.storm=60 it is one.
   */
  private static final int SECONDS = Integer.getInteger("caravan.storm", 6);

  /** One every six seconds of the minute: retries with growing delays, behind a breaker. */
  private static final int MOST_CALLS = 10;

  @TempDir Path folder;

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"POST /oauth/token", "POST /api/v2/notifications/channels"})
  @Tag("long")
  void aMinuteOfFailuresAtTheStartIsMetByFewCalls(String call) {
    try (Road road = Road.in(folder)) {
      road.genesys().arm(Fault.status(call, 503));
      Bridge bridge =
          road.start(
              road.settings()
                  .with("GENESYS_RETRY_INITIAL_DELAY", SECONDS * 1_000 / 30 + "ms")
                  .with("GENESYS_RETRY_MAXIMUM_DELAY", SECONDS * 1_500 + "ms")
                  .with("GENESYS_BREAKER_WAIT", String.valueOf(Math.max(1, SECONDS / 6))));
      await().atMost(Duration.ofMinutes(3)).until(() -> !calls(road, call).isEmpty());
      long first = calls(road, call).get(0).atMillis();
      await()
          .atMost(Duration.ofSeconds(SECONDS * 2L + 10))
          .until(() -> System.currentTimeMillis() > first + SECONDS * 1_000L);
      int asked = calls(road, call).size();
      LOG.info("{} was called {} times in {} s", call, asked, SECONDS);
      assertThat(asked).isBetween(2, MOST_CALLS);

      road.genesys().disarm();
      bridge.awaitReady();
    }
  }

  private static List<CallRecord> calls(Road road, String call) {
    return road.genesys().calls().stream().filter(made -> made.name().equals(call)).toList();
  }
}
