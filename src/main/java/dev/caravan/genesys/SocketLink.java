package dev.caravan.genesys;

import dev.caravan.channel.ChannelLink;
import dev.caravan.channel.Reading;
import dev.caravan.socket.ClientSocket;
import dev.caravan.socket.ClientSocketEndpoint;
import dev.caravan.socket.CloseReason;
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
    boolean held = socket.pausedSinceNanos().isPresent();
    return new Reading(clock.getAsLong() - socket.silence().toMillis(), held);
  }
}
