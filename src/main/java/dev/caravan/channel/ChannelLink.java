package dev.caravan.channel;

/** An open socket on a channel, as its shard sees it. No method blocks. */
public interface ChannelLink {

  /** Sends an application ping. */
  void ping();

  /** Closes the socket with 1000 and lets the channel go. */
  void close();

  /** What was last read from it, in milliseconds of the shard's clock. */
  Reading reading();
}
