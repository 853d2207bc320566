package dev.caravan.genesys;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * One thing the road went through, as it stands on the signals topic. It names shards and causes,
 * never ids of channels, users or conversations.
 *
 * @param type CONNECTED, DISCONNECTED, HANDED_OVER, GAP, TOPIC_REJECTED, EXPANDED, BROKEN
 * @param shard the shard it is about; -1 if it is about all
 * @param cause why, a word such as {@code socket-closing}; absent if the type says it all
 * @param from start of the interval, ISO 8601 in UTC
 * @param to end of the interval, ISO 8601 in UTC
 * @param count how many topics it is about
 * @param pattern which topics, with ids left open; absent if it is about all of the shard's
 * @param sentence what to tell a person
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonPropertyOrder({"type", "shard", "cause", "from", "to", "count", "pattern", "sentence"})
public record Signal(
    String type,
    int shard,
    String cause,
    String from,
    String to,
    Integer count,
    String pattern,
    String sentence) {}
