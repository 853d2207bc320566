package dev.caravan.cli;

import java.util.Map;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.health.HealthCheckRegistry;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/**
 * A health check for liveness alone. Camel counts its own check of the context for readiness, too,
 * and then the health of the whole lists it twice.
 */
final class LivenessOnly extends AbstractHealthCheck {

  private final HealthCheck original;

  private LivenessOnly(HealthCheck original) {
    super(original.getGroup(), original.getId());
    this.original = original;
  }

  /** Takes the place of the check of this name. */
  static void replace(HealthCheckRegistry registry, String name) {
    registry
        .getCheck(name)
        .ifPresent(
            check -> {
              registry.unregister(check);
              registry.register(new LivenessOnly(check));
            });
  }

  @Override
  protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
    HealthCheck.Result result = original.call(options);
    result.getDetails().forEach(builder::detail);
    builder.state(result.getState());
  }

  @Override
  public boolean isReadiness() {
    return false;
  }
}
