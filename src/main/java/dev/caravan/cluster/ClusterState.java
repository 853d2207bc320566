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
 * @param me drawn anew at each start
 * @param caughtUp whether all that the control topic held at the start has been read
 * @param slots those that the group gave us last; a lost assignment does not change them
 * @param leaving whether we are about to end
 * @param leading whether we list the organisation and write the plan
 * @param listed what is to be read, if we have listed it
 * @param movingSince since when the plan names the shard that moves
 * @param written the plan that we wrote last
 * @param writtenAt when that was
 * @param view what the control topic says
 * @param ours what we do, by shard
 */
record ClusterState(
    String me,
    boolean caughtUp,
    Set<Integer> slots,
    boolean leaving,
    boolean leading,
    Optional<Listed> listed,
    long movingSince,
    Optional<Plan> written,
    long writtenAt,
    ControlView view,
    Map<Integer, Ours> ours) {

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
    DRAINING
  }

  /**
   * What we do with a shard.
   *
   * @param version which topics
   * @param epoch under which we read it; 0 before we do
   * @param since when that stage began
   * @param forwarded what the one before has told so far
   */
  record Ours(Stage stage, String version, long epoch, long since, List<Forwarded> forwarded) {
    Ours at(Stage next, long now) {
      return new Ours(next, version, epoch, now, List.of());
    }
  }

  static ClusterState initial(String me) {
    return new ClusterState(
        me,
        false,
        Set.of(),
        false,
        false,
        Optional.empty(),
        0,
        Optional.empty(),
        0,
        ControlView.EMPTY,
        Map.of());
  }

  Optional<Ours> ours(int shard) {
    return Optional.ofNullable(ours.get(shard));
  }

  /** Whether the shard is in one of our slots. */
  boolean owns(int shard) {
    Integer slot = view.plan().slots().get(shard);
    return !leaving && slot != null && slots.contains(slot);
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
    return new ClusterState(
        me, caughtUp, slots, leaving, leading, listed, movingSince, written, writtenAt, view, next);
  }

  ClusterState withView(ControlView next) {
    return new ClusterState(
        me, caughtUp, slots, leaving, leading, listed, movingSince, written, writtenAt, next, ours);
  }

  ClusterState withSlots(Set<Integer> next) {
    return new ClusterState(
        me, caughtUp, next, leaving, leading, listed, movingSince, written, writtenAt, view, ours);
  }

  ClusterState withCaughtUp() {
    return new ClusterState(
        me, true, slots, leaving, leading, listed, movingSince, written, writtenAt, view, ours);
  }

  ClusterState withLeaving() {
    return new ClusterState(
        me, caughtUp, slots, true, leading, listed, movingSince, written, writtenAt, view, ours);
  }

  ClusterState withLeading(boolean next, long now) {
    return new ClusterState(
        me, caughtUp, slots, leaving, next, Optional.empty(), now, Optional.empty(), 0, view, ours);
  }

  ClusterState withListed(Listed next) {
    return new ClusterState(
        me,
        caughtUp,
        slots,
        leaving,
        leading,
        Optional.of(next),
        movingSince,
        written,
        writtenAt,
        view,
        ours);
  }

  ClusterState withWritten(Plan plan, long movesSince, long now) {
    return new ClusterState(
        me,
        caughtUp,
        slots,
        leaving,
        leading,
        listed,
        movesSince,
        Optional.of(plan),
        now,
        view,
        ours);
  }
}
