package dev.caravan.channel;

import dev.caravan.channel.ShardAction.Blind;
import dev.caravan.channel.ShardAction.Close;
import dev.caravan.channel.ShardAction.Cut;
import dev.caravan.channel.ShardAction.Read;
import dev.caravan.channel.ShardAction.Report;
import dev.caravan.channel.ShardReport.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.function.UnaryOperator;

/**
 * One decision in the making: the shard as it has become so far, and what to do about it. Holds the
 * moves that several events have in common.
 */
final class Decision {

  private static final int TENTH = 10;

  /** So often a channel is gone back to although its server answers with errors. */
  private static final int MOST_FAILURES_OF_A_CHANNEL = 3;

  private final Timings timings;
  private final DoubleSupplier random;
  private final Map<Integer, Reading> readings;
  private final long now;
  private final List<ShardAction> actions = new ArrayList<>();
  private ShardState state;

  Decision(
      ShardState state,
      Map<Integer, Reading> readings,
      long now,
      Timings timings,
      DoubleSupplier random) {
    this.state = state;
    this.readings = readings;
    this.now = now;
    this.timings = timings;
    this.random = random;
  }

  ShardState state() {
    return state;
  }

  long now() {
    return now;
  }

  List<ShardAction> actions() {
    return List.copyOf(actions);
  }

  Reading reading(ChannelState channel) {
    return readings.getOrDefault(channel.number(), Reading.NONE);
  }

  void become(ShardState other) {
    state = other;
  }

  void change(ChannelState channel, UnaryOperator<ChannelState> change) {
    state = state.change(channel.number(), change);
  }

  void add(ShardAction action) {
    actions.add(action);
  }

  void report(Kind kind, Cause cause, long from, long to) {
    add(new Report(new ShardReport(kind, cause, from, to, sentence(cause))));
  }

  static String sentence(Cause cause) {
    return cause.sentence() + ".";
  }

  /** Closes a channel that is not needed any more. */
  void letGo(ChannelState channel) {
    add(new Close(channel.number()));
    state = state.without(channel.number());
  }

  /**
   * A channel that is not LIVE yet will not become so: back off and try again. What was to go back
   * to a channel still does, unless that is gone, or others have answered several times that it
   * does not work.
   */
  void failed(ChannelState channel, Failure failure) {
    // That a channel is not known any more is what going back to it was to find out
    boolean foreseen = channel.goesBack() && failure.kind() == Failure.Kind.CHANNEL_GONE;
    state = state.without(channel.number());
    if (!foreseen) {
      state = state.withBackoff(state.backoff().plus(failure.attempts(), now));
    }
    ChannelState next = foreseen || isHopeless(failure) ? channel.anew() : channel;
    if (failure.kind() == Failure.Kind.REFUSED) {
      add(new Report(new ShardReport(Kind.BROKEN, Cause.REFUSED, now, now, failure.sentence())));
      state = state.withBroken(Optional.of(failure.sentence()));
      planAsked(next, timings.slowRetry().toMillis());
      return;
    }
    long asked = failure.retryAfter().toMillis();
    long wait = asked > 0 ? asked + jitter(asked / TENTH) : backoff(channel, failure, foreseen);
    String sentence = failure.sentence() + " Next attempt in " + wait + " ms.";
    Cause why =
        failure.kind() == Failure.Kind.CHANNEL_GONE ? Cause.CHANNEL_GONE : Cause.UNAVAILABLE;
    add(new Report(new ShardReport(Kind.RETRYING, why, now, now + wait, sentence)));
    state = state.withBroken(Optional.empty());
    if (asked > 0) {
      planAsked(next, wait);
    } else {
      plan(next.cause(), next.reuses(), now + wait);
    }
  }

  /** The channel's own place may be broken; where nobody is reached, another is no better. */
  private boolean isHopeless(Failure failure) {
    return failure.reached() != Failure.Reached.NOBODY
        && state.backoff().failures() > MOST_FAILURES_OF_A_CHANNEL;
  }

  private void planAsked(ChannelState next, long wait) {
    int number = state.nextNumber();
    plan(next.cause(), next.reuses(), now + wait);
    state = state.change(number, ChannelState::asked);
  }

  /** One channel at most is gone back to at a time, and one at most is to be made. */
  private void plan(Cause cause, int reuses, long at) {
    Optional<ChannelState> same = state.first(c -> c.coming() && c.goesBack() == (reuses != 0));
    if (same.isPresent()) {
      change(same.get(), c -> c.openSooner(at));
    } else {
      state = state.plan(cause, reuses, at);
    }
  }

  /** The client has no room for this attempt yet. */
  void held(ChannelState channel, long wait) {
    String sentence =
        "All of the %d attempts a minute, or of the %d new channels among them, have been made. Next attempt in %d ms."
            .formatted(AttemptBudget.MOST, AttemptBudget.MOST_NEW, wait);
    add(new Report(new ShardReport(Kind.RETRYING, channel.cause(), now, now + wait, sentence)));
    change(channel, c -> c.openLater(now + wait));
  }

  /**
   * After a loss the first failure is made up for at once: often it is a single call that fails. At
   * a start it is not, as a service that is down sees all its clients start.
   */
  private long backoff(ChannelState channel, Failure failure, boolean foreseen) {
    int failures = Math.max(1, state.backoff().failures());
    if (foreseen) {
      failures = 0;
    } else if (channel.cause() != Cause.START && failure.attempts() > 0) {
      failures--;
    }
    return Backoff.after(failures).delayMillis(timings, random);
  }

