package dev.caravan.channel;

/**
 * What was last read from one channel's socket. All times are milliseconds of the machine's clock.
 *
 * @param lastFrameAt when its last frame of any kind was read, 0 if none was; not later than the
 *     start of a hold whose backlog has not been read yet. A gap starts here.
 * @param silentSince since when its peer says nothing although it could: not before the socket
 *     opened, and not while we hold its reading back ourselves. The watchdog counts from here.
 * @param held whether we hold its reading back now, so that there may be more to read
 * @param provenUntil when the last ping was sent that has been answered, 0 if none was: all that
 *     the peer sent before has been read
 */
public record Reading(long lastFrameAt, long silentSince, boolean held, long provenUntil) {

  static final Reading NONE = new Reading(0, 0, false, 0);
}
