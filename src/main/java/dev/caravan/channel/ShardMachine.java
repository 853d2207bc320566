package dev.caravan.channel;

import dev.caravan.channel.AttemptBudget.Room;
import dev.caravan.channel.ShardAction.AskRotation;
import dev.caravan.channel.ShardAction.Close;
import dev.caravan.channel.ShardAction.DropToken;
import dev.caravan.channel.ShardAction.ListSubscriptions;
import dev.caravan.channel.ShardAction.Open;
import dev.caravan.channel.ShardAction.Ping;
import dev.caravan.channel.ShardAction.Read;
import dev.caravan.channel.ShardEvent.SubscriptionsDoubted;
import dev.caravan.channel.ShardReport.Kind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;

/**
 * Decides what a shard does next: a pure function (state, event, clock) → (state, actions). It
 * keeps the rule that the successor is LIVE before the predecessor goes, that one attempt is under
 * way at a time, and that whatever ends a socket leads to a successor.
 *
 * <p>After each event it also does what the passing of time asks for: opens what is due, finds dead
 * sockets, asks for rotations, lets retired channels go; and says when to look again. Moves that
 * several events have in common are in {@link Decision}.
 *
 * @param random uniform in [0, 1), for jitter
 */
public record ShardMachine(Timings timings, DoubleSupplier random) {

  private static final long NEVER = Long.MAX_VALUE;

  /**
   * What was decided.
   *
   * @param wakeAt when to send {@link ShardEvent.Woke} at the latest; {@link Long#MAX_VALUE} for
   *     never
   */
  public record Step(ShardState state, List<ShardAction> actions, long wakeAt) {}

  /**
   * The decision for one event at one moment.
   *
   * @param readings what was last read, by number of the channels that have a socket
   * @param room how long the client has no room for a further attempt
   */
  public Step next(
      ShardState state, ShardEvent event, Map<Integer, Reading> readings, Room room, long now) {
    Decision d = new Decision(state, readings, now, timings, random);
    if (state.stopped()) {
      tooLate(d, event);
    } else {
      decide(d, event);
    }
    if (d.state().stopped()) {
      return new Step(d.state(), d.actions(), NEVER);
    }
    upkeep(d, room);
    return new Step(d.state(), d.actions(), wakeAt(d));
  }

  // ---- what an event asks for

  private static void tooLate(Decision d, ShardEvent event) {
    if (event instanceof ShardEvent.SocketOpened e) {
      d.add(new Close(e.number()));
    }
  }

  private void decide(Decision d, ShardEvent event) {
    if (event instanceof ShardEvent.Started e) {
      started(d, e.earlier());
    } else if (event instanceof ShardEvent.SocketOpened e) {
      socketOpened(d, e);
    } else if (event instanceof ShardEvent.SignOfLife e) {
      d.state()
          .channel(e.number())
          .filter(ChannelState::awaitsSignOfLife)
          .ifPresent(c -> live(d, c));
    } else if (event instanceof ShardEvent.OpenFailed e) {
      d.state()
          .channel(e.number())
          .filter(c -> c.phase() == Phase.OPENING)
          .ifPresent(c -> d.failed(c, e.failure()));
    } else if (event instanceof ShardEvent.SocketClosed e) {
      d.state().channel(e.number()).ifPresent(c -> socketClosed(d, c, e.cause()));
    } else if (event instanceof ShardEvent.Noticed e) {
      d.state().channel(e.number()).ifPresent(c -> noticed(d, c, e.notice()));
    } else if (event instanceof SubscriptionsDoubted e) {
      d.state()
          .channel(e.number())
          .filter(ChannelState::reading)
          .ifPresent(c -> doubted(d, c, e.why()));
    } else if (event instanceof ShardEvent.RotationGranted e) {
      rotate(d, e);
    } else if (event instanceof ShardEvent.PlaceNeeded) {
      makeRoom(d);
    } else if (event instanceof ShardEvent.TopicsChanged) {
      topicsChanged(d);
    } else if (event instanceof ShardEvent.Stopped) {
      stop(d);
    }
  }

