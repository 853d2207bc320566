package dev.caravan.simulator.centre;

import java.util.Locale;

/** The kinds of conversation the centre has. */
public enum Medium {
  VOICE("calls", "calls", "call", "Edge"),
  CHAT("chats", "chats", "chat", "PureCloud Webchat v2"),
  EMAIL("emails", "emails", "email", "PureCloud Email"),
  MESSAGE("messages", "messages", "message", "PureCloud Messaging"),
  CALLBACK("callbacks", "callbacks", "callback", "PureCloud Callback"),
  VIDEO("videos", "videos", "video", "PureCloud Video"),
  SOCIAL("socialExpressions", "socialexpressions", "socialExpression", "PureCloud Social");

  /** Name of the array in generic bodies. */
  final String array;

  /** Last word of the topics of this medium alone. */
  final String topic;

  /** Name of the counters in an agent's summary. */
  final String counter;

  final String provider;

  Medium(String array, String topic, String counter, String provider) {
    this.array = array;
    this.topic = topic;
    this.counter = counter;
    this.provider = provider;
  }

  /**
   * As detail events spell it; their list of media has no word for social expressions, and neither
   * has that of statistics.
   */
  String upper() {
    return this == SOCIAL ? "UNKNOWN" : name();
  }

  /** As statistics spell it, such as {@code voice}. */
  public String lower() {
    return upper().toLowerCase(Locale.ROOT);
  }

  /** Whether even the queue's topic of this medium alone has the generic body. */
  boolean genericInQueues() {
    return this == VIDEO || this == SOCIAL;
  }

  /** Whether what is said in it can be read or transcribed. */
  boolean hasWords() {
    return this != SOCIAL && this != CALLBACK;
  }
}
