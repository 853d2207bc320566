package dev.caravan.topic;

import dev.caravan.topic.TopicSharder.Shard;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Deals subscriptions once, by the rules of {@link TopicSharder}. */
final class Dealing {

  /** Nobody reads it: no client has a channel for it. */
  private static final String NOBODY = "";

  private final TopicCatalogue catalogue = TopicCatalogue.shipped();
  private final int limit;
  private final List<String> clients;
  private final int mostShards;
  private final Refusals refusals;
  private final Set<Integer> taken;

  private final TreeMap<Integer, Hand> hands = new TreeMap<>();

  /** Where each topic was. */
  private final Map<String, Hand> before = new HashMap<>();

  /** Shards in the order in which they are filled. */
  private final List<Hand> order = new ArrayList<>();

  /** A shard that is being dealt. */
  private static final class Hand {
    private final int number;
    private final String client;
    private final List<String> previous;
    private final Set<String> held = new LinkedHashSet<>();

    Hand(int number, String client, List<String> previous) {
      this.number = number;
      this.client = client;
      this.previous = previous;
    }

    /** What stays has the place that it had. */
    Shard shard() {
      Set<String> sorted = new LinkedHashSet<>(previous);
      sorted.retainAll(held);
      sorted.addAll(held);
      return new Shard(number, client, List.copyOf(sorted));
    }

    boolean isTouched() {
      return !held.containsAll(previous);
    }
  }

  /** Some topics of a subscription, which together make one. */
  private record Piece(String subscription, Optional<Hand> home) {}

  /**
   * @param clients those that may be given something
   * @param taken numbers that no new shard may have
   */
  Dealing(int limit, List<String> clients, int mostShards, Refusals refusals, Set<Integer> taken) {
    this.taken = taken;
    this.limit = limit;
    this.clients = clients;
    this.mostShards = mostShards;
    this.refusals = refusals;
  }

  /**
   * @param previous shards that stay with their clients
   */
  Plan deal(List<Shard> previous, List<String> subscriptions) {
    for (Shard shard : previous) {
      Hand hand = new Hand(shard.number(), shard.client(), shard.subscriptions());
      hands.put(shard.number(), hand);
      shard
          .subscriptions()
          .forEach(it -> topics(it).forEach(topic -> before.putIfAbsent(topic, hand)));
    }
    Collection<String> unplaced = keep(new LinkedHashSet<>(subscriptions));
    order.addAll(hands.values());
    order.sort(
        Comparator.comparing((Hand hand) -> !hand.isTouched())
            .thenComparing(hand -> hand.held.size())
            .thenComparing(hand -> hand.number));
    Map<String, List<String>> entities = new LinkedHashMap<>();
    for (String subscription : unplaced) {
      entities.computeIfAbsent(entity(subscription), e -> new ArrayList<>()).add(subscription);
    }
    Map<String, Hand> siblings = siblings(entities.keySet());
    entities.forEach(
        (entity, its) -> place(its, Optional.ofNullable(siblings.get(entity)), new HashSet<>()));
    Map<Boolean, List<Shard>> byRead =
        hands.values().stream()
            .filter(hand -> !hand.held.isEmpty())
            .map(Hand::shard)
            .collect(Collectors.partitioningBy(shard -> !shard.client().equals(NOBODY)));
    return new Plan(byRead.get(true), byRead.get(false));
  }

  // ---- what stays

  /** Leaves in its place what can stay; tells the rest. */
  private Collection<String> keep(Set<String> subscriptions) {
    Map<String, Hand> homes = new LinkedHashMap<>();
    Set<String> unplaced = new LinkedHashSet<>();
    for (String subscription : subscriptions) {
      for (Piece piece : pieces(subscription)) {
        piece
            .home()
            .ifPresentOrElse(
                home -> homes.put(piece.subscription(), home),
                () -> unplaced.add(piece.subscription()));
      }
    }
    // First what is the same, so that what is combined anew does not drive it away
    for (Hand hand : hands.values()) {
      hand.previous.stream()
          .filter(it -> homes.get(it) == hand)
          .limit(limit)
          .forEach(hand.held::add);
      hand.held.forEach(homes::remove);
    }
    Set<String> beyond = new LinkedHashSet<>();
    homes.forEach(
        (subscription, home) -> {
          if (home.held.size() < limit) {
            home.held.add(subscription);
          } else {
            beyond.add(subscription);
          }
        });
    if (!beyond.isEmpty()) {
      beyond.addAll(unplaced);
      return inOrder(subscriptions, beyond);
    }
    return unplaced;
  }

  /** As they were mentioned, pieces of one behind each other. */
  private static List<String> inOrder(Set<String> subscriptions, Set<String> some) {
    List<String> sorted = new ArrayList<>(subscriptions);
    sorted.retainAll(some);
    Set<String> all = new LinkedHashSet<>(sorted);
    all.addAll(some);
    return List.copyOf(all);
  }

