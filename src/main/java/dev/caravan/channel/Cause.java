package dev.caravan.channel;

import dev.caravan.socket.CloseReason;
import dev.caravan.socket.CloseReason.Initiator;
import java.util.Locale;

/** Why a channel is opened, replaced or lost: the reason on every signal, log line and metric. */
public enum Cause {
  START("the bridge started"),
  CHANNEL_AGE("the channel neared the end of its life"),
  TOKEN_AGE("the token neared the end of its life"),
  SOCKET_CLOSING("Genesys Cloud announced that it will close the socket"),
  TOPICS_CHANGED("the list of topics changed"),
  DROPPED("the connection was dropped"),
  TOO_LARGE("an event was larger than any may be, and the connection ended with it"),
  SILENT("the socket was open but silent, and a ping stayed unanswered"),
  TAKEN_OVER("somebody else took the channel over, or it was evicted"),
  TOKEN_REVOKED("the token was revoked"),
  CHANNEL_GONE("Genesys Cloud no longer knows the channel"),
  UNAVAILABLE("Genesys Cloud could not be reached or answered with an error"),
  REFUSED("Genesys Cloud refused the credentials or the permissions"),
  NO_SIGN_OF_LIFE("the socket opened but neither heartbeat nor pong nor event came"),
  STOP("the bridge stopped");

  private final String sentence;

  Cause(String sentence) {
    this.sentence = sentence;
  }

  /**
   * What the end of a socket says about its channel. A server that closes with 1000 although nobody
   * asked has given the channel to somebody else; all other codes (1001, 1006, 1011 …) end the
   * connection only, also when it is us who end it because a message is too large.
   */
  public static Cause of(CloseReason reason) {
    if (reason.initiator() == Initiator.SERVER && reason.code() == CloseReason.NORMAL) {
      return TAKEN_OVER;
    }
    return reason.initiator() == Initiator.US && reason.code() == CloseReason.TOO_BIG
        ? TOO_LARGE
        : DROPPED;
  }

  /** Whether only the connection ended, while the channel is as it was. */
  boolean leavesTheChannel() {
    return this == DROPPED || this == TOO_LARGE || this == SILENT;
  }

  /** What happened, as the second half of a sentence for the person who reads the log. */
  public String sentence() {
    return sentence;
  }

  /** The name as it stands in signals and metric labels: lower case with hyphens. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
