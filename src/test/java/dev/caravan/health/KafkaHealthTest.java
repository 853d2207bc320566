package dev.caravan.health;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.kafka.DeadLetterFiles;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.camel.health.HealthCheck;
import org.junit.jupiter.api.Test;

class KafkaHealthTest {

  private static final SortedSet<String> DENIED = new TreeSet<>(Set.of("genesys.presence"));

  @Test
  void aTopicThatKafkaDeniesWhileItTakesOthersIsNamedAndNoReasonToBeTakenOutOfService() {
    HealthCheck.Result result = check(DENIED, true, Optional.empty());

    assertThat(result.getState()).isEqualTo(HealthCheck.State.UP);
    assertThat(result.getDetails()).doesNotContainKey("bridge.state");
    assertThat(result.getDetails().get("degraded").toString()).contains("genesys.presence");
  }

  @Test
  void aKafkaThatDeniesEverythingIsBroken() {
    HealthCheck.Result result = check(DENIED, false, Optional.empty());

    assertThat(result.getState()).isEqualTo(HealthCheck.State.DOWN);
    assertThat(result.getDetails()).containsEntry("bridge.state", "broken");
    assertThat(result.getDetails().get("sentence").toString()).contains("genesys.presence");
  }

  @Test
  void lettersThatLieAsFilesAreToldAndBrokenOnlyWithoutRoomForMore() {
    assertThat(check(Collections.emptySortedSet(), true, lying(false)).getState())
        .isEqualTo(HealthCheck.State.UP);
    HealthCheck.Result full = check(Collections.emptySortedSet(), true, lying(true));
    assertThat(full.getState()).isEqualTo(HealthCheck.State.DOWN);
    assertThat(full.getDetails()).containsEntry("files", 3L);
    assertThat(full.getDetails().get("degraded").toString()).startsWith("3 dead letters");
  }

  private static Optional<DeadLetterFiles.Contents> lying(boolean full) {
    return Optional.of(
        new DeadLetterFiles.Contents(Path.of("letters"), 3, 600, Optional.empty(), full));
  }

  private static HealthCheck.Result check(
      SortedSet<String> denied, boolean takesAny, Optional<DeadLetterFiles.Contents> files) {
    return new ConditionHealthCheck(
            "kafka-refusals", () -> KafkaHealth.condition(denied, takesAny, files))
        .call(Map.of());
  }
}
