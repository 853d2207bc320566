package dev.caravan.topic;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/**
 * Deals subscriptions out to channels, each of which takes a thousand. It never leaves one out:
 * whether there are channels enough is for the caller to judge.
 */
public final class TopicSharder {

  /** What one channel takes. */
  public static final int CHANNEL_LIMIT = 1_000;

  private final int limit;

  public TopicSharder(int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("A channel must take at least one subscription.");
    }
    this.limit = limit;
  }

  /**
   * The subscriptions of one channel.
   *
   * @param number who it is, for good: from 0, with gaps where shards have emptied
   */
  public record Shard(int number, List<String> subscriptions) {
    public Shard {
      subscriptions = List.copyOf(subscriptions);
    }
  }

  /** Shards filled one after the other. */
  public List<Shard> shard(List<String> subscriptions) {
    return reshard(List.of(), subscriptions);
  }

  /**
   * The shards for a changed list. What stays wanted stays where it is; what is new goes first to
   * shards that change anyway, then to the emptiest, then to new ones.
   */
  public List<Shard> reshard(List<Shard> previous, List<String> subscriptions) {
    Set<String> unplaced = new LinkedHashSet<>(subscriptions);
    TreeMap<Integer, List<String>> shards = new TreeMap<>();
    Set<Integer> touched = new LinkedHashSet<>();
    for (Shard shard : previous) {
      List<String> kept =
          new ArrayList<>(
              shard.subscriptions().stream().filter(unplaced::contains).limit(limit).toList());
      kept.forEach(unplaced::remove);
      if (kept.size() < shard.subscriptions().size()) {
        touched.add(shard.number());
      }
      shards.put(shard.number(), kept);
    }

    Comparator<Integer> byTouch = Comparator.comparing(number -> !touched.contains(number));
    List<Integer> order =
        shards.keySet().stream()
            .sorted(
                byTouch
                    .thenComparing(number -> shards.get(number).size())
                    .thenComparing(Comparator.naturalOrder()))
            .toList();
    List<String> rest = new ArrayList<>(unplaced);
    for (int number : order) {
      rest = fill(shards.get(number), rest);
    }
    for (int number = 0; !rest.isEmpty(); number++) {
      if (!shards.containsKey(number)) {
        List<String> fresh = new ArrayList<>();
        rest = fill(fresh, rest);
        shards.put(number, fresh);
      }
    }

    List<Shard> result = new ArrayList<>();
    shards.forEach(
        (number, held) -> {
          if (!held.isEmpty()) {
            result.add(new Shard(number, held));
          }
        });
    return List.copyOf(result);
  }

  private List<String> fill(List<String> shard, List<String> rest) {
    int room = Math.min(limit - shard.size(), rest.size());
    shard.addAll(rest.subList(0, room));
    return rest.subList(room, rest.size());
  }
}
