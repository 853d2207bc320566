package dev.caravan.cluster;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.topic.TopicSharder;
import java.util.List;

/**
 * What an instance decides to do. Most is asked of whoever reads, and named and told as in {@link
 * ShardReader}; times at which something was read are in epoch milliseconds here, 0 if there is
 * none.
 */
sealed interface ClusterAction {

  /** Writes a record to the control topic. */
  record Write(ControlRecord record) implements ClusterAction {}

  /** Writes until when the shard has been read. */
  record WriteUntil(int shard, long epoch) implements ClusterAction {}

  /** Writes what was forwarded of the shard since it was offered, and closes its channel. */
  record HandOver(int shard, long epoch) implements ClusterAction {}

  record Open(TopicSharder.Shard shard, boolean held, long lastRead) implements ClusterAction {}

  record Inherit(int shard, long lastRead) implements ClusterAction {}

  record StandBy(TopicSharder.Shard shard) implements ClusterAction {}

  record TakeOver(TopicSharder.Shard shard, long lastRead) implements ClusterAction {}

  record TakePart(int shard) implements ClusterAction {}

  record Rescue(int shard) implements ClusterAction {}

  record Change(TopicSharder.Shard shard) implements ClusterAction {}

  record Unread(int shard, long since, long lastRead) implements ClusterAction {}

  record Close(int shard) implements ClusterAction {}

  record Finish(int shard) implements ClusterAction {}

  record Note(int shard, boolean on) implements ClusterAction {}

  record Hold(int shard) implements ClusterAction {}

  record Drain(int shard) implements ClusterAction {}

  record Release(int shard, List<Forwarded> forwarded) implements ClusterAction {}

  /**
   * Another instance reads the shard: what our own ledger holds of it is told by that one.
   *
   * @param lastRead since when it does; 0 if it does not, so that our gap is over now
   */
  record ReadElsewhere(int shard, long lastRead) implements ClusterAction {}

  /** Becomes a member of the group, or leaves it for a while. */
  record Join(boolean on) implements ClusterAction {}

  record Lead(boolean on) implements ClusterAction {}

  record Want(List<String> subscriptions) implements ClusterAction {}
}
