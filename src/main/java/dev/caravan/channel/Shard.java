package dev.caravan.channel;

import dev.caravan.event.CopyPairing;
import dev.caravan.event.EnvelopeReader;
import dev.caravan.event.Frame;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/**
 * A slice of the topics that is read together: carries out what {@link ShardMachine} decides, and
 * turns what comes from its sockets into events and decisions. All decisions are taken on one
 * control thread; frames pass on the thread of the shard's lane.
 */
public final class Shard {

  private final int number;
  private final ShardMachine machine;
  private final Timings timings;
  private final ScheduledExecutorService control;
  private final LongSupplier clock;
  private final ChannelOpener opener;
  private final ShardListener listener;
  private final BiConsumer<Shard, ShardAction.AskRotation> rotations;
  private final EnvelopeReader reader = new EnvelopeReader();
  private final CopyPairing pairing = new CopyPairing();

  // Touched by the control thread only
  private final Map<Integer, ChannelLink> links = new HashMap<>();
  private final Map<Integer, ChannelOpener.Order> orders = new HashMap<>();
  private Future<?> wake;
  private int lostChannel;
  private Optional<ChannelLink> lostLink = Optional.empty();

  private volatile List<String> topics;
  private volatile ShardState state = ShardState.initial();
  private volatile long lastEventAt;

  /**
   * @param number the shard's number, from 0
   * @param topics its subscriptions
   * @param control the one thread on which decisions are taken
   * @param clock milliseconds that never go backwards
   * @param rotations is asked for leave to hand over
   */
  public Shard(
      int number,
      List<String> topics,
      ShardMachine machine,
      Timings timings,
      ScheduledExecutorService control,
      LongSupplier clock,
      ChannelOpener opener,
      ShardListener listener,
      BiConsumer<Shard, ShardAction.AskRotation> rotations) {
    this.number = number;
    this.topics = List.copyOf(topics);
    this.machine = machine;
    this.timings = timings;
    this.control = control;
    this.clock = clock;
    this.opener = opener;
    this.listener = listener;
    this.rotations = rotations;
  }

  public int number() {
    return number;
  }

  public List<String> topics() {
    return topics;
  }

  /** Starts to read. */
  public void start() {
    submit(new ShardEvent.Started());
  }

  /** Closes what is open and opens nothing more. */
  public void stop() {
    submit(new ShardEvent.Stopped());
  }

  /** Reads other topics from now on, by a hand-over. */
  public void changeTopics(List<String> others) {
    if (!topics.equals(others)) {
      topics = List.copyOf(others);
      submit(new ShardEvent.TopicsChanged());
    }
  }

  /** Leave to hand over. */
  void grantRotation(ShardAction.AskRotation asked) {
    submit(new ShardEvent.RotationGranted(asked.number(), asked.cause()));
  }

  /** Whether two of its channels are alive at the moment, or one is about to be opened. */
  boolean handingOver() {
    return state.channels().size() > 1;
  }

  // ---- what the opener reports

  /** The channel's socket is open. */
  public void opened(int channel, ChannelLink link, long rotateAt, Cause rotateCause) {
    execute(
        () -> {
          links.put(channel, link);
          orders.remove(channel);
          step(new ShardEvent.SocketOpened(channel, rotateAt, rotateCause));
        });
  }

  /** The channel could not be opened. */
  public void failed(int channel, Failure failure) {
    execute(
        () -> {
          orders.remove(channel);
          pairing.leave(channel);
          step(new ShardEvent.OpenFailed(channel, failure));
        });
  }

  // ---- what the sockets bring, on the shard's lane

  /** One message from the socket of a channel. */
  public void frame(int channel, byte[] body, boolean binary) {
    if (binary) {
      listener.unreadable(number, body, "is binary; Genesys Cloud sends text");
      return;
    }
    Frame frame = reader.read(body);
    if (frame instanceof Frame.Notification event) {
      long now = clock.getAsLong();
      lastEventAt = now;
      if (pairing.firstSight(channel, event.id(), now)) {
        listener.notification(number, event, body);
      } else {
        listener.pairedOff(number);
      }
    } else if (frame instanceof Frame.Control said) {
      control(channel, said);
    } else if (frame instanceof Frame.Unreadable unreadable) {
      listener.unreadable(number, body, unreadable.reason());
    }
  }

