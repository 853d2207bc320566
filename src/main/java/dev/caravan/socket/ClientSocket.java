package dev.caravan.socket;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.vertx.core.http.ClientWebSocket;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.http.impl.WebSocketInternal;
import io.vertx.core.impl.ContextInternal;
import io.vertx.core.impl.VertxInternal;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One WebSocket, opened once: it never reconnects by itself. Whoever opened it decides what
 * follows.
 *
 * <p>Everything that happens to it happens on its own event loop; the methods may be called from
 * anywhere and never block.
 */
public final class ClientSocket {

  private static final Logger LOG = LoggerFactory.getLogger(ClientSocket.class);

  private enum Phase {
    OPENING,
    OPEN,
    /** Our close frame is on its way; frames are still read. */
    CLOSING,
    ENDED
  }

  private final ContextInternal eventLoop;
  private final WebSocketClient client;
  private final WebSocketConnectOptions target;
  private final SocketLimits limits;
  private final MaskedAddress maskedAddress;
  private final FrameQueue queue;
  private final SocketListener listener;
  private final FrameAssembler assembler;
  private final CloseTracker closeTracker;
  private final SocketLiveness liveness = new SocketLiveness();
  private final CompletableFuture<Void> opened = new CompletableFuture<>();
  private final CompletableFuture<CloseReason> closed = new CompletableFuture<>();

  // Written by the event loop only
  private volatile Phase phase = Phase.OPENING;
  private long timer = -1;
  private long beat = -1;
  private boolean draining;

  private volatile WebSocket webSocket;

  ClientSocket(
      VertxInternal vertx,
      WebSocketClientOptions options,
      WebSocketConnectOptions target,
      SocketLimits limits,
      MaskedAddress maskedAddress,
      FrameQueue queue,
      SocketListener listener) {
    // Not the caller's context: on a worker's, Vert.x would read the frames on worker threads
    this.eventLoop = vertx.createEventLoopContext();
    // A client of its own, so that closing it ends this attempt and nothing else
    this.client = vertx.createWebSocketClient(options);
    this.target = target;
    this.limits = limits;
    this.maskedAddress = maskedAddress;
    this.queue = queue;
    this.listener = listener;
    this.closeTracker = new CloseTracker(maskedAddress);
    this.assembler = new FrameAssembler(limits.maxMessageBytes());
  }

  /**
   * Done when the handshake is; fails with a {@link SocketOpenException}. Its dependents run on the
   * event loop, before the first frame is handed over: they must not block.
   */
  public CompletionStage<Void> opened() {
    return opened.minimalCompletionStage();
  }

  /**
   * Done after {@link SocketListener#onClosed} returned; fails with the same {@link
   * SocketOpenException} as {@link #opened()} if the socket was never open.
   */
  public CompletionStage<CloseReason> closed() {
    return closed.minimalCompletionStage();
  }

  /** Sends a text message; fails if the socket is not open or its peer has stopped reading. */
  public CompletionStage<Void> sendText(String text) {
    WebSocket socket = webSocket;
    boolean open = socket != null && !socket.isClosed();
    if (open && netty(socket).channel().isWritable()) {
      return socket.writeTextMessage(text).toCompletionStage();
    }
    String why = open ? "has a full send buffer: its peer has stopped reading" : "is not open";
    return CompletableFuture.failedStage(
        new IllegalStateException("The socket to " + maskedAddress.server() + " " + why + "."));
  }

  /**
   * Closes the socket: sends the close frame, hands over what the peer still sent, and cuts the
   * connection if the peer does not answer within {@link SocketLimits#closeTimeout()}. While the
   * socket is still being opened, gives up the attempt. The first call counts.
   *
   * @param text at most 123 bytes in UTF-8 (RFC 6455 §5.5)
   * @return {@link #closed()}
   */
  public CompletionStage<CloseReason> close(int code, String text) {
    if (text.getBytes(StandardCharsets.UTF_8).length > 123) {
      throw new IllegalArgumentException("A close frame has room for 123 bytes of text: " + text);
    }
    eventLoop.runOnContext(v -> closeNow(code, text));
    return closed();
  }

  /** Ends the connection at once, without a close frame, for a peer that is believed dead. */
  public void cut() {
    eventLoop.runOnContext(
        v -> {
          if (phase == Phase.OPEN || phase == Phase.CLOSING) {
            netty(webSocket).close();
          }
        });
  }

  /** When it was read, and what kept it from being read. */
  public SocketLiveness liveness() {
    return liveness;
  }

  /** Whether nothing of it is left at the server; its last frames may still be on the queue. */
  boolean hasEnded() {
    return phase == Phase.ENDED;
  }

  @Override
  public String toString() {
    return "socket to " + maskedAddress.server();
  }

  // ---- opening

