package dev.caravan.channel;

import dev.caravan.frame.CopyPairing;
import java.time.Duration;

/**
 * The times a channel lives by. The defaults follow what Genesys Cloud documents (a heartbeat every
 * 30 s, a minute between the closing notice and the close) and what its own streaming client uses.
 *
 * @param silence time without any frame after which a ping is sent
 * @param pongWait time after that ping without any frame after which the socket counts as dead
 * @param openMost longest time an attempt to open a channel may take, its retries included
 * @param signOfLife time an open socket has to show its first heartbeat, pong or event
 * @param drainLate time for which a retiring channel is read on after its answer: what was sent to
 *     it before its successor was there may come so late
 * @param drainQuiet the same if another needs its place; without an answer, time without a frame
 *     after which it is closed
 * @param drainMove time for which a channel is read on beside that of another instance: shorter, as
 *     all of a shard is held so long
 * @param drainMost longest time for which a retiring channel is read on that is not ours any more
 * @param backlogMost the same for one that has not answered the ping sent when its successor came;
 *     and how long a socket that is opened may bring something, but no sign of life
 * @param stable time of being LIVE that forgives one failure, and after which a loss is a new fault
 *     that owes nothing to the one before
 * @param firstRetry upper bound of the random wait before the first attempt after a loss
 * @param retryInitial wait before the second attempt; doubled for each further one
 * @param retryMost longest wait between attempts
 * @param slowRetry wait after a refusal that an operator has to mend
 * @param flowing time since the last event during which a shard counts as flowing, not idle
 * @param check longest time between two looks at what a channel is subscribed to
 */
public record Timings(
    Duration silence,
    Duration pongWait,
    Duration openMost,
    Duration signOfLife,
    Duration drainLate,
    Duration drainQuiet,
    Duration drainMove,
    Duration drainMost,
    Duration backlogMost,
    Duration stable,
    Duration firstRetry,
    Duration retryInitial,
    Duration retryMost,
    Duration slowRetry,
    Duration flowing,
    Duration check) {

  /** How soon to ask again for leave to hand over. */
  static final long ASK_AGAIN_MILLIS = 1_000;

  /**
   * A new channel's subscriptions are listed within this part of the usual time: of what was never
   * listed nobody can tell that it is missing.
   */
  static final int FIRST_CHECK = 60;

  /** However often it is told that they changed, there is that between two listings. */
  static final long BETWEEN_CHECKS_MILLIS = 10_000;

  /** How soon a listing that lacks something is held against another. */
  static final long CHECK_AGAIN_MILLIS = 3_000;

  /** The times for a real org. */
  public static Timings defaults() {
    return retrying(Duration.ofSeconds(2), Duration.ofSeconds(30));
  }

  /** The times for a real org, but for the waits between attempts. */
  public static Timings retrying(Duration initial, Duration most) {
    return with(initial, most, Duration.ofMinutes(10));
  }

  /** The same, and another time between two looks at the subscriptions. */
  public static Timings with(Duration initial, Duration most, Duration check) {
    return new Timings(
        Duration.ofSeconds(35),
        Duration.ofSeconds(7),
        Duration.ofMinutes(15),
        Duration.ofSeconds(10),
        CopyPairing.LAG,
        Duration.ofSeconds(2),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofMinutes(1),
        Duration.ofSeconds(10),
        Duration.ofMillis(250),
        initial,
        most,
        Duration.ofMinutes(5),
        Duration.ofSeconds(60),
        check);
  }
}
