package dev.caravan.simulator.centre;

import java.util.Locale;

/** One participant of a conversation. Times that have not come are 0. */
final class Party {

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

  static final int NOBODY = -1;

  final String id;
  final String communicationId;

  /**
   * {@code customer}, {@code ivr}, {@code workflow}, {@code acd}, {@code agent}, {@code voicemail}.
   */
  final String purpose;

  /** Index of the agent, or {@link #NOBODY}. */
  final int agent;

  /** Index of the queue, or {@link #NOBODY}. */
  final int queue;

  final long started;
  final Stage initial;
  Stage stage;
  long connected;
  long ended;
  long heldSince;
  long heldMillis;
  boolean muted;
  String disconnectType = "";
  long acwSince;
  long acwEnded;

  /** Index of the wrap-up code, once there is one. */
  int wrapUp = NOBODY;

  boolean consulting;
  long sharingSince;
  long sharingEnded;
  final Fragment generic = new Fragment();
  final Fragment flat = new Fragment();

  Party(
      String id,
      String communicationId,
      String purpose,
      int agent,
      int queue,
      Stage initial,
      long now) {
    this.id = id;
    this.communicationId = communicationId;
    this.purpose = purpose;
    this.agent = agent;
    this.queue = queue;
    this.started = now;
    this.initial = initial;
    this.stage = initial;
    this.connected = initial == Stage.CONNECTED ? now : 0;
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

  void hold(long now) {
    heldSince = now;
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

  /**
   * A number that is another one as soon as anything has changed that is told of this party.
   * Attributes of a conversation are only ever added.
   */
  long state(Conversation conversation) {
    long state = stage.ordinal() + (muted ? 4 : 0) + (consulting ? 8 : 0);
    state = state * 31 + wrapUp;
    boolean customer = this == conversation.customer();
    boolean tellsMessages = customer || conversation.medium == Medium.EMAIL;
    state = state * 31 + (customer ? conversation.attributes.size() : 0);
    state = state * 31 + (tellsMessages ? conversation.messages : 0);
    for (long time :
        new long[] {
          connected,
          ended,
          heldSince,
          acwSince,
          acwEnded,
          sharingSince,
          sharingEnded,
          tellsMessages ? conversation.lastMessageAt : 0
        }) {
      state = (state ^ time) * 0x9e3779b97f4a7c15L;
      state ^= state >>> 29;
    }
    return state;
  }

  /** Keeps nothing that could be written again. */
  void forgetText() {
    generic.forget();
    flat.forget();
  }

  /** From its coming to its going. */
  long millis() {
    return ended - started;
  }
}
