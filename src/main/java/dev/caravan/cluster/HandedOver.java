package dev.caravan.cluster;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.cluster.ControlRecord.Handed;
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

  /** As it was at a moment of the steady clock. */
  private record Shard(
      int number, long epoch, List<Forwarded> forwarded, long at, long writtenAt) {}

  private final String me;
  private final Consumer<ControlRecord> topic;

  /** What has not been heard yet. */
  private final Map<Integer, Shard> shards = new ConcurrentHashMap<>();

  /**
   * @param me the name of this instance
   * @param topic writes without waiting
   */
  HandedOver(String me, Consumer<ControlRecord> topic) {
    this.me = me;
    this.topic = topic;
  }

  /** The shard is about to be handed over. */
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
        .removeIf(
            one -> isHeard(one, view) || now - one.at() > ClusterMachine.HANDED_WITHIN_MILLIS);
    shards.values().stream()
        .filter(one -> now - one.writtenAt() > ClusterMachine.WRITE_AGAIN_MILLIS)
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
    int most = Cluster.SENT_A_RECORD;
    int parts = Math.max(1, (all.size() + most - 1) / most);
    for (int part = 0; part < parts; part++) {
      List<Forwarded> some = all.subList(part * most, Math.min(all.size(), (part + 1) * most));
      topic.accept(new Handed(me, one.number(), one.epoch(), part, part == parts - 1, some));
    }
  }
}
