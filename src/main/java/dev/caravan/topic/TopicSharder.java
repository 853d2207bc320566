package dev.caravan.topic;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

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
   * The shards for a changed list. What stays wanted stays where it is, and so does a topic that is
   * combined with others than before, if there is room. What is new goes first to shards that
   * change anyway, then to the emptiest, then to new ones.
   */
  public List<Shard> reshard(List<Shard> previous, List<String> subscriptions) {
    Set<String> unplaced = new LinkedHashSet<>(subscriptions);
    TreeMap<Integer, List<String>> shards = new TreeMap<>();
    Set<Integer> touched = new LinkedHashSet<>();
    Map<String, Integer> homes = new HashMap<>();
    for (Shard shard : previous) {
      List<String> kept =
          new ArrayList<>(
              shard.subscriptions().stream().filter(unplaced::contains).limit(limit).toList());
      kept.forEach(unplaced::remove);
      if (kept.size() < shard.subscriptions().size()) {
        touched.add(shard.number());
        Set<String> gone = new LinkedHashSet<>(shard.subscriptions());
        kept.forEach(gone::remove);
        topics(gone).forEach(topic -> homes.putIfAbsent(topic, shard.number()));
      }
      shards.put(shard.number(), kept);
    }

    // Two shards hand over at their own times, so a topic that changes over is read twice or not
    for (String changed : List.copyOf(unplaced)) {
      topics(Set.of(changed))
          .map(homes::get)
          .filter(home -> home != null && shards.get(home).size() < limit)
          .findFirst()
          .ifPresent(
              home -> {
                shards.get(home).add(changed);
                unplaced.remove(changed);
              });
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

  private static Stream<String> topics(Collection<String> subscriptions) {
    return subscriptions.stream().flatMap(it -> TopicCombiner.expandCombined(it).stream());
  }

  private List<String> fill(List<String> shard, List<String> rest) {
    int room = Math.min(limit - shard.size(), rest.size());
    shard.addAll(rest.subList(0, room));
    return rest.subList(room, rest.size());
  }
}
