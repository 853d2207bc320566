package dev.caravan.health;

import dev.caravan.spool.SpoolComponent;
import dev.caravan.spool.SpoolStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/**
 * Tells how the spools are: flowing, or spooling while Kafka is away, which is no reason to be
 * taken out of service; full or not writable, which is.
 */
final class SpoolsHealthCheck extends AbstractHealthCheck {

  private final SpoolComponent spools;

  SpoolsHealthCheck(SpoolComponent spools) {
    super("camel", "spools");
    this.spools = spools;
  }

  @Override
  protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
    boolean danger = false;
    List<String> degraded = new ArrayList<>();
    for (SpoolStatus status : spools.statuses()) {
      builder.detail("spool." + status.name(), status.sentence());
      danger |= status.inDanger();
      if (!status.inDanger() && (status.spooling() || !status.parked().isEmpty())) {
        degraded.add("Spool %s: %s.".formatted(status.name(), status.sentence()));
      }
    }
    if (!degraded.isEmpty()) {
      builder.detail("degraded", String.join(" ", degraded));
    }
    builder.state(danger ? State.DOWN : State.UP);
  }

  @Override
  public boolean isLiveness() {
    return false;
  }
}
