package dev.caravan.channel;

import dev.caravan.event.Frame;

/** Takes what a shard reads and what it goes through. */
public interface ShardListener {

  /**
   * An event, in the order of its socket, on the shard's lane; blocking here is what holds the
   * socket back.
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

  /** Something the shard went through. */
  void report(int shard, ShardReport report);

  /** A copy of an event that another socket brought before; it was not passed on. */
  void pairedOff(int shard);
}
