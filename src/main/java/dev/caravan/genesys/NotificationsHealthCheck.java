package dev.caravan.genesys;

import dev.caravan.channel.ShardStatus;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/**
 * Tells flowing, idle, blind and broken apart. Idle is healthy: nights are quiet. Blind and broken
 * are not ready. What is refused while the rest is read is told as degraded, and is ready.
 */
final class NotificationsHealthCheck extends AbstractHealthCheck {

  private final RoadWatch watch;
  private final Supplier<String> channels;
  private final Supplier<String> listing;

  /**
   * @param channels what an operator should know about the channels of the OAuth client; empty if
   *     nothing
   * @param listing how far a listing is; empty if none is under way
   */
  NotificationsHealthCheck(RoadWatch watch, Supplier<String> channels, Supplier<String> listing) {
    super("camel", "genesys-notifications");
    this.watch = watch;
    this.channels = channels;
    this.listing = listing;
  }

  @Override
  protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
    RoadWatch.Overview overview = watch.overview();
    builder.detail("road.state", overview.health().label());
    if (!overview.sentence().isEmpty()) {
      builder.detail("road.sentence", overview.sentence());
    }
    if (!overview.degraded().isEmpty()) {
      builder.detail("degraded", overview.degraded());
    }
    builder.detail("road.in-flight", overview.inFlight());
    if (overview.stalledMillis() > 0) {
      builder.detail("road.stalled-seconds", overview.stalledMillis() / 1000);
    }
    String listed = listing.get();
    if (!listed.isEmpty()) {
      builder.detail("road.listing", listed);
    }
    String budget = channels.get();
    if (!budget.isEmpty()) {
      builder.detail("road.channels", budget);
    }
    for (ShardStatus shard : overview.shards()) {
      String name = "shard-" + shard.number() + ".";
      builder.detail(name + "state", shard.health().label());
      builder.detail(name + "topics", shard.topics());
      builder.detail(name + "channels", channels(shard));
      if (shard.silentMillis() >= 0) {
        builder.detail(name + "seconds-since-frame", shard.silentMillis() / 1000);
      }
      if (shard.blindMillis() > 0) {
        builder.detail(name + "blind-seconds", shard.blindMillis() / 1000);
      }
      if (shard.failures() > 0) {
        builder.detail(name + "failures", shard.failures());
      }
      builder.detail(name + "sentence", shard.sentence());
    }
    boolean ready =
        overview.health() == ShardStatus.Health.FLOWING
            || overview.health() == ShardStatus.Health.IDLE;
    builder.message(overview.sentence()).state(ready ? State.UP : State.DOWN);
  }

  @Override
  public boolean isLiveness() {
    return false;
  }

  /** Such as {@code live, retiring}. */
  private static String channels(ShardStatus shard) {
    return shard.phases().stream()
        .map(phase -> phase.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(", "));
  }
}
