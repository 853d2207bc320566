package dev.caravan.kafka;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.apache.kafka.common.errors.AuthorizationException;

/**
 * Remembers the topics that Kafka denies to the bridge, so that it is asked for them only now and
 * then.
 *
 * <p>With each send to such a topic the client reads its metadata again, once a second at most, and
 * holds up the sender meanwhile. So its records are refused at once, but for one in a while that
 * asks again. Safe for use by several threads.
 */
final class TopicRights {

  private static final int MOST_TOPICS = 1_000;

  /** A question that follows another one sooner would be held up by the client. */
  private static final Duration APART = Duration.ofSeconds(1);

  private final Duration again;
  private final LongSupplier nanoTime;
  private final Map<String, Denial> denied =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Denial> eldest) {
          return size() > MOST_TOPICS;
        }
      };
  private final Set<String> taken = ConcurrentHashMap.newKeySet();
  private long askedAtNanos;
  private volatile boolean allGranted = true;

  private record Denial(AuthorizationException answer, long askedAtNanos) {}

  /**
   * @param again after how long Kafka is asked again
   * @param nanoTime a clock, as {@link System#nanoTime}
   */
  TopicRights(Duration again, LongSupplier nanoTime) {
    this.again = again;
    this.nanoTime = nanoTime;
    this.askedAtNanos = nanoTime.getAsLong() - APART.toNanos();
  }

  Duration again() {
    return again;
  }

  /** What Kafka answered, if a record for this topic need not be sent; empty if it is to ask. */
  Optional<AuthorizationException> refusal(String topic) {
    if (allGranted) {
      return Optional.empty();
    }
    synchronized (denied) {
      Denial found = denied.get(topic);
      if (found == null) {
        return Optional.empty();
      }
      long now = nanoTime.getAsLong();
      if (now - found.askedAtNanos() < again.toNanos() || now - askedAtNanos < APART.toNanos()) {
        return Optional.of(found.answer());
      }
      askedAtNanos = now;
      denied.put(topic, new Denial(found.answer(), now));
      return Optional.empty();
    }
  }

  /** Kafka denied the topic; true if that is news. */
  boolean denied(String topic, AuthorizationException answer) {
    synchronized (denied) {
      allGranted = false;
      taken.remove(topic);
      return denied.put(topic, new Denial(answer, nanoTime.getAsLong())) == null;
    }
  }

  /** Kafka takes records for the topic; true if that is news. */
  boolean granted(String topic) {
    if (taken.size() < MOST_TOPICS) {
      taken.add(topic);
    }
    if (allGranted) {
      return false;
    }
    synchronized (denied) {
      boolean news = denied.remove(topic) != null;
      allGranted = denied.isEmpty();
      return news;
    }
  }

  /** Whether Kafka has taken records for a topic that it does not deny since. */
  boolean takesAny() {
    return !taken.isEmpty();
  }

  /** All that Kafka denies, as far as is known. */
  SortedSet<String> topics() {
    synchronized (denied) {
      return new TreeSet<>(denied.keySet());
    }
  }

  /** Those of them that no record has asked for in a while. */
  SortedSet<String> quiet() {
    synchronized (denied) {
      long now = nanoTime.getAsLong();
      SortedSet<String> quiet = new TreeSet<>();
      denied.forEach(
          (topic, denial) -> {
            if (now - denial.askedAtNanos() >= again.toNanos()) {
              quiet.add(topic);
            }
          });
      return quiet;
    }
  }
}
