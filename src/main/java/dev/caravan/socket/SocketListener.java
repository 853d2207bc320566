package dev.caravan.socket;

/**
 * Takes what one socket has to say, on the thread of its {@link FrameQueue}: in the order of the
 * socket, never two calls at a time.
 *
 * <p>A callback may block: that is how backpressure begins. It must not wait for anything that
 * itself comes through the same queue, such as {@link ClientSocket#closed()}. Failures are the
 * listener's own to handle; an exception that escapes is logged, and the queue goes on.
 */
public interface SocketListener {

  /**
   * One complete message, its fragments put together.
   *
   * @param frame the bytes as the server sent them; the receiver may keep them
   * @param binary whether the server marked the message as binary rather than text
   */
  void onFrame(byte[] frame, boolean binary);

  /** The end of a socket that was open: exactly once, after its last frame. */
  void onClosed(CloseReason reason);
}
