package dev.caravan.channel;

import java.util.List;
import java.util.Optional;

/** A shard's way to Genesys Cloud: whoever can open a channel. */
public interface ChannelOpener {

  /**
   * One order to open a channel.
   *
   * @param shard whom to report to: {@link Shard#connecting} just before the socket is opened, then
   *     one of {@link Shard#opened} and {@link Shard#failed}
   * @param reuse a link whose channel is to be used again, with its subscriptions as they are
   * @param free whether it needs no place in the {@link AttemptBudget}
   */
  record Order(
      Shard shard,
      int number,
      Cause cause,
      List<String> topics,
      Optional<ChannelLink> reuse,
      boolean free) {}

  /** Opens a channel, connects its socket and reports. Does not block. */
  void open(Order order);

  /** Gives up an order that is under way, as far as that is possible. */
  void cancel(Order order);

  /**
   * Asks for more topics on a channel that is open, and reports to one of {@link Shard#subscribed}
   * and {@link Shard#notSubscribed}. Does not block.
   *
   * @param again whether the channel was asked for them before and does not bring them
   */
  void subscribe(
      Shard shard, int number, ChannelLink link, List<String> subscriptions, boolean again);

  /**
   * Lists what Genesys Cloud has an open channel subscribed to, and reports to one of {@link
   * Shard#listed} and {@link Shard#notListed}. Does not block.
   */
  void listSubscriptions(Shard shard, int number, ChannelLink link);

  /** Makes sure that the token which opened this link is not used again. */
  void dropToken(ChannelLink link);
}
