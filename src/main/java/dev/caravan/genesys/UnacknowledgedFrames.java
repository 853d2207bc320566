package dev.caravan.genesys;

import dev.caravan.channel.Timings;
import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.frame.EventId;
import dev.caravan.genesys.HeldFrames.Read;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * What was read of a shard that another instance forwards, and that this one has not told to have
 * forwarded yet: what is to be forwarded once that one has ended or handed over. In the order in
 * which it was read.
 *
 * <p>The other tells identities and how long ago it read them. Of events that look the same those
 * are meant that were read at the nearest times, one for each that is told; how far the clocks are
 * apart is told by the events that both have once.
 */
final class UnacknowledgedFrames {

  /**
   * Copies of an event come so far apart at most, but for the difference of two clocks: who moves a
   * shard reads it for as long beside the other.
   */
  static final long APART_MILLIS = Timings.defaults().drainMove().toMillis();

  /** Of events that look the same so often copies are paired in their order. */
  private static final int MOST_ALIKE = 200;

  private static final int MOST_EARLY = 100_000;

  /** A record may be heard so late, and what it says to be acknowledged is that much older. */
  static final long HEARD_WITHIN_MILLIS = 10_000;

  /** About what keeping a frame takes besides its bytes. */
  private static final int OVERHEAD_BYTES = 700;

  /** One that was told before it was read, by our clock. */
  private record Early(EventId id, long at, long heardAt) {}

  /** Beyond that the oldest are given up. */
  private final LongSupplier mostBytes;

  private final NavigableMap<Long, Read> inOrder = new TreeMap<>();
  private final Map<EventId, List<Long>> byId = new HashMap<>();
  private final Deque<Early> early = new ArrayDeque<>();
  private final Map<EventId, Integer> earlyIds = new HashMap<>();
  private long last;
  private long bytes;
  private volatile boolean awaitsCopies;
  private long difference;
  private long liveSince = Long.MAX_VALUE;
  private OptionalLong droppedUntil = OptionalLong.empty();

  UnacknowledgedFrames(LongSupplier mostBytes) {
    this.mostBytes = mostBytes;
  }

  synchronized void reading(long since) {
    if (liveSince == Long.MAX_VALUE) {
      liveSince = since;
    }
  }

  synchronized void blind() {
    liveSince = Long.MAX_VALUE;
  }

  synchronized void add(Read read) {
    if (wasTold(read)) {
      return;
    }
    inOrder.put(++last, read);
    byId.computeIfAbsent(read.event().id(), id -> new ArrayList<>(1)).add(last);
    bytes += weight(read);
    long most = mostBytes.getAsLong();
    while (bytes > most && !inOrder.isEmpty()) {
      droppedUntil = OptionalLong.of(poll().at());
    }
  }

  private static long weight(Read read) {
    return read.body().length + OVERHEAD_BYTES;
  }

  /** Whether something was told to be forwarded that was not read yet. */
  boolean awaitsCopies() {
    return awaitsCopies;
  }

  /** Whether another has forwarded this, and told so before it was read here. */
  synchronized boolean wasTold(Read read) {
    forgetEarly(read.at());
    if (!earlyIds.containsKey(read.event().id())) {
      return false;
    }
    Optional<Early> nearest =
        early.stream()
            .filter(one -> one.id().equals(read.event().id()))
            .filter(one -> apart(read, one.at()) <= APART_MILLIS)
            .min(Comparator.comparingLong(one -> apart(read, one.at())));
    nearest.ifPresent(
        one -> {
          early.remove(one);
          forgetEarly(one);
        });
    return nearest.isPresent();
  }

  private static long apart(Read read, long at) {
    return Math.abs(read.at() - at);
  }

  /** Kafka has these, and all that is older than this age; -1 if that is not known. */
  synchronized void acknowledged(List<Forwarded> there, long ageMillis, long now) {
    forwarded(there, 0, now);
    if (ageMillis < 0) {
      return;
    }
    long before = now - ageMillis - HEARD_WITHIN_MILLIS - APART_MILLIS;
    while (!inOrder.isEmpty() && inOrder.firstEntry().getValue().at() < before) {
      poll();
    }
    if (droppedUntil.orElse(before) < before) {
      droppedUntil = OptionalLong.empty();
    }
  }

  /**
   * Another instance has handed over and had forwarded these, while it read beside our channel.
   * Returns how many are not kept any more.
   */
  synchronized int handedOver(List<Forwarded> there, long now) {
    return forwarded(there, Math.max(0, now - liveSince - APART_MILLIS), now);
  }

