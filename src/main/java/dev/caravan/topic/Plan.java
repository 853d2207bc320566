package dev.caravan.topic;

import dev.caravan.topic.TopicSharder.Shard;
import java.util.List;
import java.util.stream.Stream;

/**
 * What is to be read by whom: a value, found out once and handed on. Each topic stands in it once.
 *
 * @param shards what is read, by number, each shard on a channel of its client
 * @param unread what no channel is left for, as shards without a client: the channels that are
 *     lacking
 */
public record Plan(List<Shard> shards, List<Shard> unread) {

  /** Nothing is read. */
  public static final Plan NOTHING = new Plan(List.of());

  /** The name of the client that is set without a name. */
  public static final String DEFAULT_CLIENT = "default";

  public Plan {
    shards = List.copyOf(shards);
    unread = List.copyOf(unread);
  }

  /** All of it is read. */
  public Plan(List<Shard> shards) {
    this(shards, List.of());
  }

  /** What a client reads of it. */
  public List<Shard> of(String client) {
    return shards.stream().filter(shard -> shard.client().equals(client)).toList();
  }

  /** The subscriptions that are read, combined ones as they are. */
  public List<String> subscriptions() {
    return subscriptions(shards).toList();
  }

  /** Those that there is no room for included. */
  public List<String> wanted() {
    return Stream.concat(subscriptions(shards), subscriptions(unread)).toList();
  }

  /** How many subscriptions are not read. */
  public int left() {
    return (int) subscriptions(unread).count();
  }

  private static Stream<String> subscriptions(List<Shard> shards) {
    return shards.stream().flatMap(shard -> shard.subscriptions().stream());
  }
}
