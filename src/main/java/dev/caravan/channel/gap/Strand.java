package dev.caravan.channel.gap;

/**
 * One of the channels that read the topics of a shard, whichever it is at the time.
 *
 * @param reader who reads, such as the id of a route
 * @param shard which slice of its topics
 * @param number from 0; above that if a shard is read more than once
 */
public record Strand(String reader, int shard, int number) {

  /** Unique and fit for the name of a file: what had to be replaced tells in a hash what it was. */
  String key() {
    String hash = fit().equals(reader) ? "" : "_" + Integer.toHexString(reader.hashCode());
    return fit() + hash + "-" + shard + "-" + number;
  }

  /** The same as versions before had it, without the hash. */
  String formerKey() {
    return fit() + "-" + shard + "-" + number;
  }

  private String fit() {
    return reader.replaceAll("[^A-Za-z0-9]", "_");
  }
}
