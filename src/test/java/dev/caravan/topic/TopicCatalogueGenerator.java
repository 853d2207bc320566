package dev.caravan.topic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes the catalogue's resource out of the field trees of the official SDKs. Run it by hand when
 * Genesys publishes new topics:
 *
 * <pre>TopicCatalogueGenerator javaSchemas jsSchemas mappings permissions target</pre>
 *
 * <p>The JavaScript typings know all topics but no enums; the Java models know enums, dates and
 * integers but fewer topics. A field takes its shape from the first and its detail from the second.
 * Types that look alike are written once; see {@link Schema} for the codes.
 */
final class TopicCatalogueGenerator {

  private static final Pattern TS_MODEL = Pattern.compile("Models\\.(\\w+)");
  private static final Pattern JAVA_LIST = Pattern.compile("List<(.*)>");
  private static final Pattern JAVA_MAP = Pattern.compile("Map<String, (.*)>");
  private static final Pattern TS_ARRAY = Pattern.compile("Array<(.*)>");
  private static final Pattern TS_MAP = Pattern.compile("\\{ \\[key: string]: (.*?)(;? ?})?");

  /** What published captures and samples show; for the others nothing is known. */
  private static final Map<String, List<String>> TRANSPORTS =
      Map.of("v2.users.{id}.presence", List.of("Websocket", "EventBridge"));

  /**
   * Their events tell the whole state of a user or queue, several media at once or the medium of
   * the moment: the next one holds, whichever media it shows. Conversations are none of them, as
   * they go on listing the media that are over.
   */
  private static final Set<String> WHOLE_STATES =
      Set.of(
          "v2.analytics.queues.{id}.activity",
          "v2.detail.events.agent.{id}.state",
          "v2.users.{id}.conversationsummary");

  private final JsonNode javaClasses;
  private final JsonNode jsClasses;
  private final Map<String, Map<String, String>> types = new TreeMap<>();
  private final List<List<String>> enums = new ArrayList<>();

  private TopicCatalogueGenerator(JsonNode javaClasses, JsonNode jsClasses) {
    this.javaClasses = javaClasses;
    this.jsClasses = jsClasses;
  }

