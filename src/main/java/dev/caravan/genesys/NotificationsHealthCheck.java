package dev.caravan.genesys;

import dev.caravan.channel.ShardStatus;
import dev.caravan.channel.ShardStatus.Health;
import dev.caravan.cluster.ClusterStatus;
import dev.caravan.genesys.connect.Rejections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells flowing, idle, blind and broken apart, from the shards, from what keeps them from being
 * opened and from what is behind the route; and says in the log when that becomes another. Idle is
 * healthy: nights are quiet. Blind and broken are not ready. What is refused while the rest is read
 * is told as degraded, and is ready.
 */
final class NotificationsHealthCheck extends AbstractHealthCheck {

  private static final Logger LOG = LoggerFactory.getLogger(NotificationsHealthCheck.class);

  /** For how long Kafka may acknowledge nothing before that is called an outage. */
  static final long STALLED_MILLIS = 10_000;

  private final Supplier<Optional<Problem>> problem;
  private final GenesysMetrics.Reader reader;
  private final LongSupplier clock;
  private final Supplier<String> trouble;
  private final Supplier<Optional<String>> losses;
  private final Supplier<String> notAllowed;
  private final Supplier<String> channels;
  private final Supplier<Optional<ClusterStatus>> cluster;

  // Touched by the control thread only
  private Health reported = Health.BLIND;
  private String reportedProblem = Preparation.NOT_YET;
  private boolean received;
  private long unreadSince;
  private String unreadBecause = "";

  /**
   * How the connection as a whole is.
   *
   * @param sentence why topics are not read; empty if all are that can be
   * @param degraded what does not work, although events are read; empty if all is well
   * @param heldUp whether that keeps the sockets from being read
   */
  record Overview(
      Health health, String sentence, String degraded, List<ShardStatus> shards, boolean heldUp) {}

  record Problem(Health health, String sentence) {}

  /**
   * @param trouble why the last call of Genesys Cloud failed; empty if all is well
   * @param losses why gaps cannot be written to disk, and what was lost for good
   * @param notAllowed what one client reads because another may not see it; empty if nothing
   */
  NotificationsHealthCheck(
      String id,
      Supplier<Optional<Problem>> problem,
      GenesysMetrics.Reader reader,
      LongSupplier clock,
      Supplier<String> trouble,
      Supplier<Optional<String>> losses,
      Supplier<String> notAllowed,
      Supplier<String> channels,
      Supplier<Optional<ClusterStatus>> cluster) {
    super("camel", id);
    this.problem = problem;
    this.reader = reader;
    this.clock = clock;
    this.trouble = trouble;
    this.losses = losses;
    this.notAllowed = notAllowed;
    this.channels = channels;
    this.cluster = cluster;
  }

  /**
   * How the connection is: the worst of its shards, or what keeps them from being opened. Topics
   * that are refused do not count as long as others are read.
   */
  Overview overview() {
    InFlight inFlight = reader.inFlight();
    Optional<Problem> first = problem.get();
    List<ClientStatus> readers = reader.clients().get();
    List<ShardStatus> all =
        readers.stream()
            .flatMap(client -> client.shards().stream())
            .sorted(Comparator.comparing(ShardStatus::number))
            .toList();
    if (first.isPresent()) {
      String lost = losses.get().orElse("");
      return new Overview(first.get().health(), first.get().sentence(), lost, all, false);
    }
    Map<Integer, String> readBy = readBy(readers);
    Map<Integer, Rejections> refused = reader.topics().get();
    List<ShardStatus> due =
        all.stream().filter(shard -> !isAllRefused(shard, refused.get(shard.number()))).toList();
    due = due.isEmpty() ? all : due;
    // Other instances may read all there is
    Health nothing = cluster.get().isPresent() ? Health.IDLE : Health.BLIND;
    Health worst = due.stream().map(ShardStatus::health).reduce(Health::worse).orElse(nothing);
    if (worst == Health.IDLE && due.stream().anyMatch(s -> s.health() == Health.FLOWING)) {
      worst = Health.FLOWING;
    }
    String sentence =
        due.stream()
            .filter(shard -> !shard.isRead())
            .map(
                shard -> {
                  String client = " (OAuth client " + readBy.get(shard.number()) + ")";
                  String whose = readers.size() > 1 ? client : "";
                  return "Shard " + shard.number() + whose + ": " + shard.sentence();
                })
            .collect(Collectors.joining(" "));
    if (worst == Health.BLIND) {
      sentence = (sentence + " " + trouble.get()).strip();
    }
    long stalled = inFlight.stalledMillis();
    boolean heldUp = inFlight.full() || stalled >= STALLED_MILLIS;
    if (heldUp) {
      worst = worst.worse(Health.BLIND);
      sentence =
          ("What is behind the route has taken nothing for %d s; %d events wait for it, and Genesys"
                  + " Cloud is no longer read when %d do. See the spool's health. %s")
              .formatted(stalled / 1000, inFlight.count(), inFlight.most(), sentence);
    }
    String degraded =
        Stream.of(
                Rejections.sentence(refused.values()),
                notAllowed.get(),
                troubles(readers),
                losses.get().orElse(""),
                cluster.get().map(ClusterStatus::problem).orElse(""))
            .filter(sentenceOf -> !sentenceOf.isEmpty())
            .collect(Collectors.joining(" "));
    return new Overview(worst, sentence.strip(), degraded, all, heldUp);
  }

