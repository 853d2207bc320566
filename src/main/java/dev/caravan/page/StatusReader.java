package dev.caravan.page;

import dev.caravan.channel.ChannelGroup;
import dev.caravan.channel.ShardStatus;
import dev.caravan.genesys.ClientStatus;
import dev.caravan.genesys.GenesysComponent;
import dev.caravan.genesys.connect.Rejections;
import dev.caravan.genesys.connect.Rejections.Rejected;
import dev.caravan.spool.SpoolComponent;
import dev.caravan.spool.SpoolStatus;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.ValueAtPercentile;
import java.net.URI;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.health.HealthCheckHelper;

/**
 * Puts together what the page shows, from what health, meters, shards and spools tell already. For
 * one thread.
 */
final class StatusReader {

  private static final double MILLIS = 1000;

  private final CamelContext context;
  private final MeterRegistry meters;
  private final String version;
  private final long since;
  private final Map<String, Rated> rated = new HashMap<>();

  /** What a counter was at the last look, and how fast it went. */
  private record Rated(double total, long at, double perSecond) {}

  StatusReader(CamelContext context, MeterRegistry meters, String version, long since) {
    this.context = context;
    this.meters = meters;
    this.version = version;
    this.since = since;
  }

  Status read(long now) {
    GenesysComponent genesys = context.getComponent("genesys", GenesysComponent.class);
    SpoolComponent spools = context.getComponent("spool", SpoolComponent.class);
    List<HealthCheck.Result> health =
        context.getStatus().isStarted()
            // Else those that are up are left out
            ? List.copyOf(HealthCheckHelper.invokeReadiness(context, "full"))
            : List.of();
    return new Status(
        now,
        version,
        since,
        verdict(health),
        instances(health),
        genesys.clientStatuses().stream().map(this::client).toList(),
        spools.statuses().stream()
            .sorted(Comparator.comparing(spool -> !spool.name().equals("events")))
            .map(StatusReader::spool)
            .toList(),
        kafka(health, now),
        rates("caravan.events", "media", now),
        subscriptions(genesys));
  }

  // ---- the whole in words

  static Status.Verdict verdict(List<HealthCheck.Result> health) {
    ShardStatus.Health worst = null;
    Set<String> problems = new LinkedHashSet<>();
    Set<String> degraded = new LinkedHashSet<>();
    for (HealthCheck.Result result : health) {
      Map<String, Object> data = result.getDetails();
      boolean down = result.getState() == HealthCheck.State.DOWN;
      ShardStatus.Health state = state(data.get("bridge.state"), down);
      if (state != null) {
        worst = worst == null ? state : worst.worse(state);
      }
      if (down) {
        Object sentence = data.getOrDefault("sentence", data.get("bridge.sentence"));
        problems.add(
            sentence == null ? result.getCheck().getId() + " is down." : sentence.toString());
      }
      if (data.get("degraded") instanceof String sentence && !sentence.isEmpty()) {
        degraded.add(sentence);
      }
    }
    if (worst == null) {
      return new Status.Verdict("starting", "The bridge is starting.", List.of(), List.of());
    }
    boolean isDegraded = worst.compareTo(ShardStatus.Health.BLIND) < 0 && !degraded.isEmpty();
    String headline =
        switch (worst) {
          case BROKEN -> "Somebody has to act.";
          case BLIND -> "Not everything is being read right now.";
          case FLOWING -> "Events flow to Kafka.";
          case IDLE -> "Connected. There are no events at present.";
        };
    return new Status.Verdict(
        isDegraded ? "degraded" : worst.label(),
        isDegraded ? "Events are read, but not all is well." : headline,
        List.copyOf(problems),
        List.copyOf(degraded));
  }

  /** What is down and does not say whether it passes by itself may need somebody. */
  private static ShardStatus.Health state(Object label, boolean down) {
    return Stream.of(ShardStatus.Health.values())
        .filter(state -> state.label().equals(label))
        .findFirst()
        .orElse(down ? ShardStatus.Health.BROKEN : null);
  }

  /** Which the bridge's own health tells, if there are several. */
  private static String instances(List<HealthCheck.Result> health) {
    return health.stream()
        .map(result -> result.getDetails().get("bridge.instances"))
        .filter(Objects::nonNull)
        .map(Object::toString)
        .findFirst()
        .orElse("");
  }

  // ---- the parts of the road

