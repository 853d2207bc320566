package dev.caravan.genesys;

import dev.caravan.channel.Cause;
import dev.caravan.channel.Phase;
import dev.caravan.channel.ShardReport;
import dev.caravan.channel.ShardStatus;
import dev.caravan.channel.gap.Gap;
import dev.caravan.frame.Frame;
import dev.caravan.genesys.connect.Rejections;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.support.CamelContextHelper;

/**
 * The meters of the road. Labels are media types, families, causes and states: words from short,
 * closed lists, never ids.
 */
public final class GenesysMetrics {

  private static final double MILLIS = 1000;

  private final MeterRegistry registry;
  private final List<Reader> readers = new CopyOnWriteArrayList<>();
  private final LongSupplier clock;
  private volatile long lastReadAt;
  private final Map<String, Counter> events = new ConcurrentHashMap<>();
  private final Counter unreadable;
  private final Counter failed;
  private final Counter lettersLost;
  private final Counter paired;
  private final Counter missed;
  private final Timer handOvers;
  private final Timer pings;

  /**
   * Somebody who reads notifications at present.
   *
   * @param clients how the OAuth clients are, and what is read with each
   * @param topics what came of the subscriptions of each shard
   * @param listing how far a listing is; empty if none is under way
   * @param standsBy for the readers of how many shards this instance stands by
   */
  record Reader(
      InFlight inFlight,
      Supplier<List<ClientStatus>> clients,
      Supplier<Map<Integer, Rejections>> topics,
      Supplier<String> listing,
      IntSupplier standsBy) {}

