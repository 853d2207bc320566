package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;

/**
 * A conversation as its users and queues hear of it, in UTF-8. What was written of a participant is
 * kept, as most changes of a conversation are those of one of them.
 */
public final class ConversationBody {

  static final long ALERTING_TIMEOUT_MILLIS = 30_000;
  private static final int USUAL_BYTES = 8_000;

  private ConversationBody() {}

  /**
   * As {@code v2.users.{id}.conversations} and {@code v2.routing.queues.{id}.conversations} tell it
   * now: participants with one array per medium.
   */
  public static byte[] generic(Conversation conversation) {
    ObjectNode body = common(conversation).put("address", conversation.customerAddress);
    String division = conversation.division.id();
    ObjectNode place = body.putArray("divisions").addObject();
    place
        .putObject("division")
        .put("id", division)
        .put("selfUri", "/api/v2/authorization/divisions/" + division);
    place.putArray("entities").addObject().put("id", conversation.queue.id());
    return with(
        body,
        conversation.parties,
        party -> party.generic.text(conversation, party, ConversationBody::generic));
  }

  /**
   * As the topics of a single medium tell it, such as {@code …conversations.calls}: participants
   * whose own state says everything.
   */
  static byte[] flat(Conversation conversation) {
    ObjectNode body = common(conversation);
    body.putArray("otherMediaUris");
    return with(
        body,
        conversation.parties,
        party -> party.flat.text(conversation, party, ConversationBody::flat));
  }

  /** What the parties look at together. */
  static byte[] side(Conversation conversation) {
    ObjectNode body = Json.object().put("id", conversation.id);
    ArrayNode participants = body.putArray("participants");
    for (Participant party : conversation.parties) {
      if (party.sharingSince > 0) {
        boolean over = party.sharingEnded > 0;
        Participant.Stage stage =
            over ? Participant.Stage.DISCONNECTED : Participant.Stage.CONNECTED;
        ObjectNode node = participants.addObject();
        flat(node, conversation, party, stage, party.sharingEnded);
        looking(node, conversation, party);
      }
    }
    String other = conversation.medium.topic + "/" + conversation.id;
    body.putArray("otherMediaUris").add("/api/v2/conversations/" + other);
    return Json.bytes(body);
  }

  private static ObjectNode common(Conversation conversation) {
    ObjectNode body = Json.object().put("id", conversation.id);
    return conversation.medium == Medium.VOICE ? body.put("recordingState", "none") : body;
  }

  private static byte[] with(
      ObjectNode body, List<Participant> parties, Function<Participant, byte[]> text) {
    byte[] around = Json.bytes(body);
    ByteArrayOutputStream whole = new ByteArrayOutputStream(USUAL_BYTES);
    whole.write(around, 0, around.length - 1);
    String before = ",\"participants\":[";
    for (Participant party : parties) {
      whole.writeBytes(before.getBytes(StandardCharsets.UTF_8));
      whole.writeBytes(text.apply(party));
      before = ",";
    }
    whole.write(']');
    whole.write('}');
    return whole.toByteArray();
  }

  private static ObjectNode generic(Conversation conversation, Participant party) {
    boolean agent = party.agent != null;
    boolean customer = party == conversation.customer();
    ObjectNode node = Json.object().put("id", party.id);
    time(node, "connectedTime", party.connected);
    time(node, "endTime", party.ended);
    node.put("name", name(conversation, party));
    if (agent) {
      node.put("userId", party.agent.id()).put("teamId", party.agent.team().id());
    }
    if (party.queue != null) {
      node.put("queueId", party.queue.id());
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
      time(node, "startAcwTime", party.acwSince);
      time(node, "endAcwTime", party.acwEnded);
    }
    if (party.queue != null) {
      ObjectNode routing = node.putObject("conversationRoutingData");
      routing.putObject("queue").put("id", party.queue.id());
      routing.putObject("language");
      routing.put("priority", conversation.priority);
    }
    attributes(node, conversation, party);
    communication(node.putArray(conversation.medium.array).addObject(), conversation, party);
    if (party.sharingSince > 0) {
      side(node.putArray(conversation.side.array).addObject(), conversation, party);
    }
    return node;
  }

