package dev.caravan.cluster;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.cluster.ControlRecord.Plan;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
 */
record ClusterState(
    Self self,
    boolean caughtUp,
    Set<Integer> slots,
    Optional<Leader> leader,
    ControlView view,
    Map<Integer, Ours> ours) {

  /**
   * What is known of this instance alone.
   *
   * @param name drawn anew at each start
   * @param settings in which all have to agree
   * @param leaving whether we are about to end
   * @param reach whether we reach Genesys Cloud
   * @param away whether we have left the group, as others read and we do not
   * @param awaySince since when
   * @param logins which OAuth clients can log in here
   */
  record Self(
      String name,
      Map<String, String> settings,
      boolean leaving,
      Reach reach,
      boolean away,
      long awaySince,
      Logins logins) {
    Self {
      settings = Map.copyOf(settings);
    }

    Self withLeaving() {
      return new Self(name, settings, true, reach, away, awaySince, logins);
    }

    Self withReach(Reach next) {
      return new Self(name, settings, leaving, next, away, awaySince, logins);
    }

    Self withAway(boolean next, long now) {
      return new Self(name, settings, leaving, reach, next, now, logins);
    }

    Self withLogins(Logins next) {
      return new Self(name, settings, leaving, reach, away, awaySince, next);
    }
  }

  /**
   * Whoever lists the organisation and writes the plan.
   *
   * @param listed what is to be read, if we have listed it
   * @param movingSince since when the plan names the shard that moves
   * @param written the plan that we wrote last
   * @param writtenAt when that was
   */
  record Leader(Optional<Listed> listed, long movingSince, Optional<Plan> written, long writtenAt) {

    static Leader since(long now) {
      return new Leader(Optional.empty(), now, Optional.empty(), 0);
    }

    Leader withListed(Optional<Listed> next) {
      return new Leader(next, movingSince, written, writtenAt);
    }

    Leader withWritten(Plan plan, long movesSince, long now) {
      return new Leader(listed, movesSince, Optional.of(plan), now);
    }
  }

  /**
   * What is to be read, as we have listed it.
   *
   * @param versions of the topics of each shard
   */
  record Listed(Map<Integer, String> versions, boolean whole) {
    Listed {
      versions = Map.copyOf(versions);
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
   */
  record Ours(
      Stage stage,
      String version,
      long epoch,
      long since,
      long lastRead,
      int parts,
      List<Forwarded> forwarded) {

    static Ours opening(Stage stage, String version, long lastRead, long now) {
      return new Ours(stage, version, 0, now, lastRead, 0, List.of());
    }

    Ours at(Stage next, long now) {
      return new Ours(next, version, epoch, now, lastRead, 0, List.of());
    }

    Ours under(long next, long at) {
      return new Ours(stage, version, next, at, lastRead, parts, forwarded);
    }

    Ours withVersion(String next) {
      return new Ours(stage, next, epoch, since, lastRead, parts, forwarded);
    }

    Ours with(int told, List<Forwarded> all) {
      return new Ours(stage, version, epoch, since, lastRead, told, all);
    }
  }

  static ClusterState initial(String me, Map<String, String> settings) {
    return new ClusterState(
        new Self(me, settings, false, Reach.UNKNOWN, false, 0, Logins.NONE),
        false,
        Set.of(),
        Optional.empty(),
        ControlView.EMPTY,
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

  ClusterState with(int shard, Ours next) {
    Map<Integer, Ours> more = new HashMap<>(ours);
    more.put(shard, next);
    return withOurs(more);
  }

  ClusterState without(int shard) {
    Map<Integer, Ours> rest = new HashMap<>(ours);
    rest.remove(shard);
    return withOurs(rest);
  }

  private ClusterState withOurs(Map<Integer, Ours> next) {
    return new ClusterState(self, caughtUp, slots, leader, view, next);
  }

  ClusterState with(Self next) {
    return new ClusterState(next, caughtUp, slots, leader, view, ours);
  }

  ClusterState with(ControlView next) {
    return new ClusterState(self, caughtUp, slots, leader, next, ours);
  }

  ClusterState with(Optional<Leader> next) {
    return new ClusterState(self, caughtUp, slots, next, view, ours);
  }

  ClusterState withSlots(Set<Integer> next) {
    return new ClusterState(self, caughtUp, next, leader, view, ours);
  }

  ClusterState withCaughtUp() {
    return new ClusterState(self, true, slots, leader, view, ours);
  }
}
