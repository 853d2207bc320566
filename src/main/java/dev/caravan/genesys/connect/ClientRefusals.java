package dev.caravan.genesys.connect;

import dev.caravan.cluster.Cluster;
import dev.caravan.topic.Refusals;
import dev.caravan.topic.TopicCatalogue;
import dev.caravan.topic.TopicCombiner;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Genesys Cloud refused to which OAuth client. A refusal is believed for an hour, and each
 * time that it is repeated for twice as long, up to a day, since a permission may have been
 * granted. It is kept in memory only: after a restart the topic has a gap until it is learnt anew.
 * Several instances tell each other what they are answered, so that whichever deals the topics
 * knows.
 *
 * <p>With one client nothing is kept: there is nobody else to ask.
 */
public final class ClientRefusals {

  private static final Logger LOG = LoggerFactory.getLogger(ClientRefusals.class);

  static final Duration FIRST = Duration.ofHours(1);
  static final Duration LONGEST = Duration.ofDays(1);

  /**
   * Whatever is refused again so soon is the same refusal, of another channel of the shard. It is
   * shorter than what a channel waits until it asks again.
   */
  static final Duration SAME = Duration.ofSeconds(10);

  /** So many topics of a kind refused, none granted now, and no more of it are asked for. */
  static final int SAMPLES = 10;

  private final TopicCatalogue catalogue = TopicCatalogue.shipped();
  private final Clients clients;
  private final Clock clock;
  private final Runnable news;

  // Guarded by this
  private final Map<String, Map<String, Refused>> refused = new HashMap<>();

  /** By client, each topic by its own name, and when that was. */
  private final Map<String, Map<String, Instant>> granted = new HashMap<>();

  /** Some of each kind that were granted here, and others know of. */
  private final Map<Subscriber, Map<String, Set<String>>> reported = new HashMap<>();

  private volatile Optional<BiConsumer<Integer, Cluster.Answer>> others = Optional.empty();

  private record Subscriber(int shard, String client) {}

  /** A refusal, and whether another client was to be asked then. */
  private record Refused(Instant since, Duration believed, boolean elsewhere) {}

  public ClientRefusals(Clients clients, Clock clock, Runnable news) {
    this.clients = clients;
    this.clock = clock;
    this.news = news;
  }

  public void tell(BiConsumer<Integer, Cluster.Answer> reader) {
    others = Optional.of(reader);
  }

  /** Returns what was refused and another client is asked for now. */
  Set<String> learn(int shard, String client, List<String> asked, Rejections answer) {
    if (!clients.areSeveral()) {
      return Set.of();
    }
    List<String> subscribed = answer.subscribed();
    Set<String> refusedNow = singles(asked);
    subscribed.forEach(refusedNow::remove);
    Set<String> again = new LinkedHashSet<>(subscribed);
    synchronized (this) {
      again.retainAll(refused.getOrDefault(client, Map.of()).keySet());
    }
    Set<String> elsewhere = learn(client, refusedNow, subscribed, clock.instant(), true);
    others.ifPresent(it -> tell(it, new Subscriber(shard, client), refusedNow, subscribed, again));
    return elsewhere;
  }

  /** Tells what others cannot know yet. */
  private void tell(
      BiConsumer<Integer, Cluster.Answer> reader,
      Subscriber whom,
      Set<String> refusedNow,
      List<String> subscribed,
      Set<String> again) {
    Set<String> samples = new LinkedHashSet<>(again);
    synchronized (this) {
      boolean first = !reported.containsKey(whom);
      Map<String, Set<String>> kinds = reported.computeIfAbsent(whom, who -> new HashMap<>());
      kinds.values().forEach(its -> its.retainAll(granted.get(whom.client()).keySet()));
      kinds.values().removeIf(Set::isEmpty);
      Set<String> before = Set.copyOf(kinds.keySet());
      for (String topic : subscribed) {
        Set<String> its =
            kinds.computeIfAbsent(catalogue.generalise(topic), kind -> new HashSet<>());
        if (its.size() < SAMPLES) {
          its.add(topic);
        }
      }
      boolean news = first || !before.containsAll(kinds.keySet());
      if (refusedNow.isEmpty() && again.isEmpty() && !news) {
        return;
      }
      kinds.values().forEach(samples::addAll);
    }
    reader.accept(
        whom.shard(),
        new Cluster.Answer(
            whom.client(),
            new TopicCombiner(catalogue).combine(List.copyOf(refusedNow)),
            List.copyOf(samples)));
  }

  public void hear(Cluster.Answer answer, Instant at) {
    if (clients.areSeveral()) {
      learn(answer.client(), singles(answer.refused()), answer.granted(), at, false);
    }
  }

