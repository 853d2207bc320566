package dev.caravan.topic;

import dev.caravan.Spelling;
import dev.caravan.topic.Listing.Kind;
import dev.caravan.topic.TopicSelector.Filter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads the user's list of topics: {@code v2.users.[group=Tier 1].presence,
 * v2.users.*?presence&routingStatus}. Selectors are separated by commas or new lines, save inside
 * brackets.
 */
public record SelectorParser(TopicCatalogue catalogue) {

  private static final String EXAMPLE = "`v2.routing.queues.*.conversations`";
  private static final int SUGGESTIONS = 3;

  /** A concrete topic this near to a known one is probably misspelt. */
  private static final int NEAR = 3;

  /**
   * What was read.
   *
   * @param selectors in the user's order, combined ones taken apart
   * @param warnings sentences about selectors that are followed but may not be what was meant
   */
  public record Parsed(List<TopicSelector> selectors, List<String> warnings) {}

  /**
   * Reads a list of selectors.
   *
   * @throws SelectorException if any of them cannot be followed
   */
  public Parsed parse(String list) {
    List<TopicSelector> selectors = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (String text : split(list, ",\n\r")) {
      if (text.isBlank()) {
        continue;
      }
      try {
        for (String plain : takeApart(text.strip())) {
          selectors.add(selector(text.strip(), plain, warnings));
        }
      } catch (Misread e) {
        problems.add(e.getMessage());
      }
    }
    if (selectors.isEmpty() && problems.isEmpty()) {
      problems.add("The list of topics is empty; name at least one, such as " + EXAMPLE + ".");
    }
    if (!problems.isEmpty()) {
      throw new SelectorException(problems);
    }
    return new Parsed(List.copyOf(selectors), List.copyOf(warnings));
  }

  /** {@code prefix?a&b} is {@code prefix.a} and {@code prefix.b}. */
  private static List<String> takeApart(String text) throws Misread {
    List<String> halves = split(text, "?");
    if (halves.size() == 1) {
      return halves;
    }
    if (halves.size() > 2 || halves.get(1).isBlank()) {
      throw new Misread(
          text,
          "has to have one ? with the endings after it, as in"
              + " `v2.users.*?presence&routingStatus`.");
    }
    return Stream.of(halves.get(1).split("&", -1))
        .map(ending -> halves.get(0) + "." + ending.strip())
        .toList();
  }

  private TopicSelector selector(String text, String plain, List<String> warnings) throws Misread {
    List<String> segments = split(plain, ".");
    checkForm(text, segments);
    List<String> shape = new ArrayList<>(segments);
    int open = -1;
    for (int i = 0; i < segments.size(); i++) {
      if (segments.get(i).equals("*") || segments.get(i).startsWith("[")) {
        if (open >= 0) {
          throw new Misread(text, "leaves more than one id open; only one can be listed.");
        }
        open = i;
        shape.set(i, TopicNames.ID);
      }
    }
    Optional<Topic> topic = catalogue.topicOf(String.join(".", shape));
    if (topic.isEmpty()) {
      if (open >= 0) {
        throw new Misread(
            plain,
            "is no topic that Genesys Cloud is known to have; did you mean %s?"
                .formatted(suggestions(plain)));
      }
      warnings.add(unknown(plain));
      return TopicSelector.given(text, plain);
    }
    warn(plain, topic.get(), warnings);
    String spelt = spelt(topic.get(), segments, open);
    return open < 0
        ? TopicSelector.given(text, spelt)
        : listed(text, spelt, segments.get(open), segments.get(open - 1));
  }

  private static void checkForm(String text, List<String> segments) throws Misread {
    for (String segment : segments) {
      if (segment.isEmpty()) {
        throw new Misread(text, "has nothing between two dots, or at its end.");
      }
      if (segment.equals(TopicNames.ID)) {
        throw new Misread(text, "has {id} where an id must stand; write the id, or * for all.");
      }
      boolean filter = segment.startsWith("[");
      if (filter && !segment.endsWith("]")) {
        throw new Misread(text, "has a [ without its ].");
      }
      if (!filter && !segment.equals("*") && !segment.matches("[\\w:@+{}-]+")) {
        throw new Misread(
            text,
            "is no topic: `%s` is neither a word, an id, * nor a filter such as [name=Sales*]."
                .formatted(segment));
      }
    }
    if (segments.size() < 2 || !segments.get(0).toLowerCase(Locale.ROOT).matches("v\\d+")) {
      throw new Misread(text, "is no topic; topics begin with v2., as " + EXAMPLE + " does.");
    }
  }

