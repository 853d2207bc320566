package dev.caravan.channel;

import dev.caravan.background.BackgroundTask;
import dev.caravan.channel.ShardEvent.SubscriptionsDoubted;
import dev.caravan.channel.ShardEvent.SubscriptionsDoubted.Why;
import dev.caravan.frame.CopyPairing;
import dev.caravan.frame.Frame;
import dev.caravan.topic.TopicSharder;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A slice of the topics that is read together, or one replica of it: carries out what {@link
 * ShardMachine} decides, and turns what comes from its sockets into events and decisions. All
 * decisions are taken on one control thread; frames pass on the thread of the shard's frame queue.
 */
public final class Shard {

  private static final Logger LOG = LoggerFactory.getLogger(Shard.class);

  private static final long AFTER_FAILURE_MILLIS = 1_000;
  private static final long DRAIN_LOOK_MILLIS = 50;

  private final Replica replica;
  private final ShardMachine machine;
  private final Timings timings;
  private final ScheduledExecutorService control;
  private final BackgroundTask decisions;
  private final LongSupplier clock;
  private final ChannelOpener opener;
  private final ShardListener listener;
  private final BiConsumer<Shard, ShardAction.AskRotation> rotations;
  private final AttemptBudget budget;
  private final ReplicaFrames frames;

  // Touched by the control thread only
  private final Map<Integer, Channel> channels = new HashMap<>();

  /** Those whose sockets were lost and that may be gone back to. */
  private final Map<Integer, Channel> lost = new HashMap<>();

  private final SubscriptionChecks checks;
  private final MissingTopics missing;
  private Optional<Future<?>> wake = Optional.empty();
  private volatile boolean granted;
  private Attempts attempts = Attempts.NONE;
  private volatile List<String> topics;
  private volatile ShardState state = ShardState.initial();

  /** For others: what has been carried out, so that the ledger is told of LIVE before they are. */
  private volatile ShardState shown = state;

  /** The channel whose first event is waited for, 0 if none is. */
  private volatile int awaited;

  public Shard(
      Replica replica,
      List<String> topics,
      CopyPairing pairing,
      ShardMachine machine,
      ScheduledExecutorService control,
      BackgroundTask decisions,
      LongSupplier clock,
      ChannelOpener opener,
      ShardListener listener,
      BiConsumer<Shard, ShardAction.AskRotation> rotations,
      AttemptBudget budget) {
    this.replica = replica;
    this.frames = new ReplicaFrames(replica, pairing, listener, clock);
    this.topics = List.copyOf(topics);
    this.machine = machine;
    this.timings = machine.timings();
    this.missing = new MissingTopics(timings);
    this.checks = new SubscriptionChecks(replica.shard());
    this.control = control;
    this.decisions = decisions;
    this.clock = clock;
    this.opener = opener;
    this.listener = listener;
    this.rotations = rotations;
    this.budget = budget;
  }

  public int number() {
    return replica.shard();
  }

  public Replica replica() {
    return replica;
  }

  public void start() {
    submit(new ShardEvent.Started(listener.earlier(replica)));
  }

  /** Closes what is open and opens nothing more. */
  public void stop() {
    submit(new ShardEvent.Stopped());
  }

  /** Reads other topics from now on. While nothing is read, whatever is read next sees to that. */
  public void changeTopics(List<String> others) {
    execute(
        () -> {
          if (!topics.equals(others)) {
            topics = List.copyOf(others);
            state.last(it -> it.trusted(Phase.LIVE)).ifPresent(it -> adjust(it.number()));
          }
        });
  }

