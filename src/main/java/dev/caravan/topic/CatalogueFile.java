package dev.caravan.topic;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the catalogue's resource. By tokens and not by a mapper, which would take a short command
 * longer to set up than all the rest of its work.
 */
final class CatalogueFile {

  private final JsonParser parser;
  private final List<Set<String>> enums = new ArrayList<>();
  private final List<Map<String, String>> types = new ArrayList<>();
  private final List<Topic> topics = new ArrayList<>();

  private CatalogueFile(JsonParser parser) {
    this.parser = parser;
  }

  static List<Topic> read(InputStream resource) throws IOException {
    try (JsonParser parser = new JsonFactory().createParser(resource)) {
      return new CatalogueFile(parser).read();
    }
  }

  /** Enums and types stand before the topics that refer to them. */
  private List<Topic> read() throws IOException {
    parser.nextToken();
    for (String part; (part = parser.nextFieldName()) != null; ) {
      parser.nextToken();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        switch (part) {
          case "enums" -> enums.add(new LinkedHashSet<>(texts()));
          case "types" -> types.add(fields());
          case "topics" -> topics.add(topic());
          default -> parser.skipChildren();
        }
      }
    }
    return topics;
  }

  private Map<String, String> fields() throws IOException {
    Map<String, String> fields = new LinkedHashMap<>();
    for (String name; (name = parser.nextFieldName()) != null; ) {
      fields.put(name, parser.nextTextValue());
    }
    return fields;
  }

  private Topic topic() throws IOException {
    String pattern = "";
    String modelClass = "";
    char family = 'G';
    int type = 0;
    List<String> transports = List.of();
    List<String> permissions = List.of();
    boolean anyPermission = false;
    boolean wholeState = false;
    for (String name; (name = parser.nextFieldName()) != null; ) {
      parser.nextToken();
      switch (name) {
        case "topic" -> pattern = parser.getText();
        case "class" -> modelClass = parser.getText();
        case "family" -> family = parser.getText().charAt(0);
        case "type" -> type = parser.getIntValue();
        case "transports" -> transports = texts();
        case "permissions" -> permissions = texts();
        case "anyPermission" -> {
          permissions = texts();
          anyPermission = true;
        }
        case "wholeState" -> wholeState = parser.getBooleanValue();
        default -> parser.skipChildren();
      }
    }
    Schema schema = new Schema(new Schema.Types(types, enums), type);
    return new Topic(
        pattern, modelClass, family, transports, permissions, anyPermission, wholeState, schema);
  }

  private List<String> texts() throws IOException {
    List<String> texts = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      texts.add(parser.getText());
    }
    return List.copyOf(texts);
  }
}