  /** After a refusal an operator may have restarted us, so its long wait is not gone on with. */
  private void started(Decision d, Attempts earlier) {
    if (d.state().channels().isEmpty()) {
      long most = d.now() + timings.retryMost().toMillis();
      long at = Math.max(d.now(), Math.min(earlier.notBefore(), most));
      d.become(
          d.state()
              .withBackoff(new Backoff(earlier.failures(), d.now(), 0))
              .plan(Cause.START, 0, at));
    }
  }

  private static void socketOpened(Decision d, ShardEvent.SocketOpened e) {
    Optional<ChannelState> opening =
        d.state().channel(e.number()).filter(c -> c.phase() == Phase.OPENING);
    if (opening.isEmpty()) {
      d.add(new Close(e.number()));
      return;
    }
    d.add(new Ping(e.number()));
    d.change(opening.get(), c -> c.socketOpen(d.now(), e.rotateAt(), e.rotateCause()));
  }

  private void live(Decision d, ChannelState channel) {
    boolean seamless = d.state().reading();
    long check = d.now() + d.jitter(timings.check().toMillis() / Timings.FIRST_CHECK);
    d.change(channel, c -> c.live(d.now()).checkAt(check));
    for (ChannelState old : d.state().channels()) {
      if (old.number() == channel.number()) {
        continue;
      }
      if (old.trusted(Phase.LIVE)) {
        d.add(new Ping(old.number()));
        // Nobody else will ever tell what was taken from it
        d.change(old, c -> c.retiring(d.now()).checkAt(d.now()));
      } else if (old.phase() == Phase.LIVE || old.coming() && old.goesBack()) {
        d.letGo(old);
      }
    }
    if (seamless) {
      d.report(Kind.HANDED_OVER, channel.cause(), channel.openAt(), d.now());
    } else {
      d.report(Kind.CONNECTED, channel.cause(), d.now(), d.now());
    }
    d.add(new Read(channel.number(), d.now()));
    d.become(d.state().blind(0, Cause.START).withBroken(Optional.empty()));
  }

  private static void socketClosed(Decision d, ChannelState channel, Cause cause) {
    if (channel.trusted(Phase.LIVE)) {
      d.lost(channel, cause);
    } else if (channel.phase() == Phase.OPENING) {
      d.failed(
          channel.anew(),
          Failure.unavailable(
              "The socket closed before it showed a sign of life: " + Decision.sentence(cause)));
    } else if (channel.phase() != Phase.NEW) {
      // It was let go of, or given up, before: its successor is LIVE or on its way
      d.ends(channel, cause);
      d.become(d.state().without(channel.number()));
      d.hasten();
    }
  }

  private static void noticed(Decision d, ChannelState channel, Cause notice) {
    if (channel.distrusted() || channel.phase() == Phase.NEW) {
      return;
    }
    if (notice == Cause.SOCKET_CLOSING) {
      d.change(channel, c -> c.rotateNow(d.now(), notice));
      d.hasten();
      return;
    }
    if (notice == Cause.TOKEN_REVOKED) {
      d.add(new DropToken(channel.number()));
    }
    switch (channel.phase()) {
      case LIVE -> d.distrust(channel, notice);
      case RETIRING -> d.change(channel, ChannelState::distrust);
      default -> {
        d.letGo(channel);
        d.failed(channel.anew(), Failure.unavailable(Decision.sentence(notice)));
      }
    }
  }

  private void doubted(Decision d, ChannelState channel, SubscriptionsDoubted.Why why) {
    long at =
        switch (why) {
          case TOLD -> channel.checkedAt() + Timings.BETWEEN_CHECKS_MILLIS;
          case MISSING -> d.now() + Timings.CHECK_AGAIN_MILLIS;
          case NOT_LISTED -> d.now() + timings.retryMost().toMillis();
        };
    d.change(channel, c -> c.checkAt(Math.min(c.checkAt(), at)));
  }

