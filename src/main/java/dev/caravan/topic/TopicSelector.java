package dev.caravan.topic;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One topic the user asked for: with an id, or with {@code *} or a filter in the id's place.
 *
 * @param text as the user wrote it
 * @param topic the topic in Genesys' spelling, with {@code *} where ids are to be filled in
 * @param listing what stands where the ids go; empty if the ids are given
 * @param filter which of what is listed are meant
 * @param glob what the filter holds them against
 */
public record TopicSelector(
    String text, String topic, Optional<Listing> listing, Filter filter, String glob) {

  /** Which of what is listed a selector means. */
  public enum Filter {
    /** {@code *}, or {@code [group=Tier 1]}: all. */
    NONE,
    /** {@code [name=Sales*]}. */
    NAME,
    /** {@code [division=Home]}. */
    DIVISION
  }

  static TopicSelector given(String text, String topic) {
    return new TopicSelector(text, topic, Optional.empty(), Filter.NONE, "");
  }

  /** Whether only the org knows what it stands for: it names neither an id nor all there are. */
  public boolean isOfSome() {
    return filter != Filter.NONE || listing.filter(it -> !it.group().isEmpty()).isPresent();
  }

  boolean accepts(Listing.Entity entity) {
    return switch (filter) {
      case NONE -> true;
      case NAME -> matches(glob, entity.name());
      case DIVISION -> matches(glob, entity.division());
    };
  }

  /** Whether it may have stood for this topic once, as far as the topic tells. */
  public boolean mayStandFor(String single) {
    int id = topic.indexOf('*');
    return id < 0
        ? topic.equals(single)
        : single.length() > topic.length()
            && single.startsWith(topic.substring(0, id))
            && single.endsWith(topic.substring(id + 1));
  }

  String topicFor(Listing.Entity entity) {
    return topic.replace("*", entity.id());
  }

  /** {@code *} for any letters, {@code ?} for one, everything else for itself, in any case. */
  private static boolean matches(String glob, String text) {
    StringBuilder regex = new StringBuilder();
    for (String part : glob.toLowerCase(Locale.ROOT).split("(?=[*?])|(?<=[*?])")) {
      regex.append(part.equals("*") ? ".*" : part.equals("?") ? "." : Pattern.quote(part));
    }
    return Pattern.compile(regex.toString(), Pattern.DOTALL)
        .matcher(text.toLowerCase(Locale.ROOT))
        .matches();
  }
}
