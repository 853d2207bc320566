package dev.caravan.simulator.centre;

import java.util.ArrayList;
import java.util.List;

/**
 * A conversation as {@code v2.users.{id}.conversations} and {@code v2.routing.queues.{id}
 * .conversations} tell it: participants with one array per medium.
 */
public record GenericBody(Organization organization) {

  static final long ALERTING_TIMEOUT_MILLIS = 30_000;

  /** The conversation as it is now, in UTF-8. */
  public byte[] of(Conversation conversation) {
    boolean keep = !conversation.over();
    List<byte[]> participants = new ArrayList<>(conversation.parties.size());
    for (Party party : conversation.parties) {
      participants.add(
          party.generic.text(
              party.state(conversation), keep, () -> participant(conversation, party)));
    }
    byte[] around = conversation.generic.text(conversation.queue, keep, () -> around(conversation));
    return JsonText.with(around, "participants", participants);
  }

  private JsonText around(Conversation conversation) {
    JsonText body = new JsonText().put("id", conversation.id);
    if (conversation.medium == Medium.VOICE) {
      body.put("recordingState", "none");
    }
    body.put("address", conversation.customerAddress);
    divisions(body, conversation);
    return body;
  }

  private void divisions(JsonText body, Conversation conversation) {
    String division = organization.divisions().get(conversation.division).id();
    body.list("divisions").object().object("division");
    body.put("id", division).put("selfUri", "/api/v2/authorization/divisions/" + division).end();
    body.list("entities").object().put("id", queueId(conversation.queue)).end().end().end().end();
  }

  private JsonText participant(Conversation conversation, Party party) {
    JsonText node = new JsonText();
    boolean agent = party.agent != Party.NOBODY;
    boolean customer = party == conversation.customer();
    node.put("id", party.id);
    node.time("connectedTime", party.connected).time("endTime", party.ended);
    node.put("name", name(conversation, party));
    if (agent) {
      Agent who = organization.agent(party.agent);
      node.put("userId", who.id()).put("teamId", organization.teams().get(who.team()).id());
    }
    if (party.queue != Party.NOBODY) {
      node.put("queueId", queueId(party.queue));
    }
    node.put("purpose", party.purpose);
    if (customer) {
      node.put("address", conversation.customerAddress);
      if (!conversation.contactId.isEmpty()) {
        node.put("externalContactId", conversation.contactId);
      }
    }
    if (party.consulting) {
      node.put("consultParticipantId", conversation.customer().id);
    }
    node.put("wrapupRequired", agent && party.acwSince > 0).put("wrapupExpected", agent);
    if (agent) {
      node.put("wrapupPrompt", "optional").put("alertingTimeoutMs", ALERTING_TIMEOUT_MILLIS);
      node.time("startAcwTime", party.acwSince).time("endAcwTime", party.acwEnded);
    }
    if (party.queue != Party.NOBODY) {
      routingData(node, conversation, party.queue);
    }
    attributes(node, conversation, party);
    communication(node.list(conversation.medium.array).object(), conversation, party);
    node.end().end();
    if (party.sharingSince > 0) {
      side(node.list(conversation.side.array).object(), conversation, party);
      node.end().end();
    }
    return node;
  }

  static void attributes(JsonText node, Conversation conversation, Party party) {
    node.object("attributes");
    if (party == conversation.customer()) {
      conversation.attributes.forEach(node::put);
    }
    node.end();
  }

  private void routingData(JsonText node, Conversation conversation, int queue) {
    node.object("conversationRoutingData").object("queue").put("id", queueId(queue)).end();
    node.object("language").end().put("priority", conversation.priority).end();
  }

  private void communication(JsonText node, Conversation conversation, Party party) {
    Medium medium = conversation.medium;
    node.put("id", party.communicationId).put("state", party.stage.lower());
    node.put("initialState", initial(conversation, party));
    switch (medium) {
      case VOICE -> call(node, conversation, party);
      case CHAT -> node.put("roomId", roomId(conversation));
      case EMAIL -> email(node, conversation);
      case MESSAGE -> message(node, conversation, party);
      case CALLBACK -> {
        callback(node, conversation);
        node.put("callerIdName", conversation.customerName);
      }
      case VIDEO -> video(node, conversation, party);
      case SOCIAL -> social(node, conversation);
    }
    if (medium == Medium.VOICE || medium == Medium.EMAIL || medium == Medium.MESSAGE) {
      node.put("direction", "inbound");
    }
    if (medium != Medium.VIDEO) {
      node.put("held", party.heldSince > 0).time("startHoldTime", party.heldSince);
    }
    node.put("provider", medium.provider);
    if (party != conversation.customer()) {
      node.put("peerId", conversation.customer().communicationId);
    }
    node.time("connectedTime", party.connected).time("disconnectedTime", party.ended);
    if (!party.disconnectType.isEmpty()) {
      node.put("disconnectType", party.disconnectType);
    }
    node.put("afterCallWorkRequired", party.acwSince > 0);
    if (party.acwSince > 0) {
      node.object("afterCallWork").put("state", party.acwEnded > 0 ? "complete" : "pending");
      node.time("startTime", party.acwSince).time("endTime", party.acwEnded).end();
    }
    wrapUp(node, party);
  }