  private static void rotate(Decision d, ShardEvent.RotationGranted e) {
    boolean due = d.state().channel(e.number()).filter(c -> c.trusted(Phase.LIVE)).isPresent();
    if (due && d.state().successor().isEmpty()) {
      d.become(d.state().plan(e.cause(), 0, d.now()));
    }
  }

  private void makeRoom(Decision d) {
    for (ChannelState c : d.state().channels()) {
      if (canBeSpared(c, d.reading(c), d.now())) {
        d.letGo(c);
      }
    }
  }

  /** Whether it is read on only for what may come very late. */
  boolean canBeSpared(ChannelState c, Reading reading, long now) {
    return c.trusted(Phase.RETIRING)
        && c.readToItsEnd(reading)
        && !reading.held()
        && now >= c.retiringSince() + timings.drainQuiet().toMillis();
  }

  private static void topicsChanged(Decision d) {
    for (ChannelState channel : d.state().channels()) {
      d.change(channel, c -> c.rotateNow(d.now(), Cause.TOPICS_CHANGED));
    }
  }

  private static void stop(Decision d) {
    d.state().channels().forEach(c -> d.add(new Close(c.number())));
    d.add(new ShardAction.Finish());
    d.become(d.state().stop());
  }

  // ---- what time asks for

  /** Does what is due now, whatever happened. */
  private void upkeep(Decision d, Room room) {
    for (ChannelState before : d.state().channels()) {
      d.state().channel(before.number()).ifPresent(channel -> upkeep(d, channel, room));
    }
    if (d.now() >= forgivenAt(d.state())) {
      d.become(d.state().withBackoff(d.state().backoff().forgiven(d.now())));
    }
  }

  private void upkeep(Decision d, ChannelState channel, Room room) {
    switch (channel.phase()) {
      case NEW -> open(d, channel, room);
      case OPENING -> awaitSignOfLife(d, channel);
      case LIVE -> watch(d, channel);
      case RETIRING -> drain(d, channel);
    }
  }

  private static void open(Decision d, ChannelState c, Room room) {
    if (d.now() < c.openAt()) {
      return;
    }
    boolean free =
        d.state().backoff().failures() == 0 && (c.cause() == Cause.START || d.state().reading());
    long wait = free ? 0 : c.reuses() == 0 ? room.anew() : room.again();
    if (wait > 0) {
      d.held(c, wait);
    } else {
      d.add(new Open(c.number(), c.cause(), c.reuses(), free));
      d.change(c, planned -> planned.opening(d.now()));
    }
  }

  private void awaitSignOfLife(Decision d, ChannelState c) {
    if (c.awaitsSignOfLife() && d.reading(c).held()) {
      d.change(c, same -> same.socketOpenAgain(d.now()));
      return;
    }
    if (d.now() < openDeadline(c, d.reading(c))) {
      return;
    }
    String sentence =
        c.socketOpenAt() == 0
            ? "Opening the channel took more than " + timings.openMost().toSeconds() + " s."
            : Decision.sentence(Cause.NO_SIGN_OF_LIFE);
    d.letGo(c);
    d.failed(c.anew(), Failure.unavailable(sentence));
  }

  private long openDeadline(ChannelState c, Reading reading) {
    return c.socketOpenAt() == 0
        ? c.openAt() + timings.openMost().toMillis()
        : Math.min(
            heard(c.socketOpenAt(), reading) + timings.signOfLife().toMillis(),
            c.socketOpenAt() + timings.backlogMost().toMillis());
  }

  private void watch(Decision d, ChannelState c) {
    if (c.distrusted()) {
      return;
    }
    if (d.now() >= c.rotateAt() && d.state().successor().isEmpty()) {
      d.add(new AskRotation(c.number(), c.rotateCause()));
    }
    check(d, c);
    long heard = heard(c.liveAt(), d.reading(c));
    if (c.pingSentAt() > 0 && heard >= c.pingSentAt()) {
      d.change(c, same -> same.pingSent(0));
    } else if (d.now() >= watchDeadline(c, d.reading(c))) {
      if (c.pingSentAt() > 0) {
        d.distrust(c, Cause.SILENT);
      } else {
        d.add(new Ping(c.number()));
        d.change(c, same -> same.pingSent(d.now()));
      }
    }
  }