  private void control(int channel, Frame.Control said) {
    long now = clock.getAsLong();
    switch (said.kind()) {
      case HEARTBEAT, PONG -> submit(new ShardEvent.SignOfLife(channel));
      case SOCKET_CLOSING -> submit(new ShardEvent.Noticed(channel, Cause.SOCKET_CLOSING, now));
      case NO_LONGER_SUBSCRIBED -> submit(new ShardEvent.Noticed(channel, Cause.TAKEN_OVER, now));
      case TOKEN_REVOKED -> submit(new ShardEvent.Noticed(channel, Cause.TOKEN_REVOKED, now));
      case SUBSCRIPTION_CHANGED, REPLY, OTHER_SYSTEM -> {
        // nothing follows from these
      }
    }
  }

  /** The end of a channel's socket, after its last frame. */
  public void closed(int channel, Cause cause) {
    pairing.leave(channel);
    execute(
        () -> {
          ChannelLink link = links.remove(channel);
          long lastFrameAt = link == null ? 0 : link.reading().lastFrameAt();
          lostChannel = channel;
          lostLink = Optional.ofNullable(link);
          step(new ShardEvent.SocketClosed(channel, cause, lastFrameAt));
        });
  }

  // ---- the control thread

  private void submit(ShardEvent event) {
    execute(() -> step(event));
  }

  private void execute(Runnable task) {
    try {
      control.execute(task);
    } catch (RejectedExecutionException e) {
      if (!control.isShutdown()) {
        throw e;
      }
    }
  }

  private void step(ShardEvent event) {
    ShardMachine.Step step = machine.next(state, event, clock.getAsLong());
    state = step.state();
    for (ShardAction action : step.actions()) {
      perform(action);
    }
    if (wake != null) {
      wake.cancel(false);
    }
    if (step.wakeAt() != Long.MAX_VALUE && !control.isShutdown()) {
      long wait = Math.max(1, step.wakeAt() - clock.getAsLong());
      wake = control.schedule(this::wake, wait, TimeUnit.MILLISECONDS);
    }
  }

  private void wake() {
    step(new ShardEvent.Woke(readings()));
  }

  private Map<Integer, Reading> readings() {
    Map<Integer, Reading> readings = new HashMap<>();
    links.forEach((channel, link) -> readings.put(channel, link.reading()));
    return readings;
  }

  private void perform(ShardAction action) {
    if (action instanceof ShardAction.Open open) {
      pairing.join(open.number());
      Optional<ChannelLink> reuse =
          lostLink.filter(link -> open.reuses() != 0 && open.reuses() == lostChannel);
      ChannelOpener.Order order =
          new ChannelOpener.Order(
              this, open.number(), open.cause(), topics, reuse, open.failures());
      orders.put(open.number(), order);
      opener.open(order);
    } else if (action instanceof ShardAction.Ping ping) {
      Optional.ofNullable(links.get(ping.number())).ifPresent(ChannelLink::ping);
    } else if (action instanceof ShardAction.Close close) {
      Optional.ofNullable(links.get(close.number())).ifPresent(ChannelLink::close);
      Optional.ofNullable(orders.remove(close.number())).ifPresent(opener::cancel);
    } else if (action instanceof ShardAction.AskRotation ask) {
      rotations.accept(this, ask);
    } else if (action instanceof ShardAction.DropToken) {
      opener.dropToken();
    } else if (action instanceof ShardAction.Report report) {
      listener.report(number, report.report());
    }
  }

  /** How the shard is, for health and metrics; any thread may ask. */
  public ShardStatus status() {
    return ShardStatus.of(number, topics.size(), state, lastEventAt, clock.getAsLong(), timings);
  }
}
