package dev.caravan.topic;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** For tests of events that are made: what of a body is not as the official SDKs know it. */
public final class Violations {

  private static final Pattern TIME = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d.*");

  private final Schema schema;

  private Violations(Schema schema) {
    this.schema = schema;
  }

  /** One sentence for each place where the body has what the topic does not; empty if it fits. */
  public static List<String> of(Topic topic, JsonNode eventBody) {
    List<String> violations = new ArrayList<>();
    new Violations(topic.schema())
        .check(eventBody, "r" + topic.schema().root, "eventBody", violations);
    return List.copyOf(violations);
  }

  /** The names of the body's own fields. */
  static Set<String> fieldNames(Topic topic) {
    return topic.schema().types.objects().get(topic.schema().root).keySet();
  }

  private void check(JsonNode value, String code, String path, List<String> violations) {
    if (value.isNull()) {
      return;
    }
    switch (code.charAt(0)) {
      case '[' -> {
        if (value.isArray()) {
          for (int i = 0; i < value.size(); i++) {
            check(value.get(i), code.substring(1), path + "[" + i + "]", violations);
          }
        } else {
          violations.add(path + " is no list.");
        }
      }
      case '{' -> {
        if (value.isObject()) {
          value
              .properties()
              .forEach(
                  entry ->
                      check(
                          entry.getValue(),
                          code.substring(1),
                          path + "." + entry.getKey(),
                          violations));
        } else {
          violations.add(path + " is no object.");
        }
      }
      case 'r' -> checkObject(value, Schema.number(code), path, violations);
      case 'e' -> {
        if (!value.isTextual()
            || !schema.types.enums().get(Schema.number(code)).contains(value.textValue())) {
          violations.add(
              path + " is none of " + schema.types.enums().get(Schema.number(code)) + ".");
        }
      }
      default -> checkScalar(value, code.charAt(0), path, violations);
    }
  }

  private void checkObject(JsonNode value, int type, String path, List<String> violations) {
    if (!value.isObject()) {
      violations.add(path + " is no object.");
      return;
    }
    Map<String, String> fields = schema.types.objects().get(type);
    value
        .properties()
        .forEach(
            field -> {
              String code = fields.get(field.getKey());
              if (code == null) {
                violations.add(path + "." + field.getKey() + " is no field of this topic.");
              } else {
                check(field.getValue(), code, path + "." + field.getKey(), violations);
              }
            });
  }

  private static void checkScalar(JsonNode value, char code, String path, List<String> violations) {
    String wrong =
        switch (code) {
          case 's' -> value.isTextual() ? "" : "no text";
          case 't' ->
              value.isTextual() && TIME.matcher(value.textValue()).matches() ? "" : "no ISO time";
          case 'n' -> value.isNumber() ? "" : "no number";
          case 'i' -> value.isIntegralNumber() ? "" : "no integer";
          case 'b' -> value.isBoolean() ? "" : "neither true nor false";
          default -> "";
        };
    if (!wrong.isEmpty()) {
      violations.add(path + " is " + wrong + ".");
    }
  }
}
