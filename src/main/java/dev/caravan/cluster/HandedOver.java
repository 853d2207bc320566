package dev.caravan.cluster;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.cluster.ControlRecord.Handed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * What this instance has forwarded of the shards that it handed over, told until that is heard: one
 * record may be lost with the connection, and the other instance waits for it. The control thread
 * writes; any thread may ask.
 */
final class HandedOver {

  private static final int SENT_A_RECORD = 20_000;

  /** As it was at a moment of the steady clock. */
  private record Shard(
      int number, long epoch, List<Forwarded> forwarded, long at, long writtenAt) {}

  private final String me;
  private final Consumer<ControlRecord> topic;

  /** What has not been heard yet. */
  private final Map<Integer, Shard> shards = new ConcurrentHashMap<>();

  HandedOver(String me, Consumer<ControlRecord> topic) {
    this.me = me;
    this.topic = topic;
  }

  void begin(int shard, long epoch, long now) {
    shards.put(shard, new Shard(shard, epoch, List.of(), now, now));
  }

  /**
   * Tells what was forwarded.
   *
   * @param epoch under which the other instance reads the shard
   */
  void write(int shard, long epoch, List<Forwarded> forwarded, long now) {
    write(new Shard(shard, epoch, forwarded, now, now));
  }

  /** Tells again what was not heard for a while, and forgets what was, or nobody waits for. */
  void writeAgain(ControlView view, long now) {
    shards
        .values()
        .removeIf(one -> isHeard(one, view) || now - one.at() > Timings.HANDED_WITHIN_MILLIS);
    shards.values().stream()
        .filter(one -> now - one.writtenAt() > Timings.WRITE_AGAIN_MILLIS)
        .forEach(
            one -> write(new Shard(one.number(), one.epoch(), one.forwarded(), one.at(), now)));
  }

  boolean isAllHeard(ControlView view) {
    return shards.values().stream().allMatch(one -> isHeard(one, view));
  }

  private static boolean isHeard(Shard one, ControlView view) {
    return view.shard(one.number()).handed() >= one.epoch();
  }

  private void write(Shard one) {
    shards.put(one.number(), one);
    int older = (int) (one.writtenAt() - one.at());
    List<Forwarded> all =
        one.forwarded().stream()
            .map(event -> new Forwarded(event.id(), event.ageMillis() + older))
            .toList();
    List<List<Forwarded>> parts = parts(all);
    for (int part = 0; part < parts.size(); part++) {
      boolean last = part == parts.size() - 1;
      topic.accept(new Handed(me, one.number(), one.epoch(), part, last, parts.get(part)));
    }
  }

  /** As one record tells them; one that is empty if there are none. */
  static List<List<Forwarded>> parts(List<Forwarded> all) {
    List<List<Forwarded>> parts = new ArrayList<>();
    for (int from = 0; from == 0 || from < all.size(); from += SENT_A_RECORD) {
      parts.add(all.subList(from, Math.min(all.size(), from + SENT_A_RECORD)));
    }
    return parts;
  }
}
