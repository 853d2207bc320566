package dev.caravan.genesys;

import dev.caravan.channel.ChannelGroup;
import dev.caravan.topic.Plan;
import dev.caravan.topic.TopicSharder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The routes of this bridge that read: no two of their shards have the same number, and together
 * they use no more channels of an OAuth client than it is granted.
 */
final class ReadingRoutes {

  /** More shards than one route can have. */
  private static final int NUMBERS = 1_000;

  private final Map<String, Place> places = new HashMap<>();

  /** A route begins to read, perhaps again. */
  synchronized Place enter(String route) {
    List<Integer> taken = places.values().stream().map(place -> place.number).toList();
    int free =
        IntStream.range(0, NUMBERS).filter(it -> !taken.contains(it)).findFirst().orElseThrow();
    return places.computeIfAbsent(route, name -> new Place(name, free));
  }

  final class Place {

    private final String route;
    private final int number;

    private Map<String, Integer> used = Map.of();

    private Place(String route, int number) {
      this.route = route;
      this.number = number;
    }

    /** Whether no other route read when this one began. */
    boolean isFirst() {
      return number == 0;
    }

    /** Has it planned what the route reads, while no other route plans. */
    Plan plan(
        int limit,
        List<String> clients,
        int channelsOfShard,
        Function<TopicSharder, Plan> dealing) {
      synchronized (ReadingRoutes.this) {
        ToIntFunction<String> most = client -> mostChannels(client) / channelsOfShard;
        Plan planned = dealing.apply(new TopicSharder(limit, clients, most, number * NUMBERS));
        used =
            planned.shards().stream()
                .collect(
                    Collectors.toMap(
                        TopicSharder.Shard::client, any -> channelsOfShard, Integer::sum));
        return planned;
      }
    }

    /** How many channels of a client the route may use: those that no other route uses. */
    int mostChannels(String client) {
      synchronized (ReadingRoutes.this) {
        return ChannelGroup.mostShards(1)
            - places.values().stream()
                .filter(other -> other != this)
                .mapToInt(other -> other.used.getOrDefault(client, 0))
                .sum();
      }
    }

    void leave() {
      synchronized (ReadingRoutes.this) {
        places.remove(route, this);
      }
    }
  }
}
