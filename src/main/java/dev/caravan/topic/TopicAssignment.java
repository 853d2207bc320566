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

/** Assigns subscriptions to shards once, by the rules of {@link TopicSharder}. */
final class TopicAssignment {

  /** Nobody reads it: no client has a channel for it. */
  private static final String NOBODY = "";

  private final TopicCatalogue catalogue = TopicCatalogue.shipped();
  private final TopicSharder sharder;
  private final List<String> clients;
  private final Refusals refusals;
  private final Set<Integer> taken;

  private final TreeMap<Integer, DraftShard> drafts = new TreeMap<>();

  /** Where each topic was. */
  private final Map<String, DraftShard> before = new HashMap<>();

  /** Shards in the order in which they are filled. */
  private final List<DraftShard> order = new ArrayList<>();

  /** A shard that is being filled. */
  private static final class DraftShard {
    private final int number;
    private final String client;
    private final List<String> previous;
    private final Set<String> held = new LinkedHashSet<>();

    DraftShard(int number, String client, List<String> previous) {
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
  private record Piece(String subscription, Optional<DraftShard> home) {}

  /**
   * @param taken numbers that no new shard may have
   */
  TopicAssignment(TopicSharder sharder, Refusals refusals, Set<Integer> taken) {
    this.sharder = sharder;
    this.clients = sharder.clients();
    this.refusals = refusals;
    this.taken = taken;
  }

  /**
   * @param previous shards that stay with their clients
   * @param earlier where topics were that are not there any more
   */
  Plan assign(List<Shard> previous, Map<String, Integer> earlier, List<String> subscriptions) {
    for (Shard shard : previous) {
      DraftShard draft = new DraftShard(shard.number(), shard.client(), shard.subscriptions());
      drafts.put(shard.number(), draft);
      shard
          .subscriptions()
          .forEach(it -> topics(it).forEach(topic -> before.putIfAbsent(topic, draft)));
    }
    earlier.forEach(
        (topic, number) ->
            Optional.ofNullable(drafts.get(number))
                .ifPresent(draft -> before.putIfAbsent(topic, draft)));
    Collection<String> unplaced = keep(new LinkedHashSet<>(subscriptions));
    order.addAll(drafts.values());
    order.sort(
        Comparator.comparing((DraftShard draft) -> !draft.isTouched())
            .thenComparing(draft -> draft.held.size())
            .thenComparing(draft -> draft.number));
    Map<String, List<String>> entities = new LinkedHashMap<>();
    for (String subscription : unplaced) {
      entities.computeIfAbsent(entity(subscription), e -> new ArrayList<>()).add(subscription);
    }
    Map<String, DraftShard> siblings = siblings(entities.keySet());
    entities.forEach(
        (entity, its) -> place(its, Optional.ofNullable(siblings.get(entity)), new HashSet<>()));
    Map<Boolean, List<Shard>> byRead =
        drafts.values().stream()
            .filter(draft -> !draft.held.isEmpty())
            .map(DraftShard::shard)
            .collect(Collectors.partitioningBy(shard -> !shard.client().equals(NOBODY)));
    return new Plan(byRead.get(true), byRead.get(false));
  }

  // ---- what stays

  /** Leaves in its place what can stay; tells the rest. */
  private Collection<String> keep(Set<String> subscriptions) {
    Map<String, DraftShard> homes = new LinkedHashMap<>();
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
    for (DraftShard draft : drafts.values()) {
      draft.previous.stream()
          .filter(it -> homes.get(it) == draft)
          .limit(sharder.limit())
          .forEach(draft.held::add);
      draft.held.forEach(homes::remove);
    }
    Set<String> beyond = new LinkedHashSet<>();
    homes.forEach(
        (subscription, home) -> {
          if (home.held.size() < sharder.limit()) {
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
    Map<Optional<DraftShard>, List<String>> parts = new LinkedHashMap<>();
    for (String topic : topics) {
      Optional<DraftShard> home =
          Optional.ofNullable(before.get(topic)).filter(draft -> mayKeep(draft.client, topic));
      parts.computeIfAbsent(home, h -> new ArrayList<>()).add(topic);
    }
    List<String> homeless = parts.getOrDefault(Optional.<DraftShard>empty(), List.of());
    if (parts.size() > 1 && !homeless.isEmpty()) {
      Optional<List<String>> joined =
          parts.entrySet().stream()
              .filter(part -> part.getKey().filter(h -> mayGet(h, homeless)).isPresent())
              .map(Map.Entry::getValue)
              .findFirst();
      joined.ifPresent(
          part -> {
            part.addAll(homeless);
            parts.remove(Optional.<DraftShard>empty());
          });
    }
    return parts.entrySet().stream()
        .map(part -> new Piece(TopicCombiner.part(subscription, part.getValue()), part.getKey()))
        .toList();
  }

  // ---- what is new

  private Map<String, DraftShard> siblings(Set<String> entities) {
    Map<String, DraftShard> siblings = new HashMap<>();
    if (!entities.isEmpty()) {
      for (DraftShard draft : drafts.values()) {
        for (String subscription : draft.held) {
          String entity = entity(subscription);
          if (entities.contains(entity)) {
            siblings.putIfAbsent(entity, draft);
          }
        }
      }
    }
    return siblings;
  }

  /**
   * @param tried subscriptions that were divided so far
   */
  private void place(List<String> together, Optional<DraftShard> sibling, Set<String> tried) {
    Optional<DraftShard> whole =
        sibling
            .filter(draft -> takes(draft, together))
            .or(() -> order.stream().filter(draft -> takes(draft, together)).findFirst())
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

  private boolean takes(DraftShard draft, List<String> together) {
    return clients.contains(draft.client)
        && draft.held.size() + together.size() <= sharder.limit()
        && maySeeEach(draft.client, together);
  }

  private Optional<DraftShard> anew(List<String> together) {
    if (together.size() > sharder.limit()) {
      return Optional.empty();
    }
    Map<String, Integer> shards = new HashMap<>();
    drafts.values().stream()
        .filter(draft -> !draft.held.isEmpty())
        .forEach(draft -> shards.merge(draft.client, 1, Integer::sum));
    return clients.stream()
        .filter(client -> shards.getOrDefault(client, 0) < sharder.mostShards().applyAsInt(client))
        .filter(client -> maySeeEach(client, together))
        .min(Comparator.comparing(client -> shards.getOrDefault(client, 0)))
        .map(this::open);
  }

  private DraftShard open(String client) {
    int number = sharder.first();
    while (drafts.containsKey(number) || taken.contains(number)) {
      number++;
    }
    DraftShard draft = new DraftShard(number, client, List.of());
    drafts.put(number, draft);
    order.add(draft);
    return draft;
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
    DraftShard home = before.get(topics(subscription).get(0));
    if (home != null && home.held.size() < sharder.limit()) {
      home.held.add(subscription);
      return;
    }
    order.stream()
        .filter(draft -> draft.client.equals(NOBODY) && draft.held.size() < sharder.limit())
        .findFirst()
        .orElseGet(() -> open(NOBODY))
        .held
        .add(subscription);
  }

  // ---- who may see what

  private boolean mayGet(DraftShard draft, List<String> topics) {
    return clients.contains(draft.client) && maySeeAll(draft.client, topics);
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
