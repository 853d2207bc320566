package dev.caravan.simulator.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.api.Json;
import dev.caravan.simulator.fault.Act;
import dev.caravan.simulator.fault.Behaviour;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.simulator.fault.Faults;
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
public final class Sockets {

  private static final Logger LOG = LoggerFactory.getLogger(Sockets.class);
  private static final long UNWILLING_TO_CLOSE_MILLIS = 2_000;

  private final Vertx vertx;
  private final Behaviour behaviour;
  private final int pendingBytes;
  private final ChannelKeeper keeper;
  private final Faults faults;
  private final SocketCommands commands;
  private final Map<Channel, Socket> open = new HashMap<>();
  private int opened;

  public Sockets(
      Vertx vertx,
      SimulatorOptions options,
      ChannelKeeper keeper,
      Faults faults,
      SocketCommands commands) {
    this.vertx = vertx;
    this.behaviour = options.behaviour();
    this.pendingBytes = options.limits().pendingBytes();
    this.keeper = keeper;
    this.faults = faults;
    this.commands = commands;
  }

  /** Answers {@code GET /channels/{id}}. */
  public void handshake(RoutingContext context) {
    Optional<Fault> fault = faults.strike(Fault.On.HANDSHAKE, "GET /channels/{id}");
    if (fault.isEmpty()) {
      upgrade(context, 0);
      return;
    }
    switch (fault.get().wrong()) {
      case STATUS -> context.response().setStatusCode(fault.get().status()).end();
      case RESET -> Wire.reset(context.request().connection());
      case DELAY -> {
        context.request().pause();
        vertx.setTimer(
            Math.max(1, fault.get().delayMillis()),
            due -> {
              context.request().resume();
              upgrade(context, 0);
            });
      }
      case CLOSE -> upgrade(context, fault.get().status());
      default -> LOG.debug("A handshake is left without an answer");
    }
  }

  private void upgrade(RoutingContext context, int closeWith) {
    HttpServerRequest request = context.request();
    Optional<Channel> channel = keeper.findAlive(context.pathParam("id"));
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
        .onFailure(failure -> LOG.info("A WebSocket handshake failed: {}", failure.getMessage()));
  }

  private Socket welcome(Channel channel, ServerWebSocket peer, HttpServerRequest request) {
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
    return socket;
  }

  private void heartbeat(Socket socket) {
    if (socket.heartbeats()) {
      say(socket, Frames.HEARTBEAT);
    }
  }

  private void hear(Socket socket, String text) {
    if (socket.deaf()) {
      return;
    }
    JsonNode said;
    try {
      said = Json.MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      LOG.debug("{} said something that is not JSON", socket);
      return;
    }
    if ("ping".equals(said.path("message").asText())) {
      say(socket, Frames.PONG);
    } else if (behaviour.subscribeByFrame()) {
      commands.answer(socket.channel(), said).ifPresent(answer -> say(socket, answer));
    }
  }

  /** Writes a control frame; what is mute stays mute. */
  public void say(Socket socket, byte[] frame) {
    if (socket.open() && !socket.mute()) {
      Wire.writeText(socket.peer(), frame, behaviour.fragmentBytes());
    }
  }

  public void close(Socket socket, int code, String reason) {
    boolean silent = socket.mute();
    forget(socket);
    if (silent) {
      Wire.reset(socket.connection());
    } else if (!socket.peer().isClosed()) {
      socket.peer().close((short) code, reason);
    }
  }

  /** Closes the socket of somebody who may never read the close. */
  void drop(Socket socket, int code) {
    close(socket, code, "");
    vertx.setTimer(
        UNWILLING_TO_CLOSE_MILLIS,
        due -> {
          if (!socket.peer().isClosed()) {
            Wire.reset(socket.connection());
          }
        });
  }

  public void reset(Socket socket) {
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

  Optional<Socket> of(Channel channel) {
    return Optional.ofNullable(open.get(channel));
  }

  public List<Socket> at(Act.Whom whom) {
    return open.values().stream()
        .filter(socket -> whom.chooses(socket.channel()))
        .sorted((one, other) -> Integer.compare(one.number(), other.number()))
        .toList();
  }

  public boolean none() {
    return open.isEmpty();
  }

  /** Whether no reader has more waiting for it than it may. */
  public boolean keepUp() {
    for (Socket socket : open.values()) {
      if (socket.open() && !socket.mute() && socket.peer().writeQueueFull()) {
        return false;
      }
    }
    return true;
  }

  public int opened() {
    return opened;
  }
}
