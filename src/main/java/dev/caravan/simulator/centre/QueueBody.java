package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** What the analytics topics about a queue tell: counts of what is really in it. */
final class QueueBody {

  private QueueBody() {}

  /**
   * Counts of a queue for one medium.
   *
   * @param waiting conversations nobody has been found for
   * @param alerting conversations that ring at an agent
   * @param interacting conversations an agent is in
   * @param waitedMillis how long the one answered last has waited; 0 if none was
   */
  record Load(int waiting, int alerting, int interacting, long waitedMillis) {}

  /** {@code v2.analytics.queues.{id}.observations}, split by medium. */
  static ObjectNode observations(String queueId, Medium medium, Load load, long now) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.putObject("group").put("queueId", queueId).put("mediaType", medium.lower());
    ArrayNode metrics = MetricBody.metrics(body, now);
    count(metrics, "oWaiting", "", load.waiting());
    count(metrics, "oAlerting", "", load.alerting());
    count(metrics, "oInteracting", "", load.interacting());
    if (load.waitedMillis() > 0) {
      metrics
          .addObject()
          .put("metric", "tWait")
          .putObject("stats")
          .put("count", 1)
          .put("max", load.waitedMillis())
          .put("min", load.waitedMillis())
          .put("sum", load.waitedMillis());
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
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.putObject("group").put("queueId", queueId);
    ArrayNode metrics = MetricBody.metrics(body, now);
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
  static ObjectNode activity(Map<Medium, Load> loads, int onQueue) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode results = body.putArray("results");
    loads.forEach(
        (medium, load) -> {
          ArrayNode data = results.addObject().put("mediaType", medium.lower()).putArray("data");
          data.addObject().put("metric", "oWaiting").put("count", load.waiting());
          data.addObject().put("metric", "oInteracting").put("count", load.interacting());
        });
    results
        .addObject()
        .putArray("data")
        .addObject()
        .put("metric", "oOnQueueUsers")
        .put("count", onQueue);
    return body;
  }

  private static void count(ArrayNode metrics, String metric, String qualifier, int count) {
    ObjectNode node = metrics.addObject().put("metric", metric);
    if (!qualifier.isEmpty()) {
      node.put("qualifier", qualifier);
    }
    node.putObject("stats").put("count", count);
  }
}
