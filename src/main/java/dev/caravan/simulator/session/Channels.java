package dev.caravan.simulator.session;

import dev.caravan.simulator.Behaviour;
import dev.caravan.simulator.Ids;
import dev.caravan.simulator.Limits;
import dev.caravan.simulator.SimulatorClock;
import dev.caravan.simulator.SimulatorOptions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The channels there are, by the documented rules: so many per client, a day's life renewed by
 * subscribing, the least used one goes first, and each ends with its token. And who hears what.
 */
public final class Channels {

  private final Map<String, Channel> byId = new LinkedHashMap<>();

  /** By single topic, each with how often it asked. */
  private final Map<String, Map<Channel, Integer>> listeners = new HashMap<>();

  /** How many topics that are heard begin with these segments. */
  private final Map<String, Integer> beginnings = new HashMap<>();

  private final SimulatorClock clock;
  private final Ids ids;
  private final Limits limits;
  private final Behaviour behaviour;
  private final Tokens tokens;
  private int created;

  public Channels(SimulatorOptions options, SimulatorClock clock, Ids ids, Tokens tokens) {
    this.clock = clock;
    this.ids = ids;
    this.limits = options.limits();
    this.behaviour = options.behaviour();
    this.tokens = tokens;
  }

  public Channel create(Token token) {
    Instant now = clock.now();
    Channel channel =
        new Channel(++created, ids.channel(), token, now, now.plus(limits.channelLife()));
    byId.put(channel.id(), channel);
    return channel;
  }

  /** Removes and returns what a client has too many of: unconnected first, then least used. */
  public List<Channel> evict(String clientId) {
    List<Channel> candidates =
        new ArrayList<>(byId.values().stream().filter(c -> c.clientId().equals(clientId)).toList());
    int excess = candidates.size() - limits.channelsPerClient();
    if (excess <= 0) {
      return List.of();
    }
    candidates.remove(candidates.size() - 1);
    candidates.sort(
        Comparator.comparing((Channel channel) -> channel.connected())
            .thenComparing(Channel::lastUsed)
            .thenComparing(Channel::number));
    List<Channel> evicted = List.copyOf(candidates.subList(0, Math.min(excess, candidates.size())));
    evicted.forEach(this::remove);
    return evicted;
  }

  public Optional<Channel> findAlive(String id) {
    return Optional.ofNullable(byId.get(id)).filter(this::alive);
  }

  /** The channel, if it is the caller's. */
  public Optional<Channel> find(String id, Token caller) {
    return findAlive(id).filter(channel -> owns(caller, channel));
  }

  private boolean owns(Token caller, Channel channel) {
    return behaviour.channelOf() == Behaviour.Owner.CLIENT
        ? caller.clientId().equals(channel.clientId())
        : caller.value().equals(channel.token().value());
  }

  private boolean alive(Channel channel) {
    Instant now = clock.now();
    return now.isBefore(channel.expires())
        && tokens.find(channel.token().value()).filter(token -> token.aliveAt(now)).isPresent();
  }

  public List<Channel> ofClient(String clientId) {
    return byId.values().stream()
        .filter(channel -> channel.clientId().equals(clientId) && alive(channel))
        .toList();
  }

  public List<Channel> all() {
    return List.copyOf(byId.values());
  }

  void used(Channel channel) {
    channel.use(clock.now());
  }

  /** Adds topics, each with the single ones it stands for; one it already has stays as it is. */
  public void subscribe(Channel channel, Map<String, List<String>> topics) {
    topics.forEach(
        (topic, singles) -> {
          if (channel.topics().putIfAbsent(topic, singles) == null) {
            singles.forEach(single -> listen(channel, single));
          }
        });
    used(channel);
    channel.renew(clock.now().plus(limits.channelLife()));
  }

  void replace(Channel channel, Map<String, List<String>> topics) {
    List<String> unwanted = new ArrayList<>(channel.topics().keySet());
    unwanted.removeAll(topics.keySet());
    unsubscribe(channel, unwanted);
    subscribe(channel, topics);
  }

  public void unsubscribe(Channel channel, Collection<String> topics) {
    for (String topic : topics) {
      List<String> singles = channel.topics().remove(topic);
      if (singles != null) {
        singles.forEach(single -> unlisten(channel, single));
      }
    }
    used(channel);
  }

  public void clear(Channel channel) {
    unsubscribe(channel, List.copyOf(channel.topics().keySet()));
  }

  public void remove(Channel channel) {
    clear(channel);
    byId.remove(channel.id());
  }

  /** Removes and returns the channels whose day, or whose token's life, is over. */
  public List<Channel> removeEnded() {
    List<Channel> ended = byId.values().stream().filter(channel -> !alive(channel)).toList();
    ended.forEach(this::remove);
    return ended;
  }

  /** The channels subscribed to a single topic; each once, however often it asked. */
  public Collection<Channel> listeners(String topic) {
    return listeners.getOrDefault(topic, Map.of()).keySet();
  }

  public boolean heard(String topic) {
    return listeners.containsKey(topic);
  }

  /** Whether anybody is subscribed to a topic that begins with these segments. */
  boolean heardUnder(String segments) {
    return beginnings.containsKey(segments);
  }

  public Collection<String> heardTopics() {
    return listeners.keySet();
  }

  private void listen(Channel channel, String single) {
    if (!heard(single)) {
      count(single, 1);
    }
    listeners
        .computeIfAbsent(single, any -> new LinkedHashMap<>(2))
        .merge(channel, 1, Integer::sum);
  }

  private void unlisten(Channel channel, String single) {
    listeners.computeIfPresent(
        single,
        (any, channels) -> {
          channels.computeIfPresent(channel, (same, times) -> times == 1 ? null : times - 1);
          return channels.isEmpty() ? null : channels;
        });
    if (!heard(single)) {
      count(single, -1);
    }
  }

  private void count(String single, int by) {
    for (int dot = single.indexOf('.'); dot >= 0; dot = single.indexOf('.', dot + 1)) {
      beginnings.merge(
          single.substring(0, dot), by, (had, more) -> had + more == 0 ? null : had + more);
    }
  }
}
