package dev.caravan.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.topic.TopicSharder.Shard;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TopicSharderTest {

  private static final String KIND = "v2.users.{id}.presence";

  private final TopicSharder sharder = new TopicSharder(3);

  @Test
  void fillsShardsOneAfterTheOther() {
    assertThat(reshard(sharder, List.of(), topics(0, 7)))
        .containsExactly(
            new Shard(0, topics(0, 3)), new Shard(1, topics(3, 6)), new Shard(2, topics(6, 7)));
    assertThat(reshard(sharder, List.of(), List.of())).isEmpty();
  }

  @Test
  void makesMoreShardsRatherThanLeavingOut() {
    List<Shard> shards =
        reshard(new TopicSharder(TopicSharder.CHANNEL_LIMIT), List.of(), topics(0, 25_001));

    assertThat(shards).hasSize(26);
    assertThat(shards).allMatch(s -> s.subscriptions().size() <= 1_000);
    assertThat(placed(shards)).hasSize(25_001);
  }

  @Test
  void changesNothingIfNothingChanged() {
    List<Shard> shards = reshard(sharder, List.of(), topics(0, 8));

    assertThat(reshard(sharder, shards, topics(0, 8))).isEqualTo(shards);
    assertThat(reshard(sharder, shards, reversed(topics(0, 8)))).isEqualTo(shards);
  }

  @Test
  void putsNewSubscriptionsWhereSomethingChangesAnyway() {
    List<Shard> before =
        List.of(new Shard(0, topics(0, 1)), new Shard(1, topics(3, 6)), new Shard(2, topics(6, 9)));

    List<Shard> after = reshard(sharder, before, List.of("0", "3", "4", "6", "7", "8", "new"));

    assertThat(after)
        .containsExactly(before.get(0), new Shard(1, List.of("3", "4", "new")), before.get(2));
  }

  @Test
  void leavesATopicWhereItIsWhenItIsCombinedWithOthers() {
    List<Shard> before =
        List.of(
            new Shard(0, List.of("u.1?a&b.c", "u.2?a&b.c", "u.3?a&b.c")),
            new Shard(1, List.of("u.4?a&b.c")),
            new Shard(2, List.of("u.5.a", "u.6?a&b.c", "gone")));

    List<Shard> after =
        reshard(
            sharder,
            before,
            List.of("u.1?a&b.c", "u.2.b.c", "u.3?a&b.c&d", "u.4?a&b.c", "u.5?a&d", "u.6.a", "new"));

    assertThat(after)
        .containsExactly(
            new Shard(0, List.of("u.1?a&b.c", "u.2.b.c", "u.3?a&b.c&d")),
            before.get(1),
            new Shard(2, List.of("u.5?a&d", "u.6.a", "new")));
  }

  @Test
  void aCombinationThatComesApartGoesWhereThereIsRoom() {
    List<Shard> before = List.of(new Shard(0, List.of("u.1?a&b", "1", "2")));

    assertThat(reshard(sharder, before, List.of("u.1.a", "u.1.b", "1", "2")))
        .containsExactly(new Shard(0, List.of("1", "2", "u.1.a")), new Shard(1, List.of("u.1.b")));
  }

  @Test
  void putsNewSubscriptionsTogetherWhereTheMostRoomIs() {
    List<Shard> before = List.of(new Shard(0, topics(0, 2)), new Shard(1, topics(3, 4)));

    List<Shard> after = reshard(sharder, before, List.of("0", "1", "3", "new", "newer"));

    assertThat(after).containsExactly(before.get(0), new Shard(1, List.of("3", "new", "newer")));
  }

  @Test
  void dropsEmptyShardsAndGivesTheirNumbersAgain() {
    List<Shard> before = reshard(sharder, List.of(), topics(0, 9));
    List<String> without1 = List.of("0", "1", "2", "6", "7", "8");

    List<Shard> after = reshard(sharder, before, without1);

    assertThat(after).extracting(Shard::number).containsExactly(0, 2);
    List<String> grown = new ArrayList<>(without1);
    grown.addAll(List.of("new", "newer"));
    assertThat(reshard(sharder, after, grown))
        .containsExactly(before.get(0), new Shard(1, List.of("new", "newer")), before.get(2));
  }

  @Test
  void followsALowerLimit() {
    List<Shard> after =
        reshard(new TopicSharder(2), reshard(sharder, List.of(), topics(0, 6)), topics(0, 6));

    assertThat(after)
        .containsExactly(
            new Shard(0, topics(0, 2)),
            new Shard(1, topics(3, 5)),
            new Shard(2, List.of("2", "5")));
  }

  @Test
  void placesEachSubscriptionOnce() {
    List<Shard> before = List.of(new Shard(0, List.of("a", "b")), new Shard(1, List.of("b", "c")));

    assertThat(placed(reshard(sharder, before, List.of("a", "b", "c", "c", "b"))))
        .containsExactlyInAnyOrder("a", "b", "c");
  }

  @Test
  void refusesALimitOfNone() {
    assertThatThrownBy(() -> new TopicSharder(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void keepsWhatStaysInItsPlaceWhateverChanges() {
    Random random = new Random(9);
    TopicSharder tens = new TopicSharder(10);
    List<Shard> shards = List.of();
    Set<String> wanted = new LinkedHashSet<>();
    for (int round = 0; round < 500; round++) {
      if (random.nextInt(3) > 0) {
        IntStream.range(0, random.nextInt(30)).forEach(i -> wanted.add("" + random.nextInt(400)));
      } else {
        wanted.removeIf(topic -> random.nextInt(4) == 0);
      }
      List<Shard> before = shards;

      shards = reshard(tens, before, List.copyOf(wanted));

      assertThat(placed(shards)).containsExactlyInAnyOrderElementsOf(wanted);
      assertThat(shards).allMatch(s -> s.subscriptions().size() <= 10);
      assertThat(shards).extracting(Shard::number).doesNotHaveDuplicates().isSorted();
      Map<String, Integer> places = places(shards);
      places(before)
          .forEach(
              (topic, place) -> {
                if (wanted.contains(topic)) {
                  assertThat(places).containsEntry(topic, place);
                }
              });
      assertThat(shards.size()).isLessThanOrEqualTo(Math.max(before.size(), needed(wanted)));
    }
  }

  @Test
  void dealsShardsToTheClientThatHasTheFewestAndTellsWhatNobodyHasRoomFor() {
    TopicSharder two = new TopicSharder(3, List.of("a", "b"), any -> 2, 0);

    Plan plan = two.plan(Plan.NOTHING, topics(0, 14), Refusals.NONE);

    assertThat(plan.shards()).extracting(Shard::client).containsExactly("a", "b", "a", "b");
    assertThat(plan.unread()).containsExactly(new Shard(4, "", topics(12, 14)));
    assertThat(plan.left()).isEqualTo(2);
    assertThat(two.plan(plan, topics(2, 14), Refusals.NONE).unread()).isEmpty();
  }

  @Test
  void keepsAllThatIsAboutAnEntityTogether() {
    List<String> subscriptions = new ArrayList<>();
    IntStream.range(0, 5).forEach(i -> subscriptions.add(user(i) + ".presence"));
    IntStream.range(0, 5).forEach(i -> subscriptions.add(user(i).replace("v2", "v2.of") + ".a"));

    Plan plan =
        new TopicSharder(3, List.of("a"), any -> 4, 0)
            .plan(Plan.NOTHING, subscriptions, Refusals.NONE);

    // Four pairs alone, and the last one with the room that is left
    Map<String, Integer> places = places(plan.shards());
    assertThat(IntStream.range(0, 4))
        .allMatch(
            i -> places.get(subscriptions.get(i)).equals(places.get(subscriptions.get(i + 5))));
    assertThat(plan.unread()).isEmpty();
  }

  @Test
  void triesWithAnotherClientJustWhatOneMayNotSee() {
    TopicSharder two = new TopicSharder(3, List.of("a", "b"), any -> 2, 0);
    List<String> wanted = List.of(user(1) + "?presence&x.adherence", user(2) + ".presence");
    Plan before = two.plan(Plan.NOTHING, wanted, Refusals.NONE);
    String refused = user(1) + ".x.adherence";
    Refusals toA = new Refusals(Map.of("a", Set.of(refused)), Map.of());

    Plan after = two.plan(before, wanted, toA);

    assertThat(after.of("a"))
        .containsExactly(new Shard(0, "a", List.of(user(2) + ".presence", user(1) + ".presence")));
    assertThat(after.of("b")).containsExactly(new Shard(1, "b", List.of(refused)));
    assertThat(two.plan(after, wanted, toA)).isEqualTo(after);
    Refusals toBoth = new Refusals(Map.of("a", Set.of(refused), "b", Set.of(refused)), Map.of());
    assertThat(two.plan(after, wanted, toBoth)).as("refused by all: it stays").isEqualTo(after);
    assertThat(two.plan(Plan.NOTHING, wanted, toA).of("b").get(0).subscriptions())
        .as("what is new comes whole to a client that may see all of it")
        .contains(wanted.get(0));
  }

  @Test
  void aKindThatAClientIsRefusedStaysWhereItIsReadAndNothingNewOfItComesThere() {
    TopicSharder two = new TopicSharder(10, List.of("a", "b"), any -> 2, 0);
    List<String> first = List.of(presence(1), presence(2));
    Plan before = two.plan(Plan.NOTHING, first, Refusals.NONE);
    Refusals kindToA = new Refusals(Map.of("a", Set.of(presence(2))), Map.of("a", Set.of(KIND)));

    Plan after = two.plan(before, List.of(presence(1), presence(2), presence(3)), kindToA);

    assertThat(after.of("a")).containsExactly(new Shard(0, "a", List.of(presence(1))));
    assertThat(singles(placed(after.of("b")))).containsExactlyInAnyOrder(presence(2), presence(3));
  }

  @Test
  void triesWithAClientThatWasRefusedTheKindWhatTheOtherWasRefusedByName() {
    TopicSharder two = new TopicSharder(10, List.of("a", "b"), any -> 2, 0);
    List<String> wanted = List.of(presence(1));
    Plan before = two.plan(Plan.NOTHING, wanted, Refusals.NONE);
    Refusals guessed = new Refusals(Map.of("a", Set.of(presence(1))), Map.of("b", Set.of(KIND)));

    Plan after = two.plan(before, wanted, guessed);

    assertThat(after.shards()).containsExactly(new Shard(1, "b", wanted));
    assertThat(two.plan(Plan.NOTHING, wanted, guessed).shards())
        .extracting(Shard::client)
        .containsExactly("b");
    Refusals byAll =
        new Refusals(
            Map.of("a", Set.of(presence(1)), "b", Set.of(presence(1))), Map.of("b", Set.of(KIND)));
    assertThat(two.plan(after, wanted, byAll)).as("refused by all: it stays").isEqualTo(after);
  }

  @Test
  void asksAgainWhereItWasForWhatNoOtherClientHasRoomFor() {
    TopicSharder two = new TopicSharder(2, List.of("a", "b"), any -> 1, 0);
    Plan full = two.plan(Plan.NOTHING, topics(0, 4), Refusals.NONE);
    Refusals toA = new Refusals(Map.of("a", Set.of("0")), Map.of());

    assertThat(two.plan(full, topics(0, 4), toA)).isEqualTo(full);
    assertThat(two.plan(full, topics(0, 3), toA).of("b"))
        .containsExactly(new Shard(1, "b", List.of("2", "0")));
  }

  @Test
  void dealsAnewWhatAClientReadThatIsNoMore() {
    Plan before =
        new TopicSharder(3, List.of("a", "b"), any -> 2, 0)
            .plan(Plan.NOTHING, topics(0, 10), Refusals.NONE);

    Plan after =
        new TopicSharder(3, List.of("b", "c"), any -> 2, 0)
            .plan(before, topics(0, 10), Refusals.NONE);

    Map<String, Integer> places = places(after.shards());
    places(before.of("b"))
        .forEach((topic, place) -> assertThat(places).containsEntry(topic, place));
    assertThat(placed(after.shards())).containsExactlyInAnyOrderElementsOf(topics(0, 10));
  }

  /** Agents come and go, and clients turn out to be refused what they ask for. */
  @Test
  void movesNothingThatItsClientMaySeeWhateverChanges() {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      int most = 2 + random.nextInt(3);
      List<String> clients = List.of("a", "b", "c").subList(0, 1 + random.nextInt(3));
      TopicSharder sharder = new TopicSharder(10, clients, any -> most, 0);
      Plan plan = Plan.NOTHING;
      Set<Integer> agents = new LinkedHashSet<>();
      Map<String, Set<String>> refused = new HashMap<>();
      for (int round = 0; round < 150; round++) {
        if (random.nextInt(3) > 0) {
          IntStream.range(0, random.nextInt(20)).forEach(i -> agents.add(random.nextInt(200)));
        } else {
          agents.removeIf(agent -> random.nextInt(3) == 0);
        }
        List<String> wanted = new ArrayList<>();
        agents.forEach(agent -> wanted.add(user(agent) + "?presence&x.adherence"));
        agents.forEach(agent -> wanted.add(user(agent).replace("v2", "v2.of") + ".conversations"));
        if (random.nextInt(4) == 0) {
          String client = clients.get(random.nextInt(clients.size()));
          singles(placed(plan.of(client))).stream()
              .filter(topic -> random.nextInt(6) == 0)
              .forEach(topic -> refused.computeIfAbsent(client, c -> new HashSet<>()).add(topic));
        }
        Refusals refusals = new Refusals(refused, Map.of());
        Plan before = plan;

        plan = sharder.plan(before, wanted, refusals);

        String story = "seed " + seed + ", round " + round;
        holds(story, plan, wanted, clients, most);
        stays(story, before, plan, clients, refusals);
        Plan again = sharder.plan(plan, wanted, refusals);
        if (plan.unread().isEmpty() || refused.isEmpty()) {
          assertThat(again.shards()).as(story).isEqualTo(plan.shards());
        } else {
          // What its client may not see makes room for what it may
          stays(story, plan, again, clients, refusals);
        }
      }
    }
  }

  /**
   * Clients cannot log in for a while and can again, their channels end one by one, agents come and
   * go: what moves is what nobody reads any more, and nothing else.
   */
  @Test
  void whatMovesWhenClientsComeAndGoIsJustWhatTheyDoNotReadAnyMore() {
    List<String> all = List.of("a", "b", "c");
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      int most = 2 + random.nextInt(4);
      Plan plan = Plan.NOTHING;
      Set<Integer> agents = new LinkedHashSet<>();
      Set<String> present = new LinkedHashSet<>(all);
      for (int round = 0; round < 150; round++) {
        String story = "seed " + seed + ", round " + round;
        if (random.nextInt(3) > 0) {
          IntStream.range(0, random.nextInt(10)).forEach(i -> agents.add(random.nextInt(120)));
        } else {
          agents.removeIf(agent -> random.nextInt(4) == 0);
        }
        String client = all.get(random.nextInt(all.size()));
        if (!present.remove(client) || present.isEmpty()) {
          present.add(client);
        }
        Set<Integer> live = new HashSet<>();
        plan.shards().stream()
            .filter(shard -> random.nextInt(3) > 0)
            .forEach(shard -> live.add(shard.number()));
        List<String> wanted =
            agents.stream().map(agent -> user(agent) + "?presence&x.adherence").toList();
        Plan before = plan;

        plan =
            new TopicSharder(10, List.copyOf(present), any -> most, 0)
                .plan(
                    before,
                    Map.of(),
                    wanted,
                    Refusals.NONE,
                    shard -> live.contains(shard.number()));

        holds(story, plan, wanted, all, most);
        Map<String, Shard> now = homes(plan);
        Map<Integer, String> owners = new HashMap<>();
        before.shards().forEach(shard -> owners.put(shard.number(), shard.client()));
        plan.shards()
            .forEach(
                shard ->
                    assertThat(owners.getOrDefault(shard.number(), shard.client()))
                        .as(story + ": a number is its client's")
                        .isEqualTo(shard.client()));
        homes(before)
            .forEach(
                (topic, home) -> {
                  boolean stays = present.contains(home.client()) || live.contains(home.number());
                  boolean gone = !singles(wanted).contains(topic);
                  if (stays && !gone) {
                    assertThat(now.get(topic).number()).as(story + topic).isEqualTo(home.number());
                  }
                });
        Map<String, Shard> then = homes(before);
        now.forEach(
            (topic, place) -> {
              boolean isNew = !then.containsKey(topic);
              if (isNew) {
                assertThat(present)
                    .as(story + ": who cannot log in gets nothing new")
                    .contains(place.client());
              }
            });
      }
    }
  }

  private static void holds(
      String story, Plan plan, List<String> wanted, List<String> clients, int most) {
    List<Shard> all = new ArrayList<>(plan.shards());
    all.addAll(plan.unread());
    assertThat(singles(placed(all))).as(story).containsExactlyInAnyOrderElementsOf(singles(wanted));
    assertThat(all).as(story).allMatch(shard -> shard.subscriptions().size() <= 10);
    assertThat(all).as(story).extracting(Shard::number).doesNotHaveDuplicates();
    assertThat(plan.shards()).as(story).extracting(Shard::client).isSubsetOf(clients);
    assertThat(clients).as(story).allMatch(client -> plan.of(client).size() <= most);
  }

  private static void stays(
      String story, Plan before, Plan after, List<String> clients, Refusals refusals) {
    Map<String, Shard> now = homes(after);
    homes(before)
        .forEach(
            (topic, home) -> {
              Shard place = now.get(topic);
              boolean gone = place == null;
              boolean maySee = !refusals.refuses(home.client(), topic);
              boolean nobody = clients.stream().allMatch(c -> refusals.refuses(c, topic));
              if (!gone && (maySee || nobody)) {
                assertThat(place.number()).as(story + ": " + topic).isEqualTo(home.number());
              } else if (!gone && place.number() != home.number()) {
                assertThat(refusals.refuses(place.client(), topic)).as(story + topic).isFalse();
              }
            });
    boolean mixed = refusals.topics().isEmpty();
    after.unread().stream()
        .filter(shard -> mixed)
        .forEach(
            unread ->
                assertThat(after.shards())
                    .as(story + ": while something is not read all are full")
                    .allMatch(shard -> shard.subscriptions().size() == 10));
  }

  private static Map<String, Shard> homes(Plan plan) {
    Map<String, Shard> homes = new HashMap<>();
    plan.shards()
        .forEach(shard -> singles(shard.subscriptions()).forEach(topic -> homes.put(topic, shard)));
    return homes;
  }

  private static List<String> singles(List<String> subscriptions) {
    return subscriptions.stream().flatMap(it -> TopicCombiner.expandCombined(it).stream()).toList();
  }

  private static String user(int number) {
    return "v2.users.7b5a5a2e-1c2d-4e5f-8a9b-%012d".formatted(number);
  }

  private static String presence(int number) {
    return user(number) + ".presence";
  }

  private static List<Shard> reshard(
      TopicSharder sharder, List<Shard> before, List<String> subscriptions) {
    Plan plan = sharder.plan(new Plan(before), subscriptions, Refusals.NONE);
    assertThat(plan.unread()).isEmpty();
    return plan.shards();
  }

  private static int needed(Set<String> wanted) {
    return (wanted.size() + 9) / 10;
  }

  private static Map<String, Integer> places(List<Shard> shards) {
    Map<String, Integer> places = new HashMap<>();
    shards.forEach(s -> s.subscriptions().forEach(topic -> places.put(topic, s.number())));
    return places;
  }

  private static List<String> placed(List<Shard> shards) {
    return shards.stream().flatMap(s -> s.subscriptions().stream()).toList();
  }

  private static List<String> topics(int from, int to) {
    return IntStream.range(from, to).mapToObj(Integer::toString).toList();
  }

  private static List<String> reversed(List<String> topics) {
    List<String> reversed = new ArrayList<>(topics);
    Collections.reverse(reversed);
    return reversed;
  }
}
