package dev.caravan.channel;

/**
 * One of the channels that read the topics of a shard at the same time, whichever channel it is by
 * then.
 *
 * @param reader who reads, such as the id of a route
 * @param shard which slice of its topics, from 0
 * @param number from 0; above that only if shards are read more than once
 */
public record Replica(String reader, int shard, int number) {

  public static final int MOST = 2;

  /** A number for a channel of this replica that no other channel of the shard has. */
  int unique(int channel) {
    return channel * MOST + number;
  }

  /** Unique and fit for the name of a file: what had to be replaced tells in a hash what it was. */
  public String key() {
    String hash = fit().equals(reader) ? "" : "_" + Integer.toHexString(reader.hashCode());
    return fit() + hash + "-" + shard + "-" + number;
  }

  /** The same as versions before had it, without the hash. */
  public String formerKey() {
    return fit() + "-" + shard + "-" + number;
  }

  private String fit() {
    return reader.replaceAll("[^A-Za-z0-9]", "_");
  }
}
