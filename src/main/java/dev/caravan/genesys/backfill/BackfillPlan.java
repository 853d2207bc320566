package dev.caravan.genesys.backfill;

import dev.caravan.topic.TopicCombiner;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What can be read again of the topics of a gap: states of users as they are now, and conversations
 * as analytics keeps them. Everything else Genesys Cloud has forgotten.
 *
 * @param lost topics of which nothing can be read again
 */
record BackfillPlan(
    Map<Read, Set<String>> states,
    Set<String> queues,
    Set<String> users,
    Set<String> conversations,
    int lost) {

  enum Read {
    PRESENCE("presences", "presence"),
    ROUTING_STATUS("routing statuses", "routingstatus"),
    ADHERENCE("adherences", "workforcemanagement.adherence"),
    CONVERSATIONS("conversations", "conversations");

    private final String plural;
    private final String topic;

    Read(String plural, String topic) {
      this.plural = plural;
      this.topic = topic;
    }

    String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    String plural() {
      return plural;
    }
  }

  /** Reads the names of topics; combined ones stand for what they combine. */
  static BackfillPlan of(Collection<String> topics) {
    BackfillPlan plan =
        new BackfillPlan(
            new EnumMap<>(Read.class),
            new LinkedHashSet<>(),
            new LinkedHashSet<>(),
            new LinkedHashSet<>(),
            0);
    long lost = TopicCombiner.singles(topics).filter(topic -> !plan.takes(topic)).count();
    return new BackfillPlan(plan.states, plan.queues, plan.users, plan.conversations, (int) lost);
  }

  /** Why nothing is read again, as the end of a sentence; nothing if something is. */
  Optional<String> whyNothing(boolean isSwitchedOn) {
    if (!isSwitchedOn) {
      return Optional.of("backfill is switched off (GENESYS_BACKFILL).");
    }
    return reads().isEmpty()
        ? Optional.of("no event of its topics can be read again.")
        : Optional.empty();
  }

  List<Read> reads() {
    List<Read> reads = new ArrayList<>(states.keySet());
    if (!queues.isEmpty() || !users.isEmpty() || !conversations.isEmpty()) {
      reads.add(Read.CONVERSATIONS);
    }
    return reads;
  }

  Set<String> users(Read what) {
    return states.getOrDefault(what, Set.of());
  }

  /** Upper and lower case do not matter in a topic, but in an id they are kept. */
  private boolean takes(String topic) {
    String[] parts = topic.split("\\.");
    String lower = topic.toLowerCase(Locale.ROOT);
    if (parts.length > 3 && lower.startsWith("v2.users.")) {
      return takes(parts[2], lower.substring(lower.indexOf('.', "v2.users.".length()) + 1));
    } else if (parts.length > 4
        && lower.startsWith("v2.routing.queues.")
        && parts[4].equalsIgnoreCase("conversations")) {
      queues.add(parts[3]);
    } else if (parts.length > 4 && lower.startsWith("v2.detail.events.conversation.")) {
      conversations.add(parts[4]);
    } else if (parts.length > 3 && lower.startsWith("v2.conversations.")) {
      conversations.add(id(parts));
    } else {
      return false;
    }
    return true;
  }

  private boolean takes(String user, String rest) {
    if (rest.equals(Read.CONVERSATIONS.topic) || rest.startsWith(Read.CONVERSATIONS.topic + ".")) {
      users.add(user);
      return true;
    }
    Optional<Read> state = Stream.of(Read.values()).filter(it -> it.topic.equals(rest)).findAny();
    state.ifPresent(it -> states.computeIfAbsent(it, its -> new LinkedHashSet<>()).add(user));
    return state.isPresent();
  }

  /** {@code v2.conversations.{id}.…}, but {@code v2.conversations.chats.{id}.…}. */
  private static String id(String[] parts) {
    return parts[2].matches(".*\\d.*") ? parts[2] : parts[3];
  }
}
