package dev.caravan.genesys.backfill;

import dev.caravan.topic.TopicCombiner;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What can be read again of the topics of a gap: states of users as they are now, and conversations
 * as analytics keeps them. Everything else Genesys Cloud has forgotten.
 *
 * @param presence users whose presence is read again
 * @param routingStatus users whose routing status is
 * @param adherence users whose adherence is
 * @param queues conversations of these queues are read again
 * @param users and of these users
 * @param conversations and these
 * @param lost topics of which nothing can be read again
 */
record BackfillPlan(
    Set<String> presence,
    Set<String> routingStatus,
    Set<String> adherence,
    Set<String> queues,
    Set<String> users,
    Set<String> conversations,
    int lost) {

  /** One kind of reading; each is an exchange of its own. */
  enum Read {
    PRESENCE("presence", "presences"),
    ROUTING_STATUS("routing-status", "routing statuses"),
    ADHERENCE("adherence", "adherences"),
    CONVERSATIONS("conversations", "conversations");

    private final String label;
    private final String plural;

    Read(String label, String plural) {
      this.label = label;
      this.plural = plural;
    }

    /** As in headers, metrics and routes. */
    String label() {
      return label;
    }

    /** As in sentences. */
    String plural() {
      return plural;
    }
  }

  private static final String ADHERENCE = "workforcemanagement.adherence";

  /** Reads the names of topics; combined ones stand for what they combine. */
  static BackfillPlan of(Collection<String> topics) {
    Sorter sorter = new Sorter();
    TopicCombiner.singles(topics).forEach(sorter::take);
    return sorter.plan();
  }

  /** The readings that the plan needs. */
  List<Read> reads() {
    List<Read> reads = new ArrayList<>();
    for (Read read : Read.values()) {
      boolean needed =
          switch (read) {
            case PRESENCE -> !presence.isEmpty();
            case ROUTING_STATUS -> !routingStatus.isEmpty();
            case ADHERENCE -> !adherence.isEmpty();
            case CONVERSATIONS -> !queues.isEmpty() || !users.isEmpty() || !conversations.isEmpty();
          };
      if (needed) {
        reads.add(read);
      }
    }
    return reads;
  }

  /** The users whose states this reading asks for. */
  Set<String> users(Read what) {
    return switch (what) {
      case PRESENCE -> presence;
      case ROUTING_STATUS -> routingStatus;
      case ADHERENCE -> adherence;
      case CONVERSATIONS -> Set.of();
    };
  }

  private static final class Sorter {
    private final Set<String> presence = new LinkedHashSet<>();
    private final Set<String> routingStatus = new LinkedHashSet<>();
    private final Set<String> adherence = new LinkedHashSet<>();
    private final Set<String> queues = new LinkedHashSet<>();
    private final Set<String> users = new LinkedHashSet<>();
    private final Set<String> conversations = new LinkedHashSet<>();
    private int lost;

    BackfillPlan plan() {
      return new BackfillPlan(
          presence, routingStatus, adherence, queues, users, conversations, lost);
    }

    /** Upper and lower case do not matter in a topic, but in an id they are kept. */
    void take(String topic) {
      String[] parts = topic.split("\\.");
      String lower = topic.toLowerCase(Locale.ROOT);
      if (parts.length > 3 && lower.startsWith("v2.users.")) {
        user(parts[2], lower.substring(lower.indexOf('.', "v2.users.".length()) + 1));
      } else if (parts.length > 4
          && lower.startsWith("v2.routing.queues.")
          && parts[4].equalsIgnoreCase("conversations")) {
        queues.add(parts[3]);
      } else if (parts.length > 4 && lower.startsWith("v2.detail.events.conversation.")) {
        conversations.add(parts[4]);
      } else if (parts.length > 3 && lower.startsWith("v2.conversations.")) {
        conversations.add(id(parts));
      } else {
        lost++;
      }
    }

    private void user(String id, String rest) {
      if (rest.equals("presence")) {
        presence.add(id);
      } else if (rest.equals("routingstatus")) {
        routingStatus.add(id);
      } else if (rest.equals(ADHERENCE)) {
        adherence.add(id);
      } else if (rest.equals("conversations") || rest.startsWith("conversations.")) {
        users.add(id);
      } else {
        lost++;
      }
    }

    /** {@code v2.conversations.{id}.…}, but {@code v2.conversations.chats.{id}.…}. */
    private static String id(String[] parts) {
      return parts[2].matches(".*\\d.*") ? parts[2] : parts[3];
    }
  }
}
