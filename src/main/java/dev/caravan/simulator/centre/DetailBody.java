package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Optional;

/**
 * The steps of a conversation as {@code v2.detail.events.conversation.{id}.…} tells them, those of
 * the flow that greets the customer included.
 */
final class DetailBody {

  private static final String[] FLOW_TYPES = {
    "INBOUNDCALL", "INBOUNDCHAT", "INBOUNDEMAIL", "INBOUNDSHORTMESSAGE"
  };
  private static final String FLOW_VERSION = "3.0";

  private DetailBody() {}

  static ObjectNode customerStart(Conversation conversation, Participant customer, long now) {
    return common(conversation, customer, now).put("divisionId", conversation.division.id());
  }

  static ObjectNode customerEnd(Conversation conversation, Participant customer, long now) {
    return customerStart(conversation, customer, now)
        .put("disconnectType", upper(customer.disconnectType))
        .put("interactingDurationMs", customer.interactingMillis());
  }

  static ObjectNode contact(Conversation conversation, Participant customer, long now) {
    return customerStart(conversation, customer, now)
        .put("externalContactId", conversation.contactId);
  }

  static ObjectNode attributes(Conversation conversation, Participant customer, long now) {
    ObjectNode body =
        Json.object()
            .put("eventTime", now)
            .put("conversationId", conversation.id)
            .put("participantId", customer.id);
    conversation.attributes.forEach(body.putObject("attributes")::put);
    return body;
  }

  static ObjectNode acdStart(Conversation conversation, Participant acd, long now) {
    return inQueue(conversation, acd, now).put("routingPriority", conversation.priority);
  }

  static ObjectNode acdEnd(Conversation conversation, Participant acd, long now) {
    Optional<Participant> answering =
        conversation.last("agent").filter(agent -> agent.stage == Participant.Stage.CONNECTED);
    ObjectNode body =
        inQueue(conversation, acd, now)
            .put("acdOutcome", answering.isPresent() ? "ANSWERED" : "ABANDON")
            .put("connectedDurationMs", acd.interactingMillis())
            .put("disconnectType", upper(acd.disconnectType))
            .put("routingPriority", conversation.priority)
            .put("usedRouting", "STANDARD");
    body.putArray("requestedRoutings").add("STANDARD");
    answering.ifPresent(party -> body.put("answeredUserId", party.agent.id()));
    return body;
  }

  static ObjectNode userStart(Conversation conversation, Participant agent, long now) {
    return common(conversation, agent, now)
        .put("userId", agent.agent.id())
        .put("queueId", agent.queue.id())
        .put("divisionId", conversation.division.id());
  }

  static ObjectNode userEnd(Conversation conversation, Participant agent, long now) {
    return userStart(conversation, agent, now)
        .put("disconnectType", upper(agent.disconnectType))
        .put("alertingDurationMs", (agent.connected == 0 ? now : agent.connected) - agent.started)
        .put("interactingDurationMs", agent.interactingMillis())
        .put("heldDurationMs", agent.heldMillis);
  }

  static ObjectNode wrapUp(Conversation conversation, Participant agent, long now) {
    return common(conversation, agent, now)
        .put("queueId", agent.queue.id())
        .put("wrapupCode", agent.wrapUp.id())
        .put("wrapupNotes", "")
        .put("wrapupDurationMs", agent.acwEnded - agent.acwSince);
  }

  static ObjectNode acw(Conversation conversation, Participant agent, long now) {
    return wrapUp(conversation, agent, now).put("userId", agent.agent.id());
  }

  static ObjectNode voicemailEnd(Conversation conversation, Participant voicemail, long now) {
    return inQueue(conversation, voicemail, now)
        .put("disconnectType", upper(voicemail.disconnectType))
        .put("voicemailDurationMs", voicemail.millis());
  }

  /** Also {@code …voicemail.start}. */
  static ObjectNode inQueue(Conversation conversation, Participant party, long now) {
    return customerStart(conversation, party, now).put("queueId", party.queue.id());
  }