  long jitter(long most) {
    return (long) (random.getAsDouble() * most);
  }

  /** A channel that was LIVE is gone: find a successor. */
  void lost(ChannelState channel, Cause cause) {
    long lastRead = lastRead(channel);
    state = state.without(channel.number());
    lost(channel, cause, lastRead);
  }

  /**
   * A channel that was LIVE is dead or not ours any more, though its socket is open: find a
   * successor, and until then read what may still come. A channel has one socket only, so if it can
   * be gone back to, the dead one is cut.
   */
  void distrust(ChannelState channel, Cause cause) {
    if (mayReuse(channel, cause)) {
      add(new Cut(channel.number()));
      lost(channel, cause);
      return;
    }
    long lastRead = lastRead(channel);
    change(channel, ChannelState::distrust);
    lost(channel, cause, lastRead);
  }

  private void lost(ChannelState channel, Cause cause, long lastRead) {
    boolean again = mayReuse(channel, cause);
    report(Kind.DISCONNECTED, cause, lastRead, now);
    long wait = afterLoss(channel);
    state
        .last(c -> c.trusted(Phase.RETIRING))
        .ifPresent(
            spare -> {
              change(spare, ChannelState::reprieved);
              add(new Read(spare.number(), lastRead));
            });
    if (!state.reading() && state.blindSince() == 0) {
      state = state.blind(lastRead, cause);
      add(new Blind(lastRead, cause));
    }
    long at = now + wait;
    if (again) {
      // Beside a successor that is on its way: that one may have to wait, or to be waited for
      state = state.plan(cause, channel.number(), at);
    } else if (state.successor().isPresent()) {
      hasten(at);
    } else {
      state = state.plan(cause, 0, at);
    }
  }

  /**
   * A predecessor ends. If nothing proves that it was read until its successor was LIVE, what it
   * had in between is missing: it may have been dead for a while, or have had a backlog.
   */
  void ends(ChannelState old, Cause cause) {
    if (old.phase() != Phase.RETIRING || old.readToItsEnd(reading(old))) {
      return;
    }
    // One that goes back to a channel may be LIVE before one that was planned earlier
    Optional<ChannelState> next =
        state.channels().stream()
            .filter(c -> c.number() != old.number() && c.reading() && c.liveAt() >= old.liveAt())
            .min(Comparator.comparingLong(ChannelState::liveAt));
    Optional<ChannelState> live = state.last(c -> c.trusted(Phase.LIVE));
    if (next.isPresent() && live.isPresent()) {
      long until = next.get().liveAt();
      long since = readFor(old, until);
      report(Kind.DISCONNECTED, cause, since, now);
      add(new Blind(since, cause));
      add(new Read(live.get().number(), until));
    }
  }

  /**
   * Until when a predecessor that did not answer was read at least. One that brought frames for
   * long after its successor came, and no answer among them, lagged behind.
   */
  private long readFor(ChannelState old, long successorLiveAt) {
    long lastRead = lastRead(old);
    if (lastRead < successorLiveAt + timings.drainQuiet().toMillis()) {
      return Math.min(lastRead, successorLiveAt);
    }
    long proven = Math.max(old.liveAt(), reading(old).provenUntil());
    return Math.max(proven, successorLiveAt - timings.backlogMost().toMillis());
  }

  /**
   * How long to wait before the next attempt. What was LIVE for long is lost to a new fault, which
   * pays nothing for the one before; what was LIVE for less goes on with that one's backoff, and
   * has spent the time for which it lived already.
   */
  private long afterLoss(ChannelState channel) {
    long lived = now - channel.liveAt();
    if (lived >= timings.stable().toMillis()) {
      state = state.withBackoff(new Backoff(0, now, 0));
      return state.backoff().delayMillis(timings, random);
    }
    Backoff before = state.backoff();
    if (state.successor().isEmpty()) {
      before = before.lived(channel.liveAt(), now, timings);
    }
    state = state.withBackoff(before.plus(1, now));
    // The first of a row is made up for at once, as after a failed attempt
    long wait = Backoff.after(state.backoff().failures() - 1).delayMillis(timings, random) - lived;
    return Math.max(wait, jitter(timings.firstRetry().toMillis()));
  }

  /** A successor that waits for its turn is needed now; one that backs off goes on doing so. */
  void hasten() {
    if (state.backoff().failures() == 0) {
      hasten(now);
    }
  }

  private void hasten(long at) {
    state.channels().stream()
        .filter(c -> c.phase() == Phase.NEW)
        .forEach(planned -> change(planned, c -> c.openSooner(at)));
  }

  /**
   * Subscriptions survive on the channel, so going back to it is the shortest gap. Once, unless it
   * was stable since, or its successor is not there yet. Whether it has expired the server tells.
   */
  private boolean mayReuse(ChannelState channel, Cause cause) {
    boolean proven = !channel.goesBack() || now - channel.liveAt() >= timings.stable().toMillis();
    return cause.leavesTheChannel()
        && (proven || state.successor().isPresent())
        && state.first(c -> c.coming() && c.goesBack()).isEmpty();
  }

  private long lastRead(ChannelState channel) {
    return Math.max(reading(channel).lastFrameAt(), channel.liveAt());
  }
}
