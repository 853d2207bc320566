package dev.caravan.genesys;

import dev.caravan.topic.TopicCatalogue;
import dev.caravan.topic.TopicCombiner;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The topics that Genesys Cloud did not let us subscribe, gathered by their pattern. */
final class Rejections {

  private static final Logger LOG = LoggerFactory.getLogger(Rejections.class);

  private final Map<String, Pattern> byPattern = new TreeMap<>();
  private final Set<String> topics = new HashSet<>();

  /** What is missing for one kind of topic. */
  private static final class Pattern {
    private int count;
    private final TreeSet<String> missingPermissions = new TreeSet<>();
  }

  /** Reads the entities of the answer to a subscription; those without a state are permitted. */
  static Rejections of(List<?> entities) {
    Rejections rejections = new Rejections();
    TopicCatalogue catalogue = TopicCatalogue.load();
    for (Object entity : entities == null ? List.of() : entities) {
      if (entity instanceof Map<?, ?> map
          && "Rejected".equals(map.get("state"))
          && map.get("id") instanceof String topic) {
        String pattern = catalogue.patternOf(topic).orElseGet(() -> catalogue.generalise(topic));
        Pattern found = rejections.byPattern.computeIfAbsent(pattern, key -> new Pattern());
        found.count++;
        rejections.topics.add(topic);
        if (map.get("missingPermissions") instanceof List<?> missing) {
          missing.forEach(permission -> found.missingPermissions.add(String.valueOf(permission)));
        }
      }
    }
    return rejections;
  }

  /** Whether nothing is left of these subscriptions, so that the channel is of no use. */
  boolean coverAll(List<String> subscriptions) {
    return subscriptions.stream().allMatch(this::covers);
  }

  /** Of a combined topic ({@code prefix?one&two}) each part is rejected by its full name. */
  private boolean covers(String subscription) {
    return topics.contains(subscription)
        || topics.containsAll(TopicCombiner.expandCombined(subscription));
  }

  /** All of it in one sentence. */
  String sentence() {
    return byPattern.keySet().stream().map(this::sentence).collect(Collectors.joining(" "));
  }

  private String sentence(String pattern) {
    Pattern found = byPattern.get(pattern);
    List<String> missing = new ArrayList<>(found.missingPermissions);
    return "Genesys Cloud refused "
        + found.count
        + (found.count == 1 ? " topic " : " topics ")
        + pattern
        + (missing.isEmpty()
            ? "."
            : "; the OAuth client's role lacks " + String.join(", ", missing) + ".");
  }

  /** Tells log, metrics and signals, one line per pattern. */
  void report(int shard, IntConsumer counter, Consumer<Signal> signals) {
    byPattern.forEach(
        (pattern, found) -> {
          LOG.warn("Shard {}. {} The other topics go on.", shard, sentence(pattern));
          counter.accept(found.count);
          signals.accept(
              Signal.of("TOPIC_REJECTED")
                  .shard(shard)
                  .count(found.count)
                  .pattern(pattern)
                  .sentence(sentence(pattern)));
        });
  }
}
