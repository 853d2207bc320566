package dev.caravan.genesys;

import dev.caravan.topic.Expansion;
import dev.caravan.topic.Listing;
import dev.caravan.topic.TopicSelector;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers which topics each selector stood for, and does not let a listing that is short once
 * take them away: if more than a few percent of a selector's topics are missing, or all, that is
 * believed when the next listing says the same.
 */
final class Found {

  private static final Logger LOG = LoggerFactory.getLogger(Found.class);

  /** That part of a selector's topics may go without a second look. */
  private static final double UNDOUBTED = 0.03;

  private final Map<TopicSelector, List<String>> believed = new HashMap<>();
  private final Map<TopicSelector, Set<String>> doubted = new HashMap<>();

  /**
   * What to go by.
   *
   * @param expansion the topics, those included whose loss is doubted
   * @param doubted whether a second listing is needed
   */
  record Result(Expansion expansion, boolean doubted) {}

  /** What is read before the first listing has come to its end, so that the rest cannot lack it. */
  void known(List<TopicSelector> selectors, Map<Listing, List<Listing.Entity>> listings) {
    selectors.forEach(
        selector -> known(selector, Expansion.of(List.of(selector), listings).topics()));
  }

  /** The same of one selector. */
  void known(TopicSelector selector, List<String> topics) {
    believed.put(selector, topics);
  }

  /** Takes up what has been listed now. */
  Result take(List<TopicSelector> selectors, Map<Listing, List<Listing.Entity>> listings) {
    Set<String> topics = new LinkedHashSet<>();
    List<TopicSelector> unmatched = new ArrayList<>();
    for (TopicSelector selector : selectors) {
      List<String> now = judge(selector, Expansion.of(List.of(selector), listings).topics());
      topics.addAll(now);
      if (now.isEmpty()) {
        unmatched.add(selector);
      }
    }
    return new Result(
        Expansion.distinct(topics, unmatched),
        doubted.keySet().stream().anyMatch(selectors::contains));
  }

  /** Whether it takes a second look to believe that so many of them are gone. */
  private static boolean isMuch(int missing, int of) {
    return missing > of * UNDOUBTED;
  }

  private List<String> judge(TopicSelector selector, List<String> now) {
    List<String> before = believed.getOrDefault(selector, List.of());
    Set<String> missing = new LinkedHashSet<>(before);
    Set.copyOf(now).forEach(missing::remove);
    boolean tooFew = isMuch(missing.size(), before.size()) || now.isEmpty();
    Set<String> last = doubted.remove(selector);
    if (selector.listing().isEmpty() || !tooFew || Set.copyOf(now).equals(last)) {
      believed.put(selector, now);
      return now;
    }
    doubted.put(selector, new HashSet<>(now));
    if (!before.isEmpty()) {
      LOG.warn(
          "What was listed for {} has {} of {} topics no more. They go on being read until a second"
              + " listing says the same.",
          selector.text(),
          missing.size(),
          before.size());
    }
    Set<String> both = new LinkedHashSet<>(before);
    both.addAll(now);
    believed.put(selector, List.copyOf(both));
    return List.copyOf(both);
  }
}
