package dev.caravan.kafka;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * The topics that Kafka has told nothing of so far. Whoever asks for one is blocked meanwhile, so
 * senders are refused and somebody else asks in the background. Safe for use by several threads.
 */
final class AwaitedTopics {

  private static final int MOST_TOPICS = 1_000;

  /** One to which nothing is sent any more is not asked for. */
  private static final Duration WANTED_FOR = Duration.ofMinutes(1);

  private final LongSupplier nanoTime;
  private final Map<String, Awaited> topics = new LinkedHashMap<>();
  private volatile boolean none = true;

  private record Awaited(StuckException why, long wantedAtNanos) {}

  AwaitedTopics(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /**
   * @throws StuckException if Kafka is being asked for this topic
   */
  void refuse(String topic) {
    if (none) {
      return;
    }
    synchronized (topics) {
      Awaited found = topics.get(topic);
      if (found != null) {
        topics.replace(topic, new Awaited(found.why(), nanoTime.getAsLong()));
        throw found.why();
      }
    }
  }

  void unanswered(String topic, StuckException why) {
    synchronized (topics) {
      Awaited before = topics.remove(topic);
      if (topics.size() < MOST_TOPICS) {
        // At the end, so that all have their turn
        topics.put(
            topic,
            new Awaited(why, before == null ? nanoTime.getAsLong() : before.wantedAtNanos()));
      }
      none = topics.isEmpty();
    }
  }

  void answered(String topic) {
    if (none) {
      return;
    }
    synchronized (topics) {
      topics.remove(topic);
      none = topics.isEmpty();
    }
  }

  /** The one to ask for next. */
  Optional<String> next() {
    synchronized (topics) {
      long now = nanoTime.getAsLong();
      topics.values().removeIf(awaited -> now - awaited.wantedAtNanos() >= WANTED_FOR.toNanos());
      none = topics.isEmpty();
      return topics.keySet().stream().findFirst();
    }
  }
}
