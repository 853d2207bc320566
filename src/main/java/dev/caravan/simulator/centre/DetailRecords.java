package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.List;

/**
 * Conversations as analytics keeps them: participants, their sessions, and the segments of those.
 */
public record DetailRecords(Day day) {

  private static final long DAY_MILLIS = 86_400_000;

  /**
   * What started on a day that the interval touches and was not over before it, as the real one.
   *
   * @param from when the interval begins, in epoch milliseconds
   * @param to when it ends
   * @param descending whether the latest come first
   */
  public List<Conversation> find(long from, long to, boolean descending) {
    long midnight = Math.floorDiv(from, DAY_MILLIS) * DAY_MILLIS;
    Comparator<Conversation> order = Comparator.comparingLong(one -> one.started);
    return day.conversations().stream()
        .filter(one -> one.started >= midnight && one.started < to)
        .filter(one -> one.ended == 0 || one.ended >= from)
        .sorted(descending ? order.reversed() : order)
        .toList();
  }

  public ObjectNode record(Conversation conversation) {
    ObjectNode record =
        Json.object()
            .put("conversationId", conversation.id)
            .put("conversationStart", Json.time(conversation.started))
            .put("originatingDirection", "inbound");
    if (conversation.ended > 0) {
      record.put("conversationEnd", Json.time(conversation.ended));
    }
    record.putArray("divisionIds").add(conversation.division.id());
    ArrayNode participants = record.putArray("participants");
    conversation.parties.forEach(party -> participants.add(participant(conversation, party)));
    return record;
  }

  private ObjectNode participant(Conversation conversation, Participant party) {
    ObjectNode participant =
        Json.object().put("participantId", party.id).put("purpose", party.purpose);
    if (party.agent != null) {
      participant.put("userId", party.agent.id());
    }
    ObjectNode session =
        participant
            .putArray("sessions")
            .addObject()
            .put("sessionId", party.communicationId)
            .put("mediaType", conversation.medium.lower())
            .put("direction", "inbound");
    if (!conversation.messageType.isEmpty()) {
      session.put("messageType", conversation.messageType);
    }
    segments(session.putArray("segments"), party);
    return participant;
  }

  private void segments(ArrayNode segments, Participant party) {
    long began = party.started;
    if (party.connected != began) {
      long until = party.connected > 0 ? party.connected : party.ended;
      segment(segments, "alert", party, began, until);
      began = party.connected;
    }
    if (began > 0) {
      String kind =
          switch (party.purpose) {
            case "ivr" -> "ivr";
            case "voicemail" -> "voicemail";
            case "workflow" -> "system";
            default -> "interact";
          };
      segment(segments, kind, party, began, party.ended);
    }
    if (party.wrapUp != null) {
      segment(segments, "wrapup", party, party.acwSince, party.acwEnded)
          .put("wrapUpCode", party.wrapUp.id());
    }
  }

  private ObjectNode segment(
      ArrayNode segments, String kind, Participant party, long from, long until) {
    ObjectNode segment =
        segments
            .addObject()
            .put("segmentType", kind)
            .put("segmentStart", Json.time(from))
            .put("conference", false);
    if (party.queue != null) {
      segment.put("queueId", party.queue.id());
    }
    if (until > 0) {
      segment.put("segmentEnd", Json.time(until));
    }
    if (until > 0 && until == party.ended) {
      segment.put("disconnectType", disconnect(party.disconnectType));
    }
    return segment;
  }

  /** As analytics spells it, which is not as events do. */
  private static String disconnect(String eventType) {
    return switch (eventType) {
      case "transfer.noanswer" -> "noAnswerTransfer";
      case "transfer.consult" -> "consultTransfer";
      default -> eventType;
    };
  }
}
