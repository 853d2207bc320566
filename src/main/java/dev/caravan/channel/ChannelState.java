package dev.caravan.channel;

import java.util.function.Consumer;

/**
 * One channel of a shard, as a value. All times are milliseconds of the machine's clock; 0 stands
 * for "not yet".
 *
 * @param number running number within the shard; never used twice
 * @param phase where it stands in its life
 * @param cause why it is opened
 * @param reuses number of the channel whose channel id is used again, 0 for a new one
 * @param openAt when to start opening it; once it is OPENING, when that was started
 * @param notBefore until when it is not to be opened whatever happens, because Genesys Cloud said
 *     so
 * @param socketOpenAt when its socket opened; if its reading was held while it was OPENING, when
 *     that went on
 * @param liveAt when it became LIVE
 * @param rotateAt when its successor is due
 * @param rotateCause what sets {@code rotateAt}
 * @param pingSentAt when a ping was sent that is not answered yet; of a RETIRING channel, the one
 *     whose answer proves that nothing is missing before its successor's first event
 * @param retiringSince when its successor became LIVE; once it has answered, when that was read
 * @param distrusted whether it is known to be lost, dead or taken and is kept only until its
 *     successor is there
 * @param checkAt when to list what it is subscribed to
 * @param checkedAt when that was done last
 */
public record ChannelState(
    int number,
    Phase phase,
    Cause cause,
    int reuses,
    long openAt,
    long notBefore,
    long socketOpenAt,
    long liveAt,
    long rotateAt,
    Cause rotateCause,
    long pingSentAt,
    long retiringSince,
    boolean distrusted,
    long checkAt,
    long checkedAt) {

  private static final long NEVER = Long.MAX_VALUE;

  static ChannelState planned(int number, Cause cause, int reuses, long openAt) {
    return new ChannelState(
        number,
        Phase.NEW,
        cause,
        reuses,
        openAt,
        0,
        0,
        0,
        NEVER,
        Cause.CHANNEL_AGE,
        0,
        0,
        false,
        NEVER,
        0);
  }

  ChannelState opening(long now) {
    return with(
        c -> {
          c.phase = Phase.OPENING;
          c.openAt = now;
        });
  }

  ChannelState openSooner(long at) {
    return with(c -> c.openAt = Math.min(openAt, Math.max(notBefore, at)));
  }

  ChannelState openLater(long at) {
    return with(c -> c.openAt = at);
  }

  /** Not before its time, even if it is needed sooner. */
  ChannelState asked() {
    return with(c -> c.notBefore = openAt);
  }

  /** Keeps an earlier {@link #rotateAt}: then something was noticed while it was being opened. */
  ChannelState socketOpen(long now, long dueAt, Cause dueCause) {
    return with(
        c -> {
          c.socketOpenAt = now;
          if (dueAt < rotateAt) {
            c.rotateAt = dueAt;
            c.rotateCause = dueCause;
          }
        });
  }

  /** It could not be read for a while: it is given the time for a sign of life again. */
  ChannelState socketOpenAgain(long now) {
    return with(c -> c.socketOpenAt = now);
  }

  /** Whether its socket is open and has brought nothing that shows that it is read. */
  boolean awaitsSignOfLife() {
    return phase == Phase.OPENING && socketOpenAt > 0;
  }

  ChannelState live(long now) {
    return with(
        c -> {
          c.phase = Phase.LIVE;
          c.liveAt = now;
          c.pingSentAt = 0;
        });
  }

  ChannelState retiring(long now) {
    return with(
        c -> {
          c.phase = Phase.RETIRING;
          c.retiringSince = now;
          c.pingSentAt = now;
        });
  }

  /** It could not be read for a while: it is given the time again. */
  ChannelState retiringAgain(long now) {
    return with(c -> c.retiringSince = now);
  }

  /** Whether a RETIRING channel has brought all that its successor has no copy of. */
  boolean readToItsEnd(Reading reading) {
    return reading.provenUntil() >= pingSentAt;
  }

  /** A RETIRING channel has answered: it is read on for a little while only. */
  ChannelState answered(long now) {
    return with(
        c -> {
          c.pingSentAt = 0;
          c.retiringSince = now;
        });
  }

  /** Its successor was lost before it was let go: it is what is read again. */
  ChannelState reprieved() {
    return with(
        c -> {
          c.phase = Phase.LIVE;
          c.retiringSince = 0;
        });
  }

  ChannelState pingSent(long at) {
    return with(c -> c.pingSentAt = at);
  }

  ChannelState checkAt(long at) {
    return with(c -> c.checkAt = at);
  }

  /** Its subscriptions are being listed. */
  ChannelState checked(long now, long next) {
    return with(
        c -> {
          c.checkedAt = now;
          c.checkAt = next;
        });
  }

  ChannelState distrust() {
    return with(c -> c.distrusted = true);
  }

  /** Its successor is due now, or as soon as it is gone back to; a new channel needs none. */
  ChannelState rotateNow(long now, Cause why) {
    return with(
        c -> {
          if (phase != Phase.NEW || goesBack()) {
            c.rotateAt = now;
            c.rotateCause = why;
          }
        });
  }

  /** Whether it goes back to a channel that was lost. */
  boolean goesBack() {
    return reuses != 0;
  }

  /** Its channel cannot be gone back to any more. */
  ChannelState anew() {
    return with(c -> c.reuses = 0);
  }

  /** Whether its events are being read and can be relied on. */
  boolean reading() {
    return trusted(Phase.LIVE) || trusted(Phase.RETIRING);
  }

  /** Whether it is in this phase and can be relied on. */
  boolean trusted(Phase in) {
    return phase == in && !distrusted;
  }

  /** Whether it is to become LIVE. */
  boolean coming() {
    return phase == Phase.NEW || phase == Phase.OPENING;
  }

  private ChannelState with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.finished();
  }

  /** A copy in the making: says only what is different. */
  private static final class Draft {
    private final ChannelState from;
    private Phase phase;
    private int reuses;
    private long openAt;
    private long notBefore;
    private long socketOpenAt;
    private long liveAt;
    private long rotateAt;
    private Cause rotateCause;
    private long pingSentAt;
    private long retiringSince;
    private boolean distrusted;
    private long checkAt;
    private long checkedAt;

    private Draft(ChannelState from) {
      this.from = from;
      this.phase = from.phase;
      this.reuses = from.reuses;
      this.openAt = from.openAt;
      this.notBefore = from.notBefore;
      this.socketOpenAt = from.socketOpenAt;
      this.liveAt = from.liveAt;
      this.rotateAt = from.rotateAt;
      this.rotateCause = from.rotateCause;
      this.pingSentAt = from.pingSentAt;
      this.retiringSince = from.retiringSince;
      this.distrusted = from.distrusted;
      this.checkAt = from.checkAt;
      this.checkedAt = from.checkedAt;
    }

    private ChannelState finished() {
      return new ChannelState(
          from.number,
          phase,
          from.cause,
          reuses,
          openAt,
          notBefore,
          socketOpenAt,
          liveAt,
          rotateAt,
          rotateCause,
          pingSentAt,
          retiringSince,
          distrusted,
          checkAt,
          checkedAt);
    }
  }
}
