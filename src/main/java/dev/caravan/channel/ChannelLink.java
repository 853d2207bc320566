package dev.caravan.channel;

import java.util.OptionalLong;

/** An open socket on a channel, as its shard sees it. No method blocks. */
public interface ChannelLink {

  void ping();

  /** Sends an application ping, unless one has not been answered yet. */
  void prove();

  /** Closes the socket with 1000 and lets the channel go. */
  void close();

  /** Cuts the connection, without asking the peer, and keeps the channel. */
  void cut();

  /**
   * A pong was handled.
   *
   * @return the round trip in milliseconds; empty if no ping was sent
   */
  OptionalLong ponged();

  /**
   * Until when all that was sent to it has been read and handed on, in milliseconds of the shard's
   * clock. To be asked now and then: to find out it may have to send a ping.
   */
  long handedOnUntil();

  /**
   * When Genesys Cloud ends it, by what it told when it was made, in milliseconds of the shard's
   * clock; {@link Long#MAX_VALUE} if that is not known.
   */
  default long endsAt() {
    return Long.MAX_VALUE;
  }

  /** What was last read from it, in milliseconds of the shard's clock. */
  Reading reading();
}
