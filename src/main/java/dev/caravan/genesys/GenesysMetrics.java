package dev.caravan.genesys;

import dev.caravan.channel.Cause;
import dev.caravan.channel.Phase;
import dev.caravan.channel.ShardReport;
import dev.caravan.channel.ShardStatus;
import dev.caravan.channel.gap.Gap;
import dev.caravan.frame.Frame;
import dev.caravan.genesys.connect.Clients;
import dev.caravan.genesys.connect.HttpStatusRule;
import dev.caravan.genesys.connect.Rejections;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

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
  final Counter unreadable;
  final Counter failed;
  final Counter lettersLost;
  final Counter paired;
  private final Counter missed;
  private final Map<String, AtomicInteger> budgetLeft = new ConcurrentHashMap<>();
  private final Timer handOvers;
  private final Timer pings;

  /**
   * Somebody who reads notifications at present.
   *
   * @param clients without the shards for whose readers this instance stands by
   * @param withStandby with those, too, whose channels count as any other
   */
  record Reader(
      InFlight inFlight,
      Supplier<List<ClientStatus>> clients,
      Supplier<List<ClientStatus>> withStandby,
      Supplier<Map<Integer, Rejections>> topics,
      Supplier<String> listing,
      IntSupplier standsBy) {}

  /** Without a registry, which may be null, they count, and nobody is told. */
  static GenesysMetrics of(MeterRegistry registry, List<String> clients) {
    return new GenesysMetrics(
        registry == null ? new SimpleMeterRegistry() : registry,
        clients,
        () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()));
  }

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

  boolean isRead() {
    return !readers.isEmpty();
  }

  Stream<Reader> readers() {
    return readers.stream();
  }

  private Stream<ShardStatus> shards(
      Function<Reader, Supplier<List<ClientStatus>>> which, String client) {
    return readers.stream()
        .flatMap(reader -> which.apply(reader).get().stream())
        .filter(one -> one.name().equals(client))
        .flatMap(one -> one.shards().stream());
  }

  private Counter counter(String name, String description, String... tags) {
    return Counter.builder(name).description(description).tags(tags).register(registry);
  }

  private void bindGauges() {
    gauge(
        "caravan.in.flight",
        "Events read and not yet acknowledged by Kafka",
        () -> readers.stream().mapToInt(reader -> reader.inFlight().count()).sum());
    gauge(
        "caravan.stalled.seconds",
        "Time since the last acknowledgement while events wait for one",
        () ->
            readers.stream().mapToLong(reader -> reader.inFlight().stalledMillis()).max().orElse(0)
                / MILLIS);
    gauge(
        "caravan.silence.seconds",
        "Longest time that a shard has read no frame, heartbeats included",
        () -> longest(ShardStatus::silentMillis) / MILLIS);
    gauge(
        "caravan.standby.shards",
        "Shards that another instance forwards and this one could take over at once",
        () -> readers.stream().mapToInt(reader -> reader.standsBy().getAsInt()).sum());
    gauge(
        "caravan.blind.seconds",
        "Longest time that a shard's topics are not being read, or that no route reads any",
        () ->
            (isRead() ? longest(ShardStatus::blindMillis) : clock.getAsLong() - lastReadAt)
                / MILLIS);
  }

  private void bindGauges(String client) {
    for (ShardStatus.Health health : ShardStatus.Health.values()) {
      String[] tags = {"health", health.label(), "client", client};
      Supplier<Number> count =
          () -> shards(Reader::clients, client).filter(it -> it.health() == health).count();
      gauge("caravan.shards", "Shards by health", count, tags);
    }
    for (Phase phase : Phase.values()) {
      String[] tags = {"phase", phase.name().toLowerCase(Locale.ROOT), "client", client};
      Supplier<Number> count =
          () ->
              shards(Reader::withStandby, client)
                  .flatMap(shard -> shard.phases().stream())
                  .filter(stands -> stands == phase)
                  .count();
      String what = "Channels by where they stand: new, opening, live, retiring";
      gauge("caravan.channels", what, count, tags);
    }
    gauge(
        "caravan.topics",
        "Subscriptions, combined ones counted once",
        () -> shards(Reader::clients, client).mapToInt(ShardStatus::topics).sum(),
        "client",
        client);
    AtomicInteger left = new AtomicInteger(-1);
    budgetLeft.put(client, left);
    gauge(
        "caravan.rest.budget.left",
        "Calls left to the token in this minute, by the last answer; -1 if unknown",
        left::get,
        "client",
        client);
  }

  private long longest(ToLongFunction<ShardStatus> millis) {
    return readers.stream()
        .flatMap(reader -> reader.clients().get().stream())
        .flatMap(client -> client.shards().stream())
        .mapToLong(millis)
        .max()
        .orElse(0);
  }

  private void gauge(String name, String description, Supplier<Number> value, String... tags) {
    Gauge.builder(name, value).description(description).tags(tags).register(registry);
  }

  void event(Frame.Notification event) {
    String media = event.media().isEmpty() ? "none" : event.primary().wire();
    // For each event: no more is allocated than need be
    int dot = event.stream().indexOf('.');
    String family = dot < 0 ? event.stream() : event.stream().substring(0, dot);
    String what = "Events read from Genesys Cloud";
    events
        .computeIfAbsent(
            family + '/' + media,
            key -> counter("caravan.events", what, "stream", family, "media", media))
        .increment();
  }

  /** All that came and was to go through a route, whether or not it could be read. */
  long read() {
    return (long) (unreadable.count() + events.values().stream().mapToDouble(Counter::count).sum());
  }

  void ignored(Frame.Kind kind) {
    String label = kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    String what = "Frames of the server's own from which nothing follows";
    counter("caravan.frames.ignored", what, "kind", label).increment();
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

  // ---- calls of the REST API

  public static GenesysMetrics of(Exchange exchange) {
    return exchange.getContext().getComponent("genesys", GenesysComponent.class).metrics();
  }

  public void answered(Exchange exchange, int status) {
    Message message = exchange.getMessage();
    Integer count = message.getHeader("inin-ratelimit-count", Integer.class);
    Integer allowed = message.getHeader("inin-ratelimit-allowed", Integer.class);
    AtomicInteger left = budgetLeft.get(Clients.name(exchange));
    if (count != null && allowed != null && left != null) {
      left.set(Math.max(0, allowed - count));
    }
    call(
        exchange,
        status >= 200 && status < 300
            ? "ok"
            : status == 429
                ? "too-many"
                : HttpStatusRule.saysNotNow(status) ? "unavailable" : "refused");
  }

  /** A call was not answered, or not made since the circuit breaker is open. */
  public void unanswered(Exchange exchange, boolean made) {
    call(exchange, made ? "no-answer" : "breaker-open");
  }

  private void call(Exchange exchange, String outcome) {
    String[] tags = {
      "purpose", purpose(exchange), "outcome", outcome, "client", Clients.name(exchange)
    };
    counter("caravan.rest.calls", "Calls to the REST API of Genesys Cloud", tags).increment();
  }

  /** What a call is for, unless its route says so: a word from a short list. */
  private static String purpose(Exchange exchange) {
    String said = exchange.getProperty(GenesysConstants.PURPOSE, String.class);
    if (said != null) {
      return said;
    }
    if (exchange.getProperty(GenesysConstants.TOKEN) == null) {
      return "login";
    }
    return exchange.getProperty(GenesysConstants.LISTING) == null ? "channel" : "listing";
  }

  public void backfilled(String read, int records) {
    counter("caravan.backfill.records", "What was read again after gaps", "read", read)
        .increment(records);
  }

  public void backfillEnded(boolean filled) {
    String what = "Gaps of which the backfill has ended";
    counter("caravan.backfill.gaps", what, "backfilled", filled ? "yes" : "no").increment();
  }
}