  void open() {
    try {
      queue.attach(this);
    } catch (IllegalStateException e) {
      client.close();
      throw e;
    }
    eventLoop.runOnContext(
        v -> {
          timer =
              eventLoop.setTimer(
                  limits.connectTimeout().toMillis(),
                  id ->
                      openFailed(
                          SocketOpenException.tooSlow(maskedAddress, limits.connectTimeout())));
          ClientWebSocket handle = client.webSocket();
          // Before connecting: Vert.x begins to read as soon as the handshake is done
          handle.frameHandler(this::onFrame);
          handle.exceptionHandler(this::onTrouble);
          handle.closeHandler(ignored -> onDisconnected());
          handle
              .connect(target)
              .onComplete(
                  this::onConnected,
                  problem -> openFailed(SocketOpenException.of(problem, maskedAddress)));
        });
  }

  private void onConnected(WebSocket socket) {
    if (phase != Phase.OPENING) { // given up meanwhile
      netty(socket).close();
      return;
    }
    eventLoop.owner().cancelTimer(timer);
    phase = Phase.OPEN;
    liveness.open();
    beat = eventLoop.setPeriodic(SocketLiveness.BEAT_MILLIS, id -> liveness.beat());
    webSocket = socket;
    LOG.debug("Opened the {}", this);
    opened.complete(null);
  }

  private void openFailed(SocketOpenException failure) {
    if (phase == Phase.OPENING) {
      phase = Phase.ENDED;
      eventLoop.owner().cancelTimer(timer);
      client.close();
      queue.detach(this);
      opened.completeExceptionally(failure);
      closed.completeExceptionally(failure);
    }
  }

  // ---- reading

  private void onFrame(WebSocketFrame frame) {
    switch (frame.type()) {
      case TEXT, BINARY, CONTINUATION -> onData(frame);
      case CLOSE -> end(closeTracker.byFrame(frame.binaryData().getBytes()));
      // Vert.x answers pings. They may be a proxy's, and say nothing of the server behind it
      case PING, PONG -> {}
    }
  }

  private void onData(WebSocketFrame frame) {
    liveness.frame();
    byte[] message = assembler.add(frame);
    if (message != null) {
      queue.offer(this, message, assembler.binary);
    } else if (assembler.tooBig) {
      closeNow(
          CloseReason.TOO_BIG, "A message has more than " + limits.maxMessageBytes() + " bytes");
    }
  }

  /** Called by the queue, under its lock; the pause ends with {@link #resumeReading()}. */
  void pauseReading() {
    if (!draining) {
      liveness.paused();
      webSocket.pause();
    }
  }

  /** Called by the queue, under its lock. */
  void resumeReading() {
    liveness.reading();
    webSocket.resume();
  }

  // ---- closing

  private void closeNow(int code, String text) {
    if (phase == Phase.OPENING) {
      openFailed(SocketOpenException.givenUp(maskedAddress));
    } else if (phase == Phase.OPEN) {
      phase = Phase.CLOSING;
      closeTracker.weClose(code, text);
      timer = eventLoop.setTimer(limits.closeTimeout().toMillis(), id -> netty(webSocket).close());
      webSocket.close((short) code, text);
    }
  }

  /**
   * Nothing more will come from the network, but frames that were read during a pause may still
   * wait inside Vert.x: they, and the close frame if there is one, go first.
   */
  private void onDisconnected() {
    draining = true;
    if (webSocket != null) {
      webSocket.resume();
    }
    eventLoop.runOnContext(v -> end(closeTracker.byDisconnect()));
  }

  private void onTrouble(Throwable problem) {
    closeTracker.notice(problem);
    if (problem instanceof CorruptedWebSocketFrameException violation && webSocket != null) {
      // Netty writes this close frame past its own encoder, so it never leaves; ours does
      netty(webSocket).writeAndFlush(new CloseWebSocketFrame(violation.closeStatus()));
    }
  }

  private void end(CloseReason reason) {
    if (phase == Phase.OPEN || phase == Phase.CLOSING) {
      phase = Phase.ENDED;
      eventLoop.owner().cancelTimer(timer);
      eventLoop.owner().cancelTimer(beat);
      client.close();
      LOG.debug("The {} was {}", this, reason);
      queue.offerEnd(this, reason);
    }
  }

  /** To cut the TCP connection without asking the peer, and to see its send buffer. */
  private static ChannelHandlerContext netty(WebSocket socket) {
    return ((WebSocketInternal) socket).channelHandlerContext();
  }

  // ---- on the queue's thread

  void handOver(byte[] frame, boolean binary) {
    listener.onFrame(frame, binary);
  }

  void handOver(CloseReason reason) {
    try {
      listener.onClosed(reason);
    } finally {
      closed.complete(reason);
    }
  }
}
