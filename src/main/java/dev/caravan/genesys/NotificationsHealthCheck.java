package dev.caravan.genesys;

import dev.caravan.channel.ShardStatus;
import java.util.Map;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/**
 * Tells flowing, idle, blind and broken apart. Idle is healthy: nights are quiet. Blind and broken
 * are not ready.
 */
final class NotificationsHealthCheck extends AbstractHealthCheck {

  private final NotificationsConsumer consumer;

  NotificationsHealthCheck(NotificationsConsumer consumer) {
    super("camel", "genesys-notifications");
    this.consumer = consumer;
  }

  @Override
  protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
    NotificationsConsumer.Overview overview = consumer.overview();
    builder.detail("road.state", overview.health().label());
    if (!overview.sentence().isEmpty()) {
      builder.detail("road.sentence", overview.sentence());
    }
    builder.detail("road.in-flight", overview.inFlight());
    if (overview.stalledMillis() > 0) {
      builder.detail("road.stalled-seconds", overview.stalledMillis() / 1000);
    }
    if (!consumer.channelBudget().isEmpty()) {
      builder.detail("road.channels", consumer.channelBudget());
    }
    for (ShardStatus shard : overview.shards()) {
      builder.detail("shard-" + shard.number() + ".state", shard.health().label());
      builder.detail("shard-" + shard.number() + ".topics", shard.topics());
      builder.detail("shard-" + shard.number() + ".sentence", shard.sentence());
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
}
