package dev.caravan.genesys;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.caravan.channel.gap.Gap;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/**
 * One thing that happened to the bridge, as it stands on the signals topic. It names shards and
 * causes, never ids of channels, users or conversations.
 *
 * @param type CONNECTED, DISCONNECTED, HANDED_OVER, GAP, TOPIC_REJECTED, EXPANDED, BROKEN
 * @param shard the shard it is about; -1 if it is about all
 * @param cause why, a word such as {@code socket-closing}; absent if the type says it all
 * @param from start of the interval, ISO 8601 in UTC
 * @param to end of the interval, ISO 8601 in UTC
 * @param gap which gap it is about; the same if it is told again
 * @param count how many topics it is about
 * @param pattern which topics, with ids left open; absent if it is about all of the shard's
 * @param topics how many topics of which pattern
 * @param backfilled whether what is missing was fetched, and if not, why
 * @param sentence what to tell a person
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Signal(
    String type,
    int shard,
    String cause,
    String from,
    String to,
    String gap,
    Integer count,
    String pattern,
    Map<String, Integer> topics,
    String backfilled,
    String sentence) {

  public static Draft of(String type) {
    return new Draft(type);
  }

  /** A signal about a gap. */
  public static Draft of(String type, Gap gap) {
    return of(type)
        .shard(gap.shard())
        .cause(gap.cause())
        .from(gap.from())
        .to(gap.to())
        .gap(gap.id());
  }

  /** Collects what a signal says; {@link #sentence} comes last. */
  public static final class Draft {
    private final String type;
    private int shard = -1;
    private String cause;
    private String from;
    private String to;
    private String gap;
    private Integer count;
    private String pattern;
    private Map<String, Integer> topics;
    private String backfilled;

    private Draft(String type) {
      this.type = type;
    }

    public Draft shard(int number) {
      this.shard = number;
      return this;
    }

    public Draft cause(String label) {
      this.cause = label;
      return this;
    }

    public Draft from(Instant start) {
      this.from = start.toString();
      return this;
    }

    public Draft to(Instant end) {
      this.to = end.toString();
      return this;
    }

    public Draft gap(String id) {
      this.gap = id;
      return this;
    }

    public Draft count(long number) {
      this.count = (int) Math.min(number, Integer.MAX_VALUE);
      return this;
    }

    public Draft pattern(String withIdsLeftOpen) {
      this.pattern = withIdsLeftOpen;
      return this;
    }

    public Draft topics(Map<String, Integer> countsByPattern) {
      this.topics = new TreeMap<>(countsByPattern);
      return this;
    }

    public Draft backfilled(String whether) {
      this.backfilled = whether;
      return this;
    }

    public Signal sentence(String forPeople) {
      return new Signal(
          type, shard, cause, from, to, gap, count, pattern, topics, backfilled, forPeople);
    }
  }
}