  private Status.Client client(ClientStatus client) {
    Gauge left = meters.find("caravan.rest.budget.left").tag("client", client.name()).gauge();
    return new Status.Client(
        client.name(),
        host(context.resolvePropertyPlaceholders("{{genesys.api.url:}}")),
        left == null ? -1 : (int) left.value(),
        client.channels(),
        ChannelGroup.MOST_CHANNELS,
        client.shards().stream().map(StatusReader::shard).toList());
  }

  /** Without a user or password that somebody put into the address. */
  static String host(String url) {
    try {
      String host = URI.create(url).getHost();
      return host == null ? "" : host;
    } catch (IllegalArgumentException e) {
      return "";
    }
  }

  private static Status.Shard shard(ShardStatus shard) {
    return new Status.Shard(
        shard.number(),
        shard.health().label(),
        shard.topics(),
        shard.phases().stream().map(phase -> phase.name().toLowerCase(Locale.ROOT)).toList(),
        shard.silentMillis() < 0 ? -1 : shard.silentMillis() / 1000,
        shard.blindMillis() / 1000,
        shard.failures(),
        shard.sentence());
  }

  private static Status.SpoolPart spool(SpoolStatus spool) {
    return new Status.SpoolPart(
        spool.name(),
        state(spool),
        spool.sentence(),
        spool.records(),
        spool.space().bytes(),
        spool.space().maxBytes(),
        spool.oldest().toMillis() / MILLIS,
        spool.parkedRecords(),
        spool.counts().dropped() + spool.counts().lost(),
        spool.rates().appended(),
        spool.rates().acknowledged());
  }

  static String state(SpoolStatus spool) {
    if (spool.inDanger()) {
      return "danger";
    }
    return spool.spooling() || !spool.parked().isEmpty() ? "spooling" : "delivering";
  }

  private Status.Kafka kafka(List<HealthCheck.Result> health, long now) {
    List<String> problems =
        health.stream()
            .filter(result -> result.getCheck().getId().startsWith("kafka"))
            .map(HealthCheck.Result::getDetails)
            .flatMap(details -> Stream.of(details.get("sentence"), details.get("degraded")))
            .filter(sentence -> sentence instanceof String text && !text.isEmpty())
            .map(String.class::cast)
            .toList();
    Timer delivery = meters.find("caravan.delivery").timer();
    ValueAtPercentile[] latencies =
        delivery == null ? new ValueAtPercentile[0] : delivery.takeSnapshot().percentileValues();
    return new Status.Kafka(
        problems,
        rates("caravan.kafka.records", "topic", now),
        seconds(latencies, 0),
        seconds(latencies, 1));
  }

  private static double seconds(ValueAtPercentile[] latencies, int which) {
    return which < latencies.length ? latencies[which].value(TimeUnit.MILLISECONDS) / MILLIS : 0;
  }

  private static Status.Subscriptions subscriptions(GenesysComponent genesys) {
    Map<String, Integer> subscribed = new TreeMap<>();
    Map<String, Rejected> rejected = new TreeMap<>();
    for (Rejections shard : genesys.subscriptions()) {
      shard
          .subscribedByPattern()
          .forEach((pattern, count) -> subscribed.merge(pattern, count, Integer::sum));
      shard.rejected().forEach(one -> rejected.merge(one.pattern(), one, StatusReader::together));
    }
    return new Status.Subscriptions(subscribed, List.copyOf(rejected.values()), genesys.listings());
  }

  private static Rejected together(Rejected one, Rejected other) {
    return new Rejected(
        one.pattern(), one.count() + other.count(), one.missingPermissions(), one.sentence());
  }

  // ---- rates

  /** By the values of a label. */
  private List<Status.Rate> rates(String name, String label, long now) {
    Map<String, Double> totals = new LinkedHashMap<>();
    for (Counter counter : meters.find(name).counters()) {
      String value = counter.getId().getTag(label);
      totals.merge(
          value == null || value.equals("none") ? "no medium" : value,
          counter.count(),
          Double::sum);
    }
    return totals.entrySet().stream()
        .map(
            total ->
                new Status.Rate(
                    total.getKey(),
                    total.getValue().longValue(),
                    perSecond(name + '/' + total.getKey(), total.getValue(), now)))
        .sorted(Comparator.comparing(Status.Rate::name))
        .toList();
  }

  /** Since the look before, and a second at least: two that look do not halve it. */
  private double perSecond(String key, double total, long now) {
    Rated before = rated.get(key);
    if (before != null && now - before.at() < MILLIS) {
      return before.perSecond();
    }
    double perSecond = before == null ? 0 : (total - before.total()) / (now - before.at()) * MILLIS;
    rated.put(key, new Rated(total, now, perSecond));
    return perSecond;
  }
}
