package dev.caravan.cli;

import java.util.Map;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/** Tells whether the data folder can be used: it can be written, and no other bridge has it. */
final class DataFolderHealthCheck extends AbstractHealthCheck {

  private final RouteFiles files;

  DataFolderHealthCheck(RouteFiles files) {
    super("camel", "data-folder");
    this.files = files;
  }

  @Override
  protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
    files
        .dataProblem()
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
