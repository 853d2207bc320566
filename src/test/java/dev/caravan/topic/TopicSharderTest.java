package dev.caravan.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.topic.TopicSharder.Shard;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TopicSharderTest {

  private final TopicSharder sharder = new TopicSharder(3);

  @Test
  void fillsShardsOneAfterTheOther() {
    assertThat(sharder.shard(topics(0, 7)))
        .containsExactly(
            new Shard(0, topics(0, 3)), new Shard(1, topics(3, 6)), new Shard(2, topics(6, 7)));
    assertThat(sharder.shard(List.of())).isEmpty();
  }

  @Test
  void makesMoreShardsRatherThanLeavingOut() {
    List<Shard> shards = new TopicSharder(TopicSharder.CHANNEL_LIMIT).shard(topics(0, 25_001));

    assertThat(shards).hasSize(26);
    assertThat(shards).allMatch(s -> s.subscriptions().size() <= 1_000);
    assertThat(placed(shards)).hasSize(25_001);
  }

  @Test
  void changesNothingIfNothingChanged() {
    List<Shard> shards = sharder.shard(topics(0, 8));

    assertThat(sharder.reshard(shards, topics(0, 8))).isEqualTo(shards);
    assertThat(sharder.reshard(shards, reversed(topics(0, 8)))).isEqualTo(shards);
  }

  @Test
  void putsNewSubscriptionsWhereSomethingChangesAnyway() {
    List<Shard> before =
        List.of(new Shard(0, topics(0, 1)), new Shard(1, topics(3, 6)), new Shard(2, topics(6, 9)));

    List<Shard> after = sharder.reshard(before, List.of("0", "3", "4", "6", "7", "8", "new"));

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
        sharder.reshard(
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

    assertThat(sharder.reshard(before, List.of("u.1.a", "u.1.b", "1", "2")))
        .containsExactly(new Shard(0, List.of("1", "2", "u.1.a")), new Shard(1, List.of("u.1.b")));
  }

  @Test
  void putsNewSubscriptionsTogetherWhereTheMostRoomIs() {
    List<Shard> before = List.of(new Shard(0, topics(0, 2)), new Shard(1, topics(3, 4)));

    List<Shard> after = sharder.reshard(before, List.of("0", "1", "3", "new", "newer"));

    assertThat(after).containsExactly(before.get(0), new Shard(1, List.of("3", "new", "newer")));
  }

  @Test
  void dropsEmptyShardsAndGivesTheirNumbersAgain() {
    List<Shard> before = sharder.shard(topics(0, 9));
    List<String> without1 = List.of("0", "1", "2", "6", "7", "8");

    List<Shard> after = sharder.reshard(before, without1);

    assertThat(after).extracting(Shard::number).containsExactly(0, 2);
    List<String> grown = new ArrayList<>(without1);
    grown.addAll(List.of("new", "newer"));
    assertThat(sharder.reshard(after, grown))
        .containsExactly(before.get(0), new Shard(1, List.of("new", "newer")), before.get(2));
  }

  @Test
  void followsALowerLimit() {
    List<Shard> after = new TopicSharder(2).reshard(sharder.shard(topics(0, 6)), topics(0, 6));

    assertThat(after)
        .containsExactly(
            new Shard(0, topics(0, 2)),
            new Shard(1, topics(3, 5)),
            new Shard(2, List.of("2", "5")));
  }

  @Test
  void placesEachSubscriptionOnce() {
    List<Shard> before = List.of(new Shard(0, List.of("a", "b")), new Shard(1, List.of("b", "c")));

    assertThat(placed(sharder.reshard(before, List.of("a", "b", "c", "c", "b"))))
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

      shards = tens.reshard(before, List.copyOf(wanted));

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