  /**
   * What is only new is subscribed on the channel that is open. For all else there is a hand-over:
   * a list that replaces another on a channel that is read may lose events in between.
   */
  private void adjust(int channel) {
    if (!trusts(channel)) {
      return;
    }
    Channel its = its(channel);
    List<String> fresh = MissingTopics.never(topics, its.asked);
    boolean fits = its.asked.size() + fresh.size() <= TopicSharder.CHANNEL_LIMIT;
    if (!fits || !MissingTopics.of(its.topics, topics).isEmpty()) {
      step(new ShardEvent.TopicsChanged());
    } else if (fresh.isEmpty()) {
      // What was not wanted for a while and had been refused before
      awaitMissing(channel);
    } else if (its.asking.isEmpty()) {
      ask(channel, fresh, false);
    }
  }

  /** One call at a time changes the subscriptions of a channel. */
  private void ask(int channel, List<String> subscriptions, boolean again) {
    Channel its = its(channel);
    if (its.link.isPresent()) {
      its.asking = Optional.of(new Channel.Asked(subscriptions, again));
      opener.subscribe(this, channel, its.link.get(), subscriptions, again);
    }
  }

  /**
   * Somebody else reads the topics, too: runs this on the control thread when all that was on its
   * way by then has been read, and a while after. If that is not answered in time, what was not
   * read is told as a gap.
   */
  public void drain(Runnable done) {
    execute(
        () -> {
          long asked = clock.getAsLong();
          linksOf(it -> it.trusted(Phase.LIVE)).forEach(ChannelLink::ping);
          later(() -> awaitDrained(asked, done), timings.drainMove().toMillis());
        });
  }

  private void awaitDrained(long asked, Runnable done) {
    List<ChannelLink> unproven =
        linksOf(
                it ->
                    it.trusted(Phase.LIVE)
                        || it.phase() == Phase.RETIRING && !it.readToItsEnd(reading(it)))
            .filter(link -> link.reading().provenUntil() < asked)
            .toList();
    if (!unproven.isEmpty() && clock.getAsLong() - asked < timings.drainMost().toMillis()) {
      later(() -> awaitDrained(asked, done), DRAIN_LOOK_MILLIS);
      return;
    }
    unproven.stream()
        .mapToLong(link -> link.reading().lastFrameAt())
        .map(at -> at == 0 ? asked : at)
        .min()
        .ifPresent(since -> listener.blind(replica, since, Cause.SILENT));
    done.run();
  }

  /** Leave to hand over. On its control thread. */
  void grantRotation(ShardAction.AskRotation asked) {
    granted = true;
    submit(new ShardEvent.RotationGranted(asked.number(), asked.cause()));
  }

  /** When a channel ends by itself, on the shard's clock. On the control thread. */
  long endsAt(int channel) {
    return link(channel).map(ChannelLink::endsAt).orElse(Long.MAX_VALUE);
  }

  /** Whether it holds more than one channel, or is about to. Any thread may ask. */
  boolean handingOver() {
    return granted || state.handingOver(clock.getAsLong());
  }

  /**
   * Another shard is about to lose its socket and waits until this one has handed over. It says so
   * again and again. Any thread may say so.
   */
  void makeRoom() {
    execute(
        () -> {
          long now = clock.getAsLong();
          if (state.first(it -> machine.canBeSpared(it, reading(it), now)).isPresent()) {
            step(new ShardEvent.PlaceNeeded());
          }
        });
  }

  // ---- what the opener reports

  /**
   * The channel's socket is about to be opened: what other sockets bring from now on may come on
   * this one, too. Any thread may say so.
   */
  public void connecting(int channel) {
    frames.expect(channel);
  }

  /**
   * The channel's socket is open.
   *
   * @param subscribed what of the ordered topics the channel brings
   */
  public void opened(
      int channel, ChannelLink link, List<String> subscribed, long rotateAt, Cause rotateCause) {
    execute(
        () -> {
          Channel its = channels.computeIfAbsent(channel, number -> new Channel());
          its.takeOrder()
              .flatMap(ChannelOpener.Order::reuse)
              .ifPresent(before -> lost.values().removeIf(it -> it.isOn(before)));
          its.link = Optional.of(link);
          its.topics = List.copyOf(subscribed);
          step(new ShardEvent.SocketOpened(channel, rotateAt, rotateCause));
          if (state.channel(channel).isEmpty()) {
            // Too late: its end may have been told before, so nobody else would forget it
            channels.remove(channel);
          } else if (!trusts(channel)) {
            listener.opened(replica, its.topics);
          }
          awaitMissing(channel);
        });
  }

