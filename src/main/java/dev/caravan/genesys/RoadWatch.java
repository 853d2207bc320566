package dev.caravan.genesys;

import dev.caravan.channel.ShardStatus;
import dev.caravan.channel.ShardStatus.Health;
import dev.caravan.genesys.connect.Rejections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts together how the road is, from its shards, from what keeps them from being opened and from
 * what is behind the route; and says in the log when that becomes another.
 */
final class RoadWatch {

  private static final Logger LOG = LoggerFactory.getLogger(RoadWatch.class);

  /** For how long Kafka may acknowledge nothing before that is called an outage. */
  private static final long STALLED_MILLIS = 10_000;

  private final Supplier<Optional<Problem>> problem;
  private final Supplier<List<ShardStatus>> shards;
  private final InFlight inFlight;
  private final Supplier<String> trouble;
  private final Supplier<Optional<String>> losses;
  private final Supplier<Map<Integer, Rejections>> rejected;
  private Health told = Health.BLIND;
  private String toldProblem = Preparation.NOT_YET;

  /**
   * How the road is.
   *
   * @param sentence why topics are not read; empty if all are that can be
   * @param degraded what does not work, although the road does; empty if all is well
   * @param inFlight events that were read and are not safe yet
   * @param stalledMillis for how long none of them has become so
   */
  record Overview(
      Health health,
      String sentence,
      String degraded,
      List<ShardStatus> shards,
      int inFlight,
      long stalledMillis) {}

  /** What keeps the shards from being opened, and how bad it is. */
  record Problem(Health health, String sentence) {}

  /**
   * @param problem what keeps the shards from being opened
   * @param trouble why the last call of Genesys Cloud failed; empty if all is well
   * @param losses why gaps cannot be written to disk, and what was lost for good
   * @param rejected what each shard was refused
   */
  RoadWatch(
      Supplier<Optional<Problem>> problem,
      Supplier<List<ShardStatus>> shards,
      InFlight inFlight,
      Supplier<String> trouble,
      Supplier<Optional<String>> losses,
      Supplier<Map<Integer, Rejections>> rejected) {
    this.problem = problem;
    this.shards = shards;
    this.inFlight = inFlight;
    this.trouble = trouble;
    this.losses = losses;
    this.rejected = rejected;
  }

  /**
   * How the road is: the worst of its shards, or what keeps them from being opened. Topics that are
   * refused do not count as long as others are read.
   */
  Overview overview() {
    Optional<Problem> first = problem.get();
    if (first.isPresent()) {
      return new Overview(
          first.get().health(),
          first.get().sentence(),
          losses.get().orElse(""),
          shards.get(),
          inFlight.count(),
          0);
    }
    List<ShardStatus> all = shards.get();
    Map<Integer, Rejections> refused = rejected.get();
    List<ShardStatus> due =
        all.stream().filter(shard -> !isAllRefused(shard, refused.get(shard.number()))).toList();
    due = due.isEmpty() ? all : due;
    Health worst = due.stream().map(ShardStatus::health).reduce(Health::worse).orElse(Health.BLIND);
    if (worst == Health.IDLE && due.stream().anyMatch(s -> s.health() == Health.FLOWING)) {
      worst = Health.FLOWING;
    }
    String sentence =
        due.stream()
            .filter(shard -> !shard.isRead())
            .map(shard -> "Shard " + shard.number() + ": " + shard.sentence())
            .collect(Collectors.joining(" "));
    if (worst == Health.BLIND) {
      sentence = (sentence + " " + trouble.get()).strip();
    }
    long stalled = inFlight.stalledMillis();
    if (inFlight.full() || stalled >= STALLED_MILLIS) {
      worst = worst.worse(Health.BLIND);
      sentence =
          "What is behind the route has taken nothing for %d s; %d events wait for it, and Genesys"
                  .formatted(stalled / 1000, inFlight.count())
              + " Cloud is no longer read when %d do. See the spool's health. %s"
                  .formatted(inFlight.most(), sentence);
    }
    String degraded =
        (Rejections.sentence(refused.values()) + " " + losses.get().orElse("")).strip();
    return new Overview(worst, sentence.strip(), degraded, all, inFlight.count(), stalled);
  }

  private static boolean isAllRefused(ShardStatus shard, Rejections refused) {
    return shard.health() == Health.BROKEN && refused != null && refused.subscribed().isEmpty();
  }

  /** One line in the log whenever the state of the road becomes another, or its reason does. */
  void tellChanges() {
    Overview now = overview();
    String reason = problem.get().map(Problem::sentence).orElse("");
    if (now.health() == told && (reason.isEmpty() || reason.equals(toldProblem))) {
      return;
    }
    String sentence = (now.sentence() + " " + now.degraded()).strip();
    if (sentence.isEmpty()) {
      sentence = "All is well.";
    }
    if (now.health() == Health.BROKEN && reason.isEmpty()) {
      sentence = "The lines of its shards say why.";
    }
    String change = now.health() == told ? "" : " (it was " + told.label() + ")";
    String line = "The road is " + now.health().label() + change + ". " + sentence;
    switch (now.health()) {
      case FLOWING, IDLE -> LOG.info(line);
      case BLIND -> LOG.warn(line);
      case BROKEN -> LOG.error(line);
    }
    told = now.health();
    toldProblem = reason;
  }
}
