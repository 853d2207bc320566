package dev.caravan.socket;

import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.proxy.ProxyConnectException;
import io.vertx.core.MultiMap;
import io.vertx.core.http.UpgradeRejectedException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import javax.net.ssl.SSLException;

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
  private final String date;

  private SocketOpenException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.status = 0;
    this.retryAfter = null;
    this.date = null;
  }

  private SocketOpenException(String message, int status, MultiMap headers) {
    super(message);
    this.kind = Kind.REFUSED;
    this.status = status;
    this.retryAfter = headers.get("Retry-After");
    this.date = headers.get("Date");
  }

  static SocketOpenException of(Throwable problem, MaskedAddress maskedAddress) {
    String server = maskedAddress.server();
    if (problem instanceof UpgradeRejectedException rejection) {
      int status = rejection.getStatus();
      // Netty reports an answer that is no HTTP as status 999
      return status < 600
          ? new SocketOpenException(
              "%s refused the WebSocket handshake with HTTP status %d.".formatted(server, status),
              status,
              rejection.getHeaders())
          : new SocketOpenException(
              Kind.PROTOCOL, server + " did not answer the handshake in HTTP.", null);
    }
    Kind kind = kindOf(problem);
    String said = maskedAddress.maskIn(problem.getMessage());
    String sentence =
        problem instanceof ProxyConnectException
            ? "The proxy does not let the bridge through to %s: %s. Look at HTTPS_PROXY."
            : switch (kind) {
              case UNREACHABLE -> "%s cannot be reached: %s.";
              case TIMEOUT -> "%s did not answer in time: %s.";
              case TLS ->
                  "No TLS connection to %s: %s. Where a proxy opens TLS, its certificates"
                      + " belong into GENESYS_CA_FILE.";
              default -> "%s did not complete the WebSocket handshake: %s.";
            };
    return new SocketOpenException(kind, sentence.formatted(server, said), safe(problem, said));
  }

  static SocketOpenException tooSlow(MaskedAddress maskedAddress, Duration limit) {
    return new SocketOpenException(
        Kind.TIMEOUT,
        "%s did not complete the WebSocket handshake within %d ms."
            .formatted(maskedAddress.server(), limit.toMillis()),
        null);
  }

  static SocketOpenException givenUp(MaskedAddress maskedAddress) {
    return new SocketOpenException(
        Kind.ABORTED,
        "The attempt to open a socket to %s was given up on request."
            .formatted(maskedAddress.server()),
        null);
  }

  private static Kind kindOf(Throwable problem) {
    for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectTimeoutException) {
        return Kind.TIMEOUT;
      }
      if (cause instanceof SSLException) {
        return Kind.TLS;
      }
      if (cause instanceof SocketException || cause instanceof UnknownHostException) {
        return Kind.UNREACHABLE;
      }
    }
    return Kind.PROTOCOL;
  }

  /** A cause is worth keeping, for TLS above all, unless it tells the path. */
  private static Throwable safe(Throwable problem, String masked) {
    return masked.equals(problem.getMessage()) ? problem : null;
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

  /** The {@code Date} header of a refused handshake, as the server wrote it. */
  public Optional<String> date() {
    return Optional.ofNullable(date);
  }
}
