package dev.caravan.cli;

import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/** Tells of one thing that keeps the road from working until an operator mends it. */
final class ProblemHealthCheck extends AbstractHealthCheck {

  private final Supplier<Optional<String>> problem;

  /**
   * @param problem what is to be mended, as a sentence; empty if nothing is
   */
  ProblemHealthCheck(String id, Supplier<Optional<String>> problem) {
    super("camel", id);
    this.problem = problem;
  }

  @Override
  protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
    problem
        .get()
        .ifPresentOrElse(
            sentence ->
                builder
                    .message(sentence)
                    .detail("road.state", "broken")
                    .detail("sentence", sentence)
                    .down(),
            builder::up);
  }

  @Override
  public boolean isLiveness() {
    return false;
  }
}
