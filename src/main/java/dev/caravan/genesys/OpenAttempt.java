package dev.caravan.genesys;

import dev.caravan.channel.Cause;
import dev.caravan.channel.ChannelOpener.Order;
import dev.caravan.session.UnavailableException;
import dev.caravan.socket.ClientSocket;
import dev.caravan.socket.ClientSocketComponent;
import dev.caravan.socket.ClientSocketEndpoint;
import dev.caravan.socket.CloseReason;
import dev.caravan.socket.FrameLane;
import dev.caravan.socket.SocketListener;
import dev.caravan.socket.SocketOpenException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.function.LongSupplier;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.util.ObjectHelper;

/**
 * One attempt to open a channel, as it travels through the control routes: {@code genesys:connect}
 * asks it to open the socket when the channel is there.
 */
final class OpenAttempt {

  private final Order order;
  private final ClientSocketComponent sockets;
  private final FrameLane lane;
  private final LongSupplier clock;
  private volatile SocketLink link;

  OpenAttempt(Order order, ClientSocketComponent sockets, FrameLane lane, LongSupplier clock) {
    this.order = order;
    this.sockets = sockets;
    this.lane = lane;
    this.clock = clock;
  }

  Order order() {
    return order;
  }

  /** The open socket; null until the attempt succeeded. */
  SocketLink link() {
    return link;
  }

  /** The attempt failed after all: closes the socket if there is one. */
  void giveUp() {
    if (link != null) {
      link.close();
    }
  }

  /**
   * Opens the socket of the exchange's channel; fails with a {@link
   * dev.caravan.session.CallException}.
   */
  boolean connect(Exchange exchange, AsyncCallback callback) {
    try {
      ClientSocketEndpoint endpoint = endpoint(exchange);
      int channel = order.number();
      order.shard().connecting(channel);
      ClientSocket socket =
          endpoint.open(
              lane,
              new SocketListener() {
                @Override
                public void onFrame(byte[] frame, boolean binary) {
                  order.shard().frame(channel, frame, binary);
                }

                @Override
                public void onClosed(CloseReason reason) {
                  order.shard().closed(channel, Cause.of(reason));
                }
              });
      socket
          .opened()
          .whenComplete(
              (opened, failure) -> {
                if (failure == null) {
                  link = new SocketLink(socket, endpoint, clock);
                } else {
                  exchange.setException(asCallException(failure));
                }
                callback.done(false);
              });
      return false;
    } catch (Exception e) {
      exchange.setException(e);
      callback.done(true);
      return true;
    }
  }

  private ClientSocketEndpoint endpoint(Exchange exchange) throws Exception {
    if (order.reuse().isPresent() && order.reuse().get() instanceof SocketLink earlier) {
      return earlier.endpoint();
    }
    Map<?, ?> channel = exchange.getProperty(GenesysConstants.CHANNEL, Map.class);
    if (channel == null || !(channel.get("connectUri") instanceof String connectUri)) {
      throw new UnavailableException(
          "Genesys Cloud answered without the address of the socket.", 0, Duration.ZERO);
    }
    return sockets.endpoint(URI.create(connectUri), Map.of());
  }

  private static Exception asCallException(Throwable failure) {
    SocketOpenException cause = ObjectHelper.getException(SocketOpenException.class, failure);
    if (cause != null) {
      return Failures.ofSocket(cause);
    }
    return new CompletionException(failure);
  }
}