  /**
   * @param clients the names of the OAuth clients
   */
  static GenesysMetrics of(CamelContext context, List<String> clients) {
    MeterRegistry found = CamelContextHelper.findSingleByType(context, MeterRegistry.class);
    return new GenesysMetrics(
        found == null ? new SimpleMeterRegistry() : found,
        clients,
        () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()));
  }

  /**
   * @param clock milliseconds
   */
  GenesysMetrics(MeterRegistry registry, List<String> clients, LongSupplier clock) {
    this.registry = registry;
    this.clock = clock;
    this.lastReadAt = clock.getAsLong();
    unreadable = counter("caravan.frames.unreadable", "Frames that could not be read");
    failed = counter("caravan.events.failed", "Events whose exchange failed; dead letters");
    lettersLost =
        counter(
            "caravan.dead.letters.lost", "Dead letters that nothing took; frames that are lost");
    paired = counter("caravan.events.paired", "Copies of an event that another socket brought");
    missed = counter("caravan.pings.missed", "Pings that no frame followed in time");
    handOvers =
        Timer.builder("caravan.handover")
            .description("From the decision to hand over to the successor's sign of life")
            .register(registry);
    pings = Timer.builder("caravan.ping").description("From a ping to its pong").register(registry);
    bindGauges();
    clients.forEach(this::bindGauges);
  }

  /** Routes come and go while the process runs; the gauges tell of those that read at present. */
  void begins(Reader reader) {
    readers.add(reader);
  }

  void ends(Reader reader) {
    readers.remove(reader);
    lastReadAt = clock.getAsLong();
  }

  /** Whether any route reads notifications. */
  boolean isRead() {
    return !readers.isEmpty();
  }

  /** Those who read at present. */
  List<Reader> readers() {
    return List.copyOf(readers);
  }

  private Stream<ShardStatus> shards(Predicate<ClientStatus> whose) {
    return readers.stream()
        .flatMap(reader -> reader.clients().get().stream())
        .filter(whose)
        .flatMap(client -> client.shards().stream());
  }

  private Counter counter(String name, String description, String... tags) {
    return Counter.builder(name).description(description).tags(tags).register(registry);
  }

  private void bindGauges() {
    gauge(
        "caravan.in.flight",
        "Events read and not yet acknowledged by Kafka",
        Tags.empty(),
        () -> readers.stream().mapToInt(reader -> reader.inFlight().count()).sum());
    gauge(
        "caravan.stalled.seconds",
        "Time since the last acknowledgement while events wait for one",
        Tags.empty(),
        () ->
            readers.stream().mapToLong(reader -> reader.inFlight().stalledMillis()).max().orElse(0)
                / MILLIS);
    gauge(
        "caravan.silence.seconds",
        "Longest time that a shard has read no frame, heartbeats included",
        Tags.empty(),
        () -> longest(ShardStatus::silentMillis) / MILLIS);
    gauge(
        "caravan.standby.shards",
        "Shards that another instance forwards and this one could take over at once",
        Tags.empty(),
        () -> readers.stream().mapToInt(reader -> reader.standsBy().getAsInt()).sum());
    gauge(
        "caravan.blind.seconds",
        "Longest time that a shard's topics are not being read, or that no route reads any",
        Tags.empty(),
        () ->
            (isRead() ? longest(ShardStatus::blindMillis) : clock.getAsLong() - lastReadAt)
                / MILLIS);
  }

  /** Those of an OAuth client. */
  private void bindGauges(String client) {
    Predicate<ClientStatus> its = one -> one.name().equals(client);
    for (ShardStatus.Health health : ShardStatus.Health.values()) {
      gauge(
          "caravan.shards",
          "Shards by health",
          Tags.of("health", health.label(), "client", client),
          () -> shards(its).filter(shard -> shard.health() == health).count());
    }
    for (Phase phase : Phase.values()) {
      gauge(
          "caravan.channels",
          "Channels by where they stand: new, opening, live, retiring",
          Tags.of("phase", phase.name().toLowerCase(Locale.ROOT), "client", client),
          () ->
              shards(its)
                  .flatMap(shard -> shard.phases().stream())
                  .filter(stands -> stands == phase)
                  .count());
    }
    gauge(
        "caravan.topics",
        "Subscriptions, combined ones counted once",
        Tags.of("client", client),
        () -> shards(its).mapToInt(ShardStatus::topics).sum());
  }

  private long longest(ToLongFunction<ShardStatus> millis) {
    return shards(any -> true).mapToLong(millis).max().orElse(0);
  }

  private void gauge(String name, String description, Tags tags, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).tags(tags).register(registry);
  }

  void event(String stream, String media) {
    events
        .computeIfAbsent(
            stream + '/' + media,
            key ->
                counter(
                    "caravan.events",
                    "Events read from Genesys Cloud",
                    "stream",
                    stream,
                    "media",
                    media))
        .increment();
  }

  /** All that came and was to go through a route, whether or not it could be read. */
  long read() {
    return (long) (unreadable.count() + events.values().stream().mapToDouble(Counter::count).sum());
  }

  void unreadable() {
    unreadable.increment();
  }

  void failed() {
    failed.increment();
  }

  void ignored(Frame.Kind kind) {
    String label = kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    String what = "Frames of the server's own from which nothing follows";
    counter("caravan.frames.ignored", what, "kind", label).increment();
  }

  void deadLetterLost() {
    lettersLost.increment();
  }

  void pairedOff() {
    paired.increment();
  }

  public void rejected(int topics) {
    counter("caravan.topics.rejected", "Topics that Genesys Cloud refused to subscribe")
        .increment(topics);
  }

  void report(ShardReport report) {
    String change = report.kind().name().toLowerCase(Locale.ROOT);
    String[] tags = {"change", change, "cause", report.cause().label()};
    counter("caravan.channel.changes", "What channels went through", tags).increment();
    if (report.kind() == ShardReport.Kind.HANDED_OVER) {
      handOvers.record(report.to() - report.from(), TimeUnit.MILLISECONDS);
    } else if (report.kind() == ShardReport.Kind.DISCONNECTED && report.cause() == Cause.SILENT) {
      missed.increment();
    }
  }

  void gap(Gap gap) {
    String what = "Time in which subscribed topics were not read";
    counter("caravan.gap.seconds", what, "cause", gap.cause())
        .increment(gap.length().toMillis() / MILLIS);
  }

  void pong(long millis) {
    pings.record(millis, TimeUnit.MILLISECONDS);
  }
}
