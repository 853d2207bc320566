package dev.caravan.channel;

/**
 * One of the channels that read the same shard at the same time, whichever channel it is by then.
 *
 * @param shard the shard's number, from 0
 * @param number from 0; above that only if shards are read more than once
 */
public record Strand(int shard, int number) {

  /** How often a shard can be read at the same time. */
  public static final int MOST = 2;

  /** A number for a channel of this strand that no other channel of the shard has. */
  int unique(int channel) {
    return channel * MOST + number;
  }
}
