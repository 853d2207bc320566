package dev.caravan.health;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.health.ConditionHealthCheck.Condition;
import dev.caravan.spool.SpoolStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SpoolHealthTest {

  @Test
  void aSpoolThatFlowsIsOnlyTold() {
    Condition now = SpoolHealth.condition(List.of(status("events", 0, false)));

    assertThat(now.problems()).isEmpty();
    assertThat(now.degraded()).isEmpty();
    assertThat(now.numbers()).containsEntry("spool.events", "flowing, 2 waiting");
  }

  @Test
  void aSpoolThatKeepsWhatKafkaDoesNotTakeIsNoReasonToBeTakenOutOfService() {
    Condition now =
        SpoolHealth.condition(List.of(status("events", 60, false), status("signals", 0, false)));

    assertThat(now.problems()).isEmpty();
    assertThat(now.degraded()).singleElement().asString().startsWith("Spool events: spooling");
  }

  @Test
  void aSpoolThatIsFullIs() {
    Condition now =
        SpoolHealth.condition(List.of(status("events", 60, true), status("signals", 60, false)));

    assertThat(now.problems())
        .singleElement()
        .asString()
        .startsWith("Spool events: full")
        .doesNotContain("sig");
    assertThat(now.degraded()).singleElement().asString().startsWith("Spool signals: spooling");
  }

  @Test
  void aSpoolFromWhichNothingTakesWhileSomethingWaitsIs() {
    Duration untaken = Duration.ofSeconds(25);
    Condition now =
        SpoolHealth.condition(List.of(status("events", 0, false, Optional.of(untaken))));

    assertThat(now.problems())
        .singleElement()
        .asString()
        .isEqualTo(
            "Spool events: nothing has taken from it for 25 s, no route that runs begins with"
                + " spool:events; 2 waiting.");
  }

  private static SpoolStatus status(String name, int oldestSeconds, boolean full) {
    return status(name, oldestSeconds, full, Optional.empty());
  }

  private static SpoolStatus status(
      String name, int oldestSeconds, boolean full, Optional<Duration> untaken) {
    return new SpoolStatus(
        name,
        2,
        Duration.ofSeconds(oldestSeconds),
        0,
        List.of(),
        new SpoolStatus.Space(1_000, 100_000, 2_000, full),
        new SpoolStatus.Counts(0, 0, 0, 0, 0, 0),
        new SpoolStatus.Rates(0, 0, 0),
        new SpoolStatus.Taking(0, Optional.empty(), Optional.empty(), false, untaken),
        Optional.empty(),
        Optional.empty());
  }
}
