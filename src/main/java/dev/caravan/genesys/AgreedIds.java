package dev.caravan.genesys;

import dev.caravan.background.SteadyClock;
import dev.caravan.channel.Replica;
import dev.caravan.frame.EventId;
import dev.caravan.frame.EventIds;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Gives an event the id that another instance gives it, too, if both have read its shard without a
 * break since a span of ten seconds began: made of what it looks like, the span, and how many that
 * look the same came before it in that span. If this one has not, an id that nobody else gives. So
 * two events never have the same.
 */
final class AgreedIds {

  /**
   * Spans of the wall clock. The longer they are the longer it takes until two channels agree; the
   * shorter, the more events are read by the one before and by the other after one has begun.
   */
  private static final long SPAN_MILLIS = TimeUnit.SECONDS.toMillis(10);

  /** What would be counted beyond that in a span gets an id that nobody else gives. */
  private static final int MOST_COUNTED = 200_000;

  private final EventIds otherwise;
  private final SteadyClock clock;
  private final Map<Replica, Long> since = new ConcurrentHashMap<>();
  private final Map<Integer, Span> spans = new ConcurrentHashMap<>();

  /** What came in a span; touched by the frame queue of the shard only. */
  private static final class Span {
    private final long number;
    private final Map<EventId, Integer> counts = new HashMap<>();

    private Span(long number) {
      this.number = number;
    }
  }

  /**
   * @param otherwise ids that nobody else gives
   * @param clock that of the shards
   */
  AgreedIds(EventIds otherwise, SteadyClock clock) {
    this.otherwise = otherwise;
    this.clock = clock;
  }

  /** The replica reads since then; if it has done so before, without a break. */
  void reading(Replica replica, long moment) {
    since.putIfAbsent(replica, moment);
  }

  /** The replica does not read any more. */
  void blind(Replica replica) {
    since.remove(replica);
  }

  /** The replica has ended: what came of its shard is not counted any more if it was the last. */
  void finished(Replica replica) {
    blind(replica);
    if (since.keySet().stream().noneMatch(other -> other.shard() == replica.shard())) {
      spans.remove(replica.shard());
    }
  }

  /** The id of an event of the shard that was read now; in the order in which they are read. */
  String next(int shard, EventId looks) {
    long now = clock.getAsLong();
    long number = clock.atTheLatest(now).toEpochMilli() / SPAN_MILLIS;
    Span span = spans.get(shard);
    if (span != null && number < span.number) {
      // The clock was set back: what came in that span before is not counted any more
      return otherwise.next();
    }
    if (span == null || span.number != number) {
      span = new Span(number);
      spans.put(shard, span);
    }
    boolean counts = span.counts.size() < MOST_COUNTED || span.counts.containsKey(looks);
    int before = counts ? span.counts.merge(looks, 1, Integer::sum) - 1 : 0;
    return counts && hasReadSince(shard, number)
        ? EventId.of(number + "/" + before, looks.hex().getBytes(StandardCharsets.US_ASCII)).hex()
        : otherwise.next();
  }

  private boolean hasReadSince(int shard, long span) {
    boolean any = false;
    for (Map.Entry<Replica, Long> one : since.entrySet()) {
      if (one.getKey().shard() == shard) {
        any = true;
        if (clock.atTheLatest(one.getValue()).toEpochMilli() > span * SPAN_MILLIS) {
          return false;
        }
      }
    }
    return any;
  }
}
