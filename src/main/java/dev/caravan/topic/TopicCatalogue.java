package dev.caravan.topic;

import dev.caravan.Spelling;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Knows the topics of Genesys Cloud: how they are spelt, which one a concrete name belongs to, what
 * their events look like. It is a snapshot of the official SDKs; an org may have more, so nothing
 * is refused for not being listed here.
 */
public final class TopicCatalogue {

  private static final String RESOURCE = "topics.json";

  /** Concrete topics remembered at once; a power of two. */
  private static final int REMEMBERED = 1 << 13;

  private final List<Topic> topics;
  private final Node root = new Node();

  // Races lose nothing: entries are immutable, and one that is overwritten is looked up again.
  private final Known[] known = new Known[REMEMBERED];

  private TopicCatalogue(List<Topic> topics) {
    this.topics = List.copyOf(topics);
    for (Topic topic : topics) {
      Node node = root;
      for (String segment : TopicNames.segments(lower(topic.pattern()))) {
        node = node.children.computeIfAbsent(segment, s -> new Node());
      }
      node.topic = topic;
    }
  }

  /** Read when it is first asked for, and once. */
  private static final class Shipped {
    private static final TopicCatalogue CATALOGUE = load();
  }

  /** The catalogue that comes with this version. */
  public static TopicCatalogue shipped() {
    return Shipped.CATALOGUE;
  }

  private static TopicCatalogue load() {
    try (InputStream resource = TopicCatalogue.class.getResourceAsStream(RESOURCE)) {
      return new TopicCatalogue(CatalogueFile.read(resource));
    } catch (IOException e) {
      throw new UncheckedIOException("The catalogue of topics in this jar cannot be read.", e);
    }
  }

  /** All topics, in alphabetical order. */
  public List<Topic> all() {
    return topics;
  }

  /** Whether it is a word of Genesys Cloud's own: one of the few values that some field has. */
  public boolean isEnumValue(String value) {
    // All topics share their enums
    return topics.get(0).schema().isEnumValue(value);
  }

  /** The topic with this pattern, or that a concrete name belongs to, in any case. */
  public Optional<Topic> topicOf(String concreteTopic) {
    return Optional.ofNullable(known(concreteTopic).topic);
  }

  /**
   * The pattern of a concrete topic, in any case; guessed from its ids if it is not in this
   * catalogue.
   */
  public String generalise(String concreteTopic) {
    return known(concreteTopic).pattern;
  }

  /** How many of some concrete topics are of which pattern. */
  public Map<String, Integer> countByPattern(Collection<String> concreteTopics) {
    Map<String, Integer> counts = new TreeMap<>();
    concreteTopics.forEach(topic -> counts.merge(generalise(topic), 1, Integer::sum));
    return counts;
  }

  /** The patterns that differ least from a name that may be misspelt, the nearest first. */
  public List<String> nearest(String typo, int count) {
    String normal = lower(TopicNames.generalise(typo).replace("*", TopicNames.ID));
    return topics.stream()
        .map(Topic::pattern)
        .sorted(Comparator.comparingInt(p -> Spelling.distance(normal, lower(p))))
        .limit(count)
        .toList();
  }

  private Known known(String concreteTopic) {
    int hash = concreteTopic.hashCode();
    int slot = (hash ^ hash >>> 16) & REMEMBERED - 1;
    Known entry = known[slot];
    if (entry == null || !entry.name.equals(concreteTopic)) {
      Topic topic = root.find(TopicNames.segments(lower(concreteTopic)), 0);
      String pattern = topic == null ? TopicNames.generalise(concreteTopic) : topic.pattern();
      entry = new Known(concreteTopic, pattern, topic);
      known[slot] = entry;
    }
    return entry;
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  /** A segment of the patterns and what may follow it. */
  private static final class Node {
    private final Map<String, Node> children = new HashMap<>();
    private Topic topic;

    /** Words before ids: {@code v2.flows.instances…} is not flow "instances". */
    private Topic find(List<String> segments, int at) {
      if (at == segments.size()) {
        return topic;
      }
      String segment = segments.get(at);
      if (segment.isEmpty()) {
        return null;
      }
      Node word = children.get(segment);
      Topic found = word == null ? null : word.find(segments, at + 1);
      Node id = children.get(TopicNames.ID);
      return found == null && id != null ? id.find(segments, at + 1) : found;
    }
  }

  /** What is known of a concrete name; topic is null if the catalogue does not have it. */
  private record Known(String name, String pattern, Topic topic) {}
}