  /** What was read before is not to be had from here: others have forwarded it. */
  synchronized void beginAnew(long now) {
    takeAll();
    if (liveSince != Long.MAX_VALUE) {
      liveSince = now;
    }
  }

  private int forwarded(List<Forwarded> there, long mostDelay, long now) {
    forgetEarly(now);
    Map<EventId, List<Long>> theirs = new HashMap<>();
    there.forEach(
        one ->
            theirs.computeIfAbsent(one.id(), id -> new ArrayList<>(1)).add(now - one.ageMillis()));
    difference = difference(theirs, mostDelay);
    int before = inOrder.size();
    theirs.forEach((id, at) -> pair(id, at, now));
    return before - inOrder.size();
  }

  /**
   * By how much our times are behind theirs, told by events that both have once since our channel
   * read. Of two the lower is taken, as what is told is heard later, never sooner.
   */
  private long difference(Map<EventId, List<Long>> theirs, long mostDelay) {
    List<Long> differences = new ArrayList<>();
    theirs.forEach(
        (id, at) -> {
          List<Long> ours = ours(id);
          if (ours.size() == 1 && at.size() == 1 && at.get(0) - mostDelay >= liveSince) {
            long apart = inOrder.get(ours.get(0)).at() - at.get(0);
            if (apart >= -mostDelay - APART_MILLIS && apart <= APART_MILLIS) {
              differences.add(apart);
            }
          }
        });
    Collections.sort(differences);
    return differences.isEmpty() ? difference : differences.get((differences.size() - 1) / 2);
  }

  private List<Long> ours(EventId id) {
    return byId.getOrDefault(id, List.of());
  }

  /** The nearest in time first. */
  private void pair(EventId id, List<Long> theirs, long now) {
    List<Long> ours = List.copyOf(ours(id));
    if (ours.size() > MOST_ALIKE || theirs.size() > MOST_ALIKE) {
      ours.subList(0, Math.min(ours.size(), theirs.size())).forEach(this::remove);
      return;
    }
    record Pair(long ours, int theirs, long apart) {}
    List<Pair> pairs = new ArrayList<>();
    for (long one : ours) {
      for (int other = 0; other < theirs.size(); other++) {
        long apart = apart(inOrder.get(one), theirs.get(other) + difference);
        if (apart <= APART_MILLIS) {
          pairs.add(new Pair(one, other, apart));
        }
      }
    }
    pairs.sort(Comparator.comparingLong(Pair::apart));
    Set<Integer> found = new HashSet<>();
    for (Pair pair : pairs) {
      if (inOrder.containsKey(pair.ours()) && found.add(pair.theirs())) {
        remove(pair.ours());
      }
    }
    for (int other = 0; other < theirs.size(); other++) {
      long at = theirs.get(other) + difference;
      // Of what was read before, or while our channel did not, no copy will come
      if (!found.contains(other)
          && at > Math.max(liveSince, now - APART_MILLIS)
          && early.size() < MOST_EARLY) {
        early.addLast(new Early(id, at, now));
        earlyIds.merge(id, 1, Integer::sum);
        awaitsCopies = true;
      }
    }
  }

  synchronized Read poll() {
    return inOrder.isEmpty() ? null : remove(inOrder.firstKey());
  }

  private Read remove(long number) {
    Read read = inOrder.remove(number);
    List<Long> same = byId.get(read.event().id());
    same.remove(number);
    if (same.isEmpty()) {
      byId.remove(read.event().id());
    }
    bytes -= weight(read);
    return read;
  }

  private void forgetEarly(long now) {
    while (!early.isEmpty() && now - early.getFirst().heardAt() > APART_MILLIS) {
      forgetEarly(early.removeFirst());
    }
  }

  private void forgetEarly(Early gone) {
    earlyIds.computeIfPresent(gone.id(), (id, count) -> count == 1 ? null : count - 1);
    awaitsCopies = !earlyIds.isEmpty();
  }

  /** The number of the last that was read: each has one, in their order. */
  synchronized long last() {
    return last;
  }

  /** Those after this number are not kept any more. */
  synchronized void removeAfter(long number) {
    List.copyOf(inOrder.tailMap(number, false).keySet()).forEach(this::remove);
  }

  synchronized boolean isEmpty() {
    return inOrder.isEmpty();
  }

  synchronized long bytes() {
    return bytes;
  }

  synchronized List<Read> takeAll() {
    List<Read> all = List.copyOf(inOrder.values());
    inOrder.clear();
    byId.clear();
    bytes = 0;
    droppedUntil = OptionalLong.empty();
    return all;
  }

  /** Until when something was given up that may not be in Kafka yet; empty if nothing. */
  synchronized OptionalLong droppedUntil() {
    return droppedUntil;
  }
}
