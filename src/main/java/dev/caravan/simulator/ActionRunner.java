package dev.caravan.simulator;

import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Scenario;
import dev.caravan.simulator.session.Channel;
import dev.caravan.simulator.session.Frames;
import dev.caravan.simulator.session.Socket;
import dev.caravan.simulator.session.Sockets;
import dev.caravan.simulator.session.Token;
import io.vertx.core.buffer.Buffer;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/** Makes actions happen. */
final class ActionRunner {

  private static final System.Logger LOG = System.getLogger(ActionRunner.class.getName());

  private final Map<Class<? extends Action>, ToIntFunction<Action>> deeds = new HashMap<>();
  private final World world;

  ActionRunner(Server server, TrafficGenerator generator) {
    this.world = server.world();
    toSockets();
    toChannelsAndTokens();
    on(Action.SetClient.class, action -> once(() -> setClient(action.client())));
    on(Action.ForbidTopics.class, this::forbid);
    on(Action.AllowTopics.class, action -> once(world.rules()::allowAll));
    on(Action.Staff.class, action -> once(() -> world.staff().set(action)));
    on(Action.SkipTime.class, action -> once(() -> world.clock().skip(action.by())));
    on(Action.Emit.class, this::emit);
    on(Action.AddFault.class, action -> world.faults().add(action.fault()));
    on(Action.ClearFaults.class, action -> once(world.faults()::clear));
    on(Action.Outage.class, action -> once(() -> server.outage(action.length())));
    on(
        Action.SetTraffic.class,
        action -> once(() -> generator.work(new Traffic(action.on(), action.speed()))));
    on(Action.Flood.class, action -> once(() -> generator.flood(action)));
  }

