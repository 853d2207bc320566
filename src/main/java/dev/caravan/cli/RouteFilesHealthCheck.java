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
    // These alone are no reason to be taken out of service: what reads and what sends tell
    // themselves if they do not
    files.rejectedEdit().ifPresent(sentence -> builder.detail("edit", sentence));
    files.warnings().ifPresent(sentence -> builder.detail("warnings", sentence));
    files.ended().ifPresent(sentence -> builder.detail("ended", sentence));
    files
        .problem()
        .or(files::unread)
        .ifPresentOrElse(
            sentence ->
                builder
                    .message(sentence)
                    .detail("road.state", files.isReplacing() ? "blind" : "broken")
                    .detail("sentence", sentence)
                    .down(),
            builder::up);
  }

  @Override
  public boolean isLiveness() {
    return false;
  }
}
