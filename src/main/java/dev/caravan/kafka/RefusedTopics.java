package dev.caravan.kafka;

import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * The topics for which Kafka takes nothing for now. Whoever sends to one is held up by the client,
 * up to {@code max.block.ms} each time, so its records are refused at once and Kafka is asked now
 * and then only. Safe for use by several threads.
 */
final class RefusedTopics {

  private static final int MOST_TOPICS = 1_000;

  /** A missing topic is looked for again after so long. */
  private static final Duration MISSING_AGAIN = Duration.ofMinutes(5);

  /** For a topic that it denies Kafka is asked again after so long. */
  static final Duration DENIED_AGAIN = Duration.ofSeconds(10);

  /** A question for a denied topic that follows another one sooner would be held up. */
  private static final Duration APART = Duration.ofSeconds(1);

  /** A topic to which nothing is sent any more is not asked for in the background. */
  private static final Duration WANTED_FOR = Duration.ofMinutes(1);

  private final Duration patience;
  private final LongSupplier nanoTime;

  /** What Kafka does not know: it may be creating them, until that has taken too long. */
  private final Map<String, Unknown> unknown = new Bounded<>();

  private final Map<String, Denial> denied = new Bounded<>();

  /** What Kafka has told nothing of so far: somebody asks for one after the other. */
  private final Map<String, Awaited> awaited = new LinkedHashMap<>();

  private final Set<String> taken = new HashSet<>();
  private long askedAtNanos;

  private record Unknown(long sinceNanos, Optional<Long> missingAtNanos) {}

  private record Denial(AuthorizationException answer, long askedAtNanos) {}

  private record Awaited(StuckException why, long wantedAtNanos) {}

  private static final class Bounded<T> extends LinkedHashMap<String, T> {
    private static final long serialVersionUID = 1L;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, T> eldest) {
      return size() > MOST_TOPICS;
    }
  }

  /**
   * @param patience how long a topic may be unknown before it counts as missing
   * @param nanoTime a clock, as {@link System#nanoTime}
   */
  RefusedTopics(Duration patience, LongSupplier nanoTime) {
    this.patience = patience;
    this.nanoTime = nanoTime;
    this.askedAtNanos = nanoTime.getAsLong() - APART.toNanos();
  }

  /** Why a record for this topic is not sent now; empty if its sender is to ask Kafka. */
  synchronized Optional<ApiException> refusal(String topic) {
    long now = nanoTime.getAsLong();
    Unknown sought = unknown.get(topic);
    if (sought != null
        && sought.missingAtNanos().filter(at -> now - at < MISSING_AGAIN.toNanos()).isPresent()) {
      return Optional.of(unknown(topic));
    }
    Denial denial = denied.get(topic);
    if (denial != null) {
      if (now - denial.askedAtNanos() < DENIED_AGAIN.toNanos()
          || now - askedAtNanos < APART.toNanos()) {
        return Optional.of(denial.answer());
      }
      askedAtNanos = now;
      denied.put(topic, new Denial(denial.answer(), now));
    }
    Awaited wanted =
        awaited.computeIfPresent(topic, (it, before) -> new Awaited(before.why(), now));
    return Optional.ofNullable(wanted).map(Awaited::why);
  }

  private UnknownTopicOrPartitionException unknown(String topic) {
    return new UnknownTopicOrPartitionException(
        "Kafka does not know the topic "
            + topic
            + " and has not created it within "
            + patience.toSeconds()
            + " s. Create it, or turn auto.create.topics.enable on.");
  }

  /** The topic counts as missing from now on: its records are refused. */
  synchronized UnknownTopicOrPartitionException missing(String topic) {
    long now = nanoTime.getAsLong();
    Unknown before = unknown.getOrDefault(topic, new Unknown(now, Optional.empty()));
    unknown.put(topic, new Unknown(before.sinceNanos(), Optional.of(now)));
    return unknown(topic);
  }

  /** Kafka did not know the topic; true if that has gone on for too long. */
  synchronized boolean isTooLongUnknown(String topic) {
    long now = nanoTime.getAsLong();
    Unknown found = unknown.computeIfAbsent(topic, name -> new Unknown(now, Optional.empty()));
    return found.missingAtNanos().isPresent() || now - found.sinceNanos() >= patience.toNanos();
  }

  /** Kafka knows the topic, or nobody can tell: it is borne with anew if it is unknown later. */
  synchronized void known(String topic) {
    unknown.remove(topic);
    awaited.remove(topic);
  }

  /** Kafka took a record for the topic; true if it denied the topic before. */
  synchronized boolean took(String topic) {
    unknown.remove(topic);
    return granted(topic);
  }

  // ---- what is denied

  /** Kafka denied the topic; true if that is news. */
  synchronized boolean denied(String topic, AuthorizationException answer) {
    taken.remove(topic);
    return denied.put(topic, new Denial(answer, nanoTime.getAsLong())) == null;
  }

  /** Kafka takes records for the topic; true if that is news. */
  synchronized boolean granted(String topic) {
    if (taken.size() < MOST_TOPICS) {
      taken.add(topic);
    }
    return denied.remove(topic) != null;
  }

  /** Whether Kafka has taken records for a topic that it does not deny since. */
  synchronized boolean takesAny() {
    return !taken.isEmpty();
  }

  /** All that Kafka denies, as far as is known. */
  synchronized SortedSet<String> denied() {
    return new TreeSet<>(denied.keySet());
  }

  /** Those of them that no record has asked for in a while. */
  synchronized SortedSet<String> quiet() {
    long now = nanoTime.getAsLong();
    SortedSet<String> quiet = new TreeSet<>();
    denied.forEach(
        (topic, denial) -> {
          if (now - denial.askedAtNanos() >= DENIED_AGAIN.toNanos()) {
            quiet.add(topic);
          }
        });
    return quiet;
  }

  // ---- what is asked for in the background

  synchronized void unanswered(String topic, StuckException why) {
    Awaited before = awaited.remove(topic);
    if (awaited.size() < MOST_TOPICS) {
      // At the end, so that all have their turn
      awaited.put(
          topic, new Awaited(why, before == null ? nanoTime.getAsLong() : before.wantedAtNanos()));
    }
  }

  synchronized void answered(String topic) {
    awaited.remove(topic);
  }

  /** The one to ask for next. */
  synchronized Optional<String> next() {
    long now = nanoTime.getAsLong();
    awaited.values().removeIf(topic -> now - topic.wantedAtNanos() >= WANTED_FOR.toNanos());
    return awaited.keySet().stream().findFirst();
  }
}
