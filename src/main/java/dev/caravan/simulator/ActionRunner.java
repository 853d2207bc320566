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
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/** Makes actions happen. */
final class ActionRunner {

  private static final System.Logger LOG = System.getLogger(ActionRunner.class.getName());

  private final Map<Class<? extends Action>, ToIntFunction<Action>> deeds = new HashMap<>();
  private final World world;
  private final Sockets sockets;

  ActionRunner(Server server, TrafficGenerator generator) {
    world = server.world();
    sockets = world.sockets();
    each(Action.Close.class, (socket, it) -> sockets.close(socket, it.code(), it.reason()));
    each(Action.Reset.class, (socket, it) -> sockets.reset(socket));
    each(Action.HalfOpen.class, ActionRunner::halfOpen);
    each(Action.Heartbeats.class, (socket, it) -> socket.heartbeats(it.on()));
    each(Action.SocketClosing.class, this::socketClosing);
    each(Action.Frame.class, this::frame);
    each(
        Action.SubscriptionUpdated.class,
        (socket, it) -> sockets.tellSubscriptionUpdated(socket.channel()));
    each(Action.NoLongerSubscribed.class, this::noLongerSubscribed);
    on(Action.TakeSubscriptions.class, this::takeSubscriptions);
    on(Action.Evict.class, it -> end(it, sockets::evicted));
    on(Action.ExpireChannel.class, it -> end(it, sockets::expired));
    on(Action.RevokeToken.class, this::revoke);
    on(
        Action.ExpireToken.class,
        it -> world.tokens().expire(tokens(it.aim()), world.clock().now()).size());
    once(Action.SetClient.class, it -> setClient(it.client()));
    on(Action.ForbidTopics.class, this::forbid);
    once(Action.AllowTopics.class, it -> world.rules().allowAll());
    once(Action.Staff.class, world.staff()::set);
    once(Action.SkipTime.class, it -> world.clock().skip(it.by()));
    on(Action.Emit.class, this::emit);
    on(Action.AddFault.class, it -> world.faults().add(it.fault()));
    once(Action.ClearFaults.class, it -> world.faults().clear());
    once(Action.Outage.class, it -> server.outage(it.length()));
    once(Action.SetTraffic.class, it -> generator.work(new Traffic(it.on(), it.speed())));
    once(Action.Flood.class, generator::flood);
  }

  private <A extends Action> void on(Class<A> kind, ToIntFunction<A> deed) {
    deeds.put(kind, action -> deed.applyAsInt(kind.cast(action)));
  }

  private <A extends Action> void once(Class<A> kind, Consumer<A> deed) {
    on(
        kind,
        action -> {
          deed.accept(action);
          return 1;
        });
  }

  private <A extends Action.Aimed> void each(Class<A> kind, BiConsumer<Socket, A> deed) {
    on(
        kind,
        action -> {
          List<Socket> chosen = sockets.at(action.aim());
          chosen.forEach(socket -> deed.accept(socket, action));
          return chosen.size();
        });
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
    world.channels().removeEnded().forEach(sockets::expired);
  }

  private int revoke(Action.RevokeToken action) {
    List<Token> revoked = world.tokens().revoke(tokens(action.aim()));
    for (Channel channel : world.channels().all()) {
      if (revoked.stream().anyMatch(token -> token.value().equals(channel.token().value()))) {
        world.channels().remove(channel);
        sockets.revoked(channel);
      }
    }
    return revoked.size();
  }

  /** The tokens of a client, or the token of one channel. */
  private Predicate<Token> tokens(Action.Target target) {
    List<String> values = channels(target).map(channel -> channel.token().value()).toList();
    return token ->
        target.channel() == 0
            ? target.choosesClient(token.clientId())
            : values.contains(token.value());
  }

  private static void halfOpen(Socket socket, Action.HalfOpen action) {
    if (action.out()) {
      socket.goMute();
    }
    if (action.in()) {
      socket.goDeaf();
    }
  }

  private void noLongerSubscribed(Socket socket, Action.NoLongerSubscribed action) {
    sockets.tellNoLongerSubscribed(socket.channel());
    if (action.close()) {
      sockets.close(socket, world.options().behaviour().evictionCode(), "");
    }
  }

  private void socketClosing(Socket socket, Action.SocketClosing action) {
    sockets.say(socket, Frames.socketClosing(world.ids().uuid()));
    if (action.never()) {
      return;
    }
    Duration grace =
        action.grace() == null ? world.options().behaviour().closingGrace() : action.grace();
    if (grace.isZero()) {
      sockets.close(socket, action.code(), "");
    } else {
      long timer =
          world.vertx().setTimer(grace.toMillis(), due -> sockets.close(socket, action.code(), ""));
      socket.timers().add(timer);
    }
  }

  private int takeSubscriptions(Action.TakeSubscriptions action) {
    return (int)
        channels(action.aim()).filter(channel -> takeSubscriptions(channel, action)).count();
  }

  private boolean takeSubscriptions(Channel channel, Action.TakeSubscriptions action) {
    List<String> topics = action.topics();
    List<String> taken =
        channel.topics().entrySet().stream()
            .filter(
                topic ->
                    topics.isEmpty()
                        || topics.contains(topic.getKey())
                        || !Collections.disjoint(topics, topic.getValue()))
            .map(Map.Entry::getKey)
            .toList();
    world.channels().unsubscribe(channel, taken);
    if (action.announced() && !taken.isEmpty()) {
      sockets.tellSubscriptionUpdated(channel);
    }
    return !taken.isEmpty();
  }

  private void frame(Socket socket, Action.Frame action) {
    if (action.kind() == Action.Frame.Kind.BINARY) {
      socket.peer().writeFinalBinaryFrame(Buffer.buffer(Frames.of(action)));
    } else {
      sockets.say(socket, Frames.of(action));
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

  private int end(Action.Aimed action, Consumer<Channel> told) {
    List<Channel> chosen = channels(action.aim()).toList();
    chosen.forEach(world.channels()::remove);
    chosen.forEach(told);
    return chosen.size();
  }

  private Stream<Channel> channels(Action.Target target) {
    return world.channels().all().stream()
        .filter(channel -> target.chooses(channel.number(), channel.clientId()));
  }
}
