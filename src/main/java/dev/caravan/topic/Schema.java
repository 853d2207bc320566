package dev.caravan.topic;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The shape of an event body, for the stand-in and for documentation. The bridge does not hold
 * events against it: Genesys adds fields and values at any time, and events that have them are
 * carried like any other.
 *
 * <p>Types are codes: {@code s} text, {@code t} ISO time, {@code n} number, {@code i} integer,
 * {@code b} boolean, {@code o} anything, {@code e7} enum 7, {@code r7} object type 7, each after
 * any number of {@code [} list of and <code>{</code> map of.
 */
public final class Schema {

  final Types types;
  final int root;

  Schema(Types types, int root) {
    this.types = types;
    this.root = root;
  }

  /** The fields of all object types and the values of all enums, shared by all topics. */
  record Types(List<Map<String, String>> objects, List<Set<String>> enums) {}

  /** Whether some field of some topic, of those with few values, may have this one. */
  public boolean isEnumValue(String value) {
    return types.enums.stream().anyMatch(values -> values.contains(value));
  }

  /** This schema in the words of JSON Schema; a type that holds itself ends in a plain object. */
  public ObjectNode toJsonSchema() {
    return jsonSchema("r" + root, new ArrayList<>());
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

  static int number(String code) {
    return Integer.parseInt(code.substring(1));
  }
}
