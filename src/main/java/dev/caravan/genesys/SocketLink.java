package dev.caravan.genesys;

import dev.caravan.channel.ChannelLink;
import dev.caravan.channel.Reading;
import dev.caravan.session.Token;
import dev.caravan.socket.ClientSocket;
import dev.caravan.socket.ClientSocketEndpoint;
import dev.caravan.socket.CloseReason;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A channel's open socket, as the shard sees it. */
final class SocketLink implements ChannelLink {

  private static final Logger LOG = LoggerFactory.getLogger(SocketLink.class);
  private static final String PING = "{\"message\":\"ping\"}";

  private final ClientSocket socket;
  private final ClientSocketEndpoint endpoint;
  private final LongSupplier clock;
  private volatile Rotation rotation;
  private volatile Optional<Token> token = Optional.empty();

  SocketLink(ClientSocket socket, ClientSocketEndpoint endpoint, LongSupplier clock) {
    this.socket = socket;
    this.endpoint = endpoint;
    this.clock = clock;
  }

  /** Where the channel's socket is opened; the channel can be used again through it. */
  ClientSocketEndpoint endpoint() {
    return endpoint;
  }

  Rotation rotation() {
    return rotation;
  }

  void rotation(Rotation due) {
    this.rotation = due;
  }

  /** The token that made the channel, if it was told. */
  Optional<Token> token() {
    return token;
  }

  void token(Optional<Token> madeBy) {
    this.token = madeBy;
  }

  @Override
  public void ping() {
    socket
        .sendText(PING)
        .exceptionally(
            failure -> {
              // The watchdog finds the socket dead when no pong comes
              LOG.debug("A ping could not be sent: {}", failure.getMessage());
              return null;
            });
  }

  @Override
  public void close() {
    socket.close(CloseReason.NORMAL, "");
  }

  @Override
  public Reading reading() {
    long now = clock.getAsLong();
    long nanos = System.nanoTime();
    OptionalLong last = socket.lastFrameNanos();
    long lastFrameAt =
        last.isEmpty() ? 0 : now - TimeUnit.NANOSECONDS.toMillis(nanos - last.getAsLong());
    boolean held = socket.pausedSinceNanos().isPresent();
    return new Reading(lastFrameAt, now - socket.silence().toMillis(), held);
  }
}
