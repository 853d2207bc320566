package dev.caravan.channel;

import java.util.EnumMap;
import java.util.Map;

/**
 * One channel of a shard, as a value.
 *
 * @param number running number within the shard; never used twice
 * @param phase where it stands in its life
 * @param reuses number of the channel whose channel id is used again, 0 for a new one
 * @param rotateCause what sets {@link Moment#ROTATE}
 * @param distrusted whether it is known to be lost, dead or taken and is kept only until its
 *     successor is there
 * @param moments in milliseconds of the machine's clock
 */
public record ChannelState(
    int number,
    Phase phase,
    Cause cause,
    int reuses,
    Cause rotateCause,
    boolean distrusted,
    Map<Moment, Long> moments) {

  private static final long NEVER = Long.MAX_VALUE;

  /** What was done at a time, or is due; what was not has the time 0. */
  enum Moment {
    /** When to start opening it; once it is OPENING, when that was started. */
    OPEN,
    /** It is not to be opened sooner, whatever happens, because Genesys Cloud said so. */
    NOT_BEFORE,
    /** Its socket opened; if its reading was held while it was OPENING, that went on. */
    SOCKET_OPEN,
    LIVE,
    /** Its successor is due. */
    ROTATE,
    /**
     * A ping was sent that is not answered yet; of a RETIRING channel, the one whose answer proves
     * that nothing is missing before its successor's first event.
     */
    PING_SENT,
    /** Its successor became LIVE; once it has answered, that was read. */
    RETIRING,
    /** To list what it is subscribed to. */
    CHECK,
    CHECKED
  }

  static ChannelState planned(int number, Cause cause, int reuses, long openAt) {
    Map<Moment, Long> moments =
        Map.of(Moment.OPEN, openAt, Moment.ROTATE, NEVER, Moment.CHECK, NEVER);
    return new ChannelState(number, Phase.NEW, cause, reuses, Cause.CHANNEL_AGE, false, moments);
  }

  private ChannelState with(Phase next) {
    return new ChannelState(number, next, cause, reuses, rotateCause, distrusted, moments);
  }

  private ChannelState with(Moment moment, long at) {
    Map<Moment, Long> all = new EnumMap<>(moments);
    all.put(moment, at);
    return new ChannelState(number, phase, cause, reuses, rotateCause, distrusted, all);
  }

  private long at(Moment moment) {
    return moments.getOrDefault(moment, 0L);
  }

  long openAt() {
    return at(Moment.OPEN);
  }

  long socketOpenAt() {
    return at(Moment.SOCKET_OPEN);
  }

  long liveAt() {
    return at(Moment.LIVE);
  }

  long rotateAt() {
    return at(Moment.ROTATE);
  }

  long pingSentAt() {
    return at(Moment.PING_SENT);
  }

  long retiringSince() {
    return at(Moment.RETIRING);
  }

  long checkAt() {
    return at(Moment.CHECK);
  }

  long checkedAt() {
    return at(Moment.CHECKED);
  }

  ChannelState opening(long now) {
    return with(Phase.OPENING).with(Moment.OPEN, now);
  }

  ChannelState openSooner(long at) {
    return openLater(Math.min(openAt(), Math.max(at(Moment.NOT_BEFORE), at)));
  }

  ChannelState openLater(long at) {
    return with(Moment.OPEN, at);
  }

  /** Not before its time, even if it is needed sooner. */
  ChannelState asked() {
    return with(Moment.NOT_BEFORE, openAt());
  }

  /** Keeps an earlier {@link Moment#ROTATE}: then something was noticed while it was opened. */
  ChannelState socketOpen(long now, long dueAt, Cause dueCause) {
    ChannelState open = socketOpenAgain(now);
    return dueAt < rotateAt() ? open.rotate(dueAt, dueCause) : open;
  }

  private ChannelState rotate(long at, Cause why) {
    return new ChannelState(number, phase, cause, reuses, why, distrusted, moments)
        .with(Moment.ROTATE, at);
  }

  /** It could not be read for a while: it is given the time for a sign of life again. */
  ChannelState socketOpenAgain(long now) {
    return with(Moment.SOCKET_OPEN, now);
  }

  /** Whether its socket is open and has brought nothing that shows that it is read. */
  boolean awaitsSignOfLife() {
    return phase == Phase.OPENING && socketOpenAt() > 0;
  }

  ChannelState live(long now) {
    return with(Phase.LIVE).with(Moment.LIVE, now).pingSent(0);
  }

  ChannelState retiring(long now) {
    return with(Phase.RETIRING).retiringAgain(now).pingSent(now);
  }

  /** It could not be read for a while: it is given the time again. */
  ChannelState retiringAgain(long now) {
    return with(Moment.RETIRING, now);
  }

  /** Whether a RETIRING channel has brought all that its successor has no copy of. */
  boolean readToItsEnd(Reading reading) {
    return reading.provenUntil() >= pingSentAt();
  }

  /** A RETIRING channel has answered: it is read on for a little while only. */
  ChannelState answered(long now) {
    return pingSent(0).retiringAgain(now);
  }

  /** Its successor was lost before it was let go: it is what is read again. */
  ChannelState reprieved() {
    return with(Phase.LIVE).retiringAgain(0);
  }

  ChannelState pingSent(long at) {
    return with(Moment.PING_SENT, at);
  }

  ChannelState checkAt(long at) {
    return with(Moment.CHECK, at);
  }

  /** Its subscriptions are being listed. */
  ChannelState checked(long now, long next) {
    return with(Moment.CHECKED, now).checkAt(next);
  }

  ChannelState distrust() {
    return new ChannelState(number, phase, cause, reuses, rotateCause, true, moments);
  }

  /** Its successor is due now, or as soon as it is gone back to; a new channel needs none. */
  ChannelState rotateNow(long now, Cause why) {
    return phase != Phase.NEW || goesBack() ? rotate(now, why) : this;
  }

  /** Whether it goes back to a channel that was lost. */
  boolean goesBack() {
    return reuses != 0;
  }

  /** Its channel cannot be gone back to any more. */
  ChannelState anew() {
    return new ChannelState(number, phase, cause, 0, rotateCause, distrusted, moments);
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
}
