package dev.caravan.socket;

/**
 * Why a socket that was open is open no more: who ended it, with which code, and in which words.
 *
 * @param initiator who ended it
 * @param code the WebSocket close code (RFC 6455 §7.4); {@link #ABNORMAL} and {@link #NO_STATUS}
 *     stand for codes that were never on the wire
 * @param text what was said with it, possibly empty; never the path of the socket
 */
public record CloseReason(Initiator initiator, int code, String text) {

  /** The purpose is fulfilled. */
  public static final int NORMAL = 1000;

  /** A close frame without a code. */
  public static final int NO_STATUS = 1005;

  /** The connection ended without a close frame. */
  public static final int ABNORMAL = 1006;

  /** A message was larger than the receiver takes. */
  public static final int TOO_BIG = 1009;

  /** Who ended a socket. */
  public enum Initiator {
    /** The server sent a close frame. */
    SERVER,
    /**
     * We closed: because we were asked to, or because the peer broke the protocol or our limits.
     */
    US,
    /** The TCP connection ended without a close frame. */
    TRANSPORT
  }

  @Override
  public String toString() {
    String who =
        switch (initiator) {
          case SERVER -> "closed by the server";
          case US -> "closed by us";
          case TRANSPORT -> "connection lost";
        };
    return who + " (" + code + (text.isEmpty() ? ")" : ": " + text + ")");
  }
}
