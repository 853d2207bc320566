package dev.caravan.kafka;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Tells a topic that Kafka is still creating from one that it will not create.
 *
 * <p>A send to a topic that does not exist holds up the sender for {@code max.block.ms} each time.
 * So a topic that has stayed unknown for long enough is refused at once, and looked for again only
 * now and then. Safe for use by several threads.
 */
final class TopicPatience {

  private static final int MOST_TOPICS = 1_000;

  private final Duration patience;
  private final Duration again;
  private final LongSupplier nanoTime;
  private final Map<String, Unknown> unknown =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Unknown> eldest) {
          return size() > MOST_TOPICS;
        }
      };
  private volatile boolean allKnown = true;

  private record Unknown(long sinceNanos, long refusedAtNanos, boolean refused) {}

  /**
   * @param patience how long a topic may stay unknown before it is refused
   * @param again after how long a refused topic is looked for again
   * @param nanoTime a clock, as {@link System#nanoTime}
   */
  TopicPatience(Duration patience, Duration again, LongSupplier nanoTime) {
    this.patience = patience;
    this.again = again;
    this.nanoTime = nanoTime;
  }

  Duration patience() {
    return patience;
  }

  /** Whether Kafka need not be asked for this topic now. */
  boolean refuses(String topic) {
    if (allKnown) {
      return false;
    }
    synchronized (unknown) {
      Unknown found = unknown.get(topic);
      return found != null
          && found.refused()
          && nanoTime.getAsLong() - found.refusedAtNanos() < again.toNanos();
    }
  }

  /** Kafka did not know the topic; true if that has gone on for too long. */
  boolean isTooLongUnknown(String topic) {
    synchronized (unknown) {
      allKnown = false;
      long now = nanoTime.getAsLong();
      Unknown found = unknown.computeIfAbsent(topic, name -> new Unknown(now, now, false));
      boolean tooLong = found.refused() || now - found.sinceNanos() >= patience.toNanos();
      if (tooLong) {
        unknown.put(topic, new Unknown(found.sinceNanos(), now, true));
      }
      return tooLong;
    }
  }

  /** Kafka took a record for the topic. */
  void known(String topic) {
    if (allKnown) {
      return;
    }
    synchronized (unknown) {
      unknown.remove(topic);
      allKnown = unknown.isEmpty();
    }
  }
}