  private void check(Decision d, ChannelState c) {
    if (c.reading() && d.now() >= c.checkAt()) {
      d.add(new ListSubscriptions(c.number()));
      long most = timings.check().toMillis();
      // Not all channels at the same time
      long next = d.now() + most - d.jitter(most / 4);
      d.change(c, same -> same.checked(d.now(), next));
    }
  }

  private long watchDeadline(ChannelState c, Reading reading) {
    return c.pingSentAt() > 0
        ? c.pingSentAt() + timings.pongWait().toMillis()
        : heard(c.liveAt(), reading) + timings.silence().toMillis();
  }

  private void drain(Decision d, ChannelState c) {
    check(d, c);
    if (d.reading(c).held()) {
      // What waits to be read there has no copy elsewhere: start over when reading goes on
      d.change(c, same -> same.retiringAgain(d.now()));
    } else if (!c.distrusted() && c.pingSentAt() > 0 && c.readToItsEnd(d.reading(c))) {
      d.change(c, same -> same.answered(d.now()));
    } else if (d.now() >= drainDeadline(c, d.reading(c))) {
      d.ends(c, Cause.SILENT);
      d.letGo(c);
    }
  }

  /**
   * One that may have a backlog is read as long as anything comes; of one that has answered the
   * successor has a copy of all that still comes but for what is late, so it goes even if it is
   * busy.
   */
  private long drainDeadline(ChannelState c, Reading reading) {
    long heard = heard(c.retiringSince(), reading);
    if (c.distrusted()) {
      return Math.min(
          heard + timings.drainQuiet().toMillis(),
          c.retiringSince() + timings.drainMost().toMillis());
    }
    return c.readToItsEnd(reading)
        ? c.retiringSince() + timings.drainLate().toMillis()
        : Math.min(
            heard + timings.pongWait().toMillis(),
            c.retiringSince() + timings.backlogMost().toMillis());
  }

  /**
   * When a failure is forgiven: a channel has been LIVE for long, nothing failed since, and no
   * successor is in the making that could fail.
   */
  private long forgivenAt(ShardState state) {
    if (state.backoff().failures() == 0 || state.successor().isPresent()) {
      return NEVER;
    }
    return state
        .last(c -> c.trusted(Phase.LIVE))
        .map(c -> state.backoff().forgivenAt(c.liveAt(), timings))
        .orElse(NEVER);
  }

  private long wakeAt(Decision d) {
    long wake = forgivenAt(d.state());
    for (ChannelState channel : d.state().channels()) {
      wake = Math.min(wake, deadline(d, channel));
    }
    return Math.max(wake, d.now() + 1);
  }

  private long deadline(Decision d, ChannelState c) {
    Reading reading = d.reading(c);
    return switch (c.phase()) {
      case NEW -> c.openAt();
      case OPENING -> openDeadline(c, reading);
      case LIVE ->
          c.distrusted()
              ? NEVER
              : Math.min(c.checkAt(), Math.min(watchDeadline(c, reading), ask(d, c)));
      case RETIRING -> Math.min(c.distrusted() ? NEVER : c.checkAt(), drainDeadline(c, reading));
    };
  }

  private static long ask(Decision d, ChannelState c) {
    if (d.state().successor().isPresent()) {
      return NEVER;
    }
    return d.now() < c.rotateAt() ? c.rotateAt() : d.now() + Timings.ASK_AGAIN_MILLIS;
  }

  /** When the peer last gave a sign, as far as it could. */
  private static long heard(long atLeast, Reading reading) {
    return Math.max(atLeast, reading.silentSince());
  }
}
