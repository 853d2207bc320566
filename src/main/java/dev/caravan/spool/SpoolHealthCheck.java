package dev.caravan.spool;

import java.util.Map;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/**
 * Tells how a spool is doing: down when records are held up or in danger, up as long as there is
 * room for them.
 */
class SpoolHealthCheck extends AbstractHealthCheck {

  private final Spool spool;

  SpoolHealthCheck(Spool spool, String routeId) {
    super("camel", "consumer:spool-" + routeId);
    this.spool = spool;
  }

  @Override
  protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
    SpoolStatus status = spool.status();
    builder
        .message(status.sentence())
        .detail("spool", status.name())
        .detail("state", status.sentence())
        .detail("records", status.records())
        .detail("bytes", status.bytes())
        .detail("oldest.seconds", status.oldest().toSeconds())
        .detail("in.flight", status.inFlight())
        .detail("dropped", status.dropped())
        .detail("lost", status.lost());
    if (status.inDanger()) {
      builder.down();
    } else {
      builder.up();
    }
  }
}
