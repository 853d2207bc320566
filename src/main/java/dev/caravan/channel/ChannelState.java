package dev.caravan.channel;

/**
 * One channel of a shard, as a value. All times are milliseconds of the machine's clock; 0 stands
 * for "not yet".
 *
 * @param number running number within the shard; never used twice
 * @param phase where it stands in its life
 * @param cause why it is opened
 * @param reuses number of the channel whose channel id is used again, 0 for a new one
 * @param openAt when to start opening it
 * @param socketOpenAt when its socket opened
 * @param liveAt when it became LIVE
 * @param rotateAt when its successor is due because of its own or its token's age
 * @param rotateCause what sets {@code rotateAt}
 * @param pingSentAt when a ping was sent that is not answered yet
 * @param retiringSince when its successor became LIVE
 * @param distrusted whether it is known to be lost, dead or taken and is kept only until its
 *     successor is there
 */
public record ChannelState(
    int number,
    Phase phase,
    Cause cause,
    int reuses,
    long openAt,
    long socketOpenAt,
    long liveAt,
    long rotateAt,
    Cause rotateCause,
    long pingSentAt,
    long retiringSince,
    boolean distrusted) {

  static ChannelState planned(int number, Cause cause, int reuses, long openAt) {
    return new ChannelState(
        number,
        Phase.NEW,
        cause,
        reuses,
        openAt,
        0,
        0,
        Long.MAX_VALUE,
        Cause.CHANNEL_AGE,
        0,
        0,
        false);
  }

  ChannelState opening() {
    return with(Phase.OPENING, socketOpenAt, liveAt, pingSentAt, retiringSince, distrusted);
  }

  ChannelState socketOpen(long now, long rotateAt, Cause rotateCause) {
    return new ChannelState(
        number, phase, cause, reuses, openAt, now, 0, rotateAt, rotateCause, now, 0, false);
  }

  ChannelState live(long now) {
    return with(Phase.LIVE, socketOpenAt, now, 0, retiringSince, distrusted);
  }

  ChannelState retiring(long now) {
    return with(Phase.RETIRING, socketOpenAt, liveAt, 0, now, distrusted);
  }

  ChannelState pingSent(long at) {
    return with(phase, socketOpenAt, liveAt, at, retiringSince, distrusted);
  }

  ChannelState distrust() {
    return with(phase, socketOpenAt, liveAt, pingSentAt, retiringSince, true);
  }

  ChannelState rotateNow(long now, Cause why) {
    return new ChannelState(
        number,
        phase,
        cause,
        reuses,
        openAt,
        socketOpenAt,
        liveAt,
        now,
        why,
        pingSentAt,
        retiringSince,
        distrusted);
  }

  ChannelState openSooner(long at) {
    return new ChannelState(
        number,
        phase,
        cause,
        reuses,
        Math.min(openAt, at),
        socketOpenAt,
        liveAt,
        rotateAt,
        rotateCause,
        pingSentAt,
        retiringSince,
        distrusted);
  }

  private ChannelState with(
      Phase phase,
      long socketOpenAt,
      long liveAt,
      long pingSentAt,
      long retiringSince,
      boolean distrusted) {
    return new ChannelState(
        number,
        phase,
        cause,
        reuses,
        openAt,
        socketOpenAt,
        liveAt,
        rotateAt,
        rotateCause,
        pingSentAt,
        retiringSince,
        distrusted);
  }

  /** Whether its events are being read and can be relied on. */
  boolean reading() {
    return (phase == Phase.LIVE || phase == Phase.RETIRING) && !distrusted;
  }
}