  void wrapUp(JsonText node, Party party) {
    if (party.wrapUp != Party.NOBODY) {
      node.object("wrapup").put("code", organization.wrapUpCodes().get(party.wrapUp).id());
      node.put("notes", "").list("tags").end();
      node.put("durationSeconds", (party.acwEnded - party.acwSince) / 1000);
      node.time("endTime", party.acwEnded).end();
    }
  }

  private static void call(JsonText node, Conversation conversation, Party party) {
    node.put("recording", false).put("recordingState", "none");
    node.put("muted", party.muted).put("confined", false).put("securePause", false);
    address(node, "self", "", conversation.ourAddress);
    address(node, "other", conversation.customerName, conversation.customerAddress);
  }

  static void email(JsonText node, Conversation conversation) {
    node.put("subject", conversation.subject).put("messagesSent", conversation.messages);
    node.put("autoGenerated", false).put("spam", false);
    node.put("messageId", conversation.lastMessageId).list("draftAttachments").end();
  }

  private static void message(JsonText node, Conversation conversation, Party party) {
    node.put("type", conversation.messageType);
    node.put("recipientCountry", "FR").put("recipientType", "");
    address(node, "toAddress", "", conversation.ourAddress);
    address(node, "fromAddress", conversation.customerName, conversation.customerAddress);
    if (conversation.lastMessageAt > 0 && party == conversation.customer()) {
      node.list("messages").object().put("messageId", conversation.lastMessageId);
      node.time("messageTime", conversation.lastMessageAt).put("messageStatus", "received");
      node.put("messageSegmentCount", 1).list("media").end().end().end();
    }
  }

  static void callback(JsonText node, Conversation conversation) {
    node.list("callbackNumbers").add(conversation.phone()).end();
    node.put("callbackUserName", conversation.customerName);
    node.put("externalCampaign", false).put("skipEnabled", true).put("timeoutSeconds", 0);
    node.time("callbackScheduledTime", conversation.started);
  }

  static void video(JsonText node, Conversation conversation, Party party) {
    node.put("audioMuted", party.muted).put("videoMuted", party != conversation.customer());
    node.put("sharingScreen", false).put("peerCount", 1);
    node.put("context", roomId(conversation)).list("msids").end();
  }

  static void social(JsonText node, Conversation conversation) {
    node.put("socialMediaId", conversation.lastMessageId).put("socialMediaHub", "X");
    node.put("socialUserName", conversation.customerAddress);
    node.put("previewText", conversation.subject);
  }

  private static void side(JsonText node, Conversation conversation, Party party) {
    boolean over = party.sharingEnded > 0;
    node.put("id", sideId(party)).put("state", over ? "disconnected" : "connected");
    node.put("initialState", "connected").put("provider", conversation.side.provider);
    looking(node, conversation, party);
    node.time("connectedTime", party.sharingSince).time("disconnectedTime", party.sharingEnded);
    if (over) {
      node.put("disconnectType", "client");
    }
  }

  /** What tells the one who shows from the one who looks. */
  static void looking(JsonText node, Conversation conversation, Party party) {
    boolean customer = party == conversation.customer();
    if (conversation.side == Side.SCREENSHARE) {
      node.put("context", "browser").put("peerCount", 1);
      node.put("sharing", customer && party.sharingEnded == 0);
    } else {
      node.put("cobrowseSessionId", sideId(conversation.customer()));
      node.put("cobrowseRole", customer ? "sharer" : "viewer").list("controlling").end();
    }
  }

  private static void address(JsonText node, String field, String name, String address) {
    node.object(field).put("name", name).put("nameRaw", "");
    node.put("addressNormalized", address).put("addressRaw", address);
    String shown = address.startsWith("tel:") ? address.substring(4) : address;
    node.put("addressDisplayable", shown).end();
  }

  static String sideId(Party party) {
    return "5c" + party.communicationId.substring(2);
  }

  static String roomId(Conversation conversation) {
    return conversation.id.replace("-", "") + "@conference.org.orgspan.com";
  }

  String name(Conversation conversation, Party party) {
    if (party.agent != Party.NOBODY) {
      return organization.agent(party.agent).name();
    }
    if (party.queue != Party.NOBODY) {
      return organization.queues().get(party.queue).name();
    }
    return party.inFlow()
        ? organization.flows().get(conversation.flow).name()
        : conversation.customerName;
  }

  static String initial(Conversation conversation, Party party) {
    boolean caller = party == conversation.customer() && conversation.medium == Medium.VOICE;
    return caller ? "offering" : party.initial.lower();
  }

  String queueId(int queue) {
    return organization.queues().get(queue).id();
  }
}
