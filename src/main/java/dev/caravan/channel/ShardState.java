package dev.caravan.channel;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * A shard (a slice of the topics, read together) as a value: its channels and what went before.
 *
 * @param channels its channels, oldest first: usually one; two while handing over
 * @param backoff failures that still count
 * @param blindSince since when nothing is being read; 0 while something is, or before the start
 * @param broken what an operator must do; empty unless somebody must act
 */
public record ShardState(
    List<ChannelState> channels,
    int nextNumber,
    Backoff backoff,
    long blindSince,
    Cause blindCause,
    Optional<String> broken,
    boolean stopped) {

  /** A shard that was not started yet and has nothing to make up for. */
  public static ShardState initial() {
    return new ShardState(List.of(), 1, Backoff.NONE, 0, Cause.START, Optional.empty(), false);
  }

  public Optional<ChannelState> channel(int number) {
    return first(channel -> channel.number() == number);
  }

  /** Whether some channel is being read whose events can be relied on. */
  public boolean reading() {
    return channels.stream().anyMatch(ChannelState::reading);
  }

  /** Whether a channel is planned or being opened that goes back to this one's. */
  boolean reuses(int number) {
    return channels.stream().anyMatch(c -> c.coming() && c.reuses() == number);
  }

  /** The oldest of these. */
  Optional<ChannelState> first(Predicate<ChannelState> which) {
    return channels.stream().filter(which).findFirst();
  }

  /** The youngest of these. */
  Optional<ChannelState> last(Predicate<ChannelState> which) {
    return channels.stream().filter(which).reduce((older, younger) -> younger);
  }

  /** The channel that is to become LIVE, if one is planned or being opened. */
  Optional<ChannelState> successor() {
    return first(ChannelState::coming);
  }

  /** Whether it holds more than one channel, or is about to. */
  boolean handingOver(long now) {
    return channels.stream().filter(c -> c.phase() != Phase.NEW || c.openAt() <= now).count() > 1;
  }

  ShardState without(int number) {
    return withChannels(channels.stream().filter(c -> c.number() != number).toList());
  }

  ShardState change(int number, UnaryOperator<ChannelState> change) {
    return withChannels(
        channels.stream().map(c -> c.number() == number ? change.apply(c) : c).toList());
  }

  ShardState plan(Cause cause, int reuses, long openAt) {
    List<ChannelState> more = new ArrayList<>(channels);
    more.add(ChannelState.planned(nextNumber, cause, reuses, openAt));
    return new ShardState(
        List.copyOf(more), nextNumber + 1, backoff, blindSince, blindCause, broken, stopped);
  }

  ShardState withChannels(List<ChannelState> others) {
    return new ShardState(others, nextNumber, backoff, blindSince, blindCause, broken, stopped);
  }

  ShardState withBackoff(Backoff other) {
    return new ShardState(channels, nextNumber, other, blindSince, blindCause, broken, stopped);
  }

  ShardState blind(long since, Cause cause) {
    return new ShardState(channels, nextNumber, backoff, since, cause, broken, stopped);
  }

  ShardState withBroken(Optional<String> sentence) {
    return new ShardState(channels, nextNumber, backoff, blindSince, blindCause, sentence, stopped);
  }

  ShardState stop() {
    return new ShardState(List.of(), nextNumber, backoff, blindSince, blindCause, broken, true);
  }
}
