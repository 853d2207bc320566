package dev.caravan.cluster;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.cluster.ClusterEvent.ListedAnew;
import dev.caravan.cluster.ControlRecord.Plan;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * An instance as a value.
 *
 * @param self what is known of this instance alone
 * @param caughtUp whether all that the control topic held at the start has been read
 * @param slots those that the group gave us last; a lost assignment does not change them
 * @param leader what we do as the owner of slot 0; empty if we are not
 * @param view what the control topic says
 * @param ours what we do, by shard
 * @param standing for whose readers we stand by; never one of those that are ours
 */
record ClusterState(
    Self self,
    boolean caughtUp,
    Set<Integer> slots,
    Optional<Leader> leader,
    ControlView view,
    Map<Integer, Ours> ours,
    Map<Integer, Standing> standing) {

  /**
   * What is known of this instance alone.
   *
   * @param name drawn anew at each start
   * @param settings in which all have to agree
   * @param standby whether each shard is read by a second instance
   * @param channels how many channels an instance reads a shard with
   * @param leaving whether we are about to end
   * @param reach whether we reach Genesys Cloud
   * @param away whether we have left the group, and why
   * @param awaySince since when that is so
   * @param logins which OAuth clients can log in here
   */
  record Self(
      String name,
      Map<String, String> settings,
      boolean standby,
      int channels,
      boolean leaving,
      Reach reach,
      Away away,
      long awaySince,
      Logins logins) {
    Self {
      settings = Map.copyOf(settings);
    }

    Self withLeaving(boolean next) {
      return new Self(name, settings, standby, channels, next, reach, away, awaySince, logins);
    }

    Self withReach(Reach next) {
      return new Self(name, settings, standby, channels, leaving, next, away, awaySince, logins);
    }

    boolean isAway() {
      return away != Away.NO;
    }

    Self withAway(Away next, long now) {
      return new Self(name, settings, standby, channels, leaving, reach, next, now, logins);
    }

    Self withLogins(Logins next) {
      return new Self(name, settings, standby, channels, leaving, reach, away, awaySince, next);
    }
  }

  /** Whether an instance has left the group for a while, and why. */
  enum Away {
    NO,
    /** Others read, and we do not. */
    REACHES_NOTHING,
    /** We hear others and not ourselves, so that they hear nothing of us. */
    IS_NOT_HEARD,
    /** Kafka takes what we write, and we hear nothing of it, nor of others. */
    HEARS_NOTHING
  }

  /**
   * Whoever lists the organisation and writes the plan.
   *
   * @param listed what is to be read, if we have listed it
   * @param movingSince since when the plan names the shard that moves
   * @param written the plan that we wrote last
   * @param writtenAt when that was
   * @param stoodStill whether we have stood still since we began to lead: what another planned
   *     meanwhile may be heard only afterwards
   */
  record Leader(
      Optional<ListedAnew> listed,
      long movingSince,
      Optional<Plan> written,
      long writtenAt,
      boolean stoodStill) {

    static Leader since(long now) {
      return new Leader(Optional.empty(), now, Optional.empty(), 0, false);
    }

    Leader withListed(ListedAnew anew) {
      return new Leader(Optional.of(anew), movingSince, written, writtenAt, stoodStill);
    }

    Leader withWritten(Plan plan, long movesSince, long now) {
      return new Leader(listed, movesSince, Optional.of(plan), now, stoodStill);
    }

    Leader withStoodStill() {
      return new Leader(listed, movingSince, written, writtenAt, true);
    }
  }

  /** What we do with a shard. */
  enum Stage {
    /** It is being opened, and nobody else reads it. */
    OPENING,
    /** It is being opened, and another instance reads it. */
    JOINING,
    /** We read it, and forward nothing before the other has told what it forwarded. */
    HOLDING,
    /** We read it and forward. */
    READING,
    /**
     * The process stood still: we read it, and forward nothing before we know that nobody else
     * does.
     */
    CHECKING,
    /** We do, and note what we forward: another instance is about to read it. */
    OFFERED,
    /** Another instance reads it; we read what is still on its way to us. */
    DRAINING,
    /** Its channel was taken from us while we could not hear whether another instance reads it. */
    GIVEN_UP
  }

  /**
   * What we do with a shard.
   *
   * @param version which topics
   * @param epoch under which we read it; 0 before we do
   * @param since when that stage began
   * @param lastRead as {@link ControlRecord.Live} tells it
   * @param parts how many records the one before has told what it forwarded with, so far
   * @param forwarded what that is
   * @param stoodStill when we did last in that stage; 0 if not
   * @param probing whether we have not heard yet all that was told until then
   */
  record Ours(
      Stage stage,
      String version,
      long epoch,
      long since,
      long lastRead,
      int parts,
      List<Forwarded> forwarded,
      long stoodStill,
      boolean probing) {

    /** As many as there are. */
    static final int ALL_PARTS = -1;

    static Ours opening(Stage stage, String version, long lastRead, long now) {
      return new Ours(stage, version, 0, now, lastRead, 0, List.of(), 0, false);
    }

    Ours at(Stage next, long now) {
      return new Ours(next, version, epoch, now, lastRead, 0, List.of(), 0, false);
    }

    Ours under(long next, long at) {
      return new Ours(stage, version, next, at, lastRead, parts, forwarded, stoodStill, probing);
    }

    Ours withVersion(String next) {
      return new Ours(stage, next, epoch, since, lastRead, parts, forwarded, stoodStill, probing);
    }

    Ours with(int told, List<Forwarded> all) {
      return new Ours(stage, version, epoch, since, lastRead, told, all, stoodStill, probing);
    }

    Ours stoodStill(long at) {
      return new Ours(stage, version, epoch, since, lastRead, parts, forwarded, at, true);
    }

    Ours probed() {
      return new Ours(stage, version, epoch, since, lastRead, parts, forwarded, stoodStill, false);
    }
  }

  /**
   * That we read a shard besides another instance, and forward nothing of it, or may not do so yet.
   *
   * @param version which topics; empty before its channel is being opened
   * @param since when its channel was opened, or may be at the earliest, whether or not it is our
   *     turn by then
   * @param liveSince since when the channel is live; empty if it is not
   * @param taken whether the one before was taken from us: one sooner than that would end another's
   */
  record Standing(String version, long since, OptionalLong liveSince, boolean taken) {

    /** It is our turn: the one before may still have its channel. */
    static Standing due(long from) {
      return new Standing("", from, OptionalLong.empty(), false);
    }

    /** Our channel was taken from us. */
    static Standing taken(long until) {
      return new Standing("", until, OptionalLong.empty(), true);
    }

    boolean isOpen() {
      return !version.isEmpty();
    }

    boolean isLive() {
      return liveSince.isPresent();
    }

    /** Whether we have read it for so long. */
    boolean isWarm(long now, long forMillis) {
      return liveSince.isPresent() && now - liveSince.getAsLong() >= forMillis;
    }

    Standing withVersion(String next) {
      return new Standing(next, since, liveSince, taken);
    }

    Standing opened(String next, long now) {
      return new Standing(next, now, OptionalLong.empty(), false);
    }

    Standing live(OptionalLong at) {
      return new Standing(version, since, at, taken);
    }
  }

  static ClusterState initial(String me, Map<String, String> settings) {
    return initial(me, settings, false, 1);
  }

  static ClusterState initial(
      String me, Map<String, String> settings, boolean standby, int channels) {
    return new ClusterState(
        new Self(me, settings, standby, channels, false, Reach.UNKNOWN, Away.NO, 0, Logins.NONE),
        false,
        Set.of(),
        Optional.empty(),
        ControlView.EMPTY,
        Map.of(),
        Map.of());
  }

  /** The name of this instance. */
  String me() {
    return self.name();
  }

  Optional<Ours> ours(int shard) {
    return Optional.ofNullable(ours.get(shard));
  }

  /** Whether the shard is in one of our slots. */
  boolean owns(int shard) {
    Integer slot = view.plan().slots().get(shard);
    return !self.leaving() && slot != null && slots.contains(slot);
  }

  /**
   * Whether an instance tells what has reached Kafka, without which whoever stands by for it would
   * forward all of it again.
   */
  boolean tellsReached(String who) {
    return Optional.ofNullable(view.members().get(who))
        .map(member -> member.settings().get(Cluster.STANDBY))
        .equals(Optional.ofNullable(self.settings().get(Cluster.STANDBY)));
  }

  /**
   * Shards that we read and that nobody could have taken over for {@link Timings#COLD_FOR_MILLIS},
   * although somebody is to; none without contact.
   */
  List<Integer> withoutStandby(long now) {
    boolean heard = view.contact(now) && now - view.contactSince() >= Timings.COLD_FOR_MILLIS;
    return self.standby() && heard
        ? ours.entrySet().stream()
            .filter(its -> its.getValue().stage() == Stage.READING)
            .filter(its -> now - its.getValue().since() >= Timings.COLD_FOR_MILLIS)
            .map(Map.Entry::getKey)
            .filter(
                shard ->
                    view.shard(shard)
                        .standby()
                        .filter(it -> !it.by().equals(me()))
                        .filter(it -> now - it.warmAt() < Timings.COLD_FOR_MILLIS)
                        .isEmpty())
            .sorted()
            .toList()
        : List.of();
  }

  Optional<Standing> standing(int shard) {
    return Optional.ofNullable(standing.get(shard));
  }

  ClusterState with(int shard, Ours next) {
    Map<Integer, Ours> more = new HashMap<>(ours);
    more.put(shard, next);
    return withoutStanding(shard).withOurs(more);
  }

  ClusterState with(int shard, Standing next) {
    Map<Integer, Standing> more = new HashMap<>(standing);
    more.put(shard, next);
    return withStanding(more);
  }

  ClusterState withoutStanding(int shard) {
    if (!standing.containsKey(shard)) {
      return this;
    }
    Map<Integer, Standing> rest = new HashMap<>(standing);
    rest.remove(shard);
    return withStanding(rest);
  }

  private ClusterState withStanding(Map<Integer, Standing> next) {
    return new ClusterState(self, caughtUp, slots, leader, view, ours, next);
  }

  ClusterState without(int shard) {
    Map<Integer, Ours> rest = new HashMap<>(ours);
    rest.remove(shard);
    return withOurs(rest);
  }

  private ClusterState withOurs(Map<Integer, Ours> next) {
    return new ClusterState(self, caughtUp, slots, leader, view, next, standing);
  }

  ClusterState with(Self next) {
    return new ClusterState(next, caughtUp, slots, leader, view, ours, standing);
  }

  ClusterState with(ControlView next) {
    return new ClusterState(self, caughtUp, slots, leader, next, ours, standing);
  }

  ClusterState with(Optional<Leader> next) {
    return new ClusterState(self, caughtUp, slots, next, view, ours, standing);
  }

  ClusterState withSlots(Set<Integer> next) {
    return new ClusterState(self, caughtUp, next, leader, view, ours, standing);
  }

  ClusterState withCaughtUp() {
    return new ClusterState(self, true, slots, leader, view, ours, standing);
  }
}
