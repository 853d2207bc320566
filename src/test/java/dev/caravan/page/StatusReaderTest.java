package dev.caravan.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.health.ConditionHealthCheck;
import dev.caravan.health.ConditionHealthCheck.Condition;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.impl.health.AbstractHealthCheck;
import org.junit.jupiter.api.Test;

class StatusReaderTest {

  /** Reading as health tells of it. */
  private static HealthCheck.Result reading(String state, String sentence) {
    return new AbstractHealthCheck("camel", "genesys-notifications") {
      @Override
      protected void doCall(
          org.apache.camel.health.HealthCheckResultBuilder builder, Map<String, Object> options) {
        builder.detail("bridge.state", state).detail("bridge.sentence", sentence);
        builder.state(
            state.equals("flowing") || state.equals("idle")
                ? HealthCheck.State.UP
                : HealthCheck.State.DOWN);
      }
    }.call();
  }

  private static HealthCheck.Result condition(Condition condition) {
    return new ConditionHealthCheck("some", () -> condition).call();
  }

  @Test
  void allIsWellInOneSentence() {
    Status.Verdict verdict = StatusReader.verdict(List.of(reading("flowing", "")));

    assertThat(verdict.state()).isEqualTo("flowing");
    assertThat(verdict.problems()).isEmpty();
    assertThat(verdict.degraded()).isEmpty();
  }

  @Test
  void theWorstCountsAndSaysWhatToDo() {
    Status.Verdict verdict =
        StatusReader.verdict(
            List.of(
                reading("blind", "Shard 0: not read."),
                condition(Condition.of(Optional.of("Mend the route file.")))));

    assertThat(verdict.state()).isEqualTo("broken");
    assertThat(verdict.problems()).containsExactly("Shard 0: not read.", "Mend the route file.");
  }

  @Test
  void whatDoesNotWorkWhileEventsFlowIsToldAsDegraded() {
    Status.Verdict verdict =
        StatusReader.verdict(
            List.of(
                reading("flowing", ""),
                condition(new Condition("", List.of(), List.of("Kafka takes none."), Map.of()))));

    assertThat(verdict.state()).isEqualTo("degraded");
    assertThat(verdict.degraded()).containsExactly("Kafka takes none.");
  }

  @Test
  void whatIsDownWithoutSayingHowBadItIsMayNeedSomebody() {
    Status.Verdict verdict =
        StatusReader.verdict(
            List.of(
                reading("flowing", ""),
                condition(new Condition("", List.of("It is full."), List.of(), Map.of()))));

    assertThat(verdict.state()).isEqualTo("broken");
  }

  @Test
  void beforeAnythingIsKnownItIsStarting() {
    assertThat(StatusReader.verdict(List.of()).state()).isEqualTo("starting");
  }

  @Test
  void ofAnAddressOnlyTheHostIsShown() {
    assertThat(StatusReader.host("https://user:secret@api.mypurecloud.ie:8443/x"))
        .isEqualTo("api.mypurecloud.ie");
    assertThat(StatusReader.host("no address at all")).isEmpty();
  }
}
