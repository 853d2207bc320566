package dev.caravan.channel;

import dev.caravan.background.BackgroundTask;
import dev.caravan.channel.ShardEvent.SubscriptionsDoubted;
import dev.caravan.channel.ShardEvent.SubscriptionsDoubted.Why;
import dev.caravan.frame.CopyPairing;
import dev.caravan.frame.Frame;
import dev.caravan.topic.TopicSharder;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
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

  /** So many listings that failed in a row are told. */
  private static final int TOLD_AFTER = 10;

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
  private final Map<Integer, ChannelLink> links = new HashMap<>();
  private final Map<Integer, ChannelOpener.Order> orders = new HashMap<>();
  private final Map<Integer, Lost> lost = new HashMap<>();
  private final Map<Integer, List<String>> topicsOf = new HashMap<>();
  private final Map<Integer, List<String>> askedOf = new HashMap<>();
  private final Map<Integer, Added> added = new HashMap<>();
  private final Map<Integer, Asked> asking = new HashMap<>();
  private final Set<Integer> toAskAgain = new HashSet<>();

  /** Channels whose subscriptions are being listed, and since when. */
  private final Map<Integer, Long> listing = new HashMap<>();

  private final SubscriptionChecks checks = new SubscriptionChecks();
  private boolean othersTold;
  private int notListed;
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

  /** What a channel is being asked for; whether it was before, and did not bring it. */
  private record Asked(List<String> subscriptions, boolean again) {}

  /** What a channel brings besides, if its socket is not dead, since it was subscribed then. */
  private record Added(List<String> topics, long since) {}

  /**
   * A channel whose socket was lost and that may be gone back to.
   *
   * @param topics what it brings
   * @param asked the subscriptions that it was asked for
   * @param verifiedAt when it had all of its topics, as far as is known
   */
  private record Lost(ChannelLink link, List<String> topics, List<String> asked, long verifiedAt) {}

  /**
   * @param replica which of the channels that read the shard
   * @param topics its subscriptions
   * @param pairing shared by all replicas of the shard
   * @param control the one thread on which decisions are taken
   * @param decisions keeps them going after a failure
   * @param clock milliseconds that never go backwards
   * @param rotations is asked for leave to hand over
   * @param budget shared by all shards of the client
   */
  public Shard(
      Replica replica,
      List<String> topics,
      CopyPairing pairing,
      ShardMachine machine,
      Timings timings,
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
    this.timings = timings;
    this.missing = new MissingTopics(timings);
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

  /** Starts to read. */
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
    List<String> fresh = MissingTopics.never(topics, askedOf(channel));
    boolean fits = askedOf(channel).size() + fresh.size() <= TopicSharder.CHANNEL_LIMIT;
    if (!fits || !MissingTopics.of(topicsOf(channel), topics).isEmpty()) {
      step(new ShardEvent.TopicsChanged());
    } else if (fresh.isEmpty()) {
      // What was not wanted for a while and had been refused before
      awaitMissing(channel);
    } else if (!asking.containsKey(channel)) {
      ask(channel, fresh, false);
    }
  }

  /** One call at a time changes the subscriptions of a channel. */
  private void ask(int channel, List<String> subscriptions, boolean again) {
    link(channel)
        .ifPresent(
            link -> {
              asking.put(channel, new Asked(subscriptions, again));
              opener.subscribe(this, channel, link, subscriptions, again);
            });
  }

  private static List<String> concat(List<String> some, List<String> more) {
    return Stream.concat(some.stream(), more.stream()).toList();
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
          Optional.ofNullable(orders.remove(channel))
              .flatMap(ChannelOpener.Order::reuse)
              .ifPresent(before -> lost.values().removeIf(it -> it.link() == before));
          links.put(channel, link);
          topicsOf.replace(channel, List.copyOf(subscribed));
          step(new ShardEvent.SocketOpened(channel, rotateAt, rotateCause));
          if (state.channel(channel).isEmpty()) {
            // Too late: its end may have been told before, so nobody else would forget it
            links.remove(channel);
          } else if (!trusts(channel)) {
            listener.opened(replica, topicsOf(channel));
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
          Asked asked = asking.remove(channel);
          if (asked != null && !asked.again()) {
            askedOf.merge(channel, asked.subscriptions(), Shard::concat);
          }
          if (!more.isEmpty()) {
            // The socket may be dead by now: they are read once it has answered
            link(channel)
                .ifPresent(
                    link -> {
                      added.merge(
                          channel,
                          new Added(more, clock.getAsLong()),
                          (some, others) ->
                              new Added(concat(some.topics(), others.topics()), others.since()));
                      link.ping();
                    });
          }
          adjust(channel);
          awaitMissing(channel);
        });
  }

  /** It has not been answered. What is new is asked for on a successor then, as for any change. */
  public void notSubscribed(int channel) {
    execute(
        () -> {
          Asked asked = asking.remove(channel);
          if (asked == null || asked.again()) {
            adjust(channel);
          } else if (trusts(channel) && state.successor().isEmpty()) {
            step(new ShardEvent.TopicsChanged());
          }
          awaitMissing(channel);
        });
  }

  private void readAdded(int channel, long provenUntil) {
    Added more = added.get(channel);
    if (more == null || provenUntil < more.since()) {
      return;
    }
    added.remove(channel);
    topicsOf.put(channel, concat(topicsOf(channel), more.topics()));
    if (trusts(channel)) {
      listener.reading(replica, topicsOf(channel), more.since());
    }
    // By now somebody else may be wanted to read them
    adjust(channel);
  }

  private void awaitMissing(int channel) {
    List<String> absent = MissingTopics.of(topics, topicsOf(channel));
    if (state.channel(channel).isEmpty() || absent.isEmpty() || !toAskAgain.add(channel)) {
      return;
    }
    long wait = missing.waitMillis(absent, clock.getAsLong());
    later(() -> askForMissing(channel), wait);
  }

  /** If the channel is not read any more, its successor was asked for all of them. */
  private void askForMissing(int channel) {
    toAskAgain.remove(channel);
    List<String> absent = MissingTopics.of(topics, topicsOf(channel));
    if (trusts(channel) && !absent.isEmpty()) {
      missing.asked();
      if (!asking.containsKey(channel)) {
        ask(channel, absent, true);
      }
    }
  }

  private void list(int channel) {
    link(channel)
        .filter(link -> !listing.containsKey(channel))
        .ifPresent(
            link -> {
              listing.put(channel, clock.getAsLong());
              opener.listSubscriptions(this, channel, link);
            });
  }

  /**
   * The subscriptions of a channel have been listed. A listing that another must confirm changes
   * nothing.
   *
   * @param entities as they were listed
   */
  public void listed(int channel, Set<String> entities) {
    execute(
        () -> {
          Long askedAt = listing.remove(channel);
          if (askedAt == null || state.channel(channel).filter(ChannelState::reading).isEmpty()) {
            return;
          }
          notListed = 0;
          List<String> known = concat(topics, askedOf(channel));
          SubscriptionChecks.Finding found =
              checks.listed(channel, topicsOf(channel), known, entities, askedAt);
          tellOfOthers(found.others());
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
          listing.remove(channel);
          if (++notListed == TOLD_AFTER) {
            LOG.warn(
                "Shard {}. What its channel is subscribed to could not be listed {} times in a row:"
                    + " should another program take some of it away, nobody notices.",
                number(),
                TOLD_AFTER);
          }
          step(new SubscriptionsDoubted(channel, Why.NOT_LISTED));
        });
  }

  /** A channel that is read on is asked for them again as if they were new. */
  private void unsubscribed(int channel, List<String> gone, long since) {
    topicsOf.put(channel, MissingTopics.of(topicsOf(channel), gone));
    askedOf.put(channel, MissingTopics.never(askedOf(channel), gone));
    // If that is the successor of this one, it goes on to read them
    List<String> reads =
        state.last(it -> it.trusted(Phase.LIVE)).map(it -> topicsOf(it.number())).orElse(List.of());
    listener.unsubscribed(replica, gone, reads, since);
    adjust(channel);
  }

  /** Once: it does no harm, as long as there is room. */
  private void tellOfOthers(long count) {
    if (count > 0 && !othersTold) {
      othersTold = true;
      LOG.warn(
          "Shard {}. Its channel is subscribed to {} topics that this bridge did not ask for: another"
              + " program uses the channels of this OAuth client. Give each program an OAuth client"
              + " of its own.",
          number(),
          count);
    }
  }

  /** The channel could not be opened. */
  public void failed(int channel, Failure failure) {
    execute(
        () -> {
          ChannelOpener.Order order = orders.remove(channel);
          if (order == null) {
            // It was called off: what its socket has brought by then may not have been judged yet
            later(() -> frames.end(channel), CopyPairing.LAG.toMillis());
          } else {
            frames.end(channel);
            budget.failed(order.reuse().isEmpty(), order.free(), failure);
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

  /** The end of a channel's socket, after its last frame. */
  public void closed(int channel, Cause cause) {
    frames.end(channel);
    execute(
        () -> {
          Optional.ofNullable(links.get(channel))
              .ifPresent(link -> lost.put(channel, lost(channel, link)));
          step(new ShardEvent.SocketClosed(channel, cause));
          links.remove(channel);
          // Their answers prove which copies of what it brought never come
          links.values().forEach(ChannelLink::ping);
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
    List.of(
            topicsOf.keySet(),
            askedOf.keySet(),
            added.keySet(),
            asking.keySet(),
            toAskAgain,
            listing.keySet(),
            checks.channels())
        .forEach(channels -> channels.removeIf(channel -> state.channel(channel).isEmpty()));
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
    links.forEach((channel, link) -> readings.put(channel, link.reading()));
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
      Optional.ofNullable(orders.remove(close.number())).ifPresent(opener::cancel);
    } else if (action instanceof ShardAction.Cut cut) {
      cut(cut.number());
    } else if (action instanceof ShardAction.AskRotation ask) {
      rotations.accept(this, ask);
    } else if (action instanceof ShardAction.DropToken drop) {
      link(drop.number()).ifPresent(opener::dropToken);
    } else if (action instanceof ShardAction.ListSubscriptions list) {
      list(list.number());
    } else if (action instanceof ShardAction.Read read) {
      checks.begin(read.number(), clock.getAsLong());
      listener.reading(replica, topicsOf(read.number()), read.since());
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
    Optional.ofNullable(links.remove(channel))
        .ifPresent(
            link -> {
              lost.put(channel, lost(channel, link));
              link.cut();
            });
  }

  private void open(ShardAction.Open open) {
    // A channel that is gone back to has the subscriptions that it had, whatever is wanted by now
    Optional<Lost> again = Optional.ofNullable(lost.get(open.reuses()));
    ChannelOpener.Order order =
        new ChannelOpener.Order(
            this,
            open.number(),
            open.cause(),
            again.map(Lost::topics).orElse(topics),
            again.map(Lost::link),
            open.free());
    if (!open.free()) {
      budget.charge(order.reuse().isEmpty());
    }
    orders.put(open.number(), order);
    topicsOf.put(open.number(), order.topics());
    askedOf.put(open.number(), again.map(Lost::asked).orElse(topics));
    again.ifPresent(before -> checks.begin(open.number(), before.verifiedAt()));
    opener.open(order);
  }

  /** What is not gone back to any more is left; whoever has the channel by now is not touched. */
  private void forgetLost() {
    lost.entrySet()
        .removeIf(
            channel -> {
              boolean forgotten = !state.reuses(channel.getKey());
              if (forgotten) {
                decisions.run(channel.getValue().link()::close);
              }
              return forgotten;
            });
  }

  /** What was added and nothing has proven is asked for again by whoever goes back to it. */
  private Lost lost(int channel, ChannelLink link) {
    List<String> unproven =
        Optional.ofNullable(added.get(channel)).map(Added::topics).orElse(List.of());
    List<String> asked = askedOf(channel);
    return new Lost(
        link,
        topicsOf(channel),
        unproven.isEmpty() ? asked : MissingTopics.of(asked, unproven),
        checks.verifiedAt(channel, clock.getAsLong()));
  }

  private List<String> askedOf(int channel) {
    return askedOf.getOrDefault(channel, List.of());
  }

  private List<String> topicsOf(int channel) {
    return topicsOf.getOrDefault(channel, List.of());
  }

  private Optional<ChannelLink> link(int channel) {
    return Optional.ofNullable(links.get(channel));
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

  /** How the shard is, for health and metrics; any thread may ask. */
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
