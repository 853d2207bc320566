package dev.caravan.genesys.backfill;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.channel.gap.Gap;
import dev.caravan.genesys.GenesysConfiguration;
import dev.caravan.genesys.connect.CallException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which conversations of a gap are wanted, and which of them have been read. Analytics answers with
 * all that started on a day that the interval touches (Genesys Cloud's blog of 2022-04-21), so what
 * it answers is looked at again here.
 */
public final class ConversationQuery {

  /** More ids than this are not sent along as filters; what is not wanted is left out here. */
  private static final int MOST_FILTERS = 50;

  private final Instant from;
  private final Instant to;
  private final Duration lookBack;
  private final BackfillPlan plan;
  private final Set<String> seen = new HashSet<>();
  private int page = 1;
  private boolean more = true;

  ConversationQuery(Gap gap, BackfillPlan plan, GenesysConfiguration configuration) {
    this.from = gap.from();
    this.to = gap.to().isAfter(gap.from()) ? gap.to() : gap.from().plusMillis(1);
    this.lookBack = configuration.getLookBack();
    this.plan = plan;
  }

  /** From before the gap, for conversations that began before it, until its end. */
  String interval() {
    return from.minus(lookBack) + "/" + to;
  }

  /** Filters by queue and user as JSON; none if there would be too many. */
  String filters() {
    ArrayNode filters = JsonNodeFactory.instance.arrayNode();
    int ids = plan.queues().size() + plan.users().size();
    if (plan.conversations().isEmpty() && ids <= MOST_FILTERS) {
      ObjectNode any = filters.addObject().put("type", "or");
      ArrayNode predicates = any.putArray("predicates");
      add(predicates, "queueId", plan.queues());
      add(predicates, "userId", plan.users());
    }
    return filters.toString();
  }

  private static void add(ArrayNode predicates, String dimension, Collection<String> ids) {
    for (String id : ids) {
      predicates
          .addObject()
          .put("type", "dimension")
          .put("dimension", dimension)
          .put("operator", "matches")
          .put("value", id);
    }
  }

  int page() {
    return page;
  }

  boolean more() {
    return more;
  }

  /** What is wanted of a page and was on no page before: pages shift while they are read. */
  List<Map<?, ?>> take(
      Collection<?> conversations, Optional<Integer> hits, int pageSize, int most) {
    List<Map<?, ?>> wanted = new ArrayList<>();
    for (Object one : conversations) {
      if (one instanceof Map<?, ?> conversation
          && conversation.get("conversationId") instanceof String id
          && seen.add(id)
          && touched(conversation)
          && concerns(id, conversation)) {
        wanted.add(conversation);
      }
    }
    if (conversations.isEmpty() && hits.orElse(0) > (page - 1) * (long) pageSize) {
      throw CallException.odd(
          "Genesys Cloud answered with no conversations on page %d, though there are %d in all."
              .formatted(page, hits.get()));
    }
    boolean last = hits.isPresent() && (long) page * pageSize >= hits.get();
    more = !conversations.isEmpty() && !last;
    if (more && page == most) {
      throw CallException.refused(
          "There are more than "
              + (long) most * pageSize
              + " conversations; the others can be read by a job of the Analytics API.",
          200);
    }
    page++;
    return wanted;
  }

  /** Whether something of it happened in the gap, work after the conversation included. */
  private boolean touched(Map<?, ?> conversation) {
    if (instant(conversation.get("conversationStart")).filter(to::isBefore).isPresent()) {
      return false;
    }
    Optional<Instant> end = instant(conversation.get("conversationEnd"));
    if (end.isEmpty()) {
      return true;
    }
    Instant last = end.get();
    for (Map<?, ?> segment : segments(conversation)) {
      Optional<Instant> ended = instant(segment.get("segmentEnd"));
      if (ended.isEmpty()) {
        return true;
      }
      last = ended.get().isAfter(last) ? ended.get() : last;
    }
    return !last.isBefore(from);
  }

  private boolean concerns(String id, Map<?, ?> conversation) {
    return plan.conversations().contains(id)
        || maps(conversation.get("participants")).stream()
            .anyMatch(participant -> plan.users().contains(participant.get("userId")))
        || segments(conversation).stream()
            .anyMatch(segment -> plan.queues().contains(segment.get("queueId")));
  }

  private static List<Map<?, ?>> segments(Map<?, ?> conversation) {
    return sessions(conversation).stream()
        .flatMap(session -> maps(session.get("segments")).stream())
        .toList();
  }

  /** All sessions of all participants, in the order of the record. */
  static List<Map<?, ?>> sessions(Map<?, ?> conversation) {
    return maps(conversation.get("participants")).stream()
        .flatMap(participant -> maps(participant.get("sessions")).stream())
        .toList();
  }

  private static List<Map<?, ?>> maps(Object value) {
    return value instanceof Collection<?> some
        ? some.stream().filter(Map.class::isInstance).<Map<?, ?>>map(Map.class::cast).toList()
        : List.of();
  }

  private static Optional<Instant> instant(Object value) {
    try {
      return Optional.of(Instant.parse(String.valueOf(value)));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }
}
