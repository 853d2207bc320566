package dev.caravan.simulator.centre;

import java.util.Locale;

/** The kinds of conversation the centre has. */
public enum Medium {
  VOICE("calls", "Edge"),
  CHAT("chats", "PureCloud Webchat v2"),
  EMAIL("emails", "PureCloud Email"),
  MESSAGE("messages", "PureCloud Messaging"),
  CALLBACK("callbacks", "PureCloud Callback");

  private final String plural;
  private final String provider;

  Medium(String plural, String provider) {
    this.plural = plural;
    this.provider = provider;
  }

  /** Name of the array in generic bodies and of the media topic. */
  String plural() {
    return plural;
  }

  String provider() {
    return provider;
  }

  /** As statistics spell it, such as {@code voice}. */
  public String lower() {
    return name().toLowerCase(Locale.ROOT);
  }
}
