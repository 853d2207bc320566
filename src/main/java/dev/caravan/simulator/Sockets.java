package dev.caravan.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.ext.web.RoutingContext;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The open sockets, at most one per channel: handshake, heartbeat, pong, take-over, close. */
final class Sockets {

  private static final Logger LOG = LoggerFactory.getLogger(Sockets.class);

  private final Vertx vertx;
  private final Behaviour behaviour;
  private final int pendingBytes;
  private final ChannelKeeper keeper;
  private final Map<Channel, Socket> open = new HashMap<>();
  private boolean heartbeats = true;
  private int opened;

  Sockets(Vertx vertx, SimulatorOptions options, ChannelKeeper keeper) {
    this.vertx = vertx;
    this.behaviour = options.behaviour();
    this.pendingBytes = options.limits().pendingBytes();
    this.keeper = keeper;
  }

  /** Answers {@code GET /channels/{id}}. */
  void handshake(RoutingContext call) {
    HttpServerRequest request = call.request();
    Optional<Channel> channel = keeper.findAlive(call.pathParam("id"));
    if (channel.isEmpty()) {
      call.response().setStatusCode(behaviour.unknownChannelHandshake()).end();
      return;
    }
    if (!"websocket".equalsIgnoreCase(request.getHeader("Upgrade"))) {
      call.response().setStatusCode(400).end();
      return;
    }
    request
        .toWebSocket()
        .onSuccess(peer -> welcome(channel.get(), peer, request))
        .onFailure(failure -> LOG.info("A WebSocket handshake failed: {}", failure.getMessage()));
  }

  private void welcome(Channel channel, ServerWebSocket peer, HttpServerRequest request) {
    Socket socket = new Socket(++opened, channel, peer, request.connection());
    Socket former = open.put(channel, socket);
    if (former != null) {
      close(former, behaviour.takeoverCode(), "");
    }
    channel.connected(true);
    keeper.used(channel);
    peer.setWriteQueueMaxSize(pendingBytes);
    peer.closeHandler(gone -> forget(socket));
    peer.exceptionHandler(failure -> LOG.debug("{} failed", socket, failure));
    peer.textMessageHandler(text -> hear(socket, text));
    if (!behaviour.heartbeat().isZero()) {
      socket
          .timers()
          .add(vertx.setPeriodic(behaviour.heartbeat().toMillis(), tick -> heartbeat(socket)));
    }
    LOG.debug("{} opened", socket);
  }

  private void heartbeat(Socket socket) {
    if (heartbeats) {
      say(socket, Frames.HEARTBEAT);
    }
  }

  private void hear(Socket socket, String text) {
    if (socket.deaf()) {
      return;
    }
    try {
      JsonNode said = Json.MAPPER.readTree(text);
      if ("ping".equals(said.path("message").asText())) {
        say(socket, Frames.PONG);
      }
    } catch (JsonProcessingException e) {
      LOG.debug("{} said something that is not JSON", socket);
    }
  }

  /** Writes a control frame; what is mute stays mute. */
  void say(Socket socket, byte[] frame) {
    if (socket.open() && !socket.mute()) {
      Wire.writeText(socket.peer(), frame);
    }
  }

  void close(Socket socket, int code, String reason) {
    forget(socket);
    if (!socket.peer().isClosed()) {
      socket.peer().close((short) code, reason);
    }
  }

  void reset(Socket socket) {
    forget(socket);
    Wire.reset(socket.connection());
  }

  private void forget(Socket socket) {
    socket.closed();
    socket.timers().forEach(vertx::cancelTimer);
    socket.timers().clear();
    if (open.remove(socket.channel(), socket)) {
      socket.channel().connected(false);
    }
  }

  void heartbeats(boolean on) {
    heartbeats = on;
  }

  Optional<Socket> of(Channel channel) {
    return Optional.ofNullable(open.get(channel));
  }

  List<Socket> all() {
    return List.copyOf(open.values());
  }

  int opened() {
    return opened;
  }
}
