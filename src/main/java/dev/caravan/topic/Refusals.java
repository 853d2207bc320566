package dev.caravan.topic;

import java.util.Map;
import java.util.Set;

/**
 * What Genesys Cloud has refused to which client.
 *
 * @param topics by client, each topic by its own name
 * @param patterns by client, kinds of topics (with {@code {id}}) of which it is granted none: more
 *     of them need not be tried. What it reads stays with it until it is refused by its name.
 */
public record Refusals(Map<String, Set<String>> topics, Map<String, Set<String>> patterns) {

  /** Nothing was refused. */
  public static final Refusals NONE = new Refusals(Map.of(), Map.of());

  public Refusals {
    topics = Map.copyOf(topics);
    patterns = Map.copyOf(patterns);
  }

  boolean isNone() {
    return topics.isEmpty() && patterns.isEmpty();
  }

  /** Whether a client may not see a topic, as far as is known. */
  public boolean refuses(String client, String topic) {
    Set<String> kinds = patterns.getOrDefault(client, Set.of());
    return refusesByName(client, topic)
        || !kinds.isEmpty() && kinds.contains(TopicCatalogue.shipped().generalise(topic));
  }

  /** Whether a client asked for a topic and was refused it. */
  boolean refusesByName(String client, String topic) {
    return topics.getOrDefault(client, Set.of()).contains(topic);
  }
}