  /**
   * A subscription, or, if some of its topics are read elsewhere or have to be, its parts. Two
   * shards change at their own times, so a topic that changes over is read twice or not.
   */
  private List<Piece> pieces(String subscription) {
    List<String> topics = topics(subscription);
    Map<Optional<Hand>, List<String>> parts = new LinkedHashMap<>();
    for (String topic : topics) {
      Optional<Hand> home =
          Optional.ofNullable(before.get(topic)).filter(hand -> mayKeep(hand.client, topic));
      parts.computeIfAbsent(home, h -> new ArrayList<>()).add(topic);
    }
    List<String> homeless = parts.getOrDefault(Optional.<Hand>empty(), List.of());
    if (parts.size() > 1 && !homeless.isEmpty()) {
      Optional<List<String>> joined =
          parts.entrySet().stream()
              .filter(part -> part.getKey().filter(h -> mayGet(h, homeless)).isPresent())
              .map(Map.Entry::getValue)
              .findFirst();
      joined.ifPresent(
          part -> {
            part.addAll(homeless);
            parts.remove(Optional.<Hand>empty());
          });
    }
    return parts.entrySet().stream()
        .map(part -> new Piece(TopicCombiner.part(subscription, part.getValue()), part.getKey()))
        .toList();
  }

  // ---- what is new

  private Map<String, Hand> siblings(Set<String> entities) {
    Map<String, Hand> siblings = new HashMap<>();
    if (!entities.isEmpty()) {
      for (Hand hand : hands.values()) {
        for (String subscription : hand.held) {
          String entity = entity(subscription);
          if (entities.contains(entity)) {
            siblings.putIfAbsent(entity, hand);
          }
        }
      }
    }
    return siblings;
  }

  /**
   * @param tried subscriptions that were divided so far
   */
  private void place(List<String> together, Optional<Hand> sibling, Set<String> tried) {
    Optional<Hand> whole =
        sibling
            .filter(hand -> takes(hand, together))
            .or(() -> order.stream().filter(hand -> takes(hand, together)).findFirst())
            .or(() -> anew(together));
    if (whole.isPresent()) {
      whole.get().held.addAll(together);
    } else if (together.size() > 1) {
      together.forEach(one -> place(List.of(one), sibling, tried));
    } else {
      String one = together.get(0);
      List<String> parts = tried.add(one) ? partsByClient(one) : List.of(one);
      if (parts.size() > 1) {
        parts.forEach(part -> place(List.of(part), sibling, tried));
      } else {
        leave(one);
      }
    }
  }

  private boolean takes(Hand hand, List<String> together) {
    return clients.contains(hand.client)
        && hand.held.size() + together.size() <= limit
        && maySeeEach(hand.client, together);
  }

  private Optional<Hand> anew(List<String> together) {
    if (together.size() > limit) {
      return Optional.empty();
    }
    Map<String, Integer> shards = new HashMap<>();
    hands.values().stream()
        .filter(hand -> !hand.held.isEmpty())
        .forEach(hand -> shards.merge(hand.client, 1, Integer::sum));
    return clients.stream()
        .filter(client -> shards.getOrDefault(client, 0) < mostShards)
        .filter(client -> maySeeEach(client, together))
        .min(Comparator.comparing(client -> shards.getOrDefault(client, 0)))
        .map(this::open);
  }

  private Hand open(String client) {
    int number = 0;
    while (hands.containsKey(number) || taken.contains(number)) {
      number++;
    }
    Hand hand = new Hand(number, client, List.of());
    hands.put(number, hand);
    order.add(hand);
    return hand;
  }

  /** No client may see all of it: what each may see, the most first. */
  private List<String> partsByClient(String subscription) {
    List<String> rest = new ArrayList<>(topics(subscription));
    List<String> parts = new ArrayList<>();
    while (!rest.isEmpty()) {
      List<String> most =
          clients.stream()
              .map(client -> rest.stream().filter(topic -> maySee(client, topic)).toList())
              .max(Comparator.comparing(List::size))
              .orElseThrow();
      parts.add(TopicCombiner.part(subscription, most));
      rest.removeAll(most);
    }
    return parts;
  }

  /** Where it was, although its client was refused it: there it is asked for again. */
  private void leave(String subscription) {
    Hand home = before.get(topics(subscription).get(0));
    if (home != null && home.held.size() < limit) {
      home.held.add(subscription);
      return;
    }
    order.stream()
        .filter(hand -> hand.client.equals(NOBODY) && hand.held.size() < limit)
        .findFirst()
        .orElseGet(() -> open(NOBODY))
        .held
        .add(subscription);
  }

  // ---- who may see what

  private boolean mayGet(Hand hand, List<String> topics) {
    return clients.contains(hand.client) && maySeeAll(hand.client, topics);
  }

  private boolean maySeeEach(String client, List<String> subscriptions) {
    return refusals.isNone()
        || subscriptions.stream().allMatch(it -> maySeeAll(client, topics(it)));
  }

  private boolean maySeeAll(String client, List<String> topics) {
    return topics.stream().allMatch(topic -> maySee(client, topic));
  }

  /**
   * What all were refused may be granted to any of them later, first to who was refused others of
   * its kind only.
   */
  private boolean maySee(String client, String topic) {
    return !refusals.refuses(client, topic)
        || clients.stream().allMatch(each -> refusals.refuses(each, topic))
            && mayKeep(client, topic);
  }

  /**
   * What is read stays where it is, whatever is refused of its kind, until it is refused itself.
   */
  private boolean mayKeep(String client, String topic) {
    return !refusals.refusesByName(client, topic)
        || clients.stream().allMatch(each -> refusals.refusesByName(each, topic));
  }

  private static List<String> topics(String subscription) {
    return TopicCombiner.expandCombined(subscription);
  }

  /** The id of whom or what a subscription is about; itself, if there is none in it. */
  private String entity(String subscription) {
    String topic = topics(subscription).get(0);
    int at = TopicNames.segments(catalogue.generalise(topic)).indexOf(TopicNames.ID);
    return at < 0 ? subscription : TopicNames.segments(topic).get(at);
  }
}
