package dev.caravan.topic;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One topic the user asked for: with an id, or with {@code *} or a filter in the id's place.
 *
 * @param text as the user wrote it
 * @param topic the topic in Genesys' spelling, with {@code *} where ids are to be filled in
 * @param slot what stands where the ids go
 */
public record TopicSelector(String text, String topic, Slot slot) {

  /** What a selector says in an id's place. */
  public sealed interface Slot {

    /** The ids are given; nothing needs to be listed. */
    record Given() implements Slot {}

    /** {@code *}: every one there is. */
    record Every(Listing.Kind kind) implements Slot {}

    /** {@code [name=Sales*]}. */
    record Named(Listing.Kind kind, String glob) implements Slot {}

    /** {@code [division=Home]}. */
    record InDivision(Listing.Kind kind, String glob) implements Slot {}

    /** {@code [group=Tier 1]}: the users of a group. */
    record InGroup(String group) implements Slot {}
  }

  /** The listing this selector needs, if any. */
  public Optional<Listing> listing() {
    if (slot instanceof Slot.Every every) {
      return Optional.of(Listing.of(every.kind()));
    }
    if (slot instanceof Slot.Named named) {
      return Optional.of(Listing.of(named.kind()));
    }
    if (slot instanceof Slot.InDivision division) {
      return Optional.of(Listing.of(division.kind()));
    }
    if (slot instanceof Slot.InGroup group) {
      return Optional.of(Listing.membersOf(group.group()));
    }
    return Optional.empty();
  }

  boolean accepts(Listing.Entity entity) {
    if (slot instanceof Slot.Named named) {
      return matches(named.glob(), entity.name());
    }
    return !(slot instanceof Slot.InDivision division)
        || matches(division.glob(), entity.division());
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
