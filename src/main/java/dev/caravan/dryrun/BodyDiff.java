package dev.caravan.dryrun;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Tells what differs between two bodies, a line for each field that went, came or changed. */
final class BodyDiff {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_LINES = 40;
  private static final int LONGEST_VALUE = 100;

  private final List<String> lines = new ArrayList<>();

  private BodyDiff() {}

  /** Empty if the bytes are the same. */
  static List<String> of(byte[] before, byte[] after) {
    if (Arrays.equals(before, after)) {
      return List.of();
    }
    String sizes = "written anew, %,d bytes instead of %,d".formatted(after.length, before.length);
    BodyDiff diff = new BodyDiff();
    try {
      JsonNode was = JSON.readTree(before);
      JsonNode is = JSON.readTree(after);
      if (was.isMissingNode() || is.isMissingNode()) {
        return List.of("no JSON any more, " + sizes);
      }
      diff.compare("", was, is);
    } catch (IOException e) {
      return List.of("no JSON any more, " + sizes);
    }
    List<String> told = new ArrayList<>();
    told.add(diff.lines.isEmpty() ? "the same JSON, " + sizes : sizes);
    diff.lines.stream().limit(MOST_LINES).forEach(told::add);
    if (diff.lines.size() > MOST_LINES) {
      told.add("… and %,d more".formatted(diff.lines.size() - MOST_LINES));
    }
    return told;
  }

  private void compare(String path, JsonNode was, JsonNode is) {
    if (was.equals(is)) {
      return;
    }
    if (was.isObject() && is.isObject()) {
      Set<String> names = new LinkedHashSet<>();
      was.fieldNames().forEachRemaining(names::add);
      is.fieldNames().forEachRemaining(names::add);
      names.forEach(
          name ->
              compare(path.isEmpty() ? name : path + "." + name, was.path(name), is.path(name)));
    } else if (was.isArray() && is.isArray()) {
      compareItems(path, was, is);
    } else {
      if (!was.isMissingNode()) {
        lines.add("- %s: %s".formatted(path, shortened(was)));
      }
      if (!is.isMissingNode()) {
        lines.add("+ %s: %s".formatted(path, shortened(is)));
      }
    }
  }

  /** What is the same at both ends is left out, so that one item that goes is one line. */
  private void compareItems(String path, JsonNode was, JsonNode is) {
    int from = 0;
    int shorter = Math.min(was.size(), is.size());
    while (from < shorter && was.get(from).equals(is.get(from))) {
      from++;
    }
    int tail = 0;
    while (tail < shorter - from
        && was.get(was.size() - 1 - tail).equals(is.get(is.size() - 1 - tail))) {
      tail++;
    }
    int longest = Math.max(was.size(), is.size()) - tail;
    for (int i = from; i < longest; i++) {
      compare(
          path + "[" + i + "]",
          i < was.size() - tail ? was.get(i) : MissingNode.getInstance(),
          i < is.size() - tail ? is.get(i) : MissingNode.getInstance());
    }
  }

  private static String shortened(JsonNode value) {
    String text = value.toString();
    return text.length() <= LONGEST_VALUE ? text : text.substring(0, LONGEST_VALUE) + "…";
  }
}
