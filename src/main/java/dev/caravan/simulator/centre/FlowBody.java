package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/** What the topics about flows tell: that one greeted a customer, and how that went. */
final class FlowBody {

  private static final String[] TYPES = {
    "INBOUNDCALL", "INBOUNDCHAT", "INBOUNDEMAIL", "INBOUNDSHORTMESSAGE"
  };
  private static final String VERSION = "3.0";

  private final Organization organization;
  private final DetailBody detail;

  FlowBody(Organization organization, DetailBody detail) {
    this.organization = organization;
    this.detail = detail;
  }

  /** {@code …flow.start}. */
  ObjectNode start(Conversation conversation, Party flow) {
    return event(conversation, flow, flow.started);
  }

  /** {@code …flow.outcome}. */
  ObjectNode outcome(Conversation conversation, Party flow, Named outcome, boolean success) {
    ObjectNode body =
        event(conversation, flow, flow.ended)
            .put("flowOutcomeId", outcome.id())
            .put("flowOutcomeValue", success ? "SUCCESS" : "FAILURE")
            .put("flowOutcomeStartTime", flow.started)
            .put("flowOutcomeEndTime", flow.ended);
    body.putArray("flowMilestones");
    return body;
  }

  /** {@code …flow.end}. */
  ObjectNode end(Conversation conversation, Party flow, boolean givenUp) {
    ObjectNode body =
        event(conversation, flow, flow.ended)
            .put("connectedDurationMs", flow.ended - flow.started)
            .put("disconnectType", DetailBody.upper(flow.disconnectType))
            .put("exitReason", givenUp ? "USER_EXIT" : "TRANSFER");
    return givenUp ? body : body.put("transferType", "ACD");
  }

  /** {@code v2.analytics.flow.{id}.metrics}. */
  ObjectNode metric(Conversation conversation, Party flow, boolean givenUp) {
    Named named = organization.flows().get(conversation.flow);
    return MetricBody.record(
            organization, conversation, flow, givenUp ? "tFlowDisconnect" : "tFlowExit", 0)
        .put("value", flow.ended - flow.started)
        .put("metricDate", Iso.time(flow.ended))
        .put("flowId", named.id())
        .put("flowName", named.name())
        .put("flowType", TYPES[conversation.flow].toLowerCase(Locale.ROOT))
        .put("flowVersion", VERSION)
        .put("exitReason", givenUp ? "USER_EXIT" : "TRANSFER");
  }

  private ObjectNode event(Conversation conversation, Party flow, long now) {
    return detail
        .withDivision(detail.common(conversation, flow, now), conversation)
        .put("flowId", organization.flows().get(conversation.flow).id())
        .put("flowType", TYPES[conversation.flow])
        .put("flowVersion", VERSION);
  }
}
