package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/**
 * The steps of a conversation as {@code v2.detail.events.conversation.{id}.…} tells them, those of
 * the flow that greets the customer included.
 */
record DetailBody(Organization organization) {

  private static final String[] TYPES = {
    "INBOUNDCALL", "INBOUNDCHAT", "INBOUNDEMAIL", "INBOUNDSHORTMESSAGE"
  };
  private static final String VERSION = "3.0";

  ObjectNode customerStart(Conversation conversation, long now) {
    return withDivision(common(conversation, conversation.customer(), now), conversation);
  }

  ObjectNode customerEnd(Conversation conversation, long now) {
    Party customer = conversation.customer();
    return withDivision(common(conversation, customer, now), conversation)
        .put("disconnectType", upper(customer.disconnectType))
        .put("interactingDurationMs", customer.interactingMillis());
  }

  ObjectNode acdStart(Conversation conversation, Party acd, long now) {
    return withDivision(common(conversation, acd, now), conversation)
        .put("queueId", queueId(acd))
        .put("routingPriority", conversation.priority);
  }

  ObjectNode acdEnd(Conversation conversation, Party acd, boolean answered, long now) {
    ObjectNode body =
        withDivision(common(conversation, acd, now), conversation)
            .put("queueId", queueId(acd))
            .put("acdOutcome", answered ? "ANSWERED" : "ABANDON")
            .put("connectedDurationMs", acd.interactingMillis())
            .put("disconnectType", upper(acd.disconnectType))
            .put("routingPriority", conversation.priority)
            .put("usedRouting", "STANDARD");
    body.putArray("requestedRoutings").add("STANDARD");
    if (answered) {
      conversation
          .last("agent")
          .ifPresent(agent -> body.put("answeredUserId", organization.agent(agent.agent).id()));
    }
    return body;
  }

  ObjectNode userStart(Conversation conversation, Party agent, long now) {
    return withDivision(user(conversation, agent, now), conversation);
  }

  ObjectNode userEnd(Conversation conversation, Party agent, long now) {
    long alerting = (agent.connected == 0 ? now : agent.connected) - agent.started;
    return withDivision(user(conversation, agent, now), conversation)
        .put("disconnectType", upper(agent.disconnectType))
        .put("alertingDurationMs", alerting)
        .put("interactingDurationMs", agent.interactingMillis())
        .put("heldDurationMs", agent.heldMillis);
  }

  ObjectNode wrapUp(Conversation conversation, Party agent, long now) {
    return common(conversation, agent, now)
        .put("queueId", queueId(agent))
        .put("wrapupCode", organization.wrapUpCodes().get(agent.wrapUp).id())
        .put("wrapupNotes", "")
        .put("wrapupDurationMs", agent.acwEnded - agent.acwSince);
  }

  ObjectNode acw(Conversation conversation, Party agent, long now) {
    return wrapUp(conversation, agent, now).put("userId", organization.agent(agent.agent).id());
  }

  ObjectNode attributes(Conversation conversation, long now) {
    ObjectNode body =
        Json.object()
            .put("eventTime", now)
            .put("conversationId", conversation.id)
            .put("participantId", conversation.customer().id);
    ObjectNode attributes = body.putObject("attributes");
    conversation.attributes.forEach(attributes::put);
    return body;
  }

  ObjectNode contact(Conversation conversation, long now) {
    return withDivision(common(conversation, conversation.customer(), now), conversation)
        .put("externalContactId", conversation.contactId);
  }

  ObjectNode voicemailStart(Conversation conversation, Party voicemail) {
    return voicemail(conversation, voicemail, voicemail.started);
  }

  ObjectNode voicemailEnd(Conversation conversation, Party voicemail) {
    return voicemail(conversation, voicemail, voicemail.ended)
        .put("disconnectType", upper(voicemail.disconnectType))
        .put("voicemailDurationMs", voicemail.millis());
  }

  private ObjectNode voicemail(Conversation conversation, Party voicemail, long now) {
    return withDivision(common(conversation, voicemail, now), conversation)
        .put("queueId", queueId(voicemail));
  }

  /** {@code …flow.start}. */
  ObjectNode flowStart(Conversation conversation, Party flow) {
    return flow(conversation, flow, flow.started);
  }

  /** {@code …flow.outcome}. */
  ObjectNode flowOutcome(Conversation conversation, Party flow, Named outcome, boolean success) {
    ObjectNode body =
        flow(conversation, flow, flow.ended)
            .put("flowOutcomeId", outcome.id())
            .put("flowOutcomeValue", success ? "SUCCESS" : "FAILURE")
            .put("flowOutcomeStartTime", flow.started)
            .put("flowOutcomeEndTime", flow.ended);
    body.putArray("flowMilestones");
    return body;
  }

  /** {@code …flow.end}. */
  ObjectNode flowEnd(Conversation conversation, Party flow, boolean givenUp) {
    ObjectNode body =
        flow(conversation, flow, flow.ended)
            .put("connectedDurationMs", flow.ended - flow.started)
            .put("disconnectType", upper(flow.disconnectType))
            .put("exitReason", givenUp ? "USER_EXIT" : "TRANSFER");
    return givenUp ? body : body.put("transferType", "ACD");
  }

  /** {@code v2.analytics.flow.{id}.metrics}. */
  ObjectNode flowMetric(Conversation conversation, Party flow, boolean givenUp) {
    Named named = organization.flows().get(conversation.flow);
    return StatisticsBody.record(
            organization, conversation, flow, givenUp ? "tFlowDisconnect" : "tFlowExit", 0)
        .put("value", flow.ended - flow.started)
        .put("metricDate", Iso.time(flow.ended))
        .put("flowId", named.id())
        .put("flowName", named.name())
        .put("flowType", TYPES[conversation.flow].toLowerCase(Locale.ROOT))
        .put("flowVersion", VERSION)
        .put("exitReason", givenUp ? "USER_EXIT" : "TRANSFER");
  }

  private ObjectNode flow(Conversation conversation, Party flow, long now) {
    return withDivision(common(conversation, flow, now), conversation)
        .put("flowId", organization.flows().get(conversation.flow).id())
        .put("flowType", TYPES[conversation.flow])
        .put("flowVersion", VERSION);
  }

  private ObjectNode user(Conversation conversation, Party agent, long now) {
    return common(conversation, agent, now)
        .put("userId", organization.agent(agent.agent).id())
        .put("queueId", queueId(agent));
  }

  private ObjectNode common(Conversation conversation, Party party, long now) {
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
          body.put("ani", conversation.customerAddress).put("dnis", conversation.ourAddress);
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
    body.put("addressFrom", conversation.customerAddress).put("addressTo", conversation.ourAddress);
  }

  private ObjectNode withDivision(ObjectNode body, Conversation conversation) {
    return body.put("divisionId", organization.divisions().get(conversation.division).id());
  }

  private String queueId(Party party) {
    return organization.queues().get(party.queue).id();
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
