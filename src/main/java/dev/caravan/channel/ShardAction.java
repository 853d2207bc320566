package dev.caravan.channel;

/** What a shard's decision asks the edge to do. */
public sealed interface ShardAction {

  /**
   * Open a channel.
   *
   * @param reuses number of the channel whose channel id is used again; 0 for a new one
   * @param free whether it needs no place in the {@link AttemptBudget}
   */
  record Open(int number, Cause cause, int reuses, boolean free) implements ShardAction {}

  /** Send an application ping. */
  record Ping(int number) implements ShardAction {}

  /** Close the socket with 1000, or give up opening it. */
  record Close(int number) implements ShardAction {}

  /** Cut the connection of a dead socket; its channel is gone back to. */
  record Cut(int number) implements ShardAction {}

  /**
   * Ask the group for leave to open a successor: only so many shards hand over at a time. It is
   * asked again until the leave is there.
   */
  record AskRotation(int number, Cause cause) implements ShardAction {}

  /** The token that opened this channel is not to be used again. */
  record DropToken(int number) implements ShardAction {}

  record ListSubscriptions(int number) implements ShardAction {}

  /** The channel with this number is what is read from now on, with its topics. */
  record Read(int number, long since) implements ShardAction {}

  /** Nothing is read since then, the time of the last frame. */
  record Blind(long since, Cause cause) implements ShardAction {}

  /** Nothing of it is read any more, on purpose. */
  record Finish() implements ShardAction {}

  record Report(ShardReport report) implements ShardAction {}
}
