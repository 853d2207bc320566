package dev.caravan.socket;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * Says why a socket could not be opened, in a sentence that names the host and port only: the path
 * of a WebSocket may itself be a credential.
 */
public final class SocketOpenException extends Exception {

  /** What stood in the way. */
  public enum Kind {
    /** The server answered the handshake with an HTTP status other than 101. */
    REFUSED,
    /** Nothing listens there, or no way leads there, or the name is unknown. */
    UNREACHABLE,
    /** No answer in time. */
    TIMEOUT,
    /** TLS was not agreed on: certificate, host name, protocol version. */
    TLS,
    /** Something answered, but not as a WebSocket server does. */
    PROTOCOL,
    /** We gave up the attempt ourselves. */
    ABORTED
  }

  private final Kind kind;
  private final int status;
  private final String retryAfter;

  SocketOpenException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.status = 0;
    this.retryAfter = null;
  }

  SocketOpenException(String message, int status, String retryAfter) {
    super(message);
    this.kind = Kind.REFUSED;
    this.status = status;
    this.retryAfter = retryAfter;
  }

  public Kind kind() {
    return kind;
  }

  /** The HTTP status of a refused handshake. */
  public OptionalInt status() {
    return kind == Kind.REFUSED ? OptionalInt.of(status) : OptionalInt.empty();
  }

  /** The {@code Retry-After} header of a refused handshake, as the server wrote it. */
  public Optional<String> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
