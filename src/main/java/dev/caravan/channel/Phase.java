package dev.caravan.channel;

/** Where a channel stands in its life. */
public enum Phase {
  /** Decided on, waiting for its time to be opened. */
  NEW,
  /** Token, channel, subscriptions and socket are being fetched; nothing was heard on it yet. */
  OPENING,
  /** The socket is open and the first heartbeat, pong or event came: its events are being read. */
  LIVE,
  /** A successor is LIVE; this one is read until it is quiet and then closed. */
  RETIRING
}
