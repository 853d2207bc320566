package dev.caravan.topic;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * Assigns subscriptions to shards, each of which is read on a channel that takes a thousand, and
 * shards to OAuth clients. It never leaves one out: what no client has a channel for is told.
 *
 * <p>When subscriptions come and go:
 *
 * <ul>
 *   <li>No topic moves that is still wanted and that its client may see. What moves is what is on
 *       shards of a client that is no more, or beyond a limit that was lowered, and nothing else: k
 *       topics more and m topics less change the places of k + m topics. A client that comes back
 *       gets what is not read and what is new; nothing is taken from the others for it.
 *   <li>There are no more shards than before, or than it takes if each is full, but for shards that
 *       are not filled because their client may not see what is to be placed.
 *   <li>What is new goes first to shards that change anyway, then to the emptiest, then to new ones
 *       of the client that has the fewest.
 *   <li>All that is about one entity (an agent, a queue) comes to one shard, as long as that has
 *       room and its client may see it. Otherwise as much of it together as can be.
 *   <li>A topic comes to a client that may see it. One that all clients were refused stays where it
 *       is, and so does one for which no other client has room.
 * </ul>
 *
 * @param limit subscriptions of a shard at most
 * @param clients the names of the OAuth clients
 * @param mostShards how many shards each of them can read
 * @param first the number of the first shard
 */
public record TopicSharder(
    int limit, List<String> clients, ToIntFunction<String> mostShards, int first) {

  /** What one channel takes. */
  public static final int CHANNEL_LIMIT = 1_000;

  public TopicSharder {
    if (limit < 1) {
      throw new IllegalArgumentException("A channel must take at least one subscription.");
    }
    clients = List.copyOf(clients);
  }

  /** For one client that has as many channels as it takes. */
  public TopicSharder(int limit) {
    this(limit, List.of(Plan.DEFAULT_CLIENT), any -> Integer.MAX_VALUE, 0);
  }

  /**
   * The subscriptions of one channel.
   *
   * @param number who it is, for good: from the first, with gaps where shards have emptied
   * @param client the name of the OAuth client that reads it, for good; empty if none does
   */
  public record Shard(int number, String client, List<String> subscriptions) {
    public Shard {
      subscriptions = List.copyOf(subscriptions);
    }

    /** A shard of the only client. */
    public Shard(int number, List<String> subscriptions) {
      this(number, Plan.DEFAULT_CLIENT, subscriptions);
    }
  }

  /**
   * The plan for a list of subscriptions.
   *
   * @param previous what is read so far
   * @param subscriptions what is wanted now, combined as far as can be
   */
  public Plan plan(Plan previous, List<String> subscriptions, Refusals refusals) {
    return plan(previous, Map.of(), subscriptions, refusals, ofOthers -> false);
  }

  /**
   * The same.
   *
   * @param earlier in which shards topics were that were given up lately: if they come back, they
   *     come there, as its channel may still bring them, and another would bring them twice
   * @param stays whether a shard of a client that is not among these is left with it: it keeps what
   *     is wanted of it, and gets nothing new
   */
  public Plan plan(
      Plan previous,
      Map<String, Integer> earlier,
      List<String> subscriptions,
      Refusals refusals,
      Predicate<Shard> stays) {
    List<Shard> kept = new ArrayList<>();
    Set<Integer> taken = new HashSet<>();
    for (Shard shard : previous.shards()) {
      // Its number is its client's, for good, so nobody else gets it in the same breath
      taken.add(shard.number());
      if (clients.contains(shard.client()) || stays.test(shard)) {
        kept.add(shard);
      }
    }
    return new TopicAssignment(this, refusals, taken).assign(kept, earlier, subscriptions);
  }
}
