package dev.caravan.cli;

import java.util.Map;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/** Tells whether the user's route files were loaded, and if not, where they are broken. */
final class RouteFilesHealthCheck extends AbstractHealthCheck {

  private final RouteFiles files;

  RouteFilesHealthCheck(RouteFiles files) {
    super("camel", "route-files");
    this.files = files;
  }

  @Override
  protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
    files
        .problem()
        .ifPresentOrElse(
            sentence ->
                builder
                    .message(sentence)
                    .detail("road.state", "broken")
                    .detail("sentence", sentence)
                    .down(),
            () -> {
              // No reason to be taken out of service: the routes of before the edit run
              files.rejectedEdit().ifPresent(sentence -> builder.detail("edit", sentence));
              builder.up();
            });
  }

  @Override
  public boolean isLiveness() {
    return false;
  }
}
