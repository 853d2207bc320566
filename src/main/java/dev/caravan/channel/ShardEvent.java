package dev.caravan.channel;

/** What can happen to a shard. */
public sealed interface ShardEvent {

  /**
   * The bridge starts to read this shard.
   *
   * @param earlier what attempts came to before a restart
   */
  record Started(Attempts earlier) implements ShardEvent {}

  record Woke() implements ShardEvent {}

  /**
   * Channel, subscriptions and socket are there.
   *
   * @param rotateAt when a successor is due
   * @param rotateCause whether the channel's or the token's age says so
   */
  record SocketOpened(int number, long rotateAt, Cause rotateCause) implements ShardEvent {}

  /** A heartbeat, a pong or an event came. */
  record SignOfLife(int number) implements ShardEvent {}

  record OpenFailed(int number, Failure failure) implements ShardEvent {}

  /**
   * The socket is closed, whoever closed it.
   *
   * @param cause what the close code says
   */
  record SocketClosed(int number, Cause cause) implements ShardEvent {}

  /**
   * Genesys Cloud sent a notice about the socket, the channel or the token.
   *
   * @param notice {@link Cause#SOCKET_CLOSING}, {@link Cause#TAKEN_OVER} or {@link
   *     Cause#TOKEN_REVOKED}
   */
  record Noticed(int number, Cause notice) implements ShardEvent {}

  /** What a channel is subscribed to may be something else than what is believed. */
  record SubscriptionsDoubted(int number, Why why) implements ShardEvent {

    public enum Why {
      /** Genesys Cloud said that it was changed, whoever did so. */
      TOLD,
      /** A listing has lacked something for the first time. */
      MISSING,
      /** It could not be listed. */
      NOT_LISTED
    }
  }

  /** The successor that was asked for may be opened now. */
  record RotationGranted(int number, Cause cause) implements ShardEvent {}

  /** Another shard can hand over only once this one has. */
  record PlaceNeeded() implements ShardEvent {}

  record TopicsChanged() implements ShardEvent {}

  record Stopped() implements ShardEvent {}
}