  private static void attributes(ObjectNode node, Conversation conversation, Participant party) {
    ObjectNode attributes = node.putObject("attributes");
    if (party == conversation.customer()) {
      conversation.attributes.forEach(attributes::put);
    }
  }

  private static void communication(ObjectNode node, Conversation conversation, Participant party) {
    Medium medium = conversation.medium;
    node.put("id", party.communicationId).put("state", party.stage.lower());
    node.put("initialState", initial(conversation, party));
    medium(node, conversation, party);
    switch (medium) {
      case VOICE -> {
        node.put("recording", false).put("recordingState", "none").put("muted", party.muted);
        node.put("confined", false).put("securePause", false);
        address(node, "self", "", conversation.medium.ourAddress);
        address(node, "other", conversation.customerName, conversation.customerAddress);
      }
      case MESSAGE -> {
        address(node, "toAddress", "", conversation.medium.ourAddress);
        address(node, "fromAddress", conversation.customerName, conversation.customerAddress);
        if (hasMessages(conversation, party)) {
          ObjectNode message = node.putArray("messages").addObject();
          message(message.put("messageId", conversation.lastMessageId), conversation);
        }
      }
      case CALLBACK -> node.put("callerIdName", conversation.customerName);
      default -> {
        // Said already
      }
    }
    if (medium == Medium.VOICE || medium == Medium.EMAIL || medium == Medium.MESSAGE) {
      node.put("direction", "inbound");
    }
    if (medium != Medium.VIDEO) {
      node.put("held", party.heldSince > 0);
      time(node, "startHoldTime", party.heldSince);
    }
    node.put("provider", medium.provider);
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
    wrapUp(node, party);
  }

  private static void side(ObjectNode node, Conversation conversation, Participant party) {
    boolean over = party.sharingEnded > 0;
    node.put("id", sideId(party)).put("state", over ? "disconnected" : "connected");
    node.put("initialState", "connected").put("provider", conversation.side.provider);
    looking(node, conversation, party);
    time(node, "connectedTime", party.sharingSince);
    time(node, "disconnectedTime", party.sharingEnded);
    if (over) {
      node.put("disconnectType", "client");
    }
  }

  private static ObjectNode flat(Conversation conversation, Participant party) {
    ObjectNode node = Json.object();
    flat(node, conversation, party, party.stage, party.ended);
    medium(node, conversation, party);
    if (conversation.medium == Medium.VOICE) {
      if (party.consulting) {
        node.put("consultParticipantId", conversation.customer().id);
      }
      node.put("muted", party.muted).put("confined", false);
      node.put("recording", false).put("recordingState", "none").put("securePause", false);
      node.put("ani", conversation.customerAddress).put("dnis", conversation.medium.ourAddress);
    } else if (hasMessages(conversation, party)) {
      ObjectNode message = node.putArray("messages").addObject();
      message.putObject("message").put("id", conversation.lastMessageId);
      message(message, conversation);
    }
    return node;
  }

  private static void flat(
      ObjectNode node,
      Conversation conversation,
      Participant party,
      Participant.Stage stage,
      long ended) {
    boolean agent = party.agent != null;
    node.put("id", party.id).put("name", name(conversation, party));
    if (party == conversation.customer()) {
      node.put("address", conversation.customerAddress);
    } else {
      node.put("peer", conversation.customer().communicationId);
    }
    time(node, "startTime", party.started);
    time(node, "connectedTime", party.connected);
    time(node, "endTime", ended);
    node.put("purpose", party.purpose).put("state", stage.lower());
    node.put("initialState", initial(conversation, party)).put("direction", "inbound");
    if (stage == Participant.Stage.DISCONNECTED && !party.disconnectType.isEmpty()) {
      node.put("disconnectType", party.disconnectType);
    }
    node.put("held", party.heldSince > 0);
    time(node, "startHoldTime", party.heldSince);
    node.put("wrapupRequired", agent && party.acwSince > 0);
    if (agent) {
      node.put("wrapupPrompt", "optional").put("alertingTimeoutMs", ALERTING_TIMEOUT_MILLIS);
      node.putObject("user").put("id", party.agent.id());
      node.putObject("team").put("id", party.agent.team().id());
      time(node, "startAcwTime", party.acwSince);
      time(node, "endAcwTime", party.acwEnded);
      wrapUp(node, party);
    }
    if (party.queue != null) {
      node.putObject("queue").put("id", party.queue.id());
    }
    attributes(node, conversation, party);
    node.put("provider", conversation.medium.provider);
  }