  /**
   * What was asked for on an open channel has been answered.
   *
   * @param more what the channel brings from now on besides
   */
  public void subscribed(int channel, List<String> more) {
    execute(
        () -> {
          Channel its = its(channel);
          its.answered(more, clock.getAsLong());
          if (!more.isEmpty()) {
            // The socket may be dead by now: they are read once it has answered
            its.link.ifPresent(ChannelLink::ping);
          }
          adjust(channel);
          awaitMissing(channel);
        });
  }

  /** It has not been answered. What is new is asked for on a successor then, as for any change. */
  public void notSubscribed(int channel) {
    execute(
        () -> {
          if (its(channel).takeAsking().filter(asked -> !asked.again()).isEmpty()) {
            adjust(channel);
          } else if (trusts(channel) && state.successor().isEmpty()) {
            step(new ShardEvent.TopicsChanged());
          }
          awaitMissing(channel);
        });
  }

  private void readAdded(int channel, long provenUntil) {
    Channel its = its(channel);
    Optional<Channel.Added> more = its.takeAdded(provenUntil);
    if (more.isEmpty()) {
      return;
    }
    if (trusts(channel)) {
      listener.reading(replica, its.topics, more.get().since());
    }
    // By now somebody else may be wanted to read them
    adjust(channel);
  }

  private void awaitMissing(int channel) {
    Channel its = its(channel);
    List<String> absent = MissingTopics.of(topics, its.topics);
    if (state.channel(channel).isEmpty() || absent.isEmpty() || its.toAskAgain) {
      return;
    }
    its.toAskAgain = true;
    long wait = missing.waitMillis(absent, clock.getAsLong());
    later(() -> askForMissing(channel), wait);
  }

  /** If the channel is not read any more, its successor was asked for all of them. */
  private void askForMissing(int channel) {
    Channel its = its(channel);
    its.toAskAgain = false;
    List<String> absent = MissingTopics.of(topics, its.topics);
    if (trusts(channel) && !absent.isEmpty()) {
      missing.asked();
      if (its.asking.isEmpty()) {
        ask(channel, absent, true);
      }
    }
  }

  private void list(int channel) {
    Channel its = its(channel);
    if (its.link.isPresent() && its.listing.isEmpty()) {
      its.listing = Optional.of(clock.getAsLong());
      opener.listSubscriptions(this, channel, its.link.get());
    }
  }

  /**
   * The subscriptions of a channel have been listed. A listing that another must confirm changes
   * nothing.
   */
  public void listed(int channel, Set<String> entities) {
    execute(
        () -> {
          Channel its = its(channel);
          Optional<Long> askedAt = its.listing;
          its.listing = Optional.empty();
          if (askedAt.isEmpty() || state.channel(channel).filter(ChannelState::reading).isEmpty()) {
            return;
          }
          List<String> known = Channel.concat(topics, its.asked);
          SubscriptionChecks.Finding found = checks.listed(its, known, entities, askedAt.get());
          if (!found.lost().isEmpty()) {
            unsubscribed(channel, found.lost(), found.since());
          }
          if (found.doubtful()) {
            step(new SubscriptionsDoubted(channel, Why.MISSING));
          }
        });
  }

  /** They could not be listed, which says nothing of them. */
  public void notListed(int channel) {
    execute(
        () -> {
          its(channel).listing = Optional.empty();
          checks.notListed();
          step(new SubscriptionsDoubted(channel, Why.NOT_LISTED));
        });
  }

