package dev.caravan.simulator.centre;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.function.BiFunction;

/** One participant of a conversation. Times that have not come are 0. */
final class Participant {

  /** How far a participant has come. */
  enum Stage {
    ALERTING,
    CONNECTED,
    DISCONNECTED;

    private final String lower = name().toLowerCase(Locale.ROOT);

    /** As events spell it. */
    String lower() {
      return lower;
    }
  }

  /** What was last written of a participant. */
  static final class Text {

    private long state;
    private byte[] written;

    /** The text, written anew if anything has changed, and kept while the conversation goes on. */
    byte[] text(
        Conversation conversation,
        Participant party,
        BiFunction<Conversation, Participant, ObjectNode> writer) {
      long current = party.state(conversation);
      if (written != null && state == current) {
        return written;
      }
      byte[] text = Json.bytes(writer.apply(conversation, party));
      written = conversation.over() ? null : text;
      state = current;
      return text;
    }
  }

  final String id;
  final String communicationId;

  /**
   * {@code customer}, {@code ivr}, {@code workflow}, {@code acd}, {@code agent}, {@code voicemail}.
   */
  final String purpose;

  /** Null if it is none. */
  final Agent agent;

  /** Null if it has to do with none. */
  final Entity queue;

  final long started;
  Stage stage;
  long connected;
  long ended;
  long heldSince;
  long heldMillis;
  boolean muted;
  String disconnectType = "";
  long acwSince;
  long acwEnded;

  /** Null until there is one. */
  Entity wrapUp;

  boolean consulting;
  long sharingSince;
  long sharingEnded;
  Text generic = new Text();
  Text flat = new Text();

  /** An agent is alerted first, everybody else is there at once. */
  Participant(
      String id, String communicationId, String purpose, Agent agent, Entity queue, long now) {
    this.id = id;
    this.communicationId = communicationId;
    this.purpose = purpose;
    this.agent = agent;
    this.queue = queue;
    started = now;
    stage = agent == null ? Stage.CONNECTED : Stage.ALERTING;
    connected = agent == null ? now : 0;
  }

  /** Whether this is the flow that greets customers, and not somebody. */
  boolean inFlow() {
    return purpose.equals("ivr") || purpose.equals("workflow");
  }

  boolean over() {
    return stage == Stage.DISCONNECTED;
  }

  void connect(long now) {
    stage = Stage.CONNECTED;
    connected = now;
  }

  void disconnect(String why, long now) {
    if (over()) {
      return;
    }
    unhold(now);
    stage = Stage.DISCONNECTED;
    ended = now;
    disconnectType = why;
    if (sharingSince > 0 && sharingEnded == 0) {
      sharingEnded = now;
    }
  }

  void unhold(long now) {
    if (heldSince > 0) {
      heldMillis += now - heldSince;
      heldSince = 0;
    }
  }

  long interactingMillis() {
    return connected == 0 ? 0 : (ended == 0 ? started : ended) - connected;
  }

  /** From its coming to its going. */
  long millis() {
    return ended - started;
  }

  /**
   * A number that is another one as soon as anything has changed that is told of this party.
   * Attributes of a conversation are only ever added.
   */
  private long state(Conversation conversation) {
    boolean customer = this == conversation.customer();
    boolean tellsMessages = customer || conversation.medium == Medium.EMAIL;
    long state = stage.ordinal() + (muted ? 4 : 0) + (consulting ? 8 : 0);
    for (long part :
        new long[] {
          wrapUp == null ? -1 : wrapUp.index(),
          customer ? conversation.attributes.size() : 0,
          tellsMessages ? conversation.messages : 0,
          tellsMessages ? conversation.lastMessageAt : 0,
          connected,
          ended,
          heldSince,
          acwSince,
          acwEnded,
          sharingSince,
          sharingEnded
        }) {
      state = (state ^ part) * 0x9e3779b97f4a7c15L;
      state ^= state >>> 29;
    }
    return state;
  }

  /** Keeps nothing that could be written again. */
  void forgetText() {
    generic = new Text();
    flat = new Text();
  }
}
