package dev.caravan.simulator.session;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Who hears what: from a single topic name to the channels that asked for it. */
public final class Subscriptions {

  private final Map<String, Map<Channel, Integer>> listeners = new HashMap<>();
  private final Map<String, Integer> beginnings = new HashMap<>();

  /** Adds topics to a channel; one it already has is left as it is. */
  void add(Channel channel, Map<String, List<String>> topics) {
    topics.forEach(
        (topic, singles) -> {
          if (channel.topics().putIfAbsent(topic, singles) == null) {
            singles.forEach(single -> listen(channel, single));
          }
        });
  }

  /** Forgets everything a channel asked for. */
  void clear(Channel channel) {
    remove(channel, List.copyOf(channel.topics().keySet()));
  }

  void remove(Channel channel, Collection<String> topics) {
    for (String topic : topics) {
      List<String> singles = channel.topics().remove(topic);
      if (singles != null) {
        singles.forEach(single -> unlisten(channel, single));
      }
    }
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
    if (!listeners.containsKey(single)) {
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
    if (!listeners.containsKey(single)) {
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