  /** A channel that is read on is asked for them again as if they were new. */
  private void unsubscribed(int channel, List<String> gone, long since) {
    Channel its = its(channel);
    its.lost(gone);
    // If that is the successor of this one, it goes on to read them
    Optional<ChannelState> live = state.last(it -> it.trusted(Phase.LIVE));
    List<String> reads = live.map(it -> its(it.number()).topics).orElse(List.of());
    listener.unsubscribed(replica, gone, reads, since);
    adjust(channel);
  }

  public void failed(int channel, Failure failure) {
    execute(
        () -> {
          Optional<ChannelOpener.Order> order = its(channel).takeOrder();
          if (order.isEmpty()) {
            // It was called off: what its socket has brought by then may not have been judged yet
            later(() -> frames.end(channel), CopyPairing.LAG.toMillis());
          } else {
            frames.end(channel);
            budget.failed(order.get().reuse().isEmpty(), order.get().free(), failure);
          }
          step(new ShardEvent.OpenFailed(channel, failure));
        });
  }

  private void later(Runnable task, long millis) {
    try {
      control.schedule(() -> decide(task), millis, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOG.debug("Shard {}: nothing is done later any more, the bridge is stopping", number());
    }
  }

  // ---- what the sockets bring, on the shard's frame queue

  /**
   * One message from the socket of a channel.
   *
   * @param takenOver is run if it says that somebody else has the channel now, before anything is
   *     decided about that; the channel need not be open yet
   */
  public void frame(int channel, byte[] body, boolean binary, Runnable takenOver) {
    Frame frame = frames.take(channel, body, binary);
    if (frame instanceof Frame.Control said) {
      control(channel, said, takenOver);
    } else if (frame instanceof Frame.Notification && channel == awaited) {
      // Once; if it came too soon, another follows
      awaited = 0;
      submit(new ShardEvent.SignOfLife(channel));
    }
  }

  private void control(int channel, Frame.Control said, Runnable takenOver) {
    switch (said.kind()) {
      case HEARTBEAT -> submit(new ShardEvent.SignOfLife(channel));
      case PONG -> execute(() -> pong(channel));
      case SOCKET_CLOSING -> submit(new ShardEvent.Noticed(channel, Cause.SOCKET_CLOSING));
      case NO_LONGER_SUBSCRIBED -> {
        takenOver.run();
        submit(new ShardEvent.Noticed(channel, Cause.TAKEN_OVER));
      }
      case TOKEN_REVOKED -> submit(new ShardEvent.Noticed(channel, Cause.TOKEN_REVOKED));
      case SUBSCRIPTION_CHANGED -> {
        listener.ignored(said.kind());
        submit(new SubscriptionsDoubted(channel, Why.TOLD));
      }
      case REPLY, OTHER_SYSTEM -> listener.ignored(said.kind());
    }
  }

  private void pong(int channel) {
    link(channel)
        .ifPresent(
            link -> {
              link.ponged().ifPresent(millis -> listener.pong(replica.shard(), millis));
              frames.proven(channel, link.reading().provenUntil());
              readAdded(channel, link.reading().provenUntil());
            });
    step(new ShardEvent.SignOfLife(channel));
  }

  public void closed(int channel, Cause cause) {
    frames.end(channel);
    execute(
        () -> {
          lose(channel);
          step(new ShardEvent.SocketClosed(channel, cause));
          if (its(channel).order.isEmpty()) {
            channels.remove(channel);
          }
          // Their answers prove which copies of what it brought never come
          channels.values().forEach(its -> its.link.ifPresent(ChannelLink::ping));
        });
  }

  // ---- the control thread

  private void submit(ShardEvent event) {
    execute(() -> step(event));
  }

  private void execute(Runnable task) {
    try {
      control.execute(() -> decide(task));
    } catch (RejectedExecutionException e) {
      LOG.debug("Shard {} decides nothing more: the bridge is stopping", number());
    }
  }

  /** A decision that fails must not be the last one: nothing else may wake the shard. */
  private void decide(Runnable decision) {
    if (!decisions.run(decision::run)) {
      wakeAt(clock.getAsLong() + AFTER_FAILURE_MILLIS);
    }
  }

  private void step(ShardEvent event) {
    ShardMachine.Step step =
        machine.next(state, event, readings(), budget.room(), clock.getAsLong());
    state = step.state();
    if (event instanceof ShardEvent.RotationGranted) {
      granted = false;
    }
    wakeAt(step.wakeAt());
    decisions.run(this::tellAttempts);
    step.actions().forEach(this::perform);
    forgetLost();
    channels
        .entrySet()
        .removeIf(it -> it.getValue().isIdle() && state.channel(it.getKey()).isEmpty());
    awaited = state.first(ChannelState::awaitsSignOfLife).map(ChannelState::number).orElse(0);
    shown = state;
  }

  /** Before the actions, so that an attempt that does not live to tell of its failure counts. */
  private void tellAttempts() {
    Attempts now = Attempts.of(state, timings);
    if (!now.equals(attempts) && !state.stopped()) {
      attempts = now;
      listener.attempts(replica, now);
    }
  }

  /** Before the actions, so that the shard lives on even if one of them fails. */
  private void wakeAt(long millis) {
    wake.ifPresent(earlier -> earlier.cancel(false));
    wake = Optional.empty();
    if (millis == Long.MAX_VALUE) {
      return;
    }
    long wait = Math.max(1, millis - clock.getAsLong());
    try {
      wake = Optional.of(control.schedule(() -> decide(this::woke), wait, TimeUnit.MILLISECONDS));
    } catch (RejectedExecutionException e) {
      LOG.debug("Shard {} wakes no more: the bridge is stopping", number());
    }
  }

  private void woke() {
    wake = Optional.empty();
    step(new ShardEvent.Woke());
  }

  private Map<Integer, Reading> readings() {
    Map<Integer, Reading> readings = new HashMap<>();
    channels.forEach(
        (channel, its) -> its.link.ifPresent(link -> readings.put(channel, link.reading())));
    return readings;
  }

  private void perform(ShardAction action) {
    boolean done = decisions.run(() -> carryOut(action));
    if (!done && action instanceof ShardAction.Open open) {
      // Nobody else will say so
      failed(open.number(), Failure.unavailable("The bridge itself could not begin to connect."));
    }
  }

  private void carryOut(ShardAction action) {
    if (action instanceof ShardAction.Open open) {
      open(open);
    } else if (action instanceof ShardAction.Ping ping) {
      link(ping.number()).ifPresent(ChannelLink::ping);
    } else if (action instanceof ShardAction.Close close) {
      link(close.number()).ifPresent(ChannelLink::close);
      its(close.number()).takeOrder().ifPresent(opener::cancel);
    } else if (action instanceof ShardAction.Cut cut) {
      cut(cut.number());
    } else if (action instanceof ShardAction.AskRotation ask) {
      rotations.accept(this, ask);
    } else if (action instanceof ShardAction.DropToken drop) {
      link(drop.number()).ifPresent(opener::dropToken);
    } else if (action instanceof ShardAction.ListSubscriptions list) {
      list(list.number());
    } else if (action instanceof ShardAction.Read read) {
      its(read.number()).begin(clock.getAsLong());
      listener.reading(replica, its(read.number()).topics, read.since());
      // By now others may be wanted than when it was opened
      execute(() -> adjust(read.number()));
    } else if (action instanceof ShardAction.Blind blind) {
      listener.blind(replica, blind.since(), blind.cause());
    } else if (action instanceof ShardAction.Finish) {
      listener.finished(replica);
    } else if (action instanceof ShardAction.Report report) {
      listener.report(replica, report.report());
    }
  }

  private void cut(int channel) {
    lose(channel);
    Optional.ofNullable(channels.remove(channel))
        .flatMap(its -> its.link)
        .ifPresent(ChannelLink::cut);
  }

  private void open(ShardAction.Open open) {
    // A channel that is gone back to has the subscriptions that it had, whatever is wanted by now
    Optional<Channel> again = Optional.ofNullable(lost.get(open.reuses()));
    ChannelOpener.Order order =
        new ChannelOpener.Order(
            this,
            open.number(),
            open.cause(),
            again.map(its -> its.topics).orElse(topics),
            again.flatMap(its -> its.link),
            open.free());
    if (!open.free()) {
      budget.charge(order.reuse().isEmpty());
    }
    Channel its = new Channel();
    its.order = Optional.of(order);
    its.topics = order.topics();
    its.asked = again.map(before -> before.asked).orElse(topics);
    its.verifiedAt = again.map(before -> before.verifiedAt).orElse(0L);
    channels.put(open.number(), its);
    opener.open(order);
  }

  /** What is not gone back to any more is left; whoever has the channel by now is not touched. */
  private void forgetLost() {
    lost.entrySet()
        .removeIf(
            channel -> {
              boolean forgotten = !state.reuses(channel.getKey());
              if (forgotten) {
                decisions.run(() -> channel.getValue().link.ifPresent(ChannelLink::close));
              }
              return forgotten;
            });
  }

  private void lose(int channel) {
    Channel its = its(channel);
    if (its.link.isPresent()) {
      its.forgetAdded();
      its.begin(clock.getAsLong());
      lost.put(channel, its);
    }
  }

  /** One that is not known has nothing, and what is noted of it is forgotten. */
  private Channel its(int channel) {
    return channels.getOrDefault(channel, new Channel());
  }

  private Optional<ChannelLink> link(int channel) {
    return its(channel).link;
  }

  /**
   * Until when all that was sent has been read and handed on, in milliseconds of the shard's clock;
   * empty while nothing is being read. On the control thread.
   */
  public OptionalLong handedOnUntil() {
    OptionalLong live =
        linksOf(it -> it.trusted(Phase.LIVE)).mapToLong(ChannelLink::handedOnUntil).max();
    // What a predecessor has not read has no copy elsewhere
    OptionalLong before =
        linksOf(it -> it.phase() == Phase.RETIRING && !it.readToItsEnd(reading(it)))
            .mapToLong(ChannelLink::handedOnUntil)
            .min();
    return live.isEmpty() || before.isEmpty()
        ? live
        : OptionalLong.of(Math.min(live.getAsLong(), before.getAsLong()));
  }

  /**
   * Asks for a sign of life where nothing has come for so long: {@link #handedOnUntil} is as old as
   * the last one. To be called every now and then; on the control thread.
   */
  public void prove(Duration silence) {
    long before = clock.getAsLong() - silence.toMillis();
    linksOf(it -> it.trusted(Phase.LIVE))
        .filter(link -> link.reading().lastFrameAt() <= before)
        .forEach(ChannelLink::prove);
  }

  /** Whether the channel is LIVE and its events can be relied on. On the control thread. */
  boolean trusts(int channel) {
    return state.channel(channel).filter(it -> it.trusted(Phase.LIVE)).isPresent();
  }

  private Reading reading(ChannelState channel) {
    return link(channel.number()).map(ChannelLink::reading).orElse(Reading.NONE);
  }

  private Stream<ChannelLink> linksOf(Predicate<ChannelState> which) {
    return state.channels().stream()
        .filter(which)
        .flatMap(channel -> link(channel.number()).stream());
  }

  /** Any thread may ask. */
  public ShardStatus status() {
    return ShardStatus.of(
        number(),
        topics.size(),
        shown,
        frames.lastEventAt(),
        frames.lastFrameAt(),
        clock.getAsLong(),
        timings);
  }
}
