package dev.caravan.frame;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.caravan.frame.BodyFacts.Party;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Gathers the facts of one event body while the parser passes over it, whatever the order of the
 * keys and before the topic need be known. It looks at fixed depths only: a {@code mediaType} of an
 * attachment is not the event's.
 */
final class BodyReader {

  private final JsonParser parser;

  private String id = "";
  private String conversationId = "";
  private String userId = "";
  private String nestedUserId = "";
  private String mediaType = "";
  private String messageType = "";
  private List<String> groupMediaTypes = List.of();
  private int busy;
  private List<Party> sessions = List.of();
  private List<Party> participants = List.of();

  /** {@code eventBody.message} of a control frame. */
  String message = "";

  String reason = "";
  String systemTopicType = "";

  BodyReader(JsonParser parser) {
    this.parser = parser;
  }

  BodyFacts facts() {
    return new BodyFacts(
        id,
        conversationId,
        nestedUserId.isEmpty() ? userId : nestedUserId,
        mediaType,
        messageType,
        groupMediaTypes,
        Media.ofBits(busy),
        sessions,
        participants);
  }

  /** Reads the value the parser stands at and leaves the parser on its last token. */
  void read() throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      parser.skipChildren();
      parser.finishToken();
      return;
    }
    for (String name; (name = parser.nextFieldName()) != null; ) {
      JsonToken value = parser.nextToken();
      switch (name) {
        case "id" -> id = text(value);
        case "conversationId" -> conversationId = text(value);
        case "userId" -> userId = text(value);
        case "user" -> nestedUserId = EnvelopeReader.textIn(parser, value, "id"::equals);
        case "mediaType" -> mediaType = text(value);
        case "messageType" -> messageType = text(value);
        case "group" -> addGroup(mediaIn(value));
        case "results" -> results(value);
        case "participants" -> participants(value);
        case "call" -> counters(value, Media.VOICE);
        case "callback" -> counters(value, Media.CALLBACK);
        case "chat" -> counters(value, Media.CHAT);
        case "email" -> counters(value, Media.EMAIL);
        case "socialExpression" -> counters(value, Media.SOCIAL);
        case "video" -> counters(value, Media.VIDEO);
        case "message" -> {
          if (value == JsonToken.START_OBJECT) {
            counters(value, Media.MESSAGE);
          } else {
            message = text(value);
          }
        }
        case "reason" -> reason = text(value);
        case "systemTopicType" -> systemTopicType = text(value);
        default -> parser.skipChildren();
      }
    }
  }

  private void results(JsonToken value) throws IOException {
    while (hasNext(value)) {
      addGroup(mediaIn(parser.currentToken()));
    }
  }

  /**
   * Goes to the next item of an array, if the value is one; passes over it if it is something else.
   */
  private boolean hasNext(JsonToken value) throws IOException {
    if (value != JsonToken.START_ARRAY) {
      parser.skipChildren();
      return false;
    }
    return parser.nextToken() != JsonToken.END_ARRAY;
  }

  private void addGroup(String type) {
    if (!type.isEmpty()) {
      groupMediaTypes = groupMediaTypes.isEmpty() ? new ArrayList<>(4) : groupMediaTypes;
      groupMediaTypes.add(type);
    }
  }

  private void counters(JsonToken value, Media medium) throws IOException {
    if (value != JsonToken.START_OBJECT) {
      parser.skipChildren();
      return;
    }
    for (String name; (name = parser.nextFieldName()) != null; ) {
      JsonToken side = parser.nextToken();
      boolean counts = name.equals("contactCenter") || name.equals("enterprise");
      if (side != JsonToken.START_OBJECT || !counts) {
        parser.skipChildren();
        continue;
      }
      for (String counter; (counter = parser.nextFieldName()) != null; ) {
        JsonToken count = parser.nextToken();
        boolean says = counter.equals("active") || counter.equals("acw");
        if (says && count.isNumeric() && parser.getDoubleValue() > 0) {
          busy |= medium.bit();
        }
        parser.skipChildren();
      }
    }
  }

  private void participants(JsonToken value) throws IOException {
    while (hasNext(value)) {
      if (parser.currentToken() == JsonToken.START_OBJECT) {
        participant();
      } else {
        parser.skipChildren();
      }
    }
  }

  private void participant() throws IOException {
    int firstSession = sessions.size();
    PartyReader own = new PartyReader();
    for (String name; (name = parser.nextFieldName()) != null; ) {
      JsonToken value = parser.nextToken();
      switch (name) {
        case "calls" -> sessions(value, Media.VOICE);
        case "callbacks" -> sessions(value, Media.CALLBACK);
        case "chats" -> sessions(value, Media.CHAT);
        case "cobrowsesessions" -> sessions(value, Media.COBROWSE);
        case "emails" -> sessions(value, Media.EMAIL);
        case "messages" -> sessions(value, Media.MESSAGE);
        case "screenshares" -> sessions(value, Media.SCREENSHARE);
        case "socialExpressions" -> sessions(value, Media.SOCIAL);
        case "videos" -> sessions(value, Media.VIDEO);
        case "internalMessages" -> sessions(value, Media.INTERNALMESSAGE);
        case "screenMonitorings" -> sessions(value, Media.SCREENMONITORING);
        default -> own.field(name, value);
      }
    }
    // Only now are the participant's own times known, whichever place they have in its text.
    for (int i = firstSession; i < sessions.size(); i++) {
      sessions.set(i, own.lend(sessions.get(i)));
    }
    if (own.isParty) {
      participants = participants.isEmpty() ? new ArrayList<>(8) : participants;
      participants.add(own.party(Media.UNKNOWN));
    }
  }

  private void sessions(JsonToken value, Media medium) throws IOException {
    while (hasNext(value)) {
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        parser.skipChildren();
        continue;
      }
      PartyReader session = new PartyReader();
      for (String name; (name = parser.nextFieldName()) != null; ) {
        session.field(name, parser.nextToken());
      }
      sessions = sessions.isEmpty() ? new ArrayList<>(8) : sessions;
      sessions.add(session.party(medium));
    }
  }

  private String mediaIn(JsonToken group) throws IOException {
    return EnvelopeReader.textIn(parser, group, "mediaType"::equals);
  }

  private String text(JsonToken value) throws IOException {
    return EnvelopeReader.text(parser, value);
  }

  /** What a participant and a session have in common: state, type and times. */
  private final class PartyReader {
    private String type = "";
    private long connected = IsoTime.NEVER;
    private boolean over;
    private boolean isParty;

    void field(String name, JsonToken value) throws IOException {
      switch (name) {
        case "state" -> {
          isParty = true;
          over |= isOver(text(value));
        }
        case "type" -> {
          type = text(value);
          isParty |= !type.isEmpty();
        }
        case "connectedTime" -> connected = time(value);
        case "endTime", "disconnectedTime" -> {
          over |= value != JsonToken.VALUE_NULL;
          parser.skipChildren();
        }
        default -> parser.skipChildren();
      }
    }

    Party party(Media medium) {
      return new Party(medium, type, connected, over);
    }

    Party lend(Party session) {
      long since = session.connectedNanos() == IsoTime.NEVER ? connected : session.connectedNanos();
      boolean ended = session.over() || over;
      return since == session.connectedNanos() && ended == session.over()
          ? session
          : new Party(session.media(), session.messageType(), since, ended);
    }

    private long time(JsonToken value) throws IOException {
      if (value == JsonToken.VALUE_STRING) {
        return IsoTime.epochNanos(
            parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength());
      }
      if (value == JsonToken.VALUE_NUMBER_INT
          && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
        return parser.getLongValue() * 1_000_000L;
      }
      parser.skipChildren();
      return IsoTime.NEVER;
    }

    private static boolean isOver(String state) {
      return state.equals("disconnected") || state.equals("terminated") || state.equals("none");
    }
  }
}
