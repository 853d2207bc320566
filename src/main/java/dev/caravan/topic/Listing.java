package dev.caravan.topic;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A list of the org's entities that selectors need before they can be expanded.
 *
 * @param kind what is listed
 * @param group the group's name for GROUP_MEMBERS, else empty
 */
public record Listing(Kind kind, String group) {

  private static final Map<String, Kind> BY_SEGMENT =
      Map.of(
          "queues", Kind.QUEUES,
          "users", Kind.USERS,
          "agent", Kind.USERS,
          "agents", Kind.USERS,
          "groups", Kind.GROUPS,
          "managementunits", Kind.MANAGEMENT_UNITS,
          "businessunits", Kind.BUSINESS_UNITS,
          "teams", Kind.TEAMS);

  /** What can be listed. */
  public enum Kind {
    QUEUES("queue"),
    USERS("user"),
    GROUPS("group"),
    GROUP_MEMBERS("user"),
    MANAGEMENT_UNITS("management unit"),
    BUSINESS_UNITS("business unit"),
    TEAMS("team");

    private final String noun;

    Kind(String noun) {
      this.noun = noun;
    }

    /** The word for one of them. */
    public String noun() {
      return noun;
    }
  }

  public static Listing of(Kind kind) {
    return new Listing(kind, "");
  }

  public static Listing membersOf(String group) {
    return new Listing(Kind.GROUP_MEMBERS, group);
  }

  /** What an id after this segment of a topic is the id of, if we can list it. */
  static Optional<Kind> after(String segment) {
    return Optional.ofNullable(BY_SEGMENT.get(segment.toLowerCase(Locale.ROOT)));
  }

  /**
   * Something with an id that can stand in a topic.
   *
   * @param division the name of its division, or empty
   */
  public record Entity(String id, String name, String division) {}
}
