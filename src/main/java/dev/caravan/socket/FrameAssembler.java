package dev.caravan.socket;

import io.netty.buffer.ByteBuf;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.http.impl.ws.WebSocketFrameInternal;
import java.io.ByteArrayOutputStream;

/** Makes messages of frames: bytes in, bytes out, without decoding text. */
final class FrameAssembler {

  private final int maxMessageBytes;
  private ByteArrayOutputStream fragments;

  /** Whether the message of the last frame was marked as binary. */
  boolean binary;

  /** Whether the last frame belongs to a message that is not taken. */
  boolean tooBig;

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
