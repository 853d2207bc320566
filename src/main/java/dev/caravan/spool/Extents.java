package dev.caravan.spool;

import dev.caravan.spool.SpoolStore.Extent;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Which segments a store has: first those kept for replay, behind them those that wait. */
final class Extents {

  private final TreeMap<Long, Extent> all = new TreeMap<>();
  private final Deque<Kept> kept = new ArrayDeque<>();
  private long waitingRecords;
  private long waitingBytes;
  private long keptBytes;

  private record Kept(Extent extent, long sinceMillis) {}

  /** Adds one at the end, or puts a longer one in the place of the last. */
  void add(Extent extent) {
    Extent before = all.put(extent.first(), extent);
    waitingRecords += extent.count() - (before == null ? 0 : before.count());
    waitingBytes += extent.bytes() - (before == null ? 0 : before.bytes());
  }

  Collection<Extent> all() {
    return all.values();
  }

  /** The highest sequence there is, 0 if there is none. */
  long last() {
    return all.isEmpty() ? 0 : all.lastEntry().getValue().last();
  }

  /** The one that holds this sequence, else the next one behind it. */
  Optional<Extent> at(long sequence) {
    Map.Entry<Long, Extent> entry = all.floorEntry(sequence);
    if (entry == null || entry.getValue().last() < sequence) {
      entry = all.higherEntry(sequence);
    }
    return Optional.ofNullable(entry).map(Map.Entry::getValue);
  }

  /** The oldest one that waits. */
  Optional<Extent> firstWaiting() {
    Map.Entry<Long, Extent> first =
        kept.isEmpty() ? all.firstEntry() : all.higherEntry(kept.getLast().extent().first());
    return Optional.ofNullable(first).map(Map.Entry::getValue);
  }

  /** Takes the oldest one that waits away. */
  void removeFirstWaiting(Extent extent) {
    waitingRecords -= extent.count();
    waitingBytes -= extent.bytes();
    all.remove(extent.first());
  }

  /** The oldest one that waits no longer does, but is kept. */
  void keepFirstWaiting(Extent extent, long nowMillis) {
    waitingRecords -= extent.count();
    waitingBytes -= extent.bytes();
    keptBytes += extent.bytes();
    kept.addLast(new Kept(extent, nowMillis));
  }

  /** Takes the oldest kept one away if it is kept for longer, or more is kept, than allowed. */
  Optional<Extent> removeKept(long sinceMillis, long maxBytes) {
    if (kept.isEmpty()
        || kept.getFirst().sinceMillis() >= sinceMillis && keptBytes <= Math.max(0, maxBytes)) {
      return Optional.empty();
    }
    Extent oldest = kept.removeFirst().extent();
    keptBytes -= oldest.bytes();
    all.remove(oldest.first());
    return Optional.of(oldest);
  }

  long waitingRecords() {
    return waitingRecords;
  }

  long waitingBytes() {
    return waitingBytes;
  }

  long keptBytes() {
    return keptBytes;
  }
}
