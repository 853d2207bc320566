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
      tooBig = false;
      if (frame.isFinal()) {
        return bytes(frame);
      }
      fragments = new ByteArrayOutputStream();
    }
    if (!tooBig) {
      byte[] fragment = bytes(frame);
      tooBig = fragments.size() + (long) fragment.length > maxMessageBytes;
      if (tooBig) {
        fragments = null;
      } else {
        fragments.writeBytes(fragment);
      }
    }
    if (!frame.isFinal() || tooBig) {
      return null;
    }
    byte[] message = fragments.toByteArray();
    fragments = null;
    return message;
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
