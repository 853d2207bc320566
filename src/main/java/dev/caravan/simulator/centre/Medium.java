package dev.caravan.simulator.centre;

import java.util.Locale;

/** The kinds of conversation the centre has. */
public enum Medium {
  VOICE("calls", "Edge", "tel:+33198765432", 210_000),
  CHAT("chats", "PureCloud Webchat v2", "service@example.com", 240_000),
  EMAIL("emails", "PureCloud Email", "service@example.com", 150_000),
  MESSAGE("messages", "PureCloud Messaging", "33198765432", 180_000),
  CALLBACK("callbacks", "PureCloud Callback", "tel:+33198765432", 160_000),
  VIDEO("videos", "PureCloud Video", "service@example.com", 300_000),
  SOCIAL("socialExpressions", "PureCloud Social", "@service", 90_000);

  /** Name of the array in generic bodies. */
  final String array;

  /** Last word of the topics of this medium alone. */
  final String topic;

  /** Name of the counters in an agent's summary. */
  final String counter;

  final String provider;
  final String ourAddress;

  /** How long a conversation takes an agent, in the mean. */
  final long talkMillis;

  Medium(String array, String provider, String ourAddress, long talkMillis) {
    this.array = array;
    topic = array.toLowerCase(Locale.ROOT);
    counter = array.substring(0, array.length() - 1);
    this.provider = provider;
    this.ourAddress = ourAddress;
    this.talkMillis = talkMillis;
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
