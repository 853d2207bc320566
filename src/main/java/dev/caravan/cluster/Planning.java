package dev.caravan.cluster;

import static dev.caravan.topic.Plan.DEFAULT_CLIENT;

import dev.caravan.cluster.ClusterEvent.ListedAnew;
import dev.caravan.cluster.ClusterState.Leader;
import dev.caravan.cluster.ControlRecord.Live;
import dev.caravan.cluster.ControlRecord.Member;
import dev.caravan.cluster.ControlRecord.Plan;
import dev.caravan.cluster.ControlRecord.Topics;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Whom the slots and shards of a plan belong to as things are at a moment, and what the owner of
 * slot 0 plans next: what has been listed, dealt by {@link Dealing}, and the one shard that may
 * move.
 */
final class Planning {

  private final ClusterState state;
  private final long now;

  Planning(ClusterState state, long now) {
    this.state = state;
    this.now = now;
  }

  /**
   * Whether this instance plans: it has slot 0. If nobody was heard for long who does, though the
   * group has given it to one, whoever has the first slot of those that are heard.
   */
  boolean isOurs() {
    if (state.self().leaving() || state.slots().contains(0)) {
      return !state.self().leaving();
    }
    return isUnled() && isFirst(any -> true);
  }

  private boolean isUnled() {
    return state.view().contact(now) && state.view().unledMillis(now) >= Timings.UNLED_MILLIS;
  }

  /** Whether of those that know the plan it is we who have the first slot. */
  boolean isFirstToKnow() {
    return isFirst(who -> state.view().members().get(who).plan() >= state.view().plan().epoch());
  }

  /** Whether we have the first slot of all that we and these others have. */
  private boolean isFirst(Predicate<String> others) {
    return owners().entrySet().stream()
        .filter(it -> it.getValue().equals(state.me()) || others.test(it.getValue()))
        .min(Map.Entry.comparingByKey())
        .filter(first -> first.getValue().equals(state.me()))
        .isPresent();
  }

  /** Of two that believe to have slot 0, one does not know yet: neither answers at once. */
  boolean isLedByAnother() {
    Member other = state.view().members().get(state.view().plan().by());
    return other != null
        && !other.by().equals(state.me())
        && !other.leaving()
        && (other.slots().contains(0) || isUnled())
        && state.view().alive(other.by(), now)
        && now - state.view().planAt() < Timings.WRITE_AGAIN_MILLIS;
  }

  /**
   * The plan that is due; empty while topics that it would name are not there yet, or nobody has
   * slots.
   */
  Optional<Plan> next(Leader leader) {
    ControlView view = state.view();
    Plan before = view.plan();
    Map<Integer, String> versions =
        leader.listed().map(ListedAnew::versions).orElseGet(this::latest);
    Map<Integer, String> owners = owners();
    Map<Integer, String> readers = readers();
    boolean quiet = before.moving() < 0 && moving(before.slots(), owners, readers) < 0;
    Map<Integer, String> reading = new HashMap<>(readers);
    reading.keySet().removeIf(shard -> !view.isRead(shard, now));
    // Who is about to take over has a channel already
    before.slots().keySet().stream()
        .filter(shard -> !readers.containsKey(shard))
        .forEach(shard -> view.couldTakeOver(shard, now).ifPresent(who -> reading.put(shard, who)));
    Map<Integer, Integer> slots =
        Dealing.deal(
            versions.keySet(), withoutDead(before, owners), owners, reading, quiet, this::mayRead);
    if (!slots.keySet().containsAll(versions.keySet()) || !areThere(versions)) {
      return Optional.empty();
    }
    int moving = moving(slots, owners, readers);
    boolean ours = before.by().equals(state.me());
    return Optional.of(
        new Plan(
            state.me(),
            ours ? before.epoch() : before.epoch() + 1,
            slots,
            versions,
            leader.listed().map(ListedAnew::whole).orElse(before.whole()),
            moving));
  }

