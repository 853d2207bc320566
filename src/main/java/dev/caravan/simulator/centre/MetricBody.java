package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** What analytics tells of what has been: single measurements, and their sums by half hours. */
final class MetricBody {

  private static final long HALF_HOUR_MILLIS = 1_800_000;

  private MetricBody() {}

  /** {@code v2.analytics.conversation.{id}.metrics}. */
  static ObjectNode of(
      Organization organization,
      Conversation conversation,
      Party party,
      String metric,
      long value,
      int number,
      long now) {
    return record(organization, conversation, party, metric, number)
        .put("metricDate", Iso.time(now))
        .put("value", value);
  }

  static ObjectNode record(
      Organization organization,
      Conversation conversation,
      Party party,
      String metric,
      int number) {
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("metric", metric)
            .put("recordId", conversation.id + "-" + metric + "-" + number)
            .put("conversationId", conversation.id)
            .put("sessionId", party.communicationId)
            .put("mediaType", conversation.medium.lower())
            .put("purpose", party.purpose)
            .put("direction", "inbound")
            .put("originatingDirection", "inbound")
            .put("provider", conversation.medium.provider());
    if (!conversation.messageType.isEmpty()) {
      body.put("messageType", conversation.messageType);
    }
    if (party.queue != Party.NOBODY) {
      body.put("queueId", organization.queues().get(party.queue).id());
    }
    if (party.agent != Party.NOBODY) {
      body.put("userId", organization.agent(party.agent).id());
    }
    body.putArray("divisionIds").add(organization.divisions().get(conversation.division).id());
    return body;
  }

  /**
   * One of the {@code …aggregates} topics, after something that took time.
   *
   * @param dimension what it is about
   * @param id which one of them
   * @param medium the medium
   * @param now when it was over
   * @param took milliseconds by metric
   */
  @SafeVarargs
  static ObjectNode aggregates(
      String dimension, String id, Medium medium, long now, Map.Entry<String, Long>... took) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.putObject("group").put(dimension, id).put("mediaType", medium.lower());
    ArrayNode metrics = metrics(body, now);
    for (Map.Entry<String, Long> metric : took) {
      long millis = metric.getValue();
      ObjectNode stats = metrics.addObject().put("metric", metric.getKey()).putObject("stats");
      stats.put("count", 1).put("sum", millis).put("min", millis).put("max", millis);
    }
    return body;
  }

  /** The list of metrics of the half hour that this instant falls into. */
  static ArrayNode metrics(ObjectNode body, long now) {
    long from = now - Math.floorMod(now, HALF_HOUR_MILLIS);
    return body.putArray("data")
        .addObject()
        .put("interval", Iso.time(from) + "/" + Iso.time(from + HALF_HOUR_MILLIS))
        .putArray("metrics");
  }
}