  /**
   * @param slot what stands in the id's place
   * @param before the segment before it
   */
  private static TopicSelector listed(String text, String spelt, String slot, String before)
      throws Misread {
    if (before.equalsIgnoreCase("conversation") || before.equalsIgnoreCase("conversations")) {
      throw new Misread(
          text,
          "asks for all conversations, but conversations cannot be listed before they exist;"
              + " subscribe to the queues or users they reach, with "
              + EXAMPLE
              + " or `v2.users.*.conversations`.");
    }
    Optional<Kind> kind = Listing.after(before);
    if (kind.isEmpty()) {
      throw new Misread(
          text,
          "leaves the id after "
              + before
              + " open, which cannot be listed; write the ids there. Only queues, users, groups,"
              + " teams, management units and business units can be listed.");
    }
    Listing all = Listing.of(kind.get());
    if (slot.equals("*")) {
      return new TopicSelector(text, spelt, Optional.of(all), Filter.NONE, "");
    }
    int equals = slot.indexOf('=');
    String value = equals < 0 ? "" : slot.substring(equals + 1, slot.length() - 1).strip();
    if (value.isEmpty()) {
      throw new Misread(
          text,
          "has a filter that says nothing; write [name=…], [division=…] or, for users, [group=…].");
    }
    String field = slot.substring(1, equals).strip().toLowerCase(Locale.ROOT);
    return switch (field) {
      case "name" -> new TopicSelector(text, spelt, Optional.of(all), Filter.NAME, value);
      case "division" -> new TopicSelector(text, spelt, Optional.of(all), Filter.DIVISION, value);
      case "group" -> {
        if (kind.get() != Kind.USERS) {
          throw new Misread(
              text, "filters a " + kind.get().noun() + " by group; only users have groups.");
        }
        if (value.contains("*")) {
          throw new Misread(text, "has a * in the name of a group; write the whole name.");
        }
        Listing members = Listing.membersOf(value);
        yield new TopicSelector(text, spelt, Optional.of(members), Filter.NONE, "");
      }
      default ->
          throw new Misread(
              text, "filters by `" + field + "`; only name, division and group are known.");
    };
  }

  private static String spelt(Topic topic, List<String> segments, int open) {
    List<String> spelt = new ArrayList<>(TopicNames.segments(topic.pattern()));
    for (int i = 0; i < spelt.size(); i++) {
      if (spelt.get(i).equals(TopicNames.ID)) {
        spelt.set(i, i == open ? "*" : segments.get(i));
      }
    }
    return String.join(".", spelt);
  }

  private static void warn(String plain, Topic topic, List<String> warnings) {
    if (topic.family() == 'S') {
      warnings.add("`" + plain + "` comes on every channel unasked; it need not be subscribed.");
    } else if (topic.eventBridgeOnly()) {
      warnings.add(
          "`%s` is known to go to Amazon EventBridge only; Genesys Cloud will probably refuse it on a WebSocket."
              .formatted(plain));
    }
  }

  private String unknown(String plain) {
    String nearest = catalogue.nearest(plain, 1).get(0);
    String general = TopicNames.generalise(plain).toLowerCase(Locale.ROOT);
    boolean near = Spelling.distance(general, nearest.toLowerCase(Locale.ROOT)) <= NEAR;
    return "`%s` is no topic that Genesys Cloud is known to have; it is asked for all the same, since new ones appear.%s"
        .formatted(plain, near ? " Did you mean `" + nearest + "`?" : "");
  }

  private String suggestions(String plain) {
    return catalogue.nearest(plain, SUGGESTIONS).stream()
        .map(pattern -> "`" + pattern.replace(TopicNames.ID, "*") + "`")
        .collect(Collectors.joining(", "));
  }

  /** Splits at any of the separators that stands outside of brackets. */
  private static List<String> split(String text, String separators) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '[') {
        depth++;
      } else if (c == ']') {
        depth = Math.max(0, depth - 1);
      } else if (depth == 0 && separators.indexOf(c) >= 0) {
        parts.add(text.substring(start, i));
        start = i + 1;
      }
    }
    parts.add(text.substring(start));
    return parts;
  }

  /** A selector that cannot be followed; the message says why. */
  private static final class Misread extends Exception {
    private Misread(String text, String why) {
      super("`" + text + "` " + why);
    }
  }
}
