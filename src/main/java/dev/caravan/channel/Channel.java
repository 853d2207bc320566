package dev.caravan.channel;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a shard has of a channel, besides where it stands: its socket, what it was asked for and
 * what it brings. Touched by the control thread only.
 */
final class Channel {

  Optional<ChannelLink> link = Optional.empty();

  /** While it is being opened. */
  Optional<ChannelOpener.Order> order = Optional.empty();

  /** What it brings. */
  List<String> topics = List.of();

  /** The subscriptions that it was asked for. */
  List<String> asked = List.of();

  Optional<Asked> asking = Optional.empty();
  boolean toAskAgain;

  /** Since when its subscriptions are being listed. */
  Optional<Long> listing = Optional.empty();

  /** When it had all of its topics, as far as is known; 0 if nothing is. */
  long verifiedAt;

  /** What the last listing of its subscriptions lacked. */
  Set<String> doubted = Set.of();

  private Optional<Added> added = Optional.empty();

  /** What it is being asked for; whether it was before, and did not bring it. */
  record Asked(List<String> subscriptions, boolean again) {}

  /** What it brings besides, if its socket is not dead, since it was subscribed then. */
  record Added(List<String> topics, long since) {}

  static List<String> concat(List<String> some, List<String> more) {
    return Stream.concat(some.stream(), more.stream()).toList();
  }

  /** Whether nothing of it is open or being opened. */
  boolean isIdle() {
    return link.isEmpty() && order.isEmpty();
  }

  /** It has all of its topics at this moment; what was known of it before counts more. */
  void begin(long at) {
    verifiedAt = verifiedAt == 0 ? at : verifiedAt;
  }

  boolean isOn(ChannelLink other) {
    return link.filter(its -> its == other).isPresent();
  }

  Optional<ChannelOpener.Order> takeOrder() {
    Optional<ChannelOpener.Order> its = order;
    order = Optional.empty();
    return its;
  }

  Optional<Asked> takeAsking() {
    Optional<Asked> its = asking;
    asking = Optional.empty();
    return its;
  }

  /** What it is asked for was answered: it brings more, if its socket is not dead. */
  void answered(List<String> more, long now) {
    takeAsking()
        .filter(its -> !its.again())
        .ifPresent(its -> asked = concat(asked, its.subscriptions()));
    if (!more.isEmpty()) {
      added = Optional.of(new Added(concat(unproven(), more), now));
    }
  }

  private List<String> unproven() {
    return added.map(Added::topics).orElse(List.of());
  }

  /** Its socket was alive then: what was added before is among what it brings. */
  Optional<Added> takeAdded(long provenUntil) {
    Optional<Added> proven = added.filter(its -> its.since() <= provenUntil);
    if (proven.isPresent()) {
      topics = concat(topics, unproven());
      added = Optional.empty();
    }
    return proven;
  }

  /** What was added and nothing has proven is asked for again by whoever goes back to it. */
  void forgetAdded() {
    if (added.isPresent()) {
      asked = MissingTopics.of(asked, unproven());
    }
  }

  /** It has not got these any more. */
  void lost(List<String> gone) {
    topics = MissingTopics.of(topics, gone);
    asked = MissingTopics.never(asked, gone);
  }
}
