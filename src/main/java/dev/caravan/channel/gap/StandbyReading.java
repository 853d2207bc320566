package dev.caravan.channel.gap;

import dev.caravan.channel.Replica;
import dev.caravan.channel.gap.GapLedger.Reading;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;

/**
 * What replicas read of which another instance keeps the record. It is no gap if they do not; it
 * counts from the moment at which that instance has ended.
 */
final class StandbyReading {

  /** Before them it was read by the other instance alone. */
  private static final int MOST_BEFORE = 100;

  private final Map<Replica, Deque<Reading>> before = new HashMap<>();
  private final Map<Replica, Reading> now = new HashMap<>();

  void reading(Replica replica, Instant since, Collection<String> topics) {
    blind(replica, since);
    now.put(replica, new Reading(since, since, new LinkedHashSet<>(topics)));
  }

  void blind(Replica replica, Instant since) {
    Reading was = now.remove(replica);
    if (was != null) {
      Deque<Reading> its = before.computeIfAbsent(replica, any -> new ArrayDeque<>());
      its.addLast(new Reading(was.since(), since, was.topics()));
      if (its.size() > MOST_BEFORE) {
        its.removeFirst();
      }
    }
  }

  /** What the replica has read before does not count. */
  void since(Replica replica, Instant moment) {
    before.remove(replica);
    now.computeIfPresent(
        replica,
        (same, its) ->
            its.since().isAfter(moment) ? its : new Reading(moment, moment, its.topics()));
  }

  /** Another replica stands by, or none. */
  void forget(Replica replica) {
    now.remove(replica);
    before.remove(replica);
  }

  /** None of a reader's replicas is read. */
  void forget(String reader) {
    now.keySet().removeIf(replica -> replica.reader().equals(reader));
    before.keySet().removeIf(replica -> replica.reader().equals(reader));
  }

  /**
   * The replica keeps its own record from now on, and that is what it reads; empty if it reads
   * nothing at present.
   */
  Optional<Reading> takeOver(Replica replica, Coverage coverage) {
    Optional<Reading> reads = Optional.ofNullable(now.get(replica));
    before
        .getOrDefault(replica, new ArrayDeque<>())
        .forEach(was -> coverage.ended(replica, was.since(), was.until(), was.topics()));
    forget(replica);
    return reads;
  }
}
