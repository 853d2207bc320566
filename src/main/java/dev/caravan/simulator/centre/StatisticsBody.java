package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;

/** What analytics tells of what took how long: single measurements, and their sums. */
final class StatisticsBody {

  private static final long HALF_HOUR_MILLIS = 1_800_000;

  private StatisticsBody() {}

  /** {@code v2.analytics.conversation.{id}.metrics}, but for when and how much. */
  static ObjectNode metric(
      Conversation conversation, Participant party, String metric, int number) {
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

  /** One of the {@code …aggregates} topics, after something that took milliseconds by metric. */
  static ObjectNode aggregates(
      String dimension, String id, Medium medium, long now, List<Map.Entry<String, Long>> took) {
    ObjectNode body = Json.object();
    body.putObject("group").put(dimension, id).put("mediaType", medium.lower());
    ArrayNode metrics = metrics(body, now);
    took.forEach(metric -> once(metrics, metric.getKey(), metric.getValue()));
    return body;
  }

  /** The list of metrics of the half hour that this instant falls into. */
  static ArrayNode metrics(ObjectNode body, long now) {
    long from = now - Math.floorMod(now, HALF_HOUR_MILLIS);
    return body.putArray("data")
        .addObject()
        .put("interval", Json.time(from) + "/" + Json.time(from + HALF_HOUR_MILLIS))
        .putArray("metrics");
  }

  /** How long something took that happened once. */
  static void once(ArrayNode metrics, String metric, long millis) {
    ObjectNode stats = metrics.addObject().put("metric", metric).putObject("stats");
    stats.put("count", 1).put("sum", millis).put("min", millis).put("max", millis);
  }
}
