package dev.caravan.cluster;

import java.util.Map;
import java.util.Set;

/** Something from which an instance may draw a decision. */
sealed interface ClusterEvent {

  /** A record of the control topic. */
  record Heard(ControlRecord told, boolean fresh) implements ClusterEvent {}

  /** All that the control topic held at the start has been heard. */
  record CaughtUp() implements ClusterEvent {}

  /** The group has given us these slots, and no others. A lost assignment is not told. */
  record Assigned(Set<Integer> slots) implements ClusterEvent {}

  /**
   * The organisation has been listed.
   *
   * @param versions of the topics of each shard
   */
  record ListedAnew(Map<Integer, String> versions, boolean whole) implements ClusterEvent {}

  /** A shard that we opened is LIVE. */
  record Opened(int shard) implements ClusterEvent {}

  /** A shard that we drained brings nothing more, and is not forwarded any more. */
  record Drained(int shard) implements ClusterEvent {}

  /** We are about to end. */
  record Leave() implements ClusterEvent {}

  /** The process stood still for so long that others may read by now what we read. */
  record StoodStill() implements ClusterEvent {}

  /** Time has passed. */
  record Tick() implements ClusterEvent {}
}
