package dev.caravan.genesys;

import dev.caravan.topic.Expansion;
import dev.caravan.topic.TopicSelector;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers which topics each selector stood for, and does not let a listing that is short once
 * take them away: a topic is gone when listings have lacked it for a minute, two at least. If more
 * than a few percent of a selector's topics are missing, or all, the last two must lack the same.
 * Another OAuth client may see others: what one has listed only that one can take away, however few
 * another lists in its place.
 */
final class Found {

  private static final Logger LOG = LoggerFactory.getLogger(Found.class);

  /** If a larger part of a selector's topics is missing, the listing as a whole is doubted. */
  private static final double FEW = 0.03;

  /** An index that lags behind, or a fault, is over by then. */
  static final Duration LASTING = Duration.ofMinutes(1);

  private final Map<View, List<String>> believed = new LinkedHashMap<>();

  /** What the last listing lacked, and since when. */
  private final Map<View, Map<String, Instant>> missed = new HashMap<>();

  private final Clock clock;

  Found(Clock clock) {
    this.clock = clock;
  }

  private record View(TopicSelector selector, String lister) {}

  /**
   * @param doubted whether so much is missing that a second listing is needed at once
   * @param missing whether a topic is read on although it was not listed
   */
  record Result(Expansion expansion, boolean doubted, boolean missing) {}

  /** What is read before the first listing has come to its end, so that the rest cannot lack it. */
  void known(List<TopicSelector> selectors, Directory.Listed listed, String first) {
    for (TopicSelector selector : selectors) {
      known(selector, listed.lister(selector, first), listed.topics(selector));
    }
  }

  void known(TopicSelector selector, String lister, List<String> topics) {
    believed.put(new View(selector, lister), topics);
  }

  Result take(List<TopicSelector> selectors, Directory.Listed listed, String first) {
    Set<String> topics = new LinkedHashSet<>();
    List<TopicSelector> unmatched = new ArrayList<>();
    boolean doubted = false;
    boolean missing = false;
    for (TopicSelector selector : selectors) {
      View view = new View(selector, listed.lister(selector, first));
      doubted |= judge(view, listed.topics(selector));
      missing |= !missed.getOrDefault(view, Map.of()).isEmpty();
      List<String> now =
          believed.keySet().stream()
              .filter(its -> its.selector().equals(selector))
              .flatMap(its -> believed.get(its).stream())
              .toList();
      topics.addAll(now);
      if (now.isEmpty()) {
        unmatched.add(selector);
      }
    }
    return new Result(Expansion.distinct(topics, unmatched), doubted, missing);
  }

  /** Whether the listing as a whole is doubted. */
  private boolean judge(View view, List<String> now) {
    List<String> before = believed.getOrDefault(view, List.of());
    Set<String> missing = new LinkedHashSet<>(before);
    Set.copyOf(now).forEach(missing::remove);
    boolean whole = now.isEmpty() || missing.size() > before.size() * FEW;
    Map<String, Instant> last = missed.remove(view);
    if (view.selector().listing().isEmpty() || missing.isEmpty() && !whole) {
      believed.put(view, now);
      return false;
    }
    Instant time = clock.instant();
    Map<String, Instant> lacking = new HashMap<>();
    missing.forEach(
        topic -> lacking.put(topic, last == null ? time : last.getOrDefault(topic, time)));
    boolean same = last != null && last.keySet().equals(missing);
    Set<String> both = new LinkedHashSet<>(before);
    if (same || !whole) {
      Instant lasting = time.minus(LASTING);
      both.removeIf(topic -> lacking.containsKey(topic) && !lacking.get(topic).isAfter(lasting));
      lacking.keySet().retainAll(both);
    }
    both.addAll(now);
    believed.put(view, List.copyOf(both));
    boolean doubted = whole && (!same || !lacking.isEmpty());
    if (doubted || !lacking.isEmpty()) {
      missed.put(view, lacking);
    }
    if (doubted && !before.isEmpty()) {
      LOG.warn(
          "What was listed for {} has {} of {} topics no more. They go on being read until a second"
              + " listing says the same.",
          view.selector().text(),
          missing.size(),
          before.size());
    }
    return doubted;
  }
}
