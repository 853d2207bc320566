package dev.caravan.cluster;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How the instances are.
 *
 * @param instance the name of this one
 * @param there instances that are there, this one included
 * @param known those that are there or were not long ago
 * @param here shards that this one reads
 * @param elsewhere shards that others read
 * @param standsBy shards of others that this one could take over at once, with all that Kafka does
 *     not have
 * @param leads whether this one finds out what is to be read
 * @param refused why the control topic cannot be read before somebody acts; empty if it can, or was
 *     once
 * @param problem why this one may read too little, or something else than the others; empty if all
 *     is well
 */
public record ClusterStatus(
    String instance,
    int there,
    int known,
    int here,
    int elsewhere,
    int standsBy,
    boolean leads,
    Optional<String> refused,
    String problem) {

  private static final int MOST_NAMED = 10;

  /** Such as {@code 3 of 3 instances, 6 shards here, 12 elsewhere; stands by for 6}. */
  public String sentence() {
    return "%d of %d instances, %d %s here, %d elsewhere%s"
        .formatted(
            there,
            known,
            here,
            here == 1 ? "shard" : "shards",
            elsewhere,
            standsBy == 0 ? "" : "; stands by for " + standsBy);
  }

  /** As things are at a moment. */
  static ClusterStatus of(
      ClusterState now,
      long at,
      int standsBy,
      Optional<String> refused,
      String trouble,
      Stream<String> warnings) {
    ControlView view = now.view();
    int there = (int) view.members().keySet().stream().filter(who -> view.alive(who, at)).count();
    long elsewhere =
        view.plan().slots().keySet().stream()
            .filter(shard -> !now.ours().containsKey(shard))
            .filter(
                shard -> view.reader(shard).filter(live -> view.alive(live.by(), at)).isPresent())
            .count();
    return new ClusterStatus(
        now.me(),
        there,
        view.members().size(),
        now.ours().size(),
        (int) elsewhere,
        standsBy,
        now.leader().isPresent(),
        now.caughtUp() ? Optional.empty() : refused,
        Stream.concat(
                Stream.of(
                    problem(now, at, refused, trouble),
                    differing(now, at),
                    alone(now, at),
                    trouble),
                warnings)
            .filter(sentence -> !sentence.isEmpty())
            .collect(Collectors.joining(" ")));
  }

  /** Which of our shards nobody could take over. */
  private static String alone(ClusterState now, long at) {
    List<Integer> all = now.withoutStandby(at);
    if (all.isEmpty()) {
      return "";
    }
    String named =
        all.stream().limit(MOST_NAMED).map(String::valueOf).collect(Collectors.joining(", "));
    int more = all.size() - MOST_NAMED;
    return "No other instance has been able to take over shard%s %s%s for a minute: should this one end, there is a gap."
        .formatted(
            all.size() == 1 ? "" : "s", named, more > 0 ? " and %d more".formatted(more) : "");
  }

  /** Which settings of others are not as ours. */
  private static String differing(ClusterState now, long at) {
    return now.view().members().values().stream()
        .filter(member -> !member.by().equals(now.me()) && now.view().alive(member.by(), at))
        .filter(member -> !member.settings().isEmpty())
        .sorted(Comparator.comparing(ControlRecord.Member::by))
        .flatMap(
            member -> {
              String names =
                  now.self().settings().entrySet().stream()
                      .filter(own -> !own.getValue().equals(member.settings().get(own.getKey())))
                      .map(Map.Entry::getKey)
                      .sorted()
                      .collect(Collectors.joining(", "));
              return names.isEmpty()
                  ? Stream.empty()
                  : Stream.of(
                      "Instance %s has other settings than this one: %s. All instances need the same."
                          .formatted(member.by(), names));
            })
        .collect(Collectors.joining(" "));
  }

  private static String problem(
      ClusterState now, long at, Optional<String> refused, String trouble) {
    if (!now.caughtUp()) {
      return refused.orElse(
          "The control topic in Kafka has not been read yet, so it is not known what the other"
              + " instances read.");
    }
    if (now.self().leaving()) {
      return "This instance leaves its shards to the others, as its route is about to stop.";
    }
    if (now.self().away() == ClusterState.Away.IS_NOT_HEARD) {
      return "The other instances hear nothing of this one, as nothing that it writes to the control"
          + " topic arrives there: it leaves its shards to them. What it still reads it reads on.";
    }
    if (now.self().away() == ClusterState.Away.HEARS_NOTHING) {
      return "This instance hears nothing of the control topic, though Kafka takes what it writes there:"
          + " it leaves what is to be found out to the others. What it reads it reads on, with the topics"
          + " that it has. It needs the right Read on the topic; if it has that, restart it.";
    }
    if (now.self().isAway()) {
      return "This instance does not reach Genesys Cloud, and others do: it leaves its shards to"
          + " them, and looks again after five minutes.";
    }
    if (refused.isPresent()) {
      return refused.get() + " What this instance reads it reads on.";
    }
    if (!now.view().contact(at) && trouble.isEmpty()) {
      return "Kafka does not answer, so this instance does not hear the others. What it reads it"
          + " reads on.";
    }
    if (now.view().contact(at) && now.view().unledMillis(at) >= Timings.UNLED_MILLIS) {
      return "The instance that is to find out what is to be read, for all, is a member of the group"
          + " and is not heard. %s does meanwhile; see which one does not answer."
              .formatted(now.leader().isPresent() ? "This one" : "Another");
    }
    return now.view().plan().slots().isEmpty()
        ? "No instance has found out yet what is to be read."
        : "";
  }
}
