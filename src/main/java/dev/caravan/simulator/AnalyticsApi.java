package dev.caravan.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.centre.Conversation;
import dev.caravan.simulator.centre.Day;
import dev.caravan.simulator.centre.GenericBody;
import dev.caravan.simulator.centre.Iso;
import dev.caravan.simulator.centre.Medium;
import dev.caravan.simulator.centre.Organization;
import dev.caravan.simulator.centre.Party;
import io.vertx.ext.web.Router;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is left to read of conversations after the event: details, and what queues hold now. */
final class AnalyticsApi {

  private static final int USUAL_PAGE = 25;
  private static final int LARGEST_PAGE = 100;
  private static final Duration LONGEST_INTERVAL = Duration.ofDays(31);
  private static final long DAY_MILLIS = 86_400_000;
  private static final List<String> DETAIL =
      List.of("analytics:conversationDetail:view", "analytics:agentConversationDetail:view");
  private static final List<String> OBSERVATION = List.of("analytics:queueObservation:view");
  private static final List<String> COMMUNICATION = List.of("conversation:communication:view");

  private final Organization organization;
  private final OauthApi clients;
  private final Day day;
  private final GenericBody generic;

  AnalyticsApi(Organization organization, OauthApi clients, Day day) {
    this.organization = organization;
    this.clients = clients;
    this.day = day;
    this.generic = new GenericBody(organization);
  }

  void mount(Router router) {
    router
        .post("/api/v2/analytics/conversations/details/query")
        .handler(DirectoryApi.answering(this::details));
    router
        .get("/api/v2/analytics/conversations/:id/details")
        .handler(
            DirectoryApi.answering(
                call -> {
                  clients.require(call, DETAIL);
                  call.answer(detail(conversation(call)));
                }));
    router
        .post("/api/v2/analytics/queues/observations/query")
        .handler(DirectoryApi.answering(this::observations));
    router
        .get("/api/v2/conversations")
        .handler(DirectoryApi.answering(call -> call.answer(nothing())));
    router
        .get("/api/v2/conversations/:id")
        .handler(
            DirectoryApi.answering(
                call -> {
                  clients.require(call, COMMUNICATION);
                  call.answer(Json.tree(generic.bytes(conversation(call))));
                }));
  }

  /** A client without a user has no conversations of its own. */
  private static ObjectNode nothing() {
    ObjectNode listing = Json.object();
    listing.putArray("entities");
    return listing;
  }

  private Conversation conversation(Call call) {
    return DirectoryApi.found(day.conversation(call.path("id")));
  }

  private void details(Call call) {
    clients.require(call, DETAIL);
    JsonNode query = call.body();
    Instant[] interval = interval(query.path("interval").asText());
    int size = query.at("/paging/pageSize").asInt(USUAL_PAGE);
    int number = query.at("/paging/pageNumber").asInt(1);
    if (size < 1 || size > LARGEST_PAGE || number < 1) {
      throw ApiError.badRequest("pageSize must be 1 to 100 and pageNumber 1 or above.").thrown();
    }
    // what started on a day that the interval touches, as the real query finds it
    long from = Math.floorDiv(interval[0].toEpochMilli(), DAY_MILLIS) * DAY_MILLIS;
    long to = interval[1].toEpochMilli();
    Comparator<Conversation> order = Comparator.comparingLong(Conversation::started);
    List<Conversation> found =
        day.conversations().stream()
            .filter(one -> one.started() >= from && one.started() < to)
            .filter(one -> one.ended() == 0 || one.ended() >= interval[0].toEpochMilli())
            .sorted(query.path("order").asText("asc").equals("desc") ? order.reversed() : order)
            .toList();
    int first = (int) Math.min((long) (number - 1) * size, found.size());
    ObjectNode answer = Json.object();
    if (first < found.size()) {
      ArrayNode page = answer.putArray("conversations");
      found
          .subList(first, Math.min(first + size, found.size()))
          .forEach(conversation -> page.add(detail(conversation)));
    }
    call.answer(answer.put("totalHits", found.size()));
  }

  private static Instant[] interval(String text) {
    String[] ends = text.split("/");
    try {
      if (ends.length == 2) {
        Instant from = Instant.parse(ends[0]);
        Instant to = Instant.parse(ends[1]);
        if (from.isBefore(to) && Duration.between(from, to).compareTo(LONGEST_INTERVAL) <= 0) {
          return new Instant[] {from, to};
        }
      }
    } catch (DateTimeParseException e) {
      throw badInterval();
    }
    throw badInterval();
  }

  private static ApiException badInterval() {
    return ApiError.badRequest(
            "The interval must be two ISO-8601 instants with a slash between them, at most 31 days"
                + " apart.")
        .thrown();
  }

  private ObjectNode detail(Conversation conversation) {
    ObjectNode detail =
        Json.object()
            .put("conversationId", conversation.id())
            .put("conversationStart", Iso.time(conversation.started()))
            .put("originatingDirection", "inbound");
    if (conversation.ended() > 0) {
      detail.put("conversationEnd", Iso.time(conversation.ended()));
    }
    detail.putArray("divisionIds").add(organization.divisions().get(conversation.division()).id());
    ArrayNode participants = detail.putArray("participants");
    conversation.parties().forEach(party -> participants.add(participant(conversation, party)));
    return detail;
  }

  private ObjectNode participant(Conversation conversation, Party party) {
    ObjectNode participant =
        Json.object().put("participantId", party.id()).put("purpose", party.purpose());
    if (party.agent() >= 0) {
      participant.put("userId", organization.agent(party.agent()).id());
    }
    ObjectNode session =
        participant
            .putArray("sessions")
            .addObject()
            .put("sessionId", party.communicationId())
            .put("mediaType", conversation.medium().lower())
            .put("direction", "inbound");
    if (!conversation.messageType().isEmpty()) {
      session.put("messageType", conversation.messageType());
    }
    ObjectNode segment =
        session
            .putArray("segments")
            .addObject()
            .put("segmentType", party.connected() > 0 ? "interact" : "alert")
            .put("segmentStart", Iso.time(party.started()))
            .put("queueId", organization.queues().get(conversation.queue()).id())
            .put("conference", false);
    if (party.ended() > 0) {
      segment
          .put("segmentEnd", Iso.time(party.ended()))
          .put("disconnectType", party.disconnectType());
    }
    return participant;
  }

  private void observations(Call call) {
    clients.require(call, OBSERVATION);
    Set<String> wanted = new HashSet<>();
    call.body()
        .findParents("dimension")
        .forEach(
            predicate -> {
              if (predicate.path("dimension").asText().equals("queueId")) {
                wanted.add(predicate.path("value").asText());
              }
            });
    ObjectNode answer = Json.object();
    ArrayNode results = answer.putArray("results");
    organization.queues().stream()
        .filter(queue -> wanted.contains(queue.id()))
        .forEach(
            queue ->
                day.load(queue.index())
                    .forEach((medium, load) -> results.add(result(queue.id(), medium, load))));
    call.answer(answer);
  }

  private static ObjectNode result(String queueId, Medium medium, int[] load) {
    ObjectNode result = Json.object();
    result.putObject("group").put("queueId", queueId).put("mediaType", medium.lower());
    ArrayNode data = result.putArray("data");
    for (Map.Entry<String, Integer> metric :
        List.of(
            Map.entry("oWaiting", load[0]),
            Map.entry("oAlerting", load[1]),
            Map.entry("oInteracting", load[2]))) {
      data.addObject()
          .put("metric", metric.getKey())
          .putObject("stats")
          .put("count", metric.getValue());
    }
    return result;
  }
}
