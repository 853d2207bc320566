package dev.caravan.genesys;

import dev.caravan.topic.Expansion;
import dev.caravan.topic.TopicSelector;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers which topics each selector stood for, and does not let a listing that is short once
 * take them away: if more than a few percent of a selector's topics are missing, or all, that is
 * believed when the next listing says the same. Another OAuth client may see others: what one has
 * listed only that one can take away, however few another lists in its place.
 */
final class Found {

  private static final Logger LOG = LoggerFactory.getLogger(Found.class);

  /** That part of a selector's topics may go without a second look. */
  private static final double UNDOUBTED = 0.03;

  private final Map<View, List<String>> believed = new LinkedHashMap<>();
  private final Map<View, Set<String>> doubted = new HashMap<>();

  /** What a client sees of a selector. */
  private record View(TopicSelector selector, String lister) {}

  /**
   * What to go by.
   *
   * @param expansion the topics, those included whose loss is doubted
   * @param doubted whether a second listing is needed
   */
  record Result(Expansion expansion, boolean doubted) {}

  /** What is read before the first listing has come to its end, so that the rest cannot lack it. */
  void known(List<TopicSelector> selectors, Directory.Listed listed, String first) {
    selectors.forEach(
        selector ->
            known(
                selector,
                listed.lister(selector, first),
                Expansion.of(List.of(selector), listed.entities()).topics()));
  }

  /** The same of one selector. */
  void known(TopicSelector selector, String lister, List<String> topics) {
    believed.put(new View(selector, lister), topics);
  }

  /** What is believed of some selectors before a listing has come to its end. */
  Set<String> soFar(List<TopicSelector> selectors) {
    Set<String> all = new LinkedHashSet<>();
    believed.forEach(
        (view, topics) -> {
          if (selectors.contains(view.selector())) {
            all.addAll(topics);
          }
        });
    return all;
  }

  /** Takes up what has been listed now. */
  Result take(List<TopicSelector> selectors, Directory.Listed listed, String first) {
    Set<String> topics = new LinkedHashSet<>();
    List<TopicSelector> unmatched = new ArrayList<>();
    boolean again = false;
    for (TopicSelector selector : selectors) {
      View view = new View(selector, listed.lister(selector, first));
      judge(view, Expansion.of(List.of(selector), listed.entities()).topics());
      Set<String> now = soFar(List.of(selector));
      topics.addAll(now);
      again |= doubted.containsKey(view);
      if (now.isEmpty()) {
        unmatched.add(selector);
      }
    }
    return new Result(Expansion.distinct(topics, unmatched), again);
  }

  /** Whether it takes a second look to believe that so many of them are gone. */
  private static boolean isMuch(int missing, int of) {
    return missing > of * UNDOUBTED;
  }

  private void judge(View view, List<String> now) {
    TopicSelector selector = view.selector();
    List<String> before = believed.getOrDefault(view, List.of());
    Set<String> missing = new LinkedHashSet<>(before);
    Set.copyOf(now).forEach(missing::remove);
    boolean tooFew = isMuch(missing.size(), before.size()) || now.isEmpty();
    Set<String> last = doubted.remove(view);
    if (selector.listing().isEmpty() || !tooFew || Set.copyOf(now).equals(last)) {
      believed.put(view, now);
      return;
    }
    doubted.put(view, new HashSet<>(now));
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
    believed.put(view, List.copyOf(both));
  }
}
