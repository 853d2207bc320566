package dev.caravan.socket;

import dev.caravan.socket.CloseReason.Initiator;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import java.nio.charset.StandardCharsets;

/** Names what ended a socket that was open. */
final class Ends {

  private Ends() {}

  /** Reads the body of a close frame; Vert.x would report an empty one as 1000. */
  static CloseReason byFrame(byte[] body, Discretion discretion) {
    if (body.length < 2) {
      return new CloseReason(Initiator.SERVER, CloseReason.NO_STATUS, "");
    }
    int code = (body[0] & 0xff) << 8 | body[1] & 0xff;
    String text = new String(body, 2, body.length - 2, StandardCharsets.UTF_8);
    return new CloseReason(Initiator.SERVER, code, discretion.mask(text));
  }

  /**
   * Says why the TCP connection ended without a close frame.
   *
   * @param trouble what was noticed before, or null
   */
  static CloseReason byDisconnect(Throwable trouble, Discretion discretion) {
    if (trouble instanceof CorruptedWebSocketFrameException violation) {
      return new CloseReason(
          Initiator.US,
          violation.closeStatus().code(),
          discretion.mask("The server broke the protocol: " + violation.getMessage()));
    }
    String cause = trouble == null ? "" : " (" + discretion.mask(trouble.getMessage()) + ")";
    return new CloseReason(
        Initiator.TRANSPORT,
        CloseReason.ABNORMAL,
        "The connection ended without a close frame" + cause);
  }
}
