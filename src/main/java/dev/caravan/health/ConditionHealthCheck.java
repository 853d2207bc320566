package dev.caravan.health;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/**
 * Tells of one thing that the bridge needs: down while something keeps it from working; up, and
 * degraded, while it works without.
 */
public final class ConditionHealthCheck extends AbstractHealthCheck {

  private final Supplier<Condition> condition;

  /**
   * How the thing is.
   *
   * @param state {@code broken} if somebody must act, {@code blind} if it passes by itself; empty
   *     if the problem says that
   * @param problems what keeps the bridge from working, as sentences; none if nothing does
   * @param degraded what does not work although events flow, as sentences
   * @param numbers further details
   */
  public record Condition(
      String state, List<String> problems, List<String> degraded, Map<String, Object> numbers) {

    /** One that works or does not; if it does not, somebody must act. */
    public static Condition of(Optional<String> problem) {
      return new Condition("broken", problem.stream().toList(), List.of(), Map.of());
    }
  }

  public ConditionHealthCheck(String id, Supplier<Condition> condition) {
    super("camel", id);
    this.condition = condition;
  }

  @Override
  protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
    Condition now = condition.get();
    now.numbers().forEach(builder::detail);
    if (!now.degraded().isEmpty()) {
      builder.detail("degraded", String.join(" ", now.degraded()));
    }
    if (now.problems().isEmpty()) {
      builder.up();
      return;
    }
    if (!now.state().isEmpty()) {
      builder.detail("bridge.state", now.state());
    }
    String sentence = String.join(" ", now.problems());
    builder.message(sentence).detail("sentence", sentence).down();
  }

  @Override
  public boolean isLiveness() {
    return false;
  }
}
