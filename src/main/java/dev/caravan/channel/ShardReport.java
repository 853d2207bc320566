package dev.caravan.channel;

/**
 * One thing a shard went through, for the log, the metrics and the signals topic.
 *
 * @param from start of the interval it speaks of, in milliseconds of the machine's clock
 * @param to end of that interval; equal to {@code from} for a moment
 */
public record ShardReport(Kind kind, Cause cause, long from, long to, String sentence) {

  public enum Kind {
    /** A channel is LIVE and none was before. */
    CONNECTED("Connected: "),
    /** A channel was lost that was being read. */
    DISCONNECTED("Disconnected: "),
    /** A successor is LIVE, the predecessor retires. */
    HANDED_OVER("Handed over: "),
    /** An attempt to open a channel failed; the next one is planned. */
    RETRYING("Cannot connect: "),
    /** An operator must act. */
    BROKEN("Broken until somebody acts: ");

    private final String heading;

    Kind(String heading) {
      this.heading = heading;
    }

    /** What its line in the log begins with. */
    public String heading() {
      return heading;
    }
  }
}
