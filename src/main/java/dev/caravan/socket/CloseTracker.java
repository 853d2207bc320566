package dev.caravan.socket;

import dev.caravan.socket.CloseReason.Initiator;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.vertx.core.http.HttpClosedException;
import java.nio.charset.StandardCharsets;

/** Finds the reason of a socket's end in what was noticed of it, on the socket's event loop. */
final class CloseTracker {

  private final MaskedAddress maskedAddress;
  private CloseReason ours;
  private Throwable trouble;

  CloseTracker(MaskedAddress maskedAddress) {
    this.maskedAddress = maskedAddress;
  }

  /** We are closing: whatever ends the socket from now on, it was us. */
  void weClose(int code, String text) {
    ours = new CloseReason(Initiator.US, code, text);
  }

  /** The first problem tells the cause; that the connection is closed tells nothing. */
  void notice(Throwable problem) {
    if (trouble == null && !(problem instanceof HttpClosedException)) {
      trouble = problem;
    }
  }

  /** Reads the body of a close frame; Vert.x would report an empty one as 1000. */
  CloseReason byFrame(byte[] body) {
    if (ours != null) {
      return ours;
    }
    if (body.length < 2) {
      return new CloseReason(Initiator.SERVER, CloseReason.NO_STATUS, "");
    }
    int code = (body[0] & 0xff) << 8 | body[1] & 0xff;
    String text = new String(body, 2, body.length - 2, StandardCharsets.UTF_8);
    return new CloseReason(Initiator.SERVER, code, maskedAddress.maskIn(text));
  }

  /** The TCP connection ended without a close frame. */
  CloseReason byDisconnect() {
    if (ours != null) {
      return ours;
    }
    if (trouble instanceof CorruptedWebSocketFrameException violation) {
      return new CloseReason(
          Initiator.US,
          violation.closeStatus().code(),
          maskedAddress.maskIn("The server broke the protocol: " + violation.getMessage()));
    }
    String cause = trouble == null ? "" : " (" + maskedAddress.maskIn(trouble.getMessage()) + ")";
    return new CloseReason(
        Initiator.TRANSPORT,
        CloseReason.ABNORMAL,
        "The connection ended without a close frame" + cause);
  }
}
