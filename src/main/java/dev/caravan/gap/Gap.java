package dev.caravan.gap;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * An interval in which topics were subscribed but not read, now over.
 *
 * @param id stays the same however often the gap is told, also after a restart; no secret
 * @param shard the shard that reads the topics since
 * @param from events sent before this were read
 * @param to events sent after this are read
 * @param cause why, in a word: one for what became of the connection, such as {@code dropped}, or
 *     {@link GapLedger#RESTART} or {@link GapLedger#ROUTE_EDITED}
 * @param topics the subscriptions that were not read
 */
public record Gap(
    String id, int shard, Instant from, Instant to, String cause, List<String> topics) {

  public Gap {
    topics = List.copyOf(topics);
  }

  /** How long it lasted; never negative. */
  public Duration length() {
    return Duration.between(from, to);
  }
}
