package dev.caravan.genesys.connect;

import dev.caravan.channel.AttemptBudget;
import dev.caravan.channel.Cause;
import dev.caravan.channel.ChannelOpener.Order;
import dev.caravan.genesys.GenesysComponent;
import dev.caravan.genesys.GenesysConstants;
import dev.caravan.socket.ClientSocket;
import dev.caravan.socket.ClientSocketEndpoint;
import dev.caravan.socket.CloseReason;
import dev.caravan.socket.FrameQueue;
import dev.caravan.socket.SocketListener;
import dev.caravan.socket.SocketOpenException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.LongSupplier;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.Producer;
import org.apache.camel.support.DefaultProducer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt to open a channel, as it travels through the control routes: {@code genesys:connect}
 * asks it to open the socket when the channel is there.
 */
public final class OpenAttempt {

  private static final Logger LOG = LoggerFactory.getLogger(OpenAttempt.class);

  private final Order order;
  private final GenesysComponent component;
  private final FrameQueue queue;
  private final LongSupplier clock;
  private final OwnChannels channels;
  private final AttemptBudget budget;
  private final Duration answeredWithin;
  private volatile SocketLink link;
  private int handshakes;

  OpenAttempt(
      Order order,
      GenesysComponent component,
      FrameQueue queue,
      LongSupplier clock,
      OwnChannels channels,
      AttemptBudget budget,
      Duration answeredWithin) {
    this.order = order;
    this.budget = budget;
    this.answeredWithin = answeredWithin;
    this.channels = channels;
    this.component = component;
    this.queue = queue;
    this.clock = clock;
  }

  /** {@code genesys:connect}: opens the socket of the channel that an exchange is about. */
  public static Producer producer(Endpoint endpoint) {
    return new DefaultProducer(endpoint) {
      @Override
      public void process(Exchange exchange) throws Exception {
        OpenAttempt attempt = exchange.getProperty(GenesysConstants.ATTEMPT, OpenAttempt.class);
        if (attempt == null) {
          throw new IllegalStateException(
              "genesys:connect works only in a route that a genesys:notifications consumer calls to"
                  + " open a channel.");
        }
        attempt.connect(exchange);
      }
    };
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
   * Opens the socket of the exchange's channel and waits for it, as long as the socket's own limits
   * allow. What follows in the route runs on the caller's thread, not on the one that reads frames.
   *
   * @throws dev.caravan.genesys.connect.CallException if it could not be opened
   */
  private void connect(Exchange exchange) throws Exception {
    payForRepetition();
    ClientSocketEndpoint endpoint = endpoint(exchange);
    int channel = order.number();
    order.shard().connecting(channel);
    Optional<String> id = id(exchange);
    Runnable takenOver = () -> id.ifPresent(channels::lost);
    ClientSocket socket =
        endpoint.open(
            queue,
            new SocketListener() {
              @Override
              public void onFrame(byte[] frame, boolean binary) {
                order.shard().frame(channel, frame, binary, takenOver);
              }

              @Override
              public void onClosed(CloseReason reason) {
                if (reason.initiator() != CloseReason.Initiator.US
                    || reason.code() != CloseReason.NORMAL) {
                  LOG.info("Socket {}: {}.", channel, reason);
                }
                Cause cause = Cause.of(reason);
                if (cause == Cause.TAKEN_OVER) {
                  takenOver.run();
                }
                order.shard().closed(channel, cause);
              }
            });
    try {
      socket.opened().toCompletableFuture().get();
      link =
          new SocketLink(
              socket,
              endpoint,
              queue,
              clock,
              id,
              () -> id.ifPresent(channels::left),
              answeredWithin);
    } catch (ExecutionException e) {
      SocketOpenException why = Failures.causeOf(SocketOpenException.class, e);
      throw why == null ? e : Failures.ofSocket(why);
    } catch (InterruptedException | RuntimeException | Error e) {
      socket.close(CloseReason.NORMAL, "");
      throw e;
    }
  }

  /** The first handshake is part of the attempt; each further one is an attempt of its own. */
  private void payForRepetition() {
    if (handshakes++ == 0) {
      return;
    }
    long wait = budget.room().again();
    if (wait > 0) {
      throw CallException.unavailable(
          "All attempts of this minute have been made.", 0, Duration.ofMillis(wait));
    }
    budget.charge(false);
  }

  /** The socket of before, if its channel is gone back to. */
  Optional<SocketLink> earlier() {
    return order.reuse().map(SocketLink.class::cast);
  }

  private Optional<String> id(Exchange exchange) {
    if (earlier().isPresent()) {
      return earlier().get().channel();
    }
    Map<?, ?> channel = exchange.getProperty(GenesysConstants.CHANNEL, Map.of(), Map.class);
    return channel.get("id") instanceof String text ? Optional.of(text) : Optional.empty();
  }

  private ClientSocketEndpoint endpoint(Exchange exchange) throws Exception {
    if (earlier().isPresent()) {
      return earlier().get().endpoint();
    }
    Map<?, ?> channel = exchange.getProperty(GenesysConstants.CHANNEL, Map.class);
    if (channel == null || !(channel.get("connectUri") instanceof String connectUri)) {
      throw CallException.unavailable("Genesys Cloud answered without the address of the socket.");
    }
    URI server = address(connectUri);
    return component.sockets().endpoint(server, component.network().socketOptions(server));
  }

  /** The address is a credential, so a malformed one is not quoted. */
  private static URI address(String connectUri) {
    try {
      return new URI(connectUri);
    } catch (URISyntaxException e) {
      throw CallException.unavailable(
          "Genesys Cloud answered with an address of the socket that is no URI ("
              + e.getReason()
              + ").");
    }
  }
}
