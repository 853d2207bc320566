package dev.caravan.health;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells when more events become dead letters than a bad frame now and then explains, as after a
 * wrong edit of a route, and for which reasons. Safe for use by several threads.
 */
final class DeadLetterShare {

  private static final Logger LOG = LoggerFactory.getLogger(DeadLetterShare.class);

  /** What lies longer ago does not count any more. */
  static final Duration WITHIN = Duration.ofMinutes(1);

  private static final long A_FEW = 5;
  private static final int ONE_OF = 100;
  private static final int MOST_REASONS = 20;
  private static final int MOST_NAMED = 3;
  private static final String OTHERS = "Others failed otherwise.";

  private final LongSupplier eventsRead;
  private final LongSupplier nanoTime;
  private final Deque<Span> spans = new ArrayDeque<>();
  private boolean logged;

  /** From one look to the next. */
  private static final class Span {
    private final long beganNanos;
    private final long eventsBefore;
    private final Map<String, Long> letters = new TreeMap<>();

    private Span(long beganNanos, long eventsBefore) {
      this.beganNanos = beganNanos;
      this.eventsBefore = eventsBefore;
    }
  }

  /**
   * @param eventsRead how many events were read since the process began
   * @param nanoTime a clock, as {@link System#nanoTime}
   */
  DeadLetterShare(LongSupplier eventsRead, LongSupplier nanoTime) {
    this.eventsRead = eventsRead;
    this.nanoTime = nanoTime;
    begin();
  }

  /**
   * An event became a dead letter.
   *
   * @param why a sentence without anything of its content
   */
  synchronized void letter(String why) {
    Map<String, Long> letters = spans.getLast().letters;
    boolean named = letters.containsKey(why) || letters.size() < MOST_REASONS;
    letters.merge(named ? why : OTHERS, 1L, Long::sum);
  }

  /** To be called every few seconds: what was long ago is forgotten, and changes are logged. */
  synchronized void look() {
    begin();
    Optional<String> now = sentence();
    if (now.isPresent() != logged) {
      logged = now.isPresent();
      now.ifPresentOrElse(
          LOG::warn, () -> LOG.info("No more than a few events become dead letters any more."));
    }
  }

  private void begin() {
    long now = nanoTime.getAsLong();
    spans.addLast(new Span(now, eventsRead.getAsLong()));
    while (spans.size() > 1 && now - spans.getFirst().beganNanos > WITHIN.toNanos()) {
      spans.removeFirst();
    }
  }

  /** How many became dead letters lately, and why; empty if they are few. */
  synchronized Optional<String> sentence() {
    Map<String, Long> letters = new TreeMap<>();
    spans.forEach(span -> span.letters.forEach((why, some) -> letters.merge(why, some, Long::sum)));
    long sum = letters.values().stream().mapToLong(Long::longValue).sum();
    long events = eventsRead.getAsLong() - spans.getFirst().eventsBefore;
    if (sum < A_FEW || sum * ONE_OF <= events) {
      return Optional.empty();
    }
    String reasons =
        letters.entrySet().stream()
            .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()))
            .limit(MOST_NAMED)
            .map(it -> "%d: %s.".formatted(it.getValue(), it.getKey().replaceAll("[.\\s]+$", "")))
            .collect(Collectors.joining(" "));
    return Optional.of(
        "%d events became dead letters in the last minute, in which %d were read. %s Mend the route or what it needs; they lie in the dead-letter topic."
            .formatted(sum, events, reasons));
  }
}
