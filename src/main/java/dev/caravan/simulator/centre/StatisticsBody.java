package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;

/**
 * What analytics tells: single measurements and their sums by half hours, and counts of what really
 * is in a queue.
 */
final class StatisticsBody {

  private static final long HALF_HOUR_MILLIS = 1_800_000;

  private StatisticsBody() {}

  /** {@code v2.analytics.conversation.{id}.metrics}, but for when and how much. */
  static ObjectNode metric(Conversation conversation, Party party, String metric, int number) {
    ObjectNode body =
        Json.object()
            .put("metric", metric)
            .put("recordId", conversation.id + "-" + metric + "-" + number)
            .put("conversationId", conversation.id)
            .put("sessionId", party.communicationId)
            .put("mediaType", conversation.medium.lower())
            .put("purpose", party.purpose)
            .put("direction", "inbound")
            .put("originatingDirection", "inbound")
            .put("provider", conversation.medium.provider);
    if (!conversation.messageType.isEmpty()) {
      body.put("messageType", conversation.messageType);
    }
    if (party.queue != null) {
      body.put("queueId", party.queue.id());
    }
    if (party.agent != null) {
      body.put("userId", party.agent.id());
    }
    body.putArray("divisionIds").add(conversation.division.id());
    return body;
  }

  /**
   * One of the {@code …aggregates} topics, after something that took time.
   *
   * @param dimension what it is about
   * @param id which one of them
   * @param took milliseconds by metric
   */
  static ObjectNode aggregates(
      String dimension, String id, Medium medium, long now, List<Map.Entry<String, Long>> took) {
    ObjectNode body = Json.object();
    body.putObject("group").put(dimension, id).put("mediaType", medium.lower());
    ArrayNode metrics = metrics(body, now);
    took.forEach(metric -> once(metrics, metric.getKey(), metric.getValue()));
    return body;
  }

  /** The list of metrics of the half hour that this instant falls into. */
  private static ArrayNode metrics(ObjectNode body, long now) {
    long from = now - Math.floorMod(now, HALF_HOUR_MILLIS);
    return body.putArray("data")
        .addObject()
        .put("interval", Json.time(from) + "/" + Json.time(from + HALF_HOUR_MILLIS))
        .putArray("metrics");
  }

  /**
   * {@code v2.analytics.queues.{id}.observations}, split by medium.
   *
   * @param counts conversations by {@link Conversation.Observed}
   * @param waitedMillis how long the one answered last has waited; 0 if none was
   */
  static ObjectNode observations(
      String queueId, Medium medium, int[] counts, long waitedMillis, long now) {
    ObjectNode body = Json.object();
    body.putObject("group").put("queueId", queueId).put("mediaType", medium.lower());
    ArrayNode metrics = metrics(body, now);
    for (Conversation.Observed observed : Conversation.Observed.values()) {
      count(metrics, observed.metric, "", counts[observed.ordinal()]);
    }
    if (waitedMillis > 0) {
      once(metrics, "tWait", waitedMillis);
    }
    return body;
  }

  /** {@code v2.analytics.queues.{id}.observations} about the agents, which no medium splits. */
  static ObjectNode observations(
      String queueId,
      Map<AgentState.Routing, Integer> byRouting,
      Map<Presence, Integer> byPresence,
      int members,
      long now) {
    ObjectNode body = Json.object();
    body.putObject("group").put("queueId", queueId);
    ArrayNode metrics = metrics(body, now);
    byRouting.forEach(
        (routing, agents) -> count(metrics, "oUserRoutingStatuses", routing.name(), agents));
    byPresence.forEach(
        (presence, agents) -> count(metrics, "oUserPresences", presence.definitionId(), agents));
    int offQueue = byRouting.getOrDefault(AgentState.Routing.OFF_QUEUE, 0);
    count(metrics, "oMemberUsers", "", members);
    count(metrics, "oOffQueueUsers", "", offQueue);
    count(metrics, "oOnQueueUsers", "", members - offQueue);
    count(metrics, "oActiveUsers", "", members - byPresence.getOrDefault(Presence.OFFLINE, 0));
    return body;
  }

  /** {@code v2.analytics.queues.{id}.activity}. */
  static ObjectNode activity(Map<Medium, int[]> counts, long onQueue) {
    ObjectNode body = Json.object();
    ArrayNode results = body.putArray("results");
    counts.forEach(
        (medium, count) -> {
          ArrayNode data = results.addObject().put("mediaType", medium.lower()).putArray("data");
          data.addObject().put("metric", "oWaiting").put("count", count[0]);
          data.addObject().put("metric", "oInteracting").put("count", count[2]);
        });
    ArrayNode agents = results.addObject().putArray("data");
    agents.addObject().put("metric", "oOnQueueUsers").put("count", onQueue);
    return body;
  }

  private static void once(ArrayNode metrics, String metric, long millis) {
    ObjectNode stats = metrics.addObject().put("metric", metric).putObject("stats");
    stats.put("count", 1).put("sum", millis).put("min", millis).put("max", millis);
  }

  private static void count(ArrayNode metrics, String metric, String qualifier, int count) {
    ObjectNode node = metrics.addObject().put("metric", metric);
    if (!qualifier.isEmpty()) {
      node.put("qualifier", qualifier);
    }
    node.putObject("stats").put("count", count);
  }
}