  private static Set<String> singles(List<String> subscriptions) {
    return TopicCombiner.singles(subscriptions)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private Set<String> learn(
      String client, Set<String> refusedNow, List<String> subscribed, Instant now, boolean ours) {
    Set<String> elsewhere = new LinkedHashSet<>();
    Set<String> fresh = new LinkedHashSet<>();
    synchronized (this) {
      Map<String, Refused> its = refused.computeIfAbsent(client, name -> new HashMap<>());
      Map<String, Instant> grants = granted.computeIfAbsent(client, name -> new HashMap<>());
      for (String topic : subscribed) {
        if (!isNewer(its.get(topic), now)) {
          its.remove(topic);
          grants.merge(topic, now, (one, other) -> one.isAfter(other) ? one : other);
        }
      }
      for (String topic : refusedNow) {
        Refused before = its.get(topic);
        // What another tells may have been overtaken on its way
        if (isNewer(before, now) || grants.getOrDefault(topic, Instant.MIN).isAfter(now)) {
          continue;
        }
        grants.remove(topic);
        boolean same = before != null && now.isBefore(before.since().plus(SAME));
        // Known, and left with the client all the same: nobody else may see it or has room for it
        boolean others = same ? before.elsewhere() : !believed(before, now);
        if (others && othersMay(client, topic, now)) {
          elsewhere.add(topic);
        }
        if (!same) {
          Duration twice = before == null ? FIRST : before.believed().multipliedBy(2);
          Duration believed = twice.compareTo(LONGEST) > 0 ? LONGEST : twice;
          its.put(topic, new Refused(now, believed, elsewhere.contains(topic)));
          fresh.add(topic);
        }
      }
    }
    fresh.retainAll(elsewhere);
    if (ours && !fresh.isEmpty()) {
      LOG.info(
          "{} may not see {}. Another client is asked for them.",
          clients.subject(client),
          catalogue.countByPattern(fresh).entrySet().stream()
              .map(kind -> kind.getValue() + " topics " + kind.getKey())
              .collect(Collectors.joining(", ")));
    }
    if (!elsewhere.isEmpty()) {
      news.run();
    }
    return elsewhere;
  }

  private static boolean isNewer(Refused known, Instant than) {
    return known != null && known.since().isAfter(than);
  }

  private static boolean believed(Refused refusal, Instant now) {
    return refusal != null && now.isBefore(refusal.since().plus(refusal.believed()));
  }

  private boolean othersMay(String client, String topic, Instant now) {
    return clients.all().stream()
        .filter(other -> !other.equals(client))
        .anyMatch(other -> !believed(refused.getOrDefault(other, Map.of()).get(topic), now));
  }

  public synchronized Refusals now() {
    Instant now = clock.instant();
    Map<String, Set<String>> topics = new HashMap<>();
    Map<String, Set<String>> patterns = new HashMap<>();
    refused.forEach(
        (client, its) -> {
          Set<String> believed = new HashSet<>(its.keySet());
          believed.removeIf(topic -> !believed(its.get(topic), now));
          Set<String> none = new HashSet<>();
          catalogue
              .countByPattern(believed)
              .forEach(
                  (kind, count) -> {
                    if (count >= SAMPLES && !isGranted(client, kind)) {
                      none.add(kind);
                    }
                  });
          if (!believed.isEmpty()) {
            topics.put(client, believed);
          }
          if (!none.isEmpty()) {
            patterns.put(client, none);
          }
        });
    return topics.isEmpty() ? Refusals.NONE : new Refusals(topics, patterns);
  }

  private boolean isGranted(String client, String kind) {
    return granted.get(client).keySet().stream()
        .anyMatch(it -> catalogue.generalise(it).equals(kind));
  }

  public synchronized void keep(Set<String> wanted) {
    refused.values().forEach(its -> its.keySet().retainAll(wanted));
    granted.values().forEach(its -> its.keySet().retainAll(wanted));
  }

  /** Who reads what others may not see, in sentences. */
  public synchronized String sentence(Map<String, ? extends Collection<String>> read) {
    Map<String, String> readers = new HashMap<>();
    read.forEach((client, topics) -> topics.forEach(topic -> readers.put(topic, client)));
    List<String> sentences = new ArrayList<>();
    new TreeMap<>(refused)
        .forEach(
            (client, its) -> {
              Map<String, Set<String>> by = new HashMap<>();
              Set<String> elsewhere = new HashSet<>(its.keySet());
              elsewhere.removeIf(topic -> client.equals(readers.getOrDefault(topic, client)));
              for (String topic : elsewhere) {
                by.computeIfAbsent(catalogue.generalise(topic), kind -> new TreeSet<>())
                    .add(readers.get(topic));
              }
              catalogue
                  .countByPattern(elsewhere)
                  .forEach(
                      (kind, count) ->
                          sentences.add(
                              "%d topic%s %s %s not allowed to the OAuth client %s; %s read%s %s."
                                  .formatted(
                                      count,
                                      count == 1 ? "" : "s",
                                      kind,
                                      count == 1 ? "is" : "are",
                                      client,
                                      String.join(", ", by.get(kind)),
                                      by.get(kind).size() == 1 ? "s" : "",
                                      count == 1 ? "it" : "them")));
            });
    return String.join(" ", sentences);
  }
}
