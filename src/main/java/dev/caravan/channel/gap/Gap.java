package dev.caravan.channel.gap;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * An interval in which topics were subscribed but not read, or events were lost that had been read;
 * now over.
 *
 * @param id stays the same however often the gap is reported, also after a restart; no secret
 * @param shard the shard that reads the topics since
 * @param from events sent before this were read
 * @param to events sent after this are read
 * @param cause why, in a word: one for what became of the connection, such as {@code dropped}, or
 *     {@link GapLedger#RESTART} or {@link GapLedger#ROUTE_EDITED}
 * @param topics the subscriptions that were not read; none if events were lost
 * @param lost how many events were lost that had been read
 */
public record Gap(
    String id, int shard, Instant from, Instant to, String cause, List<String> topics, long lost) {

  public Gap {
    topics = List.copyOf(topics);
  }

  public Gap(String id, int shard, Instant from, Instant to, String cause, List<String> topics) {
    this(id, shard, from, to, cause, topics, 0);
  }

  /** Whether it tells of events that had been read: nothing can fill it. */
  public boolean isLoss() {
    return topics.isEmpty();
  }

  /** This and another one as one, over all the time from the first to the second. */
  Gap and(Gap other, String both) {
    Set<String> all = new LinkedHashSet<>(topics);
    all.addAll(other.topics);
    return new Gap(
        both,
        shard,
        from.isBefore(other.from) ? from : other.from,
        to.isAfter(other.to) ? to : other.to,
        cause,
        List.copyOf(all),
        lost + other.lost);
  }

  /** How long it lasted; never negative. */
  public Duration length() {
    return Duration.between(from, to);
  }
}
