package dev.caravan.topic;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The concrete topics that selectors stand for in an org.
 *
 * @param topics without repeats, in the order of the selectors, then of the listings
 * @param unmatched selectors for which nothing was found
 */
public record Expansion(List<String> topics, List<TopicSelector> unmatched) {

  /** What has to be listed before these selectors can be expanded. */
  public static Set<Listing> needs(List<TopicSelector> selectors) {
    Set<Listing> needs = new LinkedHashSet<>();
    selectors.forEach(selector -> selector.listing().ifPresent(needs::add));
    return needs;
  }

  /** Fills in the ids. A listing that is missing counts as empty, as does an entity without id. */
  public static Expansion of(
      List<TopicSelector> selectors, Map<Listing, List<Listing.Entity>> listings) {
    List<String> topics = new ArrayList<>();
    List<TopicSelector> unmatched = new ArrayList<>();
    for (TopicSelector selector : selectors) {
      List<String> found =
          selector
              .listing()
              .map(
                  listing ->
                      listings.getOrDefault(listing, List.of()).stream()
                          .filter(entity -> !entity.id().isBlank() && selector.accepts(entity))
                          .map(selector::topicFor)
                          .toList())
              .orElse(List.of(selector.topic()));
      if (found.isEmpty()) {
        unmatched.add(selector);
      }
      topics.addAll(found);
    }
    return distinct(topics, unmatched);
  }

  /** These topics, without repeats that differ in case only. */
  public static Expansion distinct(Collection<String> all, List<TopicSelector> unmatched) {
    Map<String, String> topics = new LinkedHashMap<>();
    all.forEach(topic -> topics.putIfAbsent(topic.toLowerCase(Locale.ROOT), topic));
    return new Expansion(List.copyOf(topics.values()), List.copyOf(unmatched));
  }
}
