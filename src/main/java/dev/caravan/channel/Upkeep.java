package dev.caravan.channel;

import dev.caravan.channel.AttemptBudget.Room;
import dev.caravan.channel.ShardAction.AskRotation;
import dev.caravan.channel.ShardAction.Open;
import dev.caravan.channel.ShardAction.Ping;

/**
 * What the passing of time asks for, whatever happened: opens what is due, finds dead sockets, asks
 * for rotations, lets retired channels go; and says when to look again.
 */
final class Upkeep {

  private static final long NEVER = Long.MAX_VALUE;

  /** How soon to ask again for leave to hand over. */
  private static final long ASK_AGAIN_MILLIS = 1_000;

  private final Timings timings;

  Upkeep(Timings timings) {
    this.timings = timings;
  }

  /** Does what is due now. */
  void run(Decision d, Room room) {
    for (ChannelState before : d.state().channels()) {
      d.state().channel(before.number()).ifPresent(channel -> run(d, channel, room));
    }
    if (d.now() >= forgivenAt(d.state())) {
      d.become(d.state().withBackoff(d.state().backoff().forgiven(d.now())));
    }
  }

  private void run(Decision d, ChannelState channel, Room room) {
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
      d.act(new Open(c.number(), c.cause(), c.reuses(), free));
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
      d.act(new AskRotation(c.number(), c.rotateCause()));
    }
    long heard = heard(c.liveAt(), d.reading(c));
    if (c.pingSentAt() > 0 && heard >= c.pingSentAt()) {
      d.change(c, same -> same.pingSent(0));
    } else if (d.now() >= watchDeadline(c, d.reading(c))) {
      if (c.pingSentAt() > 0) {
        d.distrust(c, Cause.SILENT);
      } else {
        d.act(new Ping(c.number()));
        d.change(c, same -> same.pingSent(d.now()));
      }
    }
  }

  private long watchDeadline(ChannelState c, Reading reading) {
    return c.pingSentAt() > 0
        ? c.pingSentAt() + timings.pongWait().toMillis()
        : heard(c.liveAt(), reading) + timings.silence().toMillis();
  }

  private void drain(Decision d, ChannelState c) {
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
   * successor has a copy of all that still comes, so it goes soon even if it is busy.
   */
  private long drainDeadline(ChannelState c, Reading reading) {
    long heard = heard(c.retiringSince(), reading);
    if (c.distrusted()) {
      return Math.min(
          heard + timings.drainQuiet().toMillis(),
          c.retiringSince() + timings.drainMost().toMillis());
    }
    return c.readToItsEnd(reading)
        ? c.retiringSince() + timings.drainQuiet().toMillis()
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

  /** When to look again at the latest. */
  long wakeAt(Decision d) {
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
      case LIVE -> c.distrusted() ? NEVER : Math.min(watchDeadline(c, reading), ask(d, c));
      case RETIRING -> drainDeadline(c, reading);
    };
  }

  private static long ask(Decision d, ChannelState c) {
    if (d.state().successor().isPresent()) {
      return NEVER;
    }
    return d.now() < c.rotateAt() ? c.rotateAt() : d.now() + ASK_AGAIN_MILLIS;
  }

  /** When the peer last gave a sign, as far as it could. */
  private static long heard(long atLeast, Reading reading) {
    return Math.max(atLeast, reading.silentSince());
  }
}
