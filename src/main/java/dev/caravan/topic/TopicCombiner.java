package dev.caravan.topic;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Makes one subscription of several topics about the same entity: {@code v2.users.<id>?presence&
 * routingStatus} counts as one of the thousand a channel may have, and its events still arrive
 * under their own names.
 */
public record TopicCombiner(TopicCatalogue catalogue) {

  /** The longest combined name that Genesys Cloud takes. */
  public static final int MAX_LENGTH = 200;

  /** The ending of a topic that is its own prefix; it cannot be combined. */
  private static final String NOTHING = "";

  /** The fewest subscriptions in order of first mention that carry these concrete topics. */
  public List<String> combine(List<String> topics) {
    Map<String, Set<String>> endings = new LinkedHashMap<>();
    for (String topic : topics) {
      int cut = afterLastId(topic);
      String prefix = cut < 0 ? topic : topic.substring(0, cut);
      String ending = cut < 0 ? NOTHING : topic.substring(cut + 1);
      endings.computeIfAbsent(prefix, p -> new LinkedHashSet<>()).add(ending);
    }
    List<String> combined = new ArrayList<>();
    endings.forEach((prefix, ends) -> pack(prefix, ends, combined));
    return List.copyOf(combined);
  }

  /** The topics a subscription carries: itself, if it is not combined. */
  public static List<String> expandCombined(String subscription) {
    int mark = subscription.indexOf('?');
    if (mark < 0) {
      return List.of(subscription);
    }
    return Stream.of(subscription.substring(mark + 1).split("&"))
        .map(ending -> subscription.substring(0, mark) + "." + ending)
        .toList();
  }

  /** The topics that all of these carry, each by its own name. */
  public static Stream<String> singles(Collection<String> subscriptions) {
    return subscriptions.stream().flatMap(it -> expandCombined(it).stream());
  }

  /**
   * Some of the topics of a subscription as a subscription of their own.
   *
   * @param some in the order in which {@link #expandCombined} tells them, at least one
   */
  public static String part(String subscription, List<String> some) {
    int mark = subscription.indexOf('?');
    if (mark < 0 || some.size() == 1) {
      return some.get(0);
    }
    Set<String> endings = new LinkedHashSet<>();
    expandCombined(subscription).stream()
        .filter(some::contains)
        .forEach(topic -> endings.add(topic.substring(mark + 1)));
    return subscription.substring(0, mark + 1) + String.join("&", endings);
  }

  private static void pack(String prefix, Set<String> all, List<String> combined) {
    if (all.contains(NOTHING)) {
      combined.add(prefix);
    }
    List<String> endings = all.stream().filter(ending -> !ending.equals(NOTHING)).toList();
    int start = 0;
    while (start < endings.size()) {
      int end = start + 1;
      int length = prefix.length() + 1 + endings.get(start).length();
      while (end < endings.size() && length + 1 + endings.get(end).length() <= MAX_LENGTH) {
        length += 1 + endings.get(end).length();
        end++;
      }
      List<String> together = endings.subList(start, end);
      combined.add(prefix + (together.size() == 1 ? "." : "?") + String.join("&", together));
      start = end;
    }
  }

  /** Where the dot after the last id stands; -1 if there is no id, or nothing after it. */
  private int afterLastId(String topic) {
    List<String> pattern = TopicNames.segments(catalogue.generalise(topic));
    List<String> segments = TopicNames.segments(topic);
    int last = pattern.lastIndexOf(TopicNames.ID);
    if (last < 0 || last == segments.size() - 1) {
      return -1;
    }
    return String.join(".", segments.subList(0, last + 1)).length();
  }
}
