package dev.caravan.genesys.connect;

import dev.caravan.genesys.Signal;
import dev.caravan.topic.Topic;
import dev.caravan.topic.TopicCatalogue;
import dev.caravan.topic.TopicCombiner;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The topics that were asked for and are not subscribed, gathered by their pattern: Genesys Cloud
 * rejected them, refused every list that they stood in, or does not list them in its answer.
 */
public final class Rejections {

  private static final Logger LOG = LoggerFactory.getLogger(Rejections.class);

  private static final int MOST_NAMED = 20;

  private static final String NOT_LISTED =
      "Genesys Cloud does not list it among what it subscribed.";

  private final TopicCatalogue catalogue = TopicCatalogue.shipped();
  private final Map<String, Pattern> byPattern = new TreeMap<>();
  private final List<String> subscribed = new ArrayList<>();

  private static final class Pattern {
    private final List<String> topics = new ArrayList<>();
    private final Set<String> reasons = new TreeSet<>();
    private final Set<String> missingPermissions = new TreeSet<>();
  }

  private Rejections() {}

  /**
   * Compares what was asked for with the answers. Of a combined topic ({@code prefix?one&two}) each
   * part is rejected by its full name.
   *
   * @param entities of the answers to the subscriptions; those without a state are permitted
   * @param refused topics that were left out, each with the reason as a sentence
   */
  public static Rejections of(List<String> asked, List<?> entities, Map<?, ?> refused) {
    Set<String> permitted = new HashSet<>();
    Map<String, Map<?, ?>> rejected = new HashMap<>();
    for (Object entity : entities == null ? List.of() : entities) {
      if (entity instanceof Map<?, ?> map && map.get("id") instanceof String topic) {
        for (String single : TopicCombiner.expandCombined(topic)) {
          if ("Rejected".equals(map.get("state"))) {
            rejected.put(lower(single), map);
          } else {
            permitted.add(lower(single));
          }
        }
      }
    }
    Rejections rejections = new Rejections();
    for (String topic : TopicCombiner.singles(asked).toList()) {
      Map<?, ?> rejection = rejected.get(lower(topic));
      if (rejection != null) {
        rejections.rejected(topic, rejection);
      } else if (permitted.contains(lower(topic))) {
        rejections.subscribed.add(topic);
      } else {
        rejections
            .of(topic)
            .reasons
            .add(Objects.requireNonNullElse(refused.get(topic), NOT_LISTED).toString());
      }
    }
    return rejections;
  }

  /** The subscriptions in a listing that are not rejected; empty if it cannot be understood. */
  static Optional<Set<String>> permitted(Object answer) {
    if (!(answer instanceof Map<?, ?> body)
        || !(body.get("entities") instanceof Collection<?> entities)
        || !entities.stream()
            .allMatch(it -> it instanceof Map<?, ?> one && one.get("id") instanceof String)) {
      return Optional.empty();
    }
    return Optional.of(
        entities.stream()
            .map(Map.class::cast)
            .filter(entity -> !"Rejected".equals(entity.get("state")))
            .map(entity -> entity.get("id").toString())
            .collect(Collectors.toSet()));
  }

  private static String lower(String topic) {
    return topic.toLowerCase(Locale.ROOT);
  }

  private Pattern of(String topic) {
    Pattern pattern = byPattern.computeIfAbsent(catalogue.generalise(topic), key -> new Pattern());
    pattern.topics.add(topic);
    return pattern;
  }

  private void rejected(String topic, Map<?, ?> entity) {
    Pattern pattern = of(topic);
    if (entity.get("missingPermissions") instanceof List<?> missing && !missing.isEmpty()) {
      missing.forEach(permission -> pattern.missingPermissions.add(String.valueOf(permission)));
    } else if (entity.get("rejectionReason") instanceof String reason && !reason.isBlank()) {
      pattern.reasons.add("It says: " + HttpStatusRule.withoutIds(reason.strip()));
    }
  }

  /** What is read of it all: each topic by its own name, combined ones taken apart. */
  public List<String> subscribed() {
    return List.copyOf(subscribed);
  }

  public Map<String, Integer> subscribedByPattern() {
    return catalogue.countByPattern(subscribed);
  }

  /** Topics of one pattern that are not read, and what the OAuth client's role lacks for them. */
  public record Rejected(
      String pattern, int count, List<String> missingPermissions, String sentence) {}

  public List<Rejected> rejected() {
    return byPattern.entrySet().stream()
        .map(
            its ->
                new Rejected(
                    its.getKey(),
                    its.getValue().topics.size(),
                    List.copyOf(its.getValue().missingPermissions),
                    sentence(its.getKey())))
        .toList();
  }

  public String sentence() {
    String more = byPattern.size() > MOST_NAMED ? " So it did others." : "";
    return byPattern.keySet().stream()
        .limit(MOST_NAMED)
        .map(this::sentence)
        .collect(Collectors.joining(" ", "", more));
  }

  /** What several channels do not bring, in one text; empty if they bring all. */
  public static String sentence(Collection<Rejections> several) {
    return several.stream().reduce(new Rejections(), Rejections::and).sentence();
  }

  Rejections only(Predicate<String> which) {
    Rejections some = new Rejections().and(this);
    some.subscribed.removeIf(which.negate());
    some.byPattern.values().forEach(found -> found.topics.removeIf(which.negate()));
    some.byPattern.values().removeIf(found -> found.topics.isEmpty());
    return some;
  }

  /** This, and what was asked for later on the same channel. */
  Rejections and(Rejections more) {
    Rejections together = new Rejections();
    for (Rejections one : List.of(this, more)) {
      together.subscribed.addAll(one.subscribed);
      one.byPattern.forEach(
          (name, found) -> {
            Pattern sum = together.byPattern.computeIfAbsent(name, key -> new Pattern());
            sum.topics.addAll(found.topics);
            sum.reasons.addAll(found.reasons);
            sum.missingPermissions.addAll(found.missingPermissions);
          });
    }
    return together;
  }

  private String sentence(String pattern) {
    Pattern found = byPattern.get(pattern);
    int count = found.topics.size();
    StringBuilder sentence =
        new StringBuilder(
            "Genesys Cloud refused %d topic%s %s".formatted(count, count == 1 ? "" : "s", pattern));
    if (!found.missingPermissions.isEmpty()) {
      sentence
          .append("; the OAuth client's role lacks ")
          .append(String.join(", ", found.missingPermissions));
    }
    sentence.append('.');
    // A few: each may be quoted from an answer
    found.reasons.stream().limit(3).forEach(reason -> sentence.append(' ').append(reason));
    String only =
        " It is known to be offered over %s only, not over a WebSocket; take it out of GENESYS_TOPICS.";
    catalogue
        .topicOf(pattern)
        .filter(Topic::eventBridgeOnly)
        .ifPresent(it -> sentence.append(only.formatted(String.join(", ", it.transports()))));
    return sentence.toString();
  }

  void report(int shard, IntConsumer counter, Consumer<Signal> signals) {
    for (Rejected its : rejected()) {
      LOG.warn("Shard {}. {} The other topics go on.", shard, its.sentence());
      counter.accept(its.count());
      signals.accept(
          Signal.of("TOPIC_REJECTED")
              .shard(shard)
              .count(its.count())
              .pattern(its.pattern())
              .sentence(its.sentence()));
    }
  }
}