  /**
   * Does it.
   *
   * @return how many sockets, channels or tokens it affected, or the id of an armed fault
   */
  int perform(Action action) {
    int affected = deeds.get(action.getClass()).applyAsInt(action);
    sweep();
    return affected;
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
                perform(step.action());
              } catch (RuntimeException | Error e) {
                LOG.log(
                    Level.WARNING, "A step of the scenario could not be done: " + e.getMessage());
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
        Action.Close.class,
        action ->
            each(action.target(), socket -> sockets.close(socket, action.code(), action.reason())));
    on(Action.Reset.class, action -> each(action.target(), sockets::reset));
    on(Action.HalfOpen.class, action -> each(action.target(), socket -> halfOpen(socket, action)));
    on(
        Action.Heartbeats.class,
        action -> each(action.target(), socket -> socket.heartbeats(action.on())));
    on(
        Action.SocketClosing.class,
        action -> each(action.target(), socket -> socketClosing(socket, action)));
    on(Action.Frame.class, action -> each(action.target(), socket -> frame(socket, action)));
    on(
        Action.SubscriptionUpdated.class,
        action ->
            each(action.target(), socket -> sockets.tellSubscriptionUpdated(socket.channel())));
    on(
        Action.TakeSubscriptions.class,
        action ->
            (int)
                at(Action.Target.orAll(action.target()))
                    .filter(channel -> takeSubscriptions(channel, action))
                    .count());
    on(
        Action.NoLongerSubscribed.class,
        action ->
            each(
                action.target(),
                socket -> {
                  world.sockets().tellNoLongerSubscribed(socket.channel());
                  if (action.close()) {
                    sockets.close(socket, world.options().behaviour().evictionCode(), "");
                  }
                }));
  }

  private void toChannelsAndTokens() {
    on(Action.Evict.class, action -> end(action.target(), world.sockets()::evicted));
    on(Action.ExpireChannel.class, action -> end(action.target(), world.sockets()::expired));
    on(Action.RevokeToken.class, action -> revoke(action.target()));
    on(
        Action.ExpireToken.class,
        action -> world.tokens().expire(of(action.target()), world.clock().now()).size());
  }

  private int revoke(Action.Target target) {
    List<Token> revoked = world.tokens().revoke(of(target));
    for (Channel channel : world.channels().all()) {
      if (revoked.stream().anyMatch(token -> token.value().equals(channel.token().value()))) {
        world.channels().remove(channel);
        world.sockets().revoked(channel);
      }
    }
    return revoked.size();
  }

  /** The tokens of a client, or the token of one channel. */
  private Predicate<Token> of(Action.Target named) {
    Action.Target target = Action.Target.orAll(named);
    List<String> values = at(target).map(channel -> channel.token().value()).toList();
    return token ->
        target.channel() == 0
            ? target.choosesClient(token.clientId())
            : values.contains(token.value());
  }

  private void halfOpen(Socket socket, Action.HalfOpen action) {
    if (action.out()) {
      socket.goMute();
    }
    if (action.in()) {
      socket.goDeaf();
    }
  }

  private void socketClosing(Socket socket, Action.SocketClosing action) {
    world.sockets().say(socket, Frames.socketClosing(world.ids().uuid()));
    if (action.never()) {
      return;
    }
    Duration grace =
        action.grace() == null ? world.options().behaviour().closingGrace() : action.grace();
    if (grace.isZero()) {
      world.sockets().close(socket, action.code(), "");
    } else {
      socket
          .timers()
          .add(
              world
                  .vertx()
                  .setTimer(
                      grace.toMillis(), due -> world.sockets().close(socket, action.code(), "")));
    }
  }

  private boolean takeSubscriptions(Channel channel, Action.TakeSubscriptions action) {
    List<String> taken = new ArrayList<>();
    channel
        .topics()
        .forEach(
            (topic, singles) -> {
              if (action.topics().isEmpty()
                  || action.topics().contains(topic)
                  || !Collections.disjoint(action.topics(), singles)) {
                taken.add(topic);
              }
            });
    world.channels().unsubscribe(channel, taken);
    if (action.announced() && !taken.isEmpty()) {
      world.sockets().tellSubscriptionUpdated(channel);
    }
    return !taken.isEmpty();
  }

  private void frame(Socket socket, Action.Frame action) {
    if (action.kind() == Action.Frame.Kind.BINARY) {
      socket.peer().writeFinalBinaryFrame(Buffer.buffer(Frames.of(action)));
    } else {
      world.sockets().say(socket, Frames.of(action));
    }
  }

  private int emit(Action.Emit action) {
    String correlationId =
        action.correlationId().isEmpty() ? world.ids().uuid() : action.correlationId();
    return world
        .publisher()
        .publish(action.topicName(), Json.bytes(action.eventBody()), correlationId);
  }

  private void setClient(OauthClient client) {
    world.tokens().put(client);
    if (world.options().behaviour().recheckPermissions()) {
      world.channels().all().forEach(world.subscriber()::recheck);
    }
  }

  private int forbid(Action.ForbidTopics action) {
    action.topics().forEach(world.rules()::forbid);
    if (action.endRunning()) {
      world.channels().all().forEach(world.subscriber()::recheck);
    }
    return action.topics().size();
  }

  private int each(Action.Target target, Consumer<Socket> deed) {
    List<Socket> chosen = world.sockets().at(Action.Target.orAll(target));
    chosen.forEach(deed);
    return chosen.size();
  }

  private int end(Action.Target target, Consumer<Channel> told) {
    List<Channel> chosen = at(Action.Target.orAll(target)).toList();
    chosen.forEach(
        channel -> {
          world.channels().remove(channel);
          told.accept(channel);
        });
    return chosen.size();
  }

  private Stream<Channel> at(Action.Target target) {
    return world.channels().all().stream()
        .filter(channel -> target.chooses(channel.number(), channel.clientId()));
  }

  private static int once(Runnable deed) {
    deed.run();
    return 1;
  }

  private <A extends Action> void on(Class<A> kind, ToIntFunction<A> deed) {
    deeds.put(kind, action -> deed.applyAsInt(kind.cast(action)));
  }
}
