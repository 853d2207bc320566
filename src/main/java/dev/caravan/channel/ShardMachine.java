package dev.caravan.channel;

import dev.caravan.channel.AttemptBudget.Room;
import dev.caravan.channel.ShardAction.Close;
import dev.caravan.channel.ShardAction.DropToken;
import dev.caravan.channel.ShardAction.Ping;
import dev.caravan.channel.ShardAction.Read;
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
 * <p>After each event it also does what time asks for ({@link Upkeep}); moves that several events
 * have in common are in {@link Decision}.
 */
public final class ShardMachine {

  private final Timings timings;
  private final DoubleSupplier random;
  private final Upkeep upkeep;

  /**
   * @param timings the times to live by
   * @param random uniform in [0, 1), for jitter
   */
  public ShardMachine(Timings timings, DoubleSupplier random) {
    this.timings = timings;
    this.random = random;
    this.upkeep = new Upkeep(timings);
  }

  /**
   * What was decided.
   *
   * @param state the shard from now on
   * @param actions what to do, in this order
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
      return new Step(d.state(), d.actions(), Long.MAX_VALUE);
    }
    upkeep.run(d, room);
    return new Step(d.state(), d.actions(), upkeep.wakeAt(d));
  }

  private static void tooLate(Decision d, ShardEvent event) {
    if (event instanceof ShardEvent.SocketOpened e) {
      d.act(new Close(e.number()));
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
    } else if (event instanceof ShardEvent.RotationGranted e) {
      rotate(d, e);
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
      d.act(new Close(e.number()));
      return;
    }
    d.act(new Ping(e.number()));
    d.change(opening.get(), c -> c.socketOpen(d.now(), e.rotateAt(), e.rotateCause()));
  }

  private static void live(Decision d, ChannelState channel) {
    boolean seamless = d.state().reading();
    d.change(channel, c -> c.live(d.now()));
    for (ChannelState old : d.state().channels()) {
      if (old.number() == channel.number()) {
        continue;
      }
      if (old.trusted(Phase.LIVE)) {
        d.act(new Ping(old.number()));
        d.change(old, c -> c.retiring(d.now()));
      } else if (old.phase() == Phase.LIVE || old.coming() && old.goesBack()) {
        d.letGo(old);
      }
    }
    if (seamless) {
      d.report(Kind.HANDED_OVER, channel.cause(), channel.openAt(), d.now());
    } else {
      d.report(Kind.CONNECTED, channel.cause(), d.now(), d.now());
    }
    d.act(new Read(channel.number(), d.now()));
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
      d.act(new DropToken(channel.number()));
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

  private static void rotate(Decision d, ShardEvent.RotationGranted e) {
    boolean due = d.state().channel(e.number()).filter(c -> c.trusted(Phase.LIVE)).isPresent();
    if (due && d.state().successor().isEmpty()) {
      d.become(d.state().plan(e.cause(), 0, d.now()));
    }
  }

  private static void topicsChanged(Decision d) {
    for (ChannelState channel : d.state().channels()) {
      d.change(channel, c -> c.rotateNow(d.now(), Cause.TOPICS_CHANGED));
    }
  }

  private static void stop(Decision d) {
    d.state().channels().forEach(c -> d.act(new Close(c.number())));
    d.act(new ShardAction.Finish());
    d.become(d.state().stop());
  }
}
