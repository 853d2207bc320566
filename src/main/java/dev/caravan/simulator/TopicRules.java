package dev.caravan.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Which topics exist, and which permissions somebody needs to hear them. */
final class TopicRules {

  private static final String TABLE = "permissions.json";
  private static final TopicVerdict PERMITTED = new TopicVerdict.Permitted();

  private record Rule(String template, Pattern pattern, List<String> allOf, List<String> anyOf) {

    List<String> missingIf(Set<String> lacked) {
      if (!anyOf.isEmpty()) {
        return lacked.containsAll(anyOf) ? anyOf : List.of();
      }
      return allOf.stream().filter(lacked::contains).toList();
    }
  }

  private final List<Rule> rules;
  private final Set<String> forbidden = new TreeSet<>();

  TopicRules() {
    rules = read();
  }

  TopicVerdict judge(String topic, Set<String> lackedPermissions) {
    if (!topic.startsWith("v2.")) {
      return new TopicVerdict.Rejected(ApiError.invalidTopic(), List.of());
    }
    if (forbidden.stream().anyMatch(glob -> Globs.matches(glob, topic))) {
      return new TopicVerdict.Rejected(
          new ApiError(403, "notification.forbidden.topic", "Topic is forbidden"), List.of());
    }
    for (Rule rule : rules) {
      if (rule.pattern.matcher(topic).matches()) {
        List<String> missing = rule.missingIf(lackedPermissions);
        if (!missing.isEmpty()) {
          return new TopicVerdict.Rejected(
              ApiError.unauthorizedTopic(String.join(",", missing), topic), missing);
        }
      }
    }
    return PERMITTED;
  }

  /** Forbids every topic that a pattern with {@code *} matches, whoever asks. */
  void forbid(String glob) {
    forbidden.add(glob);
  }

  void allowAll() {
    forbidden.clear();
  }

  private static List<Rule> read() {
    try (InputStream table = TopicRules.class.getResourceAsStream(TABLE)) {
      List<Rule> rules = new ArrayList<>();
      for (JsonNode row : Json.MAPPER.readTree(table)) {
        String template = row.path("topic").asText();
        rules.add(
            new Rule(
                template, pattern(template), texts(row.path("allOf")), texts(row.path("anyOf"))));
      }
      return List.copyOf(rules);
    } catch (IOException e) {
      throw new UncheckedIOException("The simulator's table " + TABLE + " cannot be read.", e);
    }
  }

  private static Pattern pattern(String template) {
    return Pattern.compile(
        Pattern.quote(template).replace("{id}", "\\E[^.?&]+\\Q"), Pattern.CASE_INSENSITIVE);
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.asText()));
    return List.copyOf(texts);
  }
}
