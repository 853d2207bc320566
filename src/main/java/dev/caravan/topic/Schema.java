package dev.caravan.topic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The shape of an event body, to hold samples and simulated events against it. It serves tests and
 * documentation, not the bridge: Genesys adds fields and values at any time, and events that have
 * them are carried like any other.
 *
 * <p>Types are codes: {@code s} text, {@code t} ISO time, {@code n} number, {@code i} integer,
 * {@code b} boolean, {@code o} anything, {@code e7} enum 7, {@code r7} object type 7, each after
 * any number of {@code [} list of and <code>{</code> map of.
 */
public final class Schema {

  private static final Pattern TIME = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d.*");

  private final Types types;
  private final int root;

  Schema(Types types, int root) {
    this.types = types;
    this.root = root;
  }

  /** The fields of all object types and the values of all enums, shared by all topics. */
  record Types(List<Map<String, String>> objects, List<Set<String>> enums) {}

  /** One sentence for each place where the body has what this schema does not; empty if it fits. */
  public List<String> violations(JsonNode eventBody) {
    List<String> violations = new ArrayList<>();
    check(eventBody, "r" + root, "eventBody", violations);
    return List.copyOf(violations);
  }

  /** The names of the body's own fields. */
  public Set<String> fieldNames() {
    return types.objects.get(root).keySet();
  }

  /** Whether some field of some topic, of those with few values, may have this one. */
  public boolean isEnumValue(String value) {
    return types.enums.stream().anyMatch(values -> values.contains(value));
  }

  /** This schema in the words of JSON Schema; a type that holds itself ends in a plain object. */
  public ObjectNode toJsonSchema() {
    return jsonSchema("r" + root, new ArrayList<>());
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
      case 'r' -> checkObject(value, number(code), path, violations);
      case 'e' -> {
        if (!value.isTextual() || !types.enums.get(number(code)).contains(value.textValue())) {
          violations.add(path + " is none of " + types.enums.get(number(code)) + ".");
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
    Map<String, String> fields = types.objects.get(type);
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

  private ObjectNode jsonSchema(String code, List<String> above) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    switch (code.charAt(0)) {
      case '[' -> node.put("type", "array").set("items", jsonSchema(code.substring(1), above));
      case '{' ->
          node.put("type", "object")
              .set("additionalProperties", jsonSchema(code.substring(1), above));
      case 'r' -> {
        node.put("type", "object");
        if (!above.contains(code)) {
          above.add(code);
          ObjectNode properties = node.putObject("properties");
          types
              .objects
              .get(number(code))
              .forEach((name, inner) -> properties.set(name, jsonSchema(inner, above)));
          above.remove(code);
        }
      }
      case 'e' -> {
        node.put("type", "string");
        types.enums.get(number(code)).forEach(node.withArray("enum")::add);
      }
      case 't' -> node.put("type", "string").put("format", "date-time");
      case 's' -> node.put("type", "string");
      case 'n' -> node.put("type", "number");
      case 'i' -> node.put("type", "integer");
      case 'b' -> node.put("type", "boolean");
      default -> node.put("type", "object");
    }
    return node;
  }

  private static int number(String code) {
    return Integer.parseInt(code.substring(1));
  }
}