  static ObjectNode flowStart(Conversation conversation, Participant flow, long now) {
    return customerStart(conversation, flow, now)
        .put("flowId", conversation.flow.id())
        .put("flowType", FLOW_TYPES[conversation.flow.index()])
        .put("flowVersion", FLOW_VERSION);
  }

  static ObjectNode flowOutcome(
      Conversation conversation, Participant flow, Entity outcome, boolean success) {
    ObjectNode body =
        flowStart(conversation, flow, flow.ended)
            .put("flowOutcomeId", outcome.id())
            .put("flowOutcomeValue", success ? "SUCCESS" : "FAILURE")
            .put("flowOutcomeStartTime", flow.started)
            .put("flowOutcomeEndTime", flow.ended);
    body.putArray("flowMilestones");
    return body;
  }

  static ObjectNode flowEnd(Conversation conversation, Participant flow, long now) {
    ObjectNode body =
        flowStart(conversation, flow, now)
            .put("connectedDurationMs", flow.millis())
            .put("disconnectType", upper(flow.disconnectType))
            .put("exitReason", exitReason(flow));
    return givenUp(flow) ? body : body.put("transferType", "ACD");
  }

  private static boolean givenUp(Participant flow) {
    return flow.disconnectType.equals("peer");
  }

  private static String exitReason(Participant flow) {
    return givenUp(flow) ? "USER_EXIT" : "TRANSFER";
  }

  /** {@code v2.analytics.flow.{id}.metrics}. */
  static ObjectNode flowMetric(Conversation conversation, Participant flow) {
    String metric = givenUp(flow) ? "tFlowDisconnect" : "tFlowExit";
    return StatisticsBody.metric(conversation, flow, metric, 0)
        .put("value", flow.millis())
        .put("metricDate", Json.time(flow.ended))
        .put("flowId", conversation.flow.id())
        .put("flowName", conversation.flow.name())
        .put("flowType", FLOW_TYPES[conversation.flow.index()].toLowerCase(Locale.ROOT))
        .put("flowVersion", FLOW_VERSION)
        .put("exitReason", exitReason(flow));
  }

  private static ObjectNode common(Conversation conversation, Participant party, long now) {
    ObjectNode body =
        Json.object()
            .put("eventTime", now)
            .put("conversationId", conversation.id)
            .put("participantId", party.id)
            .put("sessionId", party.communicationId)
            .put("mediaType", conversation.medium.upper())
            .put("provider", conversation.medium.provider)
            .put("direction", "INBOUND");
    switch (conversation.medium) {
      case VOICE ->
          body.put("ani", conversation.customerAddress).put("dnis", conversation.medium.ourAddress);
      case MESSAGE -> {
        body.put("messageType", conversation.messageType.toUpperCase(Locale.ROOT));
        addresses(body, conversation);
      }
      case EMAIL -> {
        addresses(body, conversation);
        body.put("subject", conversation.subject);
      }
      case CALLBACK -> {
        body.putArray("callbackNumbers").add(conversation.phone());
        body.put("callbackUserName", conversation.customerName)
            .put("callbackScheduledTime", conversation.started);
      }
      case CHAT, VIDEO, SOCIAL -> {
        // they have rooms and posts, which detail events do not tell
      }
    }
    ArrayNode contacts = body.putArray("conversationExternalContactIds");
    if (!conversation.contactId.isEmpty()) {
      contacts.add(conversation.contactId);
    }
    return body;
  }

  private static void addresses(ObjectNode body, Conversation conversation) {
    body.put("addressFrom", conversation.customerAddress)
        .put("addressTo", conversation.medium.ourAddress);
  }

  /** A disconnect type as detail events spell it. */
  private static String upper(String disconnectType) {
    return switch (disconnectType) {
      case "transfer.noanswer" -> "NO_ANSWER_TRANSFER";
      case "transfer.consult" -> "CONSULT_TRANSFER";
      default -> disconnectType.toUpperCase(Locale.ROOT);
    };
  }
}
