package dev.caravan.cluster;

import dev.caravan.cluster.Cluster.Answer;
import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.cluster.Cluster.Reached;
import dev.caravan.topic.Plan;
import dev.caravan.topic.TopicSharder;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What an instance reads with; all is called on the control thread. */
public interface ShardReader {

  /**
   * Opens a shard's channel; {@link Cluster#opened} when it is LIVE.
   *
   * @param held whether nothing is forwarded until {@link #release}
   * @param lastRead until when it was read by others; there is a gap since
   */
  void open(TopicSharder.Shard shard, boolean held, Optional<Instant> lastRead);

  /**
   * Opens a shard's channel to stand by: what is read is kept until it is {@link #acknowledged},
   * and nothing is forwarded. {@link Cluster#opened} whenever it is LIVE, {@link Cluster#blind}
   * when it is not any more.
   */
  void standBy(TopicSharder.Shard shard);

  /**
   * Whoever read a shard for which this instance stands by has ended: forwards what has not been
   * acknowledged, and goes on, be its channel LIVE or still being opened.
   *
   * @param lastRead until when that one has told to have read it; empty if it has not
   */
  void takeOver(TopicSharder.Shard shard, Optional<Instant> lastRead);

  /** As if the shard had just been opened held: what was kept is not ours to forward. */
  void takePart(int shard);

  /** Forwards what has not been acknowledged of a shard for which we stand by, and stands by. */
  void rescue(int shard);

  /**
   * What Kafka has of a shard for which this instance stands by, in the order in which it was
   * acknowledged.
   *
   * @param settledMillis for how long all that was read before is settled; -1 if that is not told
   */
  void acknowledged(int shard, List<Forwarded> forwarded, long settledMillis);

  /** What has reached Kafka since this was asked last. Asked only if all stand by. */
  List<Reached> reached();

  /** Reads other topics on a shard. */
  void change(TopicSharder.Shard shard);

  /**
   * The shard that is read here was read by another until then, which has ended.
   *
   * @param lastRead by the clock of that one
   */
  void inherit(TopicSharder.Shard shard, Instant lastRead);

  /**
   * The shard has been handed over to this instance: what is to be read on it, and is not, is a gap
   * since then.
   *
   * @param since by the clock that never jumps, in milliseconds
   * @param lastRead until when the other has read at least, by the clock of that one
   */
  void unread(TopicSharder.Shard shard, long since, Optional<Instant> lastRead);

  /** Closes a shard's channel: others read it. */
  void close(int shard);

  /** Closes a shard's channel: the plan does not have it any more. */
  void finish(int shard);

  /** Notes what is forwarded of a shard from now on, or no more. */
  void note(int shard, boolean on);

  /** Holds what is read of a shard until {@link #release}. */
  void hold(int shard);

  /** Reads a shard until nothing more is on its way; then {@link Cluster#drained}. */
  void drain(int shard);

  /** Forwards nothing more of the shard, and tells what was forwarded since it is noted. */
  List<Forwarded> stopForwarding(int shard);

  /** Forwards what is held of a shard, but for what has been forwarded, and goes on. */
  void release(int shard, List<Forwarded> forwarded);

  /**
   * Another instance reads a shard.
   *
   * @param lastRead since when it has on record that it was not read; empty if it has not
   */
  void readElsewhere(TopicSharder.Shard shard, Optional<Instant> lastRead);

  /**
   * Begins or ends to find out what is to be read; {@link Cluster#listed} then.
   *
   * @param before what is read until now
   */
  void lead(boolean on, Plan before);

  /** All that is wanted. */
  void want(List<String> subscriptions);

  /** Until when all that was sent for a shard has been read and kept, in epoch milliseconds. */
  OptionalLong until(int shard);

  /** Whether Genesys Cloud is reached, as far as can be told from what is read here. */
  Reach reach();

  /** Which OAuth clients can log in here. */
  Logins logins();

  /**
   * Another instance has asked for a channel of a shard.
   *
   * @param at when that was, by the clock of that one, or now if that is in the future
   */
  void answered(Answer answer, Instant at);
}