  /** What both forms tell of a medium. */
  private static void medium(ObjectNode node, Conversation conversation, Participant party) {
    switch (conversation.medium) {
      case VOICE -> {
        // The forms have nothing in common
      }
      case CHAT -> node.put("roomId", roomId(conversation));
      case EMAIL -> {
        node.put("subject", conversation.subject).put("messagesSent", conversation.messages);
        node.put("autoGenerated", false).put("spam", false);
        node.put("messageId", conversation.lastMessageId).putArray("draftAttachments");
      }
      case MESSAGE ->
          node.put("type", conversation.messageType)
              .put("recipientCountry", "FR")
              .put("recipientType", "");
      case CALLBACK -> {
        node.putArray("callbackNumbers").add(conversation.phone());
        node.put("callbackUserName", conversation.customerName);
        node.put("externalCampaign", false).put("skipEnabled", true).put("timeoutSeconds", 0);
        time(node, "callbackScheduledTime", conversation.started);
      }
      case VIDEO -> {
        node.put("audioMuted", party.muted).put("videoMuted", party != conversation.customer());
        node.put("sharingScreen", false).put("peerCount", 1);
        node.put("context", roomId(conversation)).putArray("msids");
      }
      case SOCIAL -> {
        node.put("socialMediaId", conversation.lastMessageId).put("socialMediaHub", "X");
        node.put("socialUserName", conversation.customerAddress);
        node.put("previewText", conversation.subject);
      }
    }
  }

  private static boolean hasMessages(Conversation conversation, Participant party) {
    return conversation.medium == Medium.MESSAGE
        && conversation.lastMessageAt > 0
        && party == conversation.customer();
  }

  private static void message(ObjectNode message, Conversation conversation) {
    time(message, "messageTime", conversation.lastMessageAt);
    message.put("messageStatus", "received").put("messageSegmentCount", 1).putArray("media");
  }

  /** What tells the one who shows from the one who looks. */
  private static void looking(ObjectNode node, Conversation conversation, Participant party) {
    boolean customer = party == conversation.customer();
    if (conversation.side == Side.SCREENSHARE) {
      node.put("context", "browser").put("peerCount", 1);
      node.put("sharing", customer && party.sharingEnded == 0);
    } else {
      node.put("cobrowseSessionId", sideId(conversation.customer()));
      node.put("cobrowseRole", customer ? "sharer" : "viewer").putArray("controlling");
    }
  }

  private static void address(ObjectNode node, String field, String name, String address) {
    String shown = address.startsWith("tel:") ? address.substring(4) : address;
    node.putObject(field)
        .put("name", name)
        .put("nameRaw", "")
        .put("addressNormalized", address)
        .put("addressRaw", address)
        .put("addressDisplayable", shown);
  }

  private static void wrapUp(ObjectNode node, Participant party) {
    if (party.wrapUp != null) {
      ObjectNode wrapUp = node.putObject("wrapup").put("code", party.wrapUp.id()).put("notes", "");
      wrapUp.putArray("tags");
      wrapUp.put("durationSeconds", (party.acwEnded - party.acwSince) / 1000);
      time(wrapUp, "endTime", party.acwEnded);
    }
  }

  /** Writes an instant; one that has not come is left out. */
  private static void time(ObjectNode node, String name, long millis) {
    if (millis > 0) {
      node.put(name, Json.time(millis));
    }
  }

  private static String sideId(Participant party) {
    return "5c" + party.communicationId.substring(2);
  }

  private static String roomId(Conversation conversation) {
    return conversation.id.replace("-", "") + "@conference.org.orgspan.com";
  }

  private static String name(Conversation conversation, Participant party) {
    if (party.agent != null) {
      return party.agent.name();
    }
    if (party.queue != null) {
      return party.queue.name();
    }
    return party.inFlow() ? conversation.flow.name() : conversation.customerName;
  }

  private static String initial(Conversation conversation, Participant party) {
    if (party.agent != null) {
      return "alerting";
    }
    boolean caller = party == conversation.customer() && conversation.medium == Medium.VOICE;
    return caller ? "offering" : "connected";
  }
}
