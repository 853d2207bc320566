package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/**
 * A conversation as the topics of a single medium tell it, such as {@code …conversations.calls}:
 * participants whose own state says everything.
 */
final class MediaBody {

  private final Organization organization;
  private final GenericBody generic;

  MediaBody(Organization organization, GenericBody generic) {
    this.organization = organization;
    this.generic = generic;
  }

  ObjectNode of(Conversation conversation) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("id", conversation.id);
    ArrayNode participants = body.putArray("participants");
    for (Party party : conversation.parties) {
      ObjectNode node = participants.addObject();
      common(node, conversation, party, party.stage, party.ended);
      switch (conversation.medium) {
        case VOICE -> call(node, conversation, party);
        case CHAT -> node.put("roomId", GenericBody.roomId(conversation));
        case EMAIL -> email(node, conversation);
        case MESSAGE -> message(node, conversation, party);
        case CALLBACK -> callback(node, conversation);
      }
    }
    if (conversation.medium == Medium.VOICE) {
      body.put("recordingState", "none");
    }
    body.putArray("otherMediaUris");
    return body;
  }

  /** The screen share that goes with a call. */
  ObjectNode screenShareOf(Conversation conversation) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("id", conversation.id);
    ArrayNode participants = body.putArray("participants");
    for (Party party : conversation.parties) {
      if (party.sharingSince > 0) {
        boolean over = party.sharingEnded > 0;
        ObjectNode node = participants.addObject();
        common(
            node,
            conversation,
            party,
            over ? Party.Stage.DISCONNECTED : Party.Stage.CONNECTED,
            party.sharingEnded);
        node.put("context", "browser").put("peerCount", 1);
        node.put("sharing", !over && party == conversation.customer());
      }
    }
    body.putArray("otherMediaUris").add("/api/v2/conversations/calls/" + conversation.id);
    return body;
  }

  private void common(
      ObjectNode node, Conversation conversation, Party party, Party.Stage stage, long ended) {
    boolean agent = party.agent != Party.NOBODY;
    node.put("id", party.id).put("name", generic.name(conversation, party));
    if (party == conversation.customer()) {
      node.put("address", conversation.customerAddress);
    }
    GenericBody.time(node, "startTime", party.started);
    GenericBody.time(node, "connectedTime", party.connected);
    GenericBody.time(node, "endTime", ended);
    node.put("purpose", party.purpose).put("state", GenericBody.lower(stage));
    node.put("initialState", GenericBody.initial(conversation, party));
    node.put("direction", "inbound");
    if (stage == Party.Stage.DISCONNECTED && !party.disconnectType.isEmpty()) {
      node.put("disconnectType", party.disconnectType);
    }
    node.put("held", party.heldSince > 0);
    GenericBody.time(node, "startHoldTime", party.heldSince);
    node.put("wrapupRequired", agent && party.acwSince > 0);
    if (agent) {
      agent(node, party);
    }
    if (party.queue != Party.NOBODY) {
      node.putObject("queue").put("id", generic.queueId(party.queue));
    }
    ObjectNode attributes = node.putObject("attributes");
    if (party == conversation.customer()) {
      for (Map.Entry<String, String> attribute : conversation.attributes.entrySet()) {
        attributes.put(attribute.getKey(), attribute.getValue());
      }
    } else {
      node.put("peer", conversation.customer().communicationId);
    }
    node.put("provider", conversation.medium.provider());
  }

  private void agent(ObjectNode node, Party party) {
    node.put("wrapupPrompt", "optional");
    node.put("alertingTimeoutMs", GenericBody.ALERTING_TIMEOUT_MILLIS);
    Agent agent = organization.agent(party.agent);
    node.putObject("user").put("id", agent.id());
    node.putObject("team").put("id", organization.teams().get(agent.team()).id());
    GenericBody.time(node, "startAcwTime", party.acwSince);
    GenericBody.time(node, "endAcwTime", party.acwEnded);
    if (party.wrapUp != Party.NOBODY) {
      generic.wrapUp(node.putObject("wrapup"), party);
    }
  }

  private static void call(ObjectNode node, Conversation conversation, Party party) {
    node.put("muted", party.muted).put("confined", false);
    node.put("recording", false).put("recordingState", "none").put("securePause", false);
    node.put("ani", conversation.customerAddress).put("dnis", conversation.ourAddress);
  }

  private static void email(ObjectNode node, Conversation conversation) {
    node.put("subject", conversation.subject).put("messagesSent", conversation.messages);
    node.put("autoGenerated", false).put("spam", false);
    node.put("messageId", conversation.lastMessageId);
    node.putArray("draftAttachments");
  }

  private static void message(ObjectNode node, Conversation conversation, Party party) {
    node.put("type", conversation.messageType);
    node.put("recipientCountry", "FR").put("recipientType", "");
    if (conversation.lastMessageAt > 0 && party == conversation.customer()) {
      ObjectNode message = node.putArray("messages").addObject();
      GenericBody.time(message, "messageTime", conversation.lastMessageAt);
      message.put("messageStatus", "received").put("messageSegmentCount", 1);
      message.putArray("media");
    }
  }

  private static void callback(ObjectNode node, Conversation conversation) {
    node.putArray("callbackNumbers").add(conversation.customerAddress.replace("tel:", ""));
    node.put("callbackUserName", conversation.customerName);
    node.put("externalCampaign", false).put("skipEnabled", true).put("timeoutSeconds", 0);
    GenericBody.time(node, "callbackScheduledTime", conversation.started);
  }
}
