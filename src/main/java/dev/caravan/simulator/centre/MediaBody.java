package dev.caravan.simulator.centre;

import java.util.ArrayList;
import java.util.List;

/**
 * A conversation as the topics of a single medium tell it, such as {@code …conversations.calls}:
 * participants whose own state says everything.
 */
record MediaBody(Organization organization, GenericBody generic) {

  byte[] of(Conversation conversation) {
    boolean keep = !conversation.over();
    List<byte[]> participants = new ArrayList<>(conversation.parties.size());
    for (Party party : conversation.parties) {
      participants.add(
          party.flat.text(party.state(conversation), keep, () -> participant(conversation, party)));
    }
    byte[] around = conversation.flat.text(0, keep, () -> around(conversation));
    return JsonText.with(around, "participants", participants);
  }

  private static JsonText around(Conversation conversation) {
    JsonText body = new JsonText().put("id", conversation.id);
    if (conversation.medium == Medium.VOICE) {
      body.put("recordingState", "none");
    }
    return body.list("otherMediaUris").end();
  }

  private JsonText participant(Conversation conversation, Party party) {
    JsonText node = new JsonText();
    common(node, conversation, party, party.stage, party.ended);
    switch (conversation.medium) {
      case VOICE -> call(node, conversation, party);
      case CHAT -> node.put("roomId", GenericBody.roomId(conversation));
      case EMAIL -> GenericBody.email(node, conversation);
      case MESSAGE -> message(node, conversation, party);
      case CALLBACK -> GenericBody.callback(node, conversation);
      case VIDEO -> GenericBody.video(node, conversation, party);
      case SOCIAL -> GenericBody.social(node, conversation);
    }
    return node;
  }

  /** What the parties look at together. */
  byte[] sideOf(Conversation conversation) {
    JsonText body = new JsonText().put("id", conversation.id).list("participants");
    for (Party party : conversation.parties) {
      if (party.sharingSince > 0) {
        boolean over = party.sharingEnded > 0;
        Party.Stage stage = over ? Party.Stage.DISCONNECTED : Party.Stage.CONNECTED;
        JsonText node = body.object();
        common(node, conversation, party, stage, party.sharingEnded);
        GenericBody.looking(node, conversation, party);
        node.end();
      }
    }
    String other = conversation.medium.topic + "/" + conversation.id;
    return body.end().list("otherMediaUris").add("/api/v2/conversations/" + other).bytes();
  }

  private void common(
      JsonText node, Conversation conversation, Party party, Party.Stage stage, long ended) {
    boolean agent = party.agent != Party.NOBODY;
    node.put("id", party.id).put("name", generic.name(conversation, party));
    if (party == conversation.customer()) {
      node.put("address", conversation.customerAddress);
    } else {
      node.put("peer", conversation.customer().communicationId);
    }
    node.time("startTime", party.started).time("connectedTime", party.connected);
    node.time("endTime", ended);
    node.put("purpose", party.purpose).put("state", stage.lower());
    node.put("initialState", GenericBody.initial(conversation, party));
    node.put("direction", "inbound");
    if (stage == Party.Stage.DISCONNECTED && !party.disconnectType.isEmpty()) {
      node.put("disconnectType", party.disconnectType);
    }
    node.put("held", party.heldSince > 0).time("startHoldTime", party.heldSince);
    node.put("wrapupRequired", agent && party.acwSince > 0);
    if (agent) {
      agent(node, party);
    }
    if (party.queue != Party.NOBODY) {
      node.object("queue").put("id", generic.queueId(party.queue)).end();
    }
    GenericBody.attributes(node, conversation, party);
    node.put("provider", conversation.medium.provider);
  }

  private void agent(JsonText node, Party party) {
    node.put("wrapupPrompt", "optional");
    node.put("alertingTimeoutMs", GenericBody.ALERTING_TIMEOUT_MILLIS);
    Agent agent = organization.agent(party.agent);
    node.object("user").put("id", agent.id()).end();
    node.object("team").put("id", organization.teams().get(agent.team()).id()).end();
    node.time("startAcwTime", party.acwSince).time("endAcwTime", party.acwEnded);
    generic.wrapUp(node, party);
  }

  private static void message(JsonText node, Conversation conversation, Party party) {
    node.put("type", conversation.messageType);
    node.put("recipientCountry", "FR").put("recipientType", "");
    if (conversation.lastMessageAt > 0 && party == conversation.customer()) {
      node.list("messages").object();
      node.object("message").put("id", conversation.lastMessageId).end();
      node.time("messageTime", conversation.lastMessageAt).put("messageStatus", "received");
      node.put("messageSegmentCount", 1).list("media").end().end().end();
    }
  }

  private static void call(JsonText node, Conversation conversation, Party party) {
    if (party.consulting) {
      node.put("consultParticipantId", conversation.customer().id);
    }
    node.put("muted", party.muted).put("confined", false);
    node.put("recording", false).put("recordingState", "none").put("securePause", false);
    node.put("ani", conversation.customerAddress).put("dnis", conversation.ourAddress);
  }
}
