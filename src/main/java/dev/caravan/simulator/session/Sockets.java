package dev.caravan.simulator.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.Behaviour;
import dev.caravan.simulator.Ids;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.simulator.fault.Faults;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.ext.web.RoutingContext;
import java.lang.System.Logger.Level;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The open sockets, at most one per channel: handshake, heartbeat, pong, take-over, what they hear
 * of the fate of their channel, close.
 */
public final class Sockets {

  private static final System.Logger LOG = System.getLogger(Sockets.class.getName());
  private static final long UNWILLING_TO_CLOSE_MILLIS = 2_000;

  private final Vertx vertx;
  private final Ids ids;
  private final String organizationId;
  private final Behaviour behaviour;
  private final int pendingBytes;
  private final Channels channels;
  private final Faults faults;
  private final Subscriber subscriber;
  private final Map<Channel, Socket> open = new HashMap<>();
  private int opened;

  public Sockets(
      Vertx vertx,
      SimulatorOptions options,
      Ids ids,
      String organizationId,
      Channels channels,
      Faults faults,
      Subscriber subscriber) {
    this.vertx = vertx;
    this.ids = ids;
    this.organizationId = organizationId;
    this.behaviour = options.behaviour();
    this.pendingBytes = options.limits().pendingBytes();
    this.channels = channels;
    this.faults = faults;
    this.subscriber = subscriber;
  }

  /** Answers {@code GET /channels/{id}}. */
  public void handshake(RoutingContext context) {
    Optional<Fault> fault = faults.strike(Fault.On.HANDSHAKE, "GET /channels/{id}");
    if (fault.isEmpty()) {
      upgrade(context, 0);
      return;
    }
    switch (fault.get().effect()) {
      case STATUS -> context.response().setStatusCode(fault.get().status()).end();
      case RESET -> Wire.reset(context.request().connection());
      case DELAY -> Wire.delay(context, fault.get().delay(), () -> upgrade(context, 0));
      case CLOSE -> upgrade(context, fault.get().status());
      default -> {
        // It is never answered
      }
    }
  }

  private void upgrade(RoutingContext context, int closeWith) {
    HttpServerRequest request = context.request();
    Optional<Channel> channel = channels.findAlive(context.pathParam("id"));
    if (channel.isEmpty()) {
      context.response().setStatusCode(behaviour.unknownChannelHandshake()).end();
      return;
    }
    if (!"websocket".equalsIgnoreCase(request.getHeader("Upgrade"))) {
      context.response().setStatusCode(400).end();
      return;
    }
    request
        .toWebSocket()
        .onSuccess(
            peer -> {
              Socket socket = welcome(channel.get(), peer, request);
              if (closeWith > 0) {
                close(socket, closeWith, "");
              }
            })
        .onFailure(
            failure ->
                LOG.log(Level.INFO, "A WebSocket handshake failed: " + failure.getMessage()));
  }

  private Socket welcome(Channel channel, ServerWebSocket peer, HttpServerRequest request) {
    Socket socket = new Socket(++opened, channel, peer, request.connection());
    Socket former = open.put(channel, socket);
    if (former != null) {
      close(former, behaviour.takeoverCode(), "");
    }
    channel.connected(true);
    channels.used(channel);
    peer.setWriteQueueMaxSize(pendingBytes);
    peer.closeHandler(gone -> forget(socket));
    peer.exceptionHandler(failure -> LOG.log(Level.DEBUG, () -> socket + " failed", failure));
    peer.textMessageHandler(text -> hear(socket, text));
    if (!behaviour.heartbeat().isZero()) {
      socket
          .timers()
          .add(vertx.setPeriodic(behaviour.heartbeat().toMillis(), tick -> heartbeat(socket)));
    }
    return socket;
  }

  private void heartbeat(Socket socket) {
    if (socket.heartbeats) {
      say(socket, Frames.HEARTBEAT);
    }
  }

