package dev.caravan.genesys;

import dev.caravan.background.SteadyClock;
import dev.caravan.channel.Replica;
import dev.caravan.frame.EventId;
import dev.caravan.frame.EventIds;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Gives an event the id that another instance gives it, too, if both have read its shard without a
 * break since before a span of ten seconds began: made of what it looks like, the span, and how
 * many that look the same came before it in that span. Else an id that nobody else gives, so two
 * events never have the same.
 *
 * <p>One instance may read an event five seconds later than the other, by the wall clocks, and
 * count it in the next span. Of what looks like one of the last five seconds of a span none is
 * therefore counted in the next one.
 */
final class AgreedIds {

  /**
   * The longer, the longer it takes until two channels agree; the shorter, the more events are read
   * by one before and by the other after one has begun.
   */
  private static final long SPAN_MILLIS = TimeUnit.SECONDS.toMillis(10);

  /** An event is read at most so much later than by another instance, by the wall clocks. */
  static final long APART_MILLIS = TimeUnit.SECONDS.toMillis(5);

  /** What waits for longer than this until it is read is later than elsewhere, as far as known. */
  static final long HELD_BACK_MILLIS = TimeUnit.SECONDS.toMillis(2);

  /** If nobody has looked for so long, the process stood still, or its control thread did. */
  private static final long LOOKED_WITHIN_MILLIS = TimeUnit.SECONDS.toMillis(3);

  /** Beyond that, what comes in a span gets an id that nobody else gives. */
  private static final int MOST_COUNTED = 200_000;

  private final EventIds otherwise;
  private final SteadyClock clock;
  private final Map<Replica, Reads> reads = new ConcurrentHashMap<>();
  private final Map<Integer, Span> spans = new ConcurrentHashMap<>();
  private volatile long lookedAt;

  private record Reads(Set<String> topics, long since) {}

  /** What came in a span; touched by the frame queue of the shard only. */
  private static final class Span {
    private final long number;
    private final Map<EventId, Integer> counts = new HashMap<>();

    /** What came last in the span before: others may count it in this one. */
    private final Set<EventId> atItsEdge;

    /** The same for the next span. */
    private final Set<EventId> last = new HashSet<>();

    private final boolean unknown;

    private boolean full;

    private Span(long number, Optional<Span> before) {
      this.number = number;
      this.atItsEdge = before.map(span -> span.last).orElse(Set.of());
      this.unknown = before.filter(span -> span.full).isPresent();
    }

    /** How many that look the same came before in this span; empty if others may know better. */
    private OptionalInt count(EventId looks, boolean isLast) {
      if (counts.size() >= MOST_COUNTED && !counts.containsKey(looks)) {
        full = true;
        return OptionalInt.empty();
      }
      if (isLast) {
        last.add(looks);
      }
      int before = counts.merge(looks, 1, Integer::sum) - 1;
      return unknown || atItsEdge.contains(looks) ? OptionalInt.empty() : OptionalInt.of(before);
    }
  }

  AgreedIds(EventIds otherwise, SteadyClock clock) {
    this.otherwise = otherwise;
    this.clock = clock;
    this.lookedAt = clock.getAsLong();
  }

  /** If there are topics that it has not read before, it counts as if it had begun. */
  void reading(Replica replica, Collection<String> topics, long moment) {
    reads.compute(
        replica,
        (same, before) ->
            new Reads(
                Set.copyOf(topics),
                before != null && before.topics().containsAll(topics) ? before.since() : moment));
  }

  void blind(Replica replica) {
    reads.remove(replica);
  }

  /** The replica has ended: what came of its shard is not counted any more if it was the last. */
  void finished(Replica replica) {
    blind(replica);
    if (reads.keySet().stream().noneMatch(other -> other.shard() == replica.shard())) {
      spans.remove(replica.shard());
    }
  }

  /** To be called every second. If it was not, the process stood still, and what comes is late. */
  void look(Set<Integer> heldBack) {
    long now = clock.getAsLong();
    boolean stoodStill = stoodStill(now);
    reads.replaceAll(
        (replica, its) ->
            stoodStill || heldBack.contains(replica.shard()) ? new Reads(its.topics(), now) : its);
    lookedAt = now;
  }

  private boolean stoodStill(long now) {
    return now - lookedAt > LOOKED_WITHIN_MILLIS;
  }

  /** The id of an event of the shard that was read now; in the order in which they are read. */
  String next(int shard, EventId looks) {
    long now = clock.getAsLong();
    long wall = clock.atTheLatest(now).toEpochMilli();
    long number = wall / SPAN_MILLIS;
    Span span = spans.get(shard);
    if (span != null && number < span.number) {
      // The clock was set back: what came in that span before is not counted any more
      return otherwise.next();
    }
    if (span == null || span.number != number) {
      span = new Span(number, Optional.ofNullable(span).filter(it -> it.number == number - 1));
      spans.put(shard, span);
    }
    OptionalInt before = span.count(looks, wall % SPAN_MILLIS >= SPAN_MILLIS - APART_MILLIS);
    return before.isPresent() && !stoodStill(now) && hasReadSince(shard, number)
        ? EventId.of(
                number + "/" + before.getAsInt(), looks.hex().getBytes(StandardCharsets.US_ASCII))
            .hex()
        : otherwise.next();
  }

  /** Whether all that others may count in the span was read here. */
  private boolean hasReadSince(int shard, long span) {
    boolean any = false;
    for (Map.Entry<Replica, Reads> one : reads.entrySet()) {
      if (one.getKey().shard() == shard) {
        any = true;
        long since = clock.atTheLatest(one.getValue().since()).toEpochMilli();
        if (since > span * SPAN_MILLIS - APART_MILLIS) {
          return false;
        }
      }
    }
    return any;
  }
}
