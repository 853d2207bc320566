package dev.caravan.channel;

/**
 * One thing a shard went through, for the log, the metrics and the signals topic.
 *
 * @param kind what it was
 * @param cause why
 * @param from start of the interval it speaks of, in milliseconds of the machine's clock
 * @param to end of that interval; equal to {@code from} for a moment
 * @param sentence what to tell a person
 */
public record ShardReport(Kind kind, Cause cause, long from, long to, String sentence) {

  /** What a shard can go through. */
  public enum Kind {
    /** A channel is LIVE and none was before. */
    CONNECTED,
    /** A channel was lost that was being read. */
    DISCONNECTED,
    /** A successor is LIVE, the predecessor retires. */
    HANDED_OVER,
    /** An attempt to open a channel failed; the next one is planned. */
    RETRYING,
    /** An operator must act. */
    BROKEN
  }
}
