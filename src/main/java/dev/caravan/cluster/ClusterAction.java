package dev.caravan.cluster;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.topic.TopicSharder;
import java.util.List;

/** What an instance decides to do. */
sealed interface ClusterAction {

  /** Writes a record to the control topic. */
  record Write(ControlRecord record) implements ClusterAction {}

  /** Writes until when the shard has been read. */
  record WriteUntil(int shard, long epoch) implements ClusterAction {}

  /** Writes what was forwarded of the shard since it was offered, and closes its channel. */
  record HandOver(int shard, long epoch) implements ClusterAction {}

  /**
   * Opens the shard's channel.
   *
   * @param held whether nothing is forwarded until {@link Release}
   * @param lastRead until when another instance has read it, in epoch milliseconds, if that ended
   *     and there is a gap since; 0 otherwise
   */
  record Open(TopicSharder.Shard shard, boolean held, long lastRead) implements ClusterAction {}

  /**
   * Whoever read the shard before us has ended without handing it over: what was not read between
   * the two is a gap.
   *
   * @param lastRead until when it has read it, in epoch milliseconds
   */
  record Inherit(int shard, long lastRead) implements ClusterAction {}

  /** Opens the shard's channel to stand by: nothing is forwarded, and all that is read is kept. */
  record StandBy(TopicSharder.Shard shard) implements ClusterAction {}

  /**
   * Whoever read a shard for which we stood by has ended: we forward what has not reached Kafka,
   * and read on, or go on to open our channel if that is not live.
   *
   * @param lastRead until when it has told to have read it, in epoch milliseconds; 0 if it has not
   */
  record TakeOver(TopicSharder.Shard shard, long lastRead) implements ClusterAction {}

  /** Whoever reads a shard for which we stand by hands it over to us; its channel is live. */
  record TakePart(int shard) implements ClusterAction {}

  /**
   * Another has begun to read a shard for which we stand by, as the one before had ended: we
   * forward what that one has not.
   */
  record Rescue(int shard) implements ClusterAction {}

  /** Reads other topics on the shard from now on. */
  record Change(TopicSharder.Shard shard) implements ClusterAction {}

  /**
   * The shard has been handed over to us. Of what is to be read on it, nobody reads since then what
   * our channel does not.
   *
   * @param since by our steady clock, in milliseconds: when our channel was live
   * @param lastRead until when the other is known to have read, in epoch milliseconds; 0 if it is
   *     not
   */
  record Unread(int shard, long since, long lastRead) implements ClusterAction {}

  /** Closes the shard's channel: another instance reads it. */
  record Close(int shard) implements ClusterAction {}

  /** Closes the shard's channel: the plan does not have it any more. */
  record Finish(int shard) implements ClusterAction {}

  /** Notes what is forwarded of the shard from now on, or no more. */
  record Note(int shard, boolean on) implements ClusterAction {}

  /** Forwards nothing more of the shard until {@link Release}. */
  record Hold(int shard) implements ClusterAction {}

  /** Reads what is still on its way to us; then {@link ClusterEvent.Drained}. */
  record Drain(int shard) implements ClusterAction {}

  /** Forwards what was held of the shard, but for what the other instance has forwarded. */
  record Release(int shard, List<Forwarded> forwarded) implements ClusterAction {}

  /**
   * Another instance reads the shard: what our own ledger holds of it is told by that one.
   *
   * @param lastRead since when it does, in epoch milliseconds; 0 if it does not, so that our gap is
   *     over now
   */
  record ReadElsewhere(int shard, long lastRead) implements ClusterAction {}

  /** Becomes a member of the group, or leaves it for a while. */
  record Join(boolean on) implements ClusterAction {}

  /** Begins or ends to list the organisation. */
  record Lead(boolean on) implements ClusterAction {}

  /** The whole plan is known: nothing else is wanted. */
  record Want(List<String> subscriptions) implements ClusterAction {}
}
