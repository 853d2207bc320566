package dev.caravan.genesys;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.frame.EventId;
import dev.caravan.genesys.HeldFrames.Read;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * What was read of a shard that another instance forwards, and that this one has not told to be in
 * Kafka yet: what is to be forwarded should that one end. In the order in which it was read.
 *
 * <p>The other tells identities and how long ago it read them. Of events that look the same the one
 * that was read at the nearest time is meant, and no more than one.
 */
final class UnacknowledgedFrames {

  /** What is told before it was read is remembered for so long. */
  private static final long EARLY_MILLIS = 5_000;

  private static final int MOST_EARLY = 100_000;

  /** A record may be heard so late, and what it says to be settled is that much older. */
  static final long HEARD_WITHIN_MILLIS = 10_000;

  /** About what keeping a frame takes besides its bytes. */
  private static final int OVERHEAD_BYTES = 700;

  /** One that was told before it was read, by our clock. */
  private record Early(EventId id, long at, long heardAt) {}

  private final LongSupplier mostBytes;

  // Each is there once: the sets go by identity
  private final Set<Node> inOrder = new LinkedHashSet<>();
  private final Map<EventId, Deque<Node>> byId = new HashMap<>();
  private final Deque<Early> early = new ArrayDeque<>();
  private final Map<EventId, Integer> earlyIds = new HashMap<>();
  private long bytes;
  private long difference;
  private long liveSince = Long.MAX_VALUE;
  private OptionalLong droppedUntil = OptionalLong.empty();

  /** A frame by its place. */
  private static final class Node {
    private final Read read;

    private Node(Read read) {
      this.read = read;
    }
  }

  /**
   * @param mostBytes how many are kept at most; beyond that the oldest are given up
   */
  UnacknowledgedFrames(LongSupplier mostBytes) {
    this.mostBytes = mostBytes;
  }

  /** The channel reads since then. */
  synchronized void reading(long since) {
    if (liveSince == Long.MAX_VALUE) {
      liveSince = since;
    }
  }

  /** The channel does not read at present. */
  synchronized void blind() {
    liveSince = Long.MAX_VALUE;
  }

  /** The channel has brought this. */
  synchronized void add(Read read) {
    if (wasTold(read)) {
      return;
    }
    Node node = new Node(read);
    inOrder.add(node);
    byId.computeIfAbsent(read.event().id(), id -> new ArrayDeque<>(1)).addLast(node);
    bytes += weight(read);
    long most = mostBytes.getAsLong();
    while (bytes > most && !inOrder.isEmpty()) {
      Node oldest = inOrder.iterator().next();
      droppedUntil = OptionalLong.of(oldest.read.at());
      remove(oldest);
    }
  }

  private static long weight(Read read) {
    return read.body().length + OVERHEAD_BYTES;
  }

  private boolean wasTold(Read read) {
    forgetEarly(read.at());
    if (!earlyIds.containsKey(read.event().id())) {
      return false;
    }
    Early nearest = null;
    for (Early one : early) {
      if (one.id().equals(read.event().id())
          && apart(read, one.at()) <= HeldFrames.APART_MILLIS
          && (nearest == null || apart(read, one.at()) < apart(read, nearest.at()))) {
        nearest = one;
      }
    }
    if (nearest == null) {
      return false;
    }
    early.remove(nearest);
    earlyIds.computeIfPresent(nearest.id(), (id, count) -> count == 1 ? null : count - 1);
    return true;
  }

  private static long apart(Read read, long at) {
    return Math.abs(read.at() - at);
  }

  /**
   * Kafka has these.
   *
   * @param settledMillis for how long all that was read before is settled; -1 if that is not told
   * @param now by the clock by which frames were read
   */
  synchronized void acknowledged(List<Forwarded> forwarded, long settledMillis, long now) {
    forgetEarly(now);
    difference = difference(forwarded, now);
    for (Forwarded one : forwarded) {
      acknowledged(one.id(), now - one.ageMillis() + difference, now);
    }
    if (settledMillis >= 0) {
      settled(now - settledMillis - HEARD_WITHIN_MILLIS);
    }
  }

  private void acknowledged(EventId id, long at, long now) {
    Node nearest = null;
    for (Node node : byId.getOrDefault(id, new ArrayDeque<>(0))) {
      if (apart(node.read, at) <= HeldFrames.APART_MILLIS
          && (nearest == null || apart(node.read, at) < apart(nearest.read, at))) {
        nearest = node;
      }
    }
    if (nearest != null) {
      remove(nearest);
    } else if (at > Math.max(liveSince, now - EARLY_MILLIS) && early.size() < MOST_EARLY) {
      // Of what was read before, or while our channel did not, no copy will come
      early.addLast(new Early(id, at, now));
      earlyIds.merge(id, 1, Integer::sum);
    }
  }

  /** By how much our times are behind theirs: told by events that both have once. */
  private long difference(List<Forwarded> forwarded, long now) {
    Map<EventId, Integer> often = new HashMap<>();
    forwarded.forEach(one -> often.merge(one.id(), 1, Integer::sum));
    List<Long> differences = new ArrayList<>();
    for (Forwarded one : forwarded) {
      Deque<Node> ours = byId.get(one.id());
      if (ours != null && ours.size() == 1 && often.get(one.id()) == 1) {
        long apart = ours.getFirst().read.at() - (now - one.ageMillis());
        // Beyond that they only look the same
        if (Math.abs(apart) <= HeldFrames.APART_MILLIS) {
          differences.add(apart);
        }
      }
    }
    Collections.sort(differences);
    return differences.isEmpty() ? difference : differences.get(differences.size() / 2);
  }

  private void settled(long before) {
    for (Iterator<Node> oldest = inOrder.iterator(); oldest.hasNext(); ) {
      Node node = oldest.next();
      if (node.read.at() >= before) {
        break;
      }
      oldest.remove();
      forget(node);
    }
    if (droppedUntil.isPresent() && droppedUntil.getAsLong() < before) {
      droppedUntil = OptionalLong.empty();
    }
  }

  private void remove(Node node) {
    inOrder.remove(node);
    forget(node);
  }

  private void forget(Node node) {
    Deque<Node> same = byId.get(node.read.event().id());
    same.remove(node);
    if (same.isEmpty()) {
      byId.remove(node.read.event().id());
    }
    bytes -= weight(node.read);
  }

  private void forgetEarly(long now) {
    while (!early.isEmpty() && now - early.getFirst().heardAt() > EARLY_MILLIS) {
      Early gone = early.removeFirst();
      earlyIds.computeIfPresent(gone.id(), (id, count) -> count == 1 ? null : count - 1);
    }
  }

  /** All of it, which is not kept any more. */
  synchronized List<Read> takeAll() {
    List<Read> all = inOrder.stream().map(node -> node.read).toList();
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

  /** Whether something is not covered any more: it was given up, and may not be in Kafka. */
  synchronized boolean isIncomplete() {
    return droppedUntil.isPresent();
  }
}