  private static Map<Integer, String> readBy(List<ClientStatus> clients) {
    Map<Integer, String> names = new HashMap<>();
    clients.forEach(
        client -> client.shards().forEach(shard -> names.put(shard.number(), client.name())));
    return names;
  }

  private String troubles(List<ClientStatus> clients) {
    boolean shared = cluster.get().isPresent();
    return clients.stream()
        .filter(client -> client.trouble().isPresent())
        .map(
            client ->
                ClientReaders.cannot(client.name(), shared) + " " + client.trouble().orElseThrow())
        .collect(Collectors.joining(" "));
  }

  private static boolean isAllRefused(ShardStatus shard, Rejections refused) {
    return shard.health() == Health.BROKEN && refused != null && refused.subscribed().isEmpty();
  }

  private static boolean isRead(Health health) {
    return health == Health.FLOWING || health == Health.IDLE;
  }

  /** One line in the log whenever the state becomes another, or its reason does. */
  void tellChanges() {
    Overview now = overview();
    String reason = problem.get().map(Problem::sentence).orElse("");
    if (now.health() == reported && (reason.isEmpty() || reason.equals(reportedProblem))) {
      return;
    }
    String line = (change(now, reason) + " " + now.degraded()).strip();
    switch (now.health()) {
      case FLOWING, IDLE -> LOG.info(line);
      case BLIND -> LOG.warn(line);
      case BROKEN -> LOG.error(line);
    }
    if (isRead(now.health())) {
      received = true;
    } else {
      unreadSince = isRead(reported) ? clock.getAsLong() : unreadSince;
      unreadBecause = because(now);
    }
    reported = now.health();
    reportedProblem = reason;
  }

  private String change(Overview now, String reason) {
    String again =
        received && !isRead(reported)
            ? " again after %d s %s"
                .formatted((clock.getAsLong() - unreadSince) / 1000, unreadBecause)
            : "";
    String not = "Not receiving " + (isPartly(now) ? "all" : "any") + " events";
    String why = reason.isEmpty() ? "The lines of the shards say why." : now.sentence();
    return switch (now.health()) {
      case FLOWING -> "Receiving events" + again + ".";
      case IDLE -> "Connected" + again + "; no events at present.";
      case BLIND -> not + ". " + now.sentence();
      case BROKEN -> not + " until somebody acts. " + why;
    };
  }

  private static boolean isPartly(Overview overview) {
    return overview.shards().stream().anyMatch(ShardStatus::isRead);
  }

  private static String because(Overview overview) {
    if (overview.heldUp() && overview.shards().stream().allMatch(ShardStatus::isRead)) {
      return "in which nothing behind the route took any";
    }
    return isPartly(overview) ? "without some of the connections" : "without a connection";
  }

  // ---- for health

  @Override
  protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
    Overview overview = overview();
    builder.detail("bridge.state", overview.health().label());
    tellIfAny(builder, "bridge.sentence", overview.sentence());
    tellIfAny(builder, "degraded", overview.degraded());
    builder.detail("bridge.in-flight", reader.inFlight().count());
    tellIfAny(builder, "bridge.stalled-seconds", reader.inFlight().stalledMillis(), 1000);
    tellIfAny(builder, "bridge.listing", reader.listing().get());
    cluster
        .get()
        .ifPresent(
            now -> {
              builder.detail("bridge.instances", now.sentence());
              builder.detail("bridge.instance", now.instance());
            });
    tellIfAny(builder, "bridge.channels", channels.get());
    List<ClientStatus> readers = reader.clients().get();
    if (readers.size() > 1) {
      readers.forEach(client -> tell(builder, client));
    }
    Map<Integer, String> readBy = readBy(readers);
    for (ShardStatus shard : overview.shards()) {
      String name = "shard-" + shard.number() + ".";
      builder.detail(name + "state", shard.health().label());
      if (readers.size() > 1) {
        builder.detail(name + "client", readBy.getOrDefault(shard.number(), ""));
      }
      builder.detail(name + "topics", shard.topics());
      List<String> channels =
          shard.phases().stream().map(phase -> phase.name().toLowerCase(Locale.ROOT)).toList();
      builder.detail(name + "channels", String.join(", ", channels));
      if (shard.silentMillis() >= 0) {
        builder.detail(name + "seconds-since-frame", shard.silentMillis() / 1000);
      }
      tellIfAny(builder, name + "blind-seconds", shard.blindMillis(), 1000);
      tellIfAny(builder, name + "failures", shard.failures(), 1);
      builder.detail(name + "sentence", shard.sentence());
    }
    boolean ready = isRead(overview.health());
    builder.message(overview.sentence()).state(ready ? State.UP : State.DOWN);
  }

  private static void tellIfAny(HealthCheckResultBuilder builder, String name, String text) {
    if (!text.isEmpty()) {
      builder.detail(name, text);
    }
  }

  private static void tellIfAny(
      HealthCheckResultBuilder builder, String name, long count, long unit) {
    if (count > 0) {
      builder.detail(name, count / unit);
    }
  }

  private static void tell(HealthCheckResultBuilder builder, ClientStatus client) {
    String name = "client-" + client.name() + ".";
    builder.detail(name + "state", client.state());
    builder.detail(name + "shards", client.shards().size());
    builder.detail(name + "topics", client.shards().stream().mapToInt(ShardStatus::topics).sum());
    builder.detail(name + "channels", client.channels());
    client.trouble().ifPresent(trouble -> builder.detail(name + "sentence", trouble));
  }

  @Override
  public boolean isLiveness() {
    return false;
  }
}