  public static void main(String[] args) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    TopicCatalogueGenerator generator =
        new TopicCatalogueGenerator(
            mapper.readTree(new File(args[0])).path("classes"),
            mapper.readTree(new File(args[1])).path("classes"));
    String catalogue =
        generator.generate(
            mapper.readTree(new File(args[2])).path("notifications"),
            permissions(mapper.readTree(new File(args[3]))));
    Files.writeString(Path.of(args[4]), catalogue, StandardCharsets.UTF_8);
  }

  private String generate(JsonNode mappings, Map<String, Permissions> permissions)
      throws IOException {
    Map<String, String> classes = new TreeMap<>();
    mappings.forEach(m -> classes.put(m.path("topic").asText(), m.path("class").asText()));
    collectTypes(classes.values());
    Map<String, String> twins = twins();
    Map<String, Integer> numbers = new LinkedHashMap<>();
    for (String type : types.keySet()) {
      if (twins.get(type).equals(type)) {
        numbers.put(type, numbers.size());
      }
    }

    ObjectMapper mapper = new ObjectMapper();
    StringBuilder text = new StringBuilder("{\"enums\":[");
    appendLines(text, enums.stream().map(mapper::<JsonNode>valueToTree).toList());
    text.append("],\n\"types\":[");
    List<JsonNode> typeNodes = new ArrayList<>();
    for (String type : numbers.keySet()) {
      ObjectNode node = mapper.createObjectNode();
      types.get(type).forEach((name, code) -> node.put(name, numbered(code, twins, numbers)));
      typeNodes.add(node);
    }
    appendLines(text, typeNodes);
    text.append("],\n\"topics\":[");
    List<JsonNode> topicNodes = new ArrayList<>();
    classes.forEach(
        (topic, type) -> {
          ObjectNode node = mapper.createObjectNode();
          node.put("topic", topic);
          node.put("class", type);
          node.put("family", family(topic));
          node.put("type", numbers.get(twins.get(type)));
          if (TRANSPORTS.containsKey(topic)) {
            putAll(node.putArray("transports"), TRANSPORTS.get(topic));
          }
          if (permissions.containsKey(topic)) {
            Permissions needed = permissions.get(topic);
            putAll(node.putArray(needed.any() ? "anyPermission" : "permissions"), needed.names());
          }
          if (WHOLE_STATES.contains(topic)) {
            node.put("wholeState", true);
          }
          topicNodes.add(node);
        });
    appendLines(text, topicNodes);
    return text.append("]}\n").toString();
  }

  private static void putAll(ArrayNode target, List<String> values) {
    values.forEach(target::add);
  }

  private static void appendLines(StringBuilder text, List<JsonNode> nodes) {
    for (int i = 0; i < nodes.size(); i++) {
      text.append(i == 0 ? "\n" : ",\n").append(nodes.get(i));
    }
  }

  /** The families in which topics say their medium. */
  private static String family(String topic) {
    String t = topic.toLowerCase(Locale.ROOT);
    if (t.startsWith("v2.system.") || t.startsWith("v2.subscription.")) {
      return "S";
    }
    if (t.equals("v2.detail.events.agent.{id}.state") || t.endsWith(".conversations.summaries")) {
      return "F";
    }
    if (t.startsWith("v2.detail.events.conversation.")) {
      return "C";
    }
    if (t.startsWith("v2.analytics.")) {
      return "D";
    }
    if (t.endsWith(".conversationsummary")) {
      return "E";
    }
    if (t.endsWith(".conversations")
        || t.endsWith("queues.{id}.conversations.videos")
        || t.endsWith("queues.{id}.conversations.socialexpressions")) {
      return "A";
    }
    return t.matches(
            ".*\\.conversations\\.(calls|chats|emails|messages|callbacks|cobrowsesessions"
                + "|screenshares|socialexpressions|videos)")
        ? "B"
        : "G";
  }

  private void collectTypes(Iterable<String> roots) {
    Deque<String> open = new ArrayDeque<>();
    roots.forEach(open::add);
    while (!open.isEmpty()) {
      String type = open.remove();
      if (types.containsKey(type)) {
        continue;
      }
      Map<String, String> fields = fieldsOf(type);
      types.put(type, fields);
      for (String code : fields.values()) {
        Matcher reference = Pattern.compile("r(\\w+)").matcher(code);
        if (code.replaceAll("[\\[{]", "").startsWith("r") && reference.find()) {
          open.add(reference.group(1));
        }
      }
    }
  }

  private Map<String, String> fieldsOf(String type) {
    Set<String> names = new LinkedHashSet<>();
    jsClasses.path(type).fieldNames().forEachRemaining(names::add);
    javaClasses.path(type).fieldNames().forEachRemaining(names::add);
    Map<String, String> fields = new TreeMap<>();
    for (String name : names) {
      JsonNode js = jsClasses.path(type).path(name);
      JsonNode java = javaClasses.path(type).path(name);
      boolean plain = !TS_MODEL.matcher(js.path("type").asText()).find();
      fields.put(
          name,
          js.isMissingNode() || (plain && !java.isMissingNode())
              ? javaCode(java.path("type").asText(), java.path("enum"))
              : jsCode(js.path("type").asText()));
    }
    return fields;
  }

  private static String jsCode(String type) {
    Matcher array = TS_ARRAY.matcher(type);
    if (array.matches()) {
      return "[" + jsCode(array.group(1));
    }
    Matcher map = TS_MAP.matcher(type);
    if (map.matches()) {
      return "{" + jsCode(map.group(1));
    }
    Matcher model = TS_MODEL.matcher(type);
    if (model.matches()) {
      return "r" + model.group(1);
    }
    return switch (type) {
      case "string" -> "s";
      case "number" -> "n";
      case "boolean" -> "b";
      case "object" -> "o";
      default -> throw new IllegalArgumentException("Type of the typings: " + type);
    };
  }

  private String javaCode(String type, JsonNode values) {
    Matcher list = JAVA_LIST.matcher(type);
    if (list.matches()) {
      return "[" + javaCode(list.group(1), values);
    }
    Matcher map = JAVA_MAP.matcher(type);
    if (map.matches()) {
      return "{" + javaCode(map.group(1), values);
    }
    return switch (type) {
      case "String" -> "s";
      case "Date" -> "t";
      case "Integer" -> "i";
      case "BigDecimal" -> "n";
      case "Boolean" -> "b";
      case "Object" -> "o";
      default -> values.isArray() ? "e" + enumNumber(values) : "r" + type;
    };
  }

  private int enumNumber(JsonNode values) {
    List<String> names = new ArrayList<>();
    values.forEach(v -> names.add(v.asText()));
    int known = enums.indexOf(names);
    if (known >= 0) {
      return known;
    }
    enums.add(names);
    return enums.size() - 1;
  }

  /** For each type the first one that looks the same all the way down. */
  private Map<String, String> twins() {
    Map<String, String> twins = new TreeMap<>();
    types.keySet().forEach(type -> twins.put(type, type));
    for (boolean changed = true; changed; ) {
      changed = false;
      Map<Map<String, String>, String> firsts = new LinkedHashMap<>();
      for (Map.Entry<String, Map<String, String>> type : types.entrySet()) {
        Map<String, String> shape = new TreeMap<>();
        type.getValue().forEach((name, code) -> shape.put(name, renamed(code, twins)));
        String first = firsts.computeIfAbsent(shape, s -> type.getKey());
        changed |= !first.equals(twins.put(type.getKey(), first));
      }
    }
    return twins;
  }

  private static String renamed(String code, Map<String, String> twins) {
    String nesting = code.replaceAll("[^\\[{].*", "");
    String bare = code.substring(nesting.length());
    return bare.startsWith("r") ? nesting + "r" + twins.get(bare.substring(1)) : code;
  }

  private static String numbered(
      String code, Map<String, String> twins, Map<String, Integer> numbers) {
    String nesting = code.replaceAll("[^\\[{].*", "");
    String bare = code.substring(nesting.length());
    return bare.startsWith("r") ? nesting + "r" + numbers.get(twins.get(bare.substring(1))) : code;
  }

  private static Map<String, Permissions> permissions(JsonNode file) {
    Map<String, Permissions> permissions = new TreeMap<>();
    file.properties()
        .forEach(
            source ->
                source
                    .getValue()
                    .properties()
                    .forEach(
                        topic -> {
                          List<String> names = new ArrayList<>();
                          topic.getValue().forEach(p -> names.add(p.asText()));
                          boolean any = source.getKey().contains("any_of");
                          permissions.put(topic.getKey(), new Permissions(names, any));
                        }));
    return permissions;
  }

  private record Permissions(List<String> names, boolean any) {}
}