  /**
   * Whether an instance can read a shard, as far as it has told: its client can log in there. One
   * that knows of one client only would read all with that.
   */
  boolean mayRead(int shard, String who) {
    Optional<String> client = state.view().shard(shard).topics().map(it -> it.planned().client());
    boolean us = who.equals(state.me());
    Member other = state.view().members().get(who);
    Logins logins = us ? state.self().logins() : other.logins();
    boolean several = state.self().settings().containsKey(Cluster.CLIENTS);
    boolean knowsOne = several && !us && !other.settings().containsKey(Cluster.CLIENTS);
    return client
        .filter(it -> logins.refuses(it) || knowsOne && !it.equals(DEFAULT_CLIENT))
        .isEmpty();
  }

  /** The versions of what is planned, as they are there. */
  private Map<Integer, String> latest() {
    Map<Integer, String> latest = new HashMap<>(state.view().plan().versions());
    latest.replaceAll(
        (shard, version) -> state.view().planned(shard).map(Topics::version).orElse(version));
    return latest;
  }

  /**
   * The slots of shards, but for those that nobody has whose owner has been silent for long. What
   * one had that is not missed any more may be that of another since.
   */
  private Map<Integer, Integer> withoutDead(Plan before, Map<Integer, String> owners) {
    Map<Boolean, Set<Integer>> bySilence =
        state.view().members().values().stream()
            .collect(
                Collectors.partitioningBy(
                    it -> state.view().silentMillis(it.by(), now) >= Timings.REPLACED_AFTER_MILLIS,
                    Collectors.flatMapping(it -> it.slots().stream(), Collectors.toSet())));
    Map<Integer, Integer> kept = new HashMap<>(before.slots());
    kept.values()
        .removeIf(
            slot ->
                bySilence.get(true).contains(slot)
                    && !bySilence.get(false).contains(slot)
                    && !owners.containsKey(slot));
    if (isUnled()) {
      // The group may have given others, too, to whoever is not heard
      kept.values().retainAll(owners.keySet());
    }
    return kept;
  }

  private boolean areThere(Map<Integer, String> versions) {
    return versions.entrySet().stream()
        .allMatch(
            shard ->
                state
                    .view()
                    .shard(shard.getKey())
                    .topics()
                    .filter(topics -> topics.version().equals(shard.getValue()))
                    .isPresent());
  }

  /** The instance that has each slot, as far as it is there and does not leave. */
  Map<Integer, String> owners() {
    Map<Integer, String> owners = new HashMap<>();
    state.view().members().values().stream()
        .filter(member -> !member.leaving() && !member.by().equals(state.me()))
        .filter(member -> state.view().alive(member.by(), now))
        .forEach(member -> member.slots().forEach(slot -> owners.put(slot, member.by())));
    state.slots().forEach(slot -> owners.put(slot, state.me()));
    return owners;
  }

  private Map<Integer, String> readers() {
    Map<Integer, String> readers = new HashMap<>();
    state
        .view()
        .shards()
        .forEach(
            (shard, its) ->
                its.reader()
                    .map(Live::by)
                    .filter(reader -> state.view().alive(reader, now))
                    .ifPresent(reader -> readers.put(shard, reader)));
    return readers;
  }

  /** The shard that may move now: the same until it has, or makes room for the next. */
  private int moving(
      Map<Integer, Integer> slots, Map<Integer, String> owners, Map<Integer, String> readers) {
    TreeMap<Integer, Integer> due = new TreeMap<>();
    slots.forEach(
        (shard, slot) -> {
          String owner = owners.get(slot);
          String reader = readers.get(shard);
          if (owner != null && reader != null && !owner.equals(reader)) {
            due.put(shard, slot);
          }
        });
    int current = state.view().plan().moving();
    long since = state.leader().map(Leader::movingSince).orElse(now);
    boolean inTime = now - since < Timings.MOVES_WITHIN_MILLIS;
    if (current >= 0 && (due.containsKey(current) && inTime || isOpenTwice(current))) {
      return current;
    }
    Integer next = due.higherKey(current);
    return due.isEmpty() ? -1 : next == null ? due.firstKey() : next;
  }

  /** Whether the one before may still have its channel. */
  private boolean isOpenTwice(int shard) {
    ControlView view = state.view();
    return view.reader(shard)
        .filter(Live::held)
        .filter(live -> view.shard(shard).handed() < live.epoch())
        .filter(live -> view.millisSinceLive(shard, now) < Timings.HANDED_WITHIN_MILLIS)
        .isPresent();
  }
}
