package dev.caravan.channel;

import dev.caravan.channel.ShardAction.AskRotation;
import dev.caravan.channel.ShardAction.Close;
import dev.caravan.channel.ShardAction.DropToken;
import dev.caravan.channel.ShardAction.Open;
import dev.caravan.channel.ShardAction.Ping;
import dev.caravan.channel.ShardAction.Report;
import dev.caravan.channel.ShardReport.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;

/**
 * Decides what a shard does next: a pure function (state, event, clock) → (state, actions). It
 * keeps the rule that the successor is LIVE before the predecessor goes, that one attempt is under
 * way at a time, and that whatever ends a socket leads to a successor.
 */
public final class ShardMachine {

  /** How soon to look again at something that waits for others. */
  private static final long LOOK_AGAIN_MILLIS = 1_000;

  private final Timings timings;
  private final DoubleSupplier random;

  /**
   * @param timings the times to live by
   * @param random uniform in [0, 1), for jitter
   */
  public ShardMachine(Timings timings, DoubleSupplier random) {
    this.timings = timings;
    this.random = random;
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

  /** The decision for one event at one moment. */
  public Step next(ShardState state, ShardEvent event, long now) {
    List<ShardAction> actions = new ArrayList<>();
    Map<Integer, Reading> readings =
        event instanceof ShardEvent.Woke woke ? woke.readings() : Map.of();
    ShardState after = state.stopped() ? state : decide(state, event, now, actions);
    return new Step(after, List.copyOf(actions), wakeAt(after, readings, now));
  }

  private ShardState decide(ShardState s, ShardEvent event, long now, List<ShardAction> actions) {
    if (event instanceof ShardEvent.Started) {
      return s.plan(Cause.START, 0, now);
    } else if (event instanceof ShardEvent.Woke woke) {
      return woke(s, woke.readings(), now, actions);
    } else if (event instanceof ShardEvent.SocketOpened e) {
      return socketOpened(s, e, now, actions);
    } else if (event instanceof ShardEvent.SignOfLife e) {
      return signOfLife(s, e.number(), now, actions);
    } else if (event instanceof ShardEvent.OpenFailed e) {
      return openFailed(s, e.number(), e.failure(), now, actions);
    } else if (event instanceof ShardEvent.SocketClosed e) {
      return socketClosed(s, e, now, actions);
    } else if (event instanceof ShardEvent.Noticed e) {
      return noticed(s, e, now, actions);
    } else if (event instanceof ShardEvent.RotationGranted e) {
      return rotate(s, e, now);
    } else if (event instanceof ShardEvent.TopicsChanged) {
      return topicsChanged(s, now);
    } else {
      s.channels().forEach(c -> actions.add(new Close(c.number())));
      return s.stop();
    }
  }

  private ShardState woke(
      ShardState s, Map<Integer, Reading> readings, long now, List<ShardAction> actions) {
    ShardState after = s;
    for (ChannelState channel : s.channels()) {
      Reading reading = readings.getOrDefault(channel.number(), new Reading(0, false));
      after =
          switch (channel.phase()) {
            case NEW -> open(after, channel, now, actions);
            case OPENING -> awaitSignOfLife(after, channel, now, actions);
            case LIVE -> watch(after, channel, reading, now, actions);
            case RETIRING -> drain(after, channel, reading, now, actions);
          };
    }
    return after;
  }

  private ShardState open(ShardState s, ChannelState c, long now, List<ShardAction> actions) {
    if (now < c.openAt()) {
      return s;
    }
    actions.add(new Open(c.number(), c.cause(), c.reuses(), s.backoff().failures()));
    return s.change(c.number(), ChannelState::opening);
  }

  private ShardState awaitSignOfLife(
      ShardState s, ChannelState c, long now, List<ShardAction> actions) {
    if (c.socketOpenAt() == 0 || now - c.socketOpenAt() < timings.signOfLife().toMillis()) {
      return s;
    }
    actions.add(new Close(c.number()));
    Failure failure = Failure.unavailable(sentence(Cause.NO_SIGN_OF_LIFE));
    return openFailed(s, c.number(), failure, now, actions);
  }

  private ShardState watch(
      ShardState s, ChannelState c, Reading reading, long now, List<ShardAction> actions) {
    ShardState after = s;
    if (s.backoff().failures() > 0 && now - c.liveAt() >= timings.stable().toMillis()) {
      after = after.withBackoff(Backoff.NONE);
    }
    if (now >= c.rotateAt() && s.successor().isEmpty()) {
      actions.add(new AskRotation(c.number(), c.rotateCause()));
    }
    if (c.distrusted() || reading.held()) {
      return after.change(c.number(), same -> same.pingSent(0));
    }
    long heard = Math.max(reading.lastFrameAt(), c.liveAt());
    if (c.pingSentAt() > 0) {
      if (heard >= c.pingSentAt()) {
        return after.change(c.number(), same -> same.pingSent(0));
      }
      if (now - c.pingSentAt() >= timings.pongWait().toMillis()) {
        return distrust(after, c, Cause.SILENT, heard, now, actions);
      }
    } else if (now - heard >= timings.silence().toMillis()) {
      actions.add(new Ping(c.number()));
      return after.change(c.number(), same -> same.pingSent(now));
    }
    return after;
  }

  private ShardState drain(
      ShardState s, ChannelState c, Reading reading, long now, List<ShardAction> actions) {
    long quietSince = Math.max(reading.lastFrameAt(), c.retiringSince());
    boolean quiet = now - quietSince >= timings.drainQuiet().toMillis();
    boolean longEnough = now - c.retiringSince() >= timings.drainMost().toMillis();
    if (!quiet && !longEnough) {
      return s;
    }
    actions.add(new Close(c.number()));
    return s.without(c.number());
  }

  private ShardState socketOpened(
      ShardState s, ShardEvent.SocketOpened e, long now, List<ShardAction> actions) {
    if (s.channel(e.number()).isEmpty()) {
      actions.add(new Close(e.number()));
      return s;
    }
    actions.add(new Ping(e.number()));
    return s.change(e.number(), c -> c.socketOpen(now, e.rotateAt(), e.rotateCause()));
  }

  private ShardState signOfLife(ShardState s, int number, long now, List<ShardAction> actions) {
    Optional<ChannelState> found =
        s.channel(number).filter(c -> c.phase() == Phase.OPENING && c.socketOpenAt() > 0);
    if (found.isEmpty()) {
      return s;
    }
    ChannelState channel = found.get();
    boolean handOver = s.reading();
    ShardState after = s.change(number, c -> c.live(now));
    for (ChannelState old : s.channels()) {
      if (old.phase() == Phase.LIVE && old.distrusted()) {
        actions.add(new Close(old.number()));
        after = after.without(old.number());
      } else if (old.phase() == Phase.LIVE) {
        after = after.change(old.number(), c -> c.retiring(now));
      }
    }
    if (handOver) {
      actions.add(report(Kind.HANDED_OVER, channel.cause(), channel.openAt(), now));
    } else {
      actions.add(report(Kind.CONNECTED, channel.cause(), now, now));
    }
    if (after.blindSince() > 0) {
      actions.add(report(Kind.GAP, after.blindCause(), after.blindSince(), now));
    }
    return after.blind(0, Cause.START).withBroken(Optional.empty());
  }

  private ShardState openFailed(
      ShardState s, int number, Failure failure, long now, List<ShardAction> actions) {
    Optional<ChannelState> found = s.channel(number).filter(c -> c.phase() == Phase.OPENING);
    if (found.isEmpty()) {
      return s;
    }
    Cause cause = found.get().cause();
    ShardState after =
        s.without(number).withBackoff(s.backoff().plus(Math.max(1, failure.attempts())));
    if (failure.kind() == Failure.Kind.REFUSED) {
      actions.add(
          new Report(new ShardReport(Kind.BROKEN, Cause.REFUSED, now, now, failure.sentence())));
      return after
          .withBroken(Optional.of(failure.sentence()))
          .plan(cause, 0, now + timings.slowRetry().toMillis());
    }
    long wait =
        Math.max(after.backoff().delayMillis(timings, random), failure.retryAfter().toMillis());
    String sentence = failure.sentence() + " Next attempt in " + wait + " ms.";
    Cause why =
        failure.kind() == Failure.Kind.CHANNEL_GONE ? Cause.CHANNEL_GONE : Cause.UNAVAILABLE;
    actions.add(new Report(new ShardReport(Kind.RETRYING, why, now, now + wait, sentence)));
    return after.withBroken(Optional.empty()).plan(cause, 0, now + wait);
  }

  private ShardState socketClosed(
      ShardState s, ShardEvent.SocketClosed e, long now, List<ShardAction> actions) {
    Optional<ChannelState> found = s.channel(e.number());
    if (found.isEmpty()) {
      return s;
    }
    ChannelState channel = found.get();
    if (channel.phase() == Phase.OPENING) {
      String sentence = "The socket closed before it showed a sign of life: " + sentence(e.cause());
      return openFailed(s, e.number(), Failure.unavailable(sentence), now, actions);
    }
    ShardState after = s.without(e.number());
    if (channel.phase() == Phase.RETIRING) {
      return after;
    }
    if (channel.distrusted()) {
      return hasten(after, now);
    }
    actions.add(report(Kind.DISCONNECTED, e.cause(), now, now));
    after = after.withBackoff(s.backoff().plus(1));
    after = goBlind(after, e.cause(), lastRead(channel, e.lastFrameAt()));
    int reuses = mayReuse(channel, e.cause(), now) ? channel.number() : 0;
    return successor(after, e.cause(), reuses, now);
  }

  private ShardState noticed(
      ShardState s, ShardEvent.Noticed e, long now, List<ShardAction> actions) {
    Optional<ChannelState> found =
        s.channel(e.number()).filter(c -> c.phase() == Phase.LIVE && !c.distrusted());
    if (found.isEmpty()) {
      return s;
    }
    if (e.notice() == Cause.SOCKET_CLOSING) {
      return s.successor().isPresent() ? hasten(s, now) : s.plan(Cause.SOCKET_CLOSING, 0, now);
    }
    if (e.notice() == Cause.TOKEN_REVOKED) {
      actions.add(new DropToken());
    }
    return distrust(
        s, found.get(), e.notice(), lastRead(found.get(), e.lastFrameAt()), now, actions);
  }

  private ShardState rotate(ShardState s, ShardEvent.RotationGranted e, long now) {
    boolean due = s.channel(e.number()).filter(c -> c.phase() == Phase.LIVE).isPresent();
    return due && s.successor().isEmpty() ? s.plan(e.cause(), 0, now) : s;
  }

  private ShardState topicsChanged(ShardState s, long now) {
    ShardState after = s;
    for (ChannelState c : s.channels()) {
      if (c.phase() == Phase.LIVE) {
        after = after.change(c.number(), live -> live.rotateNow(now, Cause.TOPICS_CHANGED));
      }
    }
    return after;
  }

  /** The channel is lost or dead though its socket may still be open: find a successor. */
  private ShardState distrust(
      ShardState s,
      ChannelState c,
      Cause cause,
      long lastRead,
      long now,
      List<ShardAction> actions) {
    actions.add(report(Kind.DISCONNECTED, cause, now, now));
    ShardState after =
        s.change(c.number(), ChannelState::distrust).withBackoff(s.backoff().plus(1));
    return successor(goBlind(after, cause, lastRead), cause, 0, now);
  }

  private ShardState goBlind(ShardState s, Cause cause, long lastRead) {
    return s.reading() || s.blindSince() > 0 ? s : s.blind(lastRead, cause);
  }

  private ShardState successor(ShardState s, Cause cause, int reuses, long now) {
    if (s.successor().isPresent()) {
      return hasten(s, now);
    }
    return s.plan(cause, reuses, now + s.backoff().delayMillis(timings, random));
  }

  /** A successor that waits for its turn is needed now; one that backs off goes on doing so. */
  private ShardState hasten(ShardState s, long now) {
    if (s.backoff().failures() > 1 || s.broken().isPresent()) {
      return s;
    }
    return s.successor()
        .map(c -> s.change(c.number(), planned -> planned.openSooner(now)))
        .orElse(s);
  }

  /**
   * Subscriptions survive on the channel, so going back to it is the shortest gap; but only once.
   */
  private boolean mayReuse(ChannelState c, Cause cause, long now) {
    boolean proven = c.reuses() == 0 || now - c.liveAt() >= timings.stable().toMillis();
    return cause == Cause.DROPPED && proven && now < c.rotateAt();
  }

  private static long lastRead(ChannelState c, long lastFrameAt) {
    return Math.max(lastFrameAt, c.liveAt());
  }

  private long wakeAt(ShardState s, Map<Integer, Reading> readings, long now) {
    long wake = Long.MAX_VALUE;
    for (ChannelState c : s.channels()) {
      Reading reading = readings.getOrDefault(c.number(), new Reading(0, false));
      wake = Math.min(wake, deadline(s, c, reading, now));
    }
    return wake == Long.MAX_VALUE ? wake : Math.max(wake, now + 1);
  }

  private long deadline(ShardState s, ChannelState c, Reading reading, long now) {
    return switch (c.phase()) {
      case NEW -> c.openAt();
      case OPENING ->
          c.socketOpenAt() == 0
              ? Long.MAX_VALUE
              : c.socketOpenAt() + timings.signOfLife().toMillis();
      case LIVE -> {
        long heard = Math.max(reading.lastFrameAt(), c.liveAt());
        long sound =
            c.pingSentAt() > 0
                ? c.pingSentAt() + timings.pongWait().toMillis()
                : heard + timings.silence().toMillis();
        long stable =
            s.backoff().failures() > 0 ? c.liveAt() + timings.stable().toMillis() : Long.MAX_VALUE;
        long rotate = now >= c.rotateAt() ? now + LOOK_AGAIN_MILLIS : c.rotateAt();
        long due = c.distrusted() ? rotate : Math.min(sound, Math.min(stable, rotate));
        yield reading.held() ? Math.min(due, now + LOOK_AGAIN_MILLIS) : due;
      }
      case RETIRING ->
          Math.min(
              Math.max(reading.lastFrameAt(), c.retiringSince()) + timings.drainQuiet().toMillis(),
              c.retiringSince() + timings.drainMost().toMillis());
    };
  }

  private static Report report(Kind kind, Cause cause, long from, long to) {
    return new Report(new ShardReport(kind, cause, from, to, sentence(cause)));
  }

  private static String sentence(Cause cause) {
    return cause.sentence() + ".";
  }
}
