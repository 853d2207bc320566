package dev.caravan.genesys;

import dev.caravan.channel.Cause;
import dev.caravan.channel.Phase;
import dev.caravan.channel.ShardReport;
import dev.caravan.channel.ShardStatus;
import dev.caravan.gap.Gap;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.apache.camel.CamelContext;
import org.apache.camel.support.CamelContextHelper;

/**
 * The meters of the road. Labels are media types, families, causes and states: words from short,
 * closed lists, never ids.
 */
final class GenesysMetrics {

  private final MeterRegistry registry;
  private final Map<String, Counter> events = new ConcurrentHashMap<>();
  private final Counter unreadable;
  private final Counter failed;
  private final Counter paired;
  private final Counter missed;
  private final Timer handOvers;
  private final Timer pings;

  GenesysMetrics(CamelContext context) {
    MeterRegistry found = CamelContextHelper.findSingleByType(context, MeterRegistry.class);
    registry = found == null ? new SimpleMeterRegistry() : found;
    unreadable = counter("caravan.frames.unreadable", "Frames that could not be read");
    failed = counter("caravan.events.failed", "Events whose exchange failed; dead letters");
    paired = counter("caravan.events.paired", "Copies of an event that another socket brought");
    missed = counter("caravan.pings.missed", "Pings that no frame followed in time");
    handOvers =
        Timer.builder("caravan.handover")
            .description("From the decision to hand over to the successor's sign of life")
            .register(registry);
    pings = Timer.builder("caravan.ping").description("From a ping to its pong").register(registry);
  }

  private Counter counter(String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }

  /** Binds the gauges that ask for the present state. */
  void bind(InFlight inFlight, Supplier<List<ShardStatus>> shards) {
    Gauge.builder("caravan.in.flight", inFlight, InFlight::count)
        .description("Events read and not yet acknowledged by Kafka")
        .strongReference(true)
        .register(registry);
    Gauge.builder("caravan.stalled.seconds", inFlight, f -> f.stalledMillis() / 1000.0)
        .description("Time since the last acknowledgement while events wait for one")
        .strongReference(true)
        .register(registry);
    for (ShardStatus.Health health : ShardStatus.Health.values()) {
      Gauge.builder(
              "caravan.shards",
              shards,
              all -> all.get().stream().filter(shard -> shard.health() == health).count())
          .description("Shards by health")
          .tag("health", health.label())
          .strongReference(true)
          .register(registry);
    }
    for (Phase phase : Phase.values()) {
      Gauge.builder(
              "caravan.channels",
              shards,
              all ->
                  all.get().stream()
                      .flatMap(shard -> shard.phases().stream())
                      .filter(stands -> stands == phase)
                      .count())
          .description("Channels by where they stand: new, opening, live, retiring")
          .tag("phase", phase.name().toLowerCase(Locale.ROOT))
          .strongReference(true)
          .register(registry);
    }
    Gauge.builder("caravan.silence.seconds", shards, all -> longest(all, ShardStatus::silentMillis))
        .description("Longest time that a shard has read no frame, heartbeats included")
        .strongReference(true)
        .register(registry);
    Gauge.builder("caravan.blind.seconds", shards, all -> longest(all, ShardStatus::blindMillis))
        .description("Longest time that a shard's topics are not being read")
        .strongReference(true)
        .register(registry);
    Gauge.builder(
            "caravan.topics", shards, all -> all.get().stream().mapToInt(ShardStatus::topics).sum())
        .description("Subscriptions, combined ones counted once")
        .strongReference(true)
        .register(registry);
  }

  private static double longest(
      Supplier<List<ShardStatus>> shards, ToLongFunction<ShardStatus> millis) {
    return shards.get().stream().mapToLong(millis).max().orElse(0) / 1000.0;
  }

  void event(String stream, String media) {
    events
        .computeIfAbsent(
            stream + '/' + media,
            key ->
                Counter.builder("caravan.events")
                    .description("Events read from Genesys Cloud")
                    .tag("stream", stream)
                    .tag("media", media)
                    .register(registry))
        .increment();
  }

  void unreadable() {
    unreadable.increment();
  }

  void failed() {
    failed.increment();
  }

  void pairedOff() {
    paired.increment();
  }

  void rejected(int topics) {
    Counter.builder("caravan.topics.rejected")
        .description("Topics that Genesys Cloud refused to subscribe")
        .register(registry)
        .increment(topics);
  }

  void report(ShardReport report) {
    Counter.builder("caravan.channel.changes")
        .description("What channels went through")
        .tag("change", report.kind().name().toLowerCase(Locale.ROOT))
        .tag("cause", report.cause().label())
        .register(registry)
        .increment();
    if (report.kind() == ShardReport.Kind.HANDED_OVER) {
      handOvers.record(report.to() - report.from(), TimeUnit.MILLISECONDS);
    } else if (report.kind() == ShardReport.Kind.DISCONNECTED && report.cause() == Cause.SILENT) {
      missed.increment();
    }
  }

  void gap(Gap gap) {
    Counter.builder("caravan.gap.seconds")
        .description("Time in which subscribed topics were not read")
        .tag("cause", gap.cause())
        .register(registry)
        .increment(gap.length().toMillis() / 1000.0);
  }

  void pong(long millis) {
    pings.record(millis, TimeUnit.MILLISECONDS);
  }
}
