package dev.caravan.genesys;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.frame.EventId;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Knows which events have reached Kafka: each goes its way with a receipt, in which all stands that
 * is to be known of it, and which comes back then. Those of another run are not known. Safe for
 * several threads.
 */
final class ForwardedEvents {

  private static final int RECEIPT_BYTES = 5 * Long.BYTES + Integer.BYTES;

  /** What comes back while nobody asks; of what is forgotten beyond that a copy is forwarded. */
  private static final int MOST_WAITING = 200_000;

  /** One receipt may come back twice, if a route sends its event two ways; a power of two. */
  private static final int REMEMBERED = 1 << 16;

  private record One(int shard, EventId id, long at) {}

  private final long run;
  private final AtomicLong numbers = new AtomicLong(1);
  private final long[] back = new long[REMEMBERED];
  private final Deque<One> waiting = new ArrayDeque<>();

  ForwardedEvents(long run) {
    this.run = run;
  }

  /** The receipt of an event. */
  byte[] receipt(int shard, EventId id, long at) {
    return ByteBuffer.allocate(RECEIPT_BYTES)
        .putLong(run)
        .putLong(numbers.getAndIncrement())
        .putInt(shard)
        .putLong(id.high())
        .putLong(id.low())
        .putLong(at)
        .array();
  }

  synchronized void settled(byte[] receipt) {
    ByteBuffer buffer = ByteBuffer.wrap(receipt);
    if (receipt.length != RECEIPT_BYTES || buffer.getLong() != run) {
      return;
    }
    long number = buffer.getLong();
    int place = (int) (number & (REMEMBERED - 1));
    if (back[place] == number) {
      return;
    }
    back[place] = number;
    if (waiting.size() >= MOST_WAITING) {
      waiting.removeFirst();
    }
    int shard = buffer.getInt();
    EventId id = new EventId(buffer.getLong(), buffer.getLong());
    waiting.addLast(new One(shard, id, buffer.getLong()));
  }

  /** Those of each shard that have come back since this was asked last, in their order. */
  synchronized Map<Integer, List<Forwarded>> take(long now) {
    Map<Integer, List<Forwarded>> all = new HashMap<>();
    for (One one : waiting) {
      int age = (int) Math.min(Integer.MAX_VALUE, now - one.at());
      all.computeIfAbsent(one.shard(), shard -> new ArrayList<>())
          .add(new Forwarded(one.id(), age));
    }
    waiting.clear();
    return all;
  }
}
