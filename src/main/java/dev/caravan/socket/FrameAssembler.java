package dev.caravan.socket;

import dev.caravan.socket.CloseReason.Initiator;
import io.netty.buffer.ByteBuf;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.http.impl.ws.WebSocketFrameInternal;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Makes messages of frames: bytes in, bytes out, without decoding text. */
final class FrameAssembler {

  private final int maxMessageBytes;
  private ByteArrayOutputStream fragments;
  private boolean binary;
  private boolean tooBig;

  FrameAssembler(int maxMessageBytes) {
    this.maxMessageBytes = maxMessageBytes;
  }

  /** The message that ends with this data frame, or null if it does not end yet or is too big. */
  byte[] add(WebSocketFrame frame) {
    if (!frame.isContinuation()) {
      binary = frame.isBinary();
      fragments = frame.isFinal() ? null : new ByteArrayOutputStream();
      tooBig = false;
    }
    byte[] bytes = bytes(frame);
    int before = fragments == null ? 0 : fragments.size();
    if (tooBig || before + (long) bytes.length > maxMessageBytes) {
      tooBig = true;
      fragments = null;
      return null;
    }
    if (fragments == null) {
      return bytes;
    }
    fragments.writeBytes(bytes);
    return frame.isFinal() ? fragments.toByteArray() : null;
  }

  /** Whether the message of the last frame was marked as binary. */
  boolean isBinary() {
    return binary;
  }

  /** Whether the last frame belongs to a message that is not taken. */
  boolean isTooBig() {
    return tooBig;
  }

  /** Reads a close frame's body; Vert.x reports an empty one as 1000. */
  CloseReason closeReason(byte[] body, Discretion discretion) {
    if (body.length < 2) {
      return new CloseReason(Initiator.SERVER, CloseReason.NO_STATUS, "");
    }
    int code = (body[0] & 0xff) << 8 | body[1] & 0xff;
    String text = new String(body, 2, body.length - 2, StandardCharsets.UTF_8);
    return new CloseReason(Initiator.SERVER, code, discretion.mask(text));
  }

  /**
   * Vert.x has copied the payload into an array of its own already; if that array holds this
   * payload and nothing else, it need not be copied again.
   */
  private static byte[] bytes(WebSocketFrame frame) {
    ByteBuf data = ((WebSocketFrameInternal) frame).getBinaryData();
    if (data.hasArray()
        && data.arrayOffset() == 0
        && data.readerIndex() == 0
        && data.array().length == data.readableBytes()) {
      return data.array();
    }
    byte[] copy = new byte[data.readableBytes()];
    data.getBytes(data.readerIndex(), copy);
    return copy;
  }
}
