package dev.caravan.simulator;

import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.fault.Act;
import dev.caravan.simulator.fault.Scenario;
import dev.caravan.simulator.session.Channel;
import dev.caravan.simulator.session.Frames;
import dev.caravan.simulator.session.OauthClient;
import dev.caravan.simulator.session.Socket;
import dev.caravan.simulator.session.Sockets;
import dev.caravan.simulator.session.Token;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes acts happen. */
final class Director {

  private static final Logger LOG = LoggerFactory.getLogger(Director.class);

  private final Map<Class<? extends Act>, ToIntFunction<Act>> deeds = new HashMap<>();
  private final World world;

  Director(Server server, Shift shift) {
    this.world = server.world();
    toSockets();
    toChannelsAndTokens();
    on(Act.SetClient.class, act -> once(() -> setClient(act.client())));
    on(Act.ForbidTopics.class, this::forbid);
    on(Act.AllowTopics.class, act -> once(world.rules()::allowAll));
    on(Act.SkipTime.class, act -> once(() -> world.clock().skip(act.by())));
    on(Act.Emit.class, this::emit);
    on(Act.AddFault.class, act -> world.faults().add(act.fault()));
    on(Act.ClearFaults.class, act -> once(world.faults()::clear));
    on(Act.Outage.class, act -> once(() -> server.outage(act.length())));
    on(Act.SetTraffic.class, act -> once(() -> shift.work(new Traffic(act.on(), act.speed()))));
    on(Act.Flood.class, act -> once(() -> shift.flood(act)));
  }

  /**
   * Does it.
   *
   * @return how many sockets, channels or tokens it befell, or the id of an armed fault
   */
  int perform(Act act) {
    int befallen = deeds.get(act.getClass()).applyAsInt(act);
    sweep();
    return befallen;
  }

  /** Arms a scenario's faults and lets its timeline begin. */
  void play(Scenario scenario) {
    scenario.faults().forEach(world.faults()::add);
    scenario.timeline().forEach(step -> schedule(step, step.at(), 1));
  }

  private void schedule(Scenario.Step step, Duration in, int count) {
    world
        .vertx()
        .setTimer(
            Math.max(1, in.toMillis()),
            due -> {
              try {
                perform(step.act());
              } catch (RuntimeException | Error e) {
                LOG.warn("A step of the scenario could not be done: {}", e.getMessage());
              }
              if (count < step.times()) {
                schedule(step, step.every(), count + 1);
              }
            });
  }

  /** Ends what has come to its end. */
  void sweep() {
    world.channels().removeEnded().forEach(world.sockets()::expired);
  }

  private void toSockets() {
    Sockets sockets = world.sockets();
    on(
        Act.Close.class,
        act -> each(act.whom(), socket -> sockets.close(socket, act.code(), act.reason())));
    on(Act.Reset.class, act -> each(act.whom(), sockets::reset));
    on(Act.HalfOpen.class, act -> each(act.whom(), socket -> halfOpen(socket, act)));
    on(Act.Heartbeats.class, act -> each(act.whom(), socket -> socket.heartbeats(act.on())));
    on(Act.SocketClosing.class, act -> each(act.whom(), socket -> socketClosing(socket, act)));
    on(Act.Frame.class, act -> each(act.whom(), socket -> frame(socket, act)));
    on(
        Act.SubscriptionUpdated.class,
        act -> each(act.whom(), socket -> sockets.tellSubscriptionUpdated(socket.channel())));
    on(
        Act.NoLongerSubscribed.class,
        act ->
            each(
                act.whom(),
                socket -> {
                  world.sockets().tellNoLongerSubscribed(socket.channel());
                  if (act.close()) {
                    sockets.close(socket, world.options().behaviour().evictionCode(), "");
                  }
                }));
  }

  private void toChannelsAndTokens() {
    on(
        Act.Evict.class,
        act ->
            channels(
                act.whom(),
                channel -> {
                  world.channels().remove(channel);
                  world.sockets().evicted(channel);
                }));
    on(
        Act.ExpireChannel.class,
        act ->
            channels(
                act.whom(),
                channel -> {
                  world.channels().remove(channel);
                  world.sockets().expired(channel);
                }));
    on(Act.RevokeToken.class, act -> revoke(act.whom()));
    on(
        Act.ExpireToken.class,
        act -> world.tokens().expire(of(act.whom()), world.clock().now()).size());
  }

  private int revoke(Act.Whom whom) {
    List<Token> revoked = world.tokens().revoke(of(whom));
    for (Channel channel : world.channels().all()) {
      if (revoked.stream().anyMatch(token -> token.value().equals(channel.token().value()))) {
        world.channels().remove(channel);
        world.sockets().revoked(channel);
      }
    }
    return revoked.size();
  }

  /** The tokens of a client, or the token of one channel. */
  private Predicate<Token> of(Act.Whom whom) {
    List<String> values =
        world.channels().all().stream()
            .filter(channel -> whom.chooses(channel.number(), channel.clientId()))
            .map(channel -> channel.token().value())
            .toList();
    return token ->
        whom.channel() == 0 ? whom.choosesClient(token.clientId()) : values.contains(token.value());
  }

  private void halfOpen(Socket socket, Act.HalfOpen act) {
    if (act.out()) {
      socket.goMute();
    }
    if (act.in()) {
      socket.goDeaf();
    }
  }

  private void socketClosing(Socket socket, Act.SocketClosing act) {
    world.sockets().say(socket, Frames.socketClosing(world.ids().uuid()));
    if (act.never()) {
      return;
    }
    Duration grace = act.grace() == null ? world.options().behaviour().closingGrace() : act.grace();
    if (grace.isZero()) {
      world.sockets().close(socket, act.code(), "");
    } else {
      socket
          .timers()
          .add(
              world
                  .vertx()
                  .setTimer(
                      grace.toMillis(), due -> world.sockets().close(socket, act.code(), "")));
    }
  }

  private void frame(Socket socket, Act.Frame act) {
    if (act.kind() == Act.Frame.Kind.BINARY) {
      socket.peer().writeFinalBinaryFrame(Buffer.buffer(Frames.of(act)));
    } else {
      world.sockets().say(socket, Frames.of(act));
    }
  }

  private int emit(Act.Emit act) {
    String correlationId = act.correlationId().isEmpty() ? world.ids().uuid() : act.correlationId();
    return world.publisher().publish(act.topicName(), Json.bytes(act.eventBody()), correlationId);
  }

  private void setClient(OauthClient client) {
    world.tokens().put(client);
    if (world.options().behaviour().recheckPermissions()) {
      world.channels().all().forEach(world.subscriber()::recheck);
    }
  }

  private int forbid(Act.ForbidTopics act) {
    act.topics().forEach(world.rules()::forbid);
    if (act.endRunning()) {
      world.channels().all().forEach(world.subscriber()::recheck);
    }
    return act.topics().size();
  }

  private int each(Act.Whom whom, Consumer<Socket> deed) {
    List<Socket> chosen = world.sockets().at(whom);
    chosen.forEach(deed);
    return chosen.size();
  }

  private int channels(Act.Whom whom, Consumer<Channel> deed) {
    List<Channel> chosen =
        world.channels().all().stream()
            .filter(channel -> whom.chooses(channel.number(), channel.clientId()))
            .toList();
    chosen.forEach(deed);
    return chosen.size();
  }

  private static int once(Runnable deed) {
    deed.run();
    return 1;
  }

  private <A extends Act> void on(Class<A> kind, ToIntFunction<A> deed) {
    deeds.put(kind, act -> deed.applyAsInt(kind.cast(act)));
  }
}
