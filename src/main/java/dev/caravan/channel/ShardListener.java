package dev.caravan.channel;

import dev.caravan.frame.Frame;
import java.util.List;

/** Takes what a shard reads and what it goes through. */
public interface ShardListener {

  /**
   * An event, in the order of its socket, on the shard's frame queue; blocking here is what holds
   * the socket back.
   *
   * @param body the frame as it came
   */
  void notification(int shard, Frame.Notification event, byte[] body);

  /**
   * A frame that could not be read.
   *
   * @param reason a clause that completes "the frame …"
   */
  void unreadable(int shard, byte[] body, String reason);

  /**
   * A socket of the replica is open and may bring these topics, which Genesys Cloud has granted,
   * before it is known to be read.
   */
  void opened(Replica replica, List<String> topics);

  /** From then on these topics of the shard are read. */
  void reading(Replica replica, List<String> topics, long since);

  /**
   * Some of the topics that the replica was believed to read it has not read since then: somebody
   * else has taken them from its channel, or Genesys Cloud has dropped them.
   *
   * @param reads what it does read, perhaps the same ones by now
   */
  void unsubscribed(Replica replica, List<String> topics, List<String> reads, long since);

  /** Nothing of the replica is read since then, the time of its last frame. */
  void blind(Replica replica, long since, Cause cause);

  /**
   * The replica was told to stop: it reads nothing any more, and nothing more is reported of it.
   */
  void finished(Replica replica);

  /** What attempts of the replica came to before a restart; {@link Attempts#NONE} if none did. */
  Attempts earlier(Replica replica);

  /** What attempts of the replica have come to; reported before the next one is made. */
  void attempts(Replica replica, Attempts now);

  void pong(int shard, long millis);

  void report(Replica replica, ShardReport report);

  void ignored(Frame.Kind kind);

  /** A copy of an event that another socket brought before; it was not passed on. */
  void pairedOff(int shard);
}
