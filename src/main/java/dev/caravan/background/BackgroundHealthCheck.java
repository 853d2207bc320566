package dev.caravan.background;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.camel.CamelContext;
import org.apache.camel.health.HealthCheckRegistry;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/**
 * Tells how the {@link BackgroundTask}s of a Camel context are. Down while one cannot go on or
 * fails again and again: a bridge without it does less than it says.
 */
public final class BackgroundHealthCheck extends AbstractHealthCheck {

  private static final String ID = "background";

  private final List<BackgroundTask> tasks = new CopyOnWriteArrayList<>();

  /** Not without an argument: Camel Quarkus would make one of its own when it is built. */
  private BackgroundHealthCheck(String id) {
    super("camel", id);
  }

  /** The one of this context. */
  public static BackgroundHealthCheck of(CamelContext context) {
    HealthCheckRegistry registry = HealthCheckRegistry.get(context);
    synchronized (registry) {
      return registry
          .getCheck(ID)
          .map(BackgroundHealthCheck.class::cast)
          .orElseGet(
              () -> {
                BackgroundHealthCheck first = new BackgroundHealthCheck(ID);
                registry.register(first);
                return first;
              });
    }
  }

  /** Tells of this task, too, for as long as it is not stopped. */
  public BackgroundTask watch(BackgroundTask task) {
    tasks.removeIf(BackgroundTask::isOver);
    tasks.add(task);
    return task;
  }

  @Override
  protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
    long failures = tasks.stream().mapToLong(BackgroundTask::failures).sum();
    List<String> troubles = tasks.stream().flatMap(task -> task.trouble().stream()).toList();
    builder.detail("failures", failures);
    if (troubles.isEmpty()) {
      builder.up();
      return;
    }
    String sentence =
        String.join(" ", troubles) + " Look into the log, and restart the bridge if this lasts.";
    builder.detail("bridge.state", "broken").detail("sentence", sentence).message(sentence).down();
  }

  @Override
  public boolean isLiveness() {
    return false;
  }
}
