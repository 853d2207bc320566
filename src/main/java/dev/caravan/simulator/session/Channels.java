package dev.caravan.simulator.session;

import dev.caravan.simulator.Ids;
import dev.caravan.simulator.Limits;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The channels there are, by the documented rules: so many per client, a day's life renewed by
 * subscribing, and the least used one goes first.
 */
public final class Channels {

  private final Map<String, Channel> byId = new LinkedHashMap<>();
  private final Ids ids;
  private final int perClient;
  private final Duration life;
  private int created;

  public Channels(Ids ids, Limits limits) {
    this.ids = ids;
    this.perClient = limits.channelsPerClient();
    this.life = limits.channelLife();
  }

  Channel create(Token token, Instant now) {
    Channel channel = new Channel(++created, ids.channel(), token, now, now.plus(life));
    byId.put(channel.id(), channel);
    return channel;
  }

  /** Removes and returns what a client has too many of: unconnected first, then least used. */
  List<Channel> evictBeyondLimit(String clientId) {
    List<Channel> candidates =
        new ArrayList<>(byId.values().stream().filter(c -> c.clientId().equals(clientId)).toList());
    int excess = candidates.size() - perClient;
    if (excess <= 0) {
      return List.of();
    }
    candidates.remove(candidates.size() - 1);
    candidates.sort(
        Comparator.comparing((Channel channel) -> channel.connected())
            .thenComparing(Channel::lastUsed)
            .thenComparing(Channel::number));
    List<Channel> evicted = candidates.subList(0, Math.min(excess, candidates.size()));
    evicted.forEach(this::remove);
    return List.copyOf(evicted);
  }

  Optional<Channel> find(String id) {
    return Optional.ofNullable(byId.get(id));
  }

  void renew(Channel channel, Instant now) {
    channel.use(now);
    channel.renew(now.plus(life));
  }

  void remove(Channel channel) {
    byId.remove(channel.id());
  }

  List<Channel> all() {
    return List.copyOf(byId.values());
  }

  int created() {
    return created;
  }
}