  private void hear(Socket socket, String text) {
    if (socket.deaf) {
      return;
    }
    JsonNode said;
    try {
      said = Json.MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      return;
    }
    if ("ping".equals(said.path("message").asText())) {
      say(socket, Frames.PONG);
    } else if (behaviour.subscribeByFrame()) {
      subscriber
          .answer(socket.channel(), said)
          .ifPresent(answer -> say(socket, Json.bytes(answer)));
    }
  }

  /** Writes a control frame; what is mute stays mute. */
  public void say(Socket socket, byte[] frame) {
    if (socket.open() && !socket.mute) {
      Wire.writeText(socket.peer(), frame, behaviour.fragmentBytes());
    }
  }

  public void close(Socket socket, int code, String reason) {
    boolean silent = socket.mute;
    forget(socket);
    if (silent) {
      Wire.reset(socket.connection);
    } else if (!socket.peer().isClosed()) {
      socket.peer().close((short) code, reason);
    }
  }

  /** Somebody created a channel too many and this one had to go. */
  public void evicted(Channel channel) {
    if (behaviour.announceEviction()) {
      tellNoLongerSubscribed(channel);
    }
    close(channel, behaviour.evictionCode());
  }

  /** The token of a channel was taken away. */
  public void revoked(Channel channel) {
    if (behaviour.announceRevocation()) {
      tell(channel, "token_revoked", "user_tokens_revoked");
    }
    close(channel, behaviour.evictionCode());
  }

  /** The day of a channel, or its token's life, is over. */
  public void expired(Channel channel) {
    close(channel, behaviour.expiryCode());
  }

  public void tellNoLongerSubscribed(Channel channel) {
    tell(channel, "no_longer_subscribed", "another_channel_subscribed");
  }

  /** What a channel is subscribed to has been changed. */
  public void subscriptionsChanged(Channel channel) {
    if (behaviour.announceSubscriptions()) {
      tellSubscriptionUpdated(channel);
    }
  }

  public void tellSubscriptionUpdated(Channel channel) {
    say(channel, "v2.subscription.updated", system(channel, "subscription_changed"));
  }

  private void tell(Channel channel, String type, String reason) {
    String topic = "v2.system." + type + "." + channel.id();
    say(channel, topic, system(channel, type).put("reason", reason));
  }

  private ObjectNode system(Channel channel, String type) {
    return Json.object()
        .put("channelId", channel.id())
        .put("systemTopicType", type)
        .put("correlationId", ids.uuid())
        .put("organizationId", organizationId)
        .put("oauthClientId", channel.clientId());
  }

  private void say(Channel channel, String topic, ObjectNode body) {
    of(channel).ifPresent(socket -> say(socket, Frames.event(topic, body, ids.uuid())));
  }

  private void close(Channel channel, int code) {
    of(channel).ifPresent(socket -> close(socket, code, ""));
  }

  /** Closes the socket of somebody who may never read the close. */
  void drop(Socket socket, int code) {
    close(socket, code, "");
    vertx.setTimer(
        UNWILLING_TO_CLOSE_MILLIS,
        due -> {
          if (!socket.peer().isClosed()) {
            Wire.reset(socket.connection);
          }
        });
  }

  public void reset(Socket socket) {
    forget(socket);
    Wire.reset(socket.connection);
  }

  private void forget(Socket socket) {
    socket.closed = true;
    socket.timers().forEach(vertx::cancelTimer);
    socket.timers().clear();
    if (open.remove(socket.channel(), socket)) {
      socket.channel().connected(false);
    }
  }

  Optional<Socket> of(Channel channel) {
    return Optional.ofNullable(open.get(channel));
  }

  public List<Socket> at(Action.Target target) {
    return open.values().stream()
        .filter(socket -> target.chooses(socket.channel().number(), socket.channel().clientId()))
        .sorted(Comparator.comparing(socket -> socket.number))
        .toList();
  }

  public boolean none() {
    return open.isEmpty();
  }

  /** Whether no reader has more waiting for it than it may. */
  public boolean keepUp() {
    for (Socket socket : open.values()) {
      if (socket.open() && !socket.mute && socket.peer().writeQueueFull()) {
        return false;
      }
    }
    return true;
  }

  public int opened() {
    return opened;
  }
}
