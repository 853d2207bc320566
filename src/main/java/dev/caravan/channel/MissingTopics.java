package dev.caravan.channel;

import dev.caravan.topic.TopicCombiner;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * When to ask again for topics that a channel was to bring and does not: Genesys Cloud may have
 * refused them in passing. The longer they are the same, the more seldom.
 */
final class MissingTopics {

  private static final int MOST = 12;

  private final long firstMillis;
  private List<String> before = List.of();
  private long waitMillis;
  private long dueAt;
  private boolean asked;

  MissingTopics(Timings timings) {
    this.firstMillis = timings.slowRetry().toMillis();
  }

  /** What of this is not brought, each topic by its own name. */
  static List<String> of(List<String> wanted, List<String> brought) {
    Set<String> there = TopicCombiner.singles(brought).collect(Collectors.toSet());
    return TopicCombiner.singles(wanted).filter(topic -> !there.contains(topic)).toList();
  }

  /** What of this was never asked for, as subscriptions. */
  static List<String> never(List<String> wanted, List<String> asked) {
    Set<String> before = TopicCombiner.singles(asked).collect(Collectors.toSet());
    List<String> never = new ArrayList<>();
    for (String subscription : wanted) {
      List<String> some =
          TopicCombiner.expandCombined(subscription).stream()
              .filter(topic -> !before.contains(topic))
              .toList();
      if (!some.isEmpty()) {
        never.add(TopicCombiner.part(subscription, some));
      }
    }
    return never;
  }

  /** How long to wait until these are asked for; a channel that is another by then is no reason. */
  long waitMillis(List<String> missing, long now) {
    boolean same = missing.equals(before);
    if (asked || !same) {
      waitMillis = same ? Math.min(2 * waitMillis, MOST * firstMillis) : firstMillis;
      dueAt = now + waitMillis;
    }
    before = missing;
    asked = false;
    return Math.max(firstMillis / MOST, dueAt - now);
  }

  void asked() {
    asked = true;
  }
}
