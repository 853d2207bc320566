package dev.caravan.cluster;

import java.util.Map;
import java.util.Set;

/** Something from which an instance may draw a decision; much of it {@link Cluster} is told. */
sealed interface ClusterEvent {

  /** A record of the control topic. */
  record Heard(ControlRecord told, boolean fresh) implements ClusterEvent {}

  /** All that the control topic held at the start has been heard. */
  record CaughtUp() implements ClusterEvent {}

  /** The group has given us these slots, and no others. */
  record Assigned(Set<Integer> slots) implements ClusterEvent {}

  /**
   * The group has given us up: others may have our slots by now. Nobody is to stop because of it.
   */
  record Lost() implements ClusterEvent {}

  /**
   * The organisation has been listed.
   *
   * @param versions of the topics of each shard
   */
  record ListedAnew(Map<Integer, String> versions, boolean whole) implements ClusterEvent {
    public ListedAnew {
      versions = Map.copyOf(versions);
    }
  }

  record Opened(int shard) implements ClusterEvent {}

  record Blind(int shard) implements ClusterEvent {}

  record Drained(int shard) implements ClusterEvent {}

  record Evicted(int shard) implements ClusterEvent {}

  /** Others of the OAuth clients can log in here. */
  record LoggedIn(Logins logins) implements ClusterEvent {}

  /** We are about to end, or go on after all. */
  record Leaving(boolean on) implements ClusterEvent {}

  /** The process stood still for so long that others may read by now what we read. */
  record StoodStill() implements ClusterEvent {}

  /**
   * A second has passed.
   *
   * @param reach whether we reach Genesys Cloud
   * @param taken whether Kafka takes what we write to the control topic
   */
  record Tick(Reach reach, boolean taken) implements ClusterEvent {}
}
