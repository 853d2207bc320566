package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Map;

/**
 * A conversation as {@code v2.users.{id}.conversations} and {@code v2.routing.queues.{id}
 * .conversations} tell it: participants with one array per medium.
 */
public final class GenericBody {

  static final long ALERTING_TIMEOUT_MILLIS = 30_000;

  private final Organization organization;

  /** Tells of conversations in this organization. */
  public GenericBody(Organization organization) {
    this.organization = organization;
  }

  /** The conversation as it is now. */
  public ObjectNode of(Conversation conversation) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("id", conversation.id);
    ArrayNode participants = body.putArray("participants");
    for (Party party : conversation.parties) {
      participant(participants.addObject(), conversation, party);
    }
    if (conversation.medium == Medium.VOICE) {
      body.put("recordingState", "none");
    }
    body.put("address", conversation.customerAddress);
    divisions(body, conversation);
    return body;
  }

  private void divisions(ObjectNode body, Conversation conversation) {
    Named division = organization.divisions().get(conversation.division);
    ObjectNode entry = body.putArray("divisions").addObject();
    entry
        .putObject("division")
        .put("id", division.id())
        .put("selfUri", "/api/v2/authorization/divisions/" + division.id());
    entry.putArray("entities").addObject().put("id", queueId(conversation.queue));
  }

  private void participant(ObjectNode node, Conversation conversation, Party party) {
    node.put("id", party.id);
    time(node, "connectedTime", party.connected);
    time(node, "endTime", party.ended);
    node.put("name", name(conversation, party));
    if (party.agent != Party.NOBODY) {
      node.put("userId", organization.agent(party.agent).id());
      node.put("teamId", organization.teams().get(organization.agent(party.agent).team()).id());
    }
    if (party.queue != Party.NOBODY) {
      node.put("queueId", queueId(party.queue));
    }
    node.put("purpose", party.purpose);
    boolean agent = party.agent != Party.NOBODY;
    if (!agent && party.queue == Party.NOBODY) {
      node.put("address", conversation.customerAddress);
    }
    node.put("wrapupRequired", agent && party.acwSince > 0).put("wrapupExpected", agent);
    if (agent) {
      node.put("wrapupPrompt", "optional").put("alertingTimeoutMs", ALERTING_TIMEOUT_MILLIS);
      time(node, "startAcwTime", party.acwSince);
      time(node, "endAcwTime", party.acwEnded);
    }
    if (party.queue != Party.NOBODY) {
      routingData(node, conversation, party.queue);
    }
    ObjectNode attributes = node.putObject("attributes");
    if (party == conversation.customer()) {
      for (Map.Entry<String, String> attribute : conversation.attributes.entrySet()) {
        attributes.put(attribute.getKey(), attribute.getValue());
      }
    }
    communication(node.putArray(conversation.medium.plural()).addObject(), conversation, party);
    if (party.sharingSince > 0) {
      screenShare(node.putArray("screenshares").addObject(), conversation, party);
    }
  }

  private void routingData(ObjectNode node, Conversation conversation, int queue) {
    ObjectNode data = node.putObject("conversationRoutingData");
    data.putObject("queue").put("id", queueId(queue));
    data.putObject("language");
    data.put("priority", conversation.priority);
  }

  private void communication(ObjectNode node, Conversation conversation, Party party) {
    node.put("id", party.communicationId);
    node.put("state", lower(party.stage));
    node.put("initialState", initial(conversation, party));
    switch (conversation.medium) {
      case VOICE -> call(node, conversation, party);
      case CHAT -> node.put("roomId", roomId(conversation));
      case EMAIL -> email(node, conversation);
      case MESSAGE -> message(node, conversation, party);
      case CALLBACK -> callback(node, conversation);
    }
    if (conversation.medium != Medium.CHAT && conversation.medium != Medium.CALLBACK) {
      node.put("direction", "inbound");
    }
    node.put("held", party.heldSince > 0);
    time(node, "startHoldTime", party.heldSince);
    node.put("provider", conversation.medium.provider());
    if (party != conversation.customer()) {
      node.put("peerId", conversation.customer().communicationId);
    }
    time(node, "connectedTime", party.connected);
    time(node, "disconnectedTime", party.ended);
    if (!party.disconnectType.isEmpty()) {
      node.put("disconnectType", party.disconnectType);
    }
    node.put("afterCallWorkRequired", party.acwSince > 0);
    if (party.acwSince > 0) {
      ObjectNode work = node.putObject("afterCallWork");
      work.put("state", party.acwEnded > 0 ? "complete" : "pending");
      time(work, "startTime", party.acwSince);
      time(work, "endTime", party.acwEnded);
    }
    if (party.wrapUp != Party.NOBODY) {
      wrapUp(node.putObject("wrapup"), party);
    }
  }

  void wrapUp(ObjectNode node, Party party) {
    node.put("code", organization.wrapUpCodes().get(party.wrapUp).id());
    node.put("notes", "");
    node.putArray("tags");
    node.put("durationSeconds", (party.acwEnded - party.acwSince) / 1000);
    time(node, "endTime", party.acwEnded);
  }

  private static void call(ObjectNode node, Conversation conversation, Party party) {
    node.put("recording", false).put("recordingState", "none");
    node.put("muted", party.muted).put("confined", false).put("securePause", false);
    address(node.putObject("self"), "", conversation.ourAddress);
    address(node.putObject("other"), conversation.customerName, conversation.customerAddress);
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
    address(node.putObject("toAddress"), "", conversation.ourAddress);
    address(node.putObject("fromAddress"), conversation.customerName, conversation.customerAddress);
    if (conversation.lastMessageAt > 0 && party == conversation.customer()) {
      ObjectNode message = node.putArray("messages").addObject();
      message.put("messageId", conversation.lastMessageId);
      time(message, "messageTime", conversation.lastMessageAt);
      message.put("messageStatus", "received").put("messageSegmentCount", 1);
      message.putArray("media");
    }
  }

  private static void callback(ObjectNode node, Conversation conversation) {
    node.putArray("callbackNumbers").add(conversation.customerAddress.replace("tel:", ""));
    node.put("callbackUserName", conversation.customerName);
    node.put("externalCampaign", false).put("skipEnabled", true).put("timeoutSeconds", 0);
    time(node, "callbackScheduledTime", conversation.started);
    node.put("callerIdName", conversation.customerName);
  }

  private static void screenShare(ObjectNode node, Conversation conversation, Party party) {
    boolean over = party.sharingEnded > 0;
    node.put("id", screenShareId(party)).put("context", "browser");
    node.put("state", over ? "disconnected" : "connected").put("initialState", "connected");
    node.put("sharing", !over && party == conversation.customer()).put("peerCount", 1);
    node.put("provider", "PureCloud Screenshare");
    time(node, "connectedTime", party.sharingSince);
    if (over) {
      time(node, "disconnectedTime", party.sharingEnded);
      node.put("disconnectType", "client");
    }
  }

  private static void address(ObjectNode node, String name, String address) {
    node.put("name", name).put("nameRaw", "");
    node.put("addressNormalized", address).put("addressRaw", address);
    node.put("addressDisplayable", address.replace("tel:", ""));
  }

  static String screenShareId(Party party) {
    return "5c" + party.communicationId.substring(2);
  }

  static String roomId(Conversation conversation) {
    return conversation.id.replace("-", "") + "@conference.org.orgspan.com";
  }

  String name(Conversation conversation, Party party) {
    if (party.agent != Party.NOBODY) {
      return organization.agent(party.agent).name();
    }
    return party.queue != Party.NOBODY
        ? organization.queues().get(party.queue).name()
        : conversation.customerName;
  }

  static String initial(Conversation conversation, Party party) {
    boolean caller = party == conversation.customer() && conversation.medium == Medium.VOICE;
    return caller ? "offering" : lower(party.initial);
  }

  static String lower(Party.Stage stage) {
    return stage.name().toLowerCase(Locale.ROOT);
  }

  String queueId(int queue) {
    return organization.queues().get(queue).id();
  }

  static void time(ObjectNode node, String field, long millis) {
    if (millis > 0) {
      node.put(field, Iso.time(millis));
    }
  }
}
