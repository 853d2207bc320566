package dev.caravan.simulator.session;

import dev.caravan.simulator.SimulatorClock;
import dev.caravan.simulator.fault.Behaviour;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Keeps channels, tokens and subscriptions true to each other: a channel ends with its token. */
public final class ChannelKeeper {

  private final SimulatorClock clock;
  private final Channels channels;
  private final Tokens tokens;
  private final Subscriptions subscriptions;
  private final Behaviour behaviour;

  public ChannelKeeper(
      SimulatorClock clock,
      Channels channels,
      Tokens tokens,
      Subscriptions subscriptions,
      Behaviour behaviour) {
    this.clock = clock;
    this.channels = channels;
    this.tokens = tokens;
    this.subscriptions = subscriptions;
    this.behaviour = behaviour;
  }

  public Channel create(Token token) {
    return channels.create(token, clock.now());
  }

  /** Removes and returns the channels a client now has too many of. */
  public List<Channel> evict(String clientId) {
    List<Channel> evicted = channels.evictBeyondLimit(clientId);
    evicted.forEach(subscriptions::clear);
    return evicted;
  }

  public Optional<Channel> findAlive(String id) {
    return channels.find(id).filter(this::alive);
  }

  /** The channel, if it is the caller's. */
  public Optional<Channel> find(String id, Token caller) {
    return findAlive(id).filter(channel -> owns(caller, channel));
  }

  boolean owns(Token caller, Channel channel) {
    return behaviour.channelOf() == Behaviour.Owner.CLIENT
        ? caller.clientId().equals(channel.clientId())
        : caller.value().equals(channel.token().value());
  }

  private boolean alive(Channel channel) {
    Instant now = clock.now();
    return now.isBefore(channel.expires()) && tokenAlive(channel, now);
  }

  private boolean tokenAlive(Channel channel, Instant now) {
    return tokens.find(channel.token().value()).filter(token -> token.aliveAt(now)).isPresent();
  }

  public List<Channel> ofClient(String clientId) {
    return channels.all().stream()
        .filter(channel -> channel.clientId().equals(clientId) && alive(channel))
        .toList();
  }

  public List<Channel> all() {
    return channels.all();
  }

  void used(Channel channel) {
    channel.use(clock.now());
  }

  public void subscribe(Channel channel, Map<String, List<String>> topics) {
    subscriptions.add(channel, topics);
    channels.renew(channel, clock.now());
  }

  void replace(Channel channel, Map<String, List<String>> topics) {
    List<String> unwanted = new ArrayList<>(channel.topics().keySet());
    unwanted.removeAll(topics.keySet());
    subscriptions.remove(channel, unwanted);
    subscribe(channel, topics);
  }

  public void unsubscribe(Channel channel, List<String> topics) {
    subscriptions.remove(channel, topics);
    used(channel);
  }

  public void clear(Channel channel) {
    subscriptions.clear(channel);
    used(channel);
  }

  public void remove(Channel channel) {
    subscriptions.clear(channel);
    channels.remove(channel);
  }

  /** Removes and returns the channels whose day, or whose token's life, is over. */
  public List<Channel> removeEnded() {
    Instant now = clock.now();
    List<Channel> ended = channels.all().stream().filter(channel -> !alive(channel)).toList();
    ended.forEach(this::remove);
    return ended;
  }
}
