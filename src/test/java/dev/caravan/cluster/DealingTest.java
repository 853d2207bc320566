package dev.caravan.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DealingTest {

  private static final BiPredicate<Integer, String> ALL = (shard, owner) -> true;

  private static Map<Integer, String> owners(int instances, int slots, int shift) {
    return IntStream.range(0, slots)
        .boxed()
        .collect(Collectors.toMap(slot -> slot, slot -> "i" + (slot * 7 + shift) % instances));
  }

  private static Set<Integer> shards(int count) {
    return new TreeSet<>(IntStream.range(0, count).boxed().toList());
  }

  private static Map<String, Integer> loads(
      Map<Integer, Integer> dealt, Map<Integer, String> owners) {
    Map<String, Integer> loads = new HashMap<>();
    owners.values().forEach(owner -> loads.put(owner, 0));
    dealt.values().forEach(slot -> loads.merge(owners.get(slot), 1, Integer::sum));
    return loads;
  }

  private static int difference(Map<String, Integer> loads) {
    return loads.values().stream().max(Integer::compare).orElseThrow()
        - loads.values().stream().min(Integer::compare).orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6})
  void instancesDifferByOneShardAtMost(int instances) {
    for (int count = 0; count <= 80; count++) {
      deal(instances, count);
    }
  }

  private static void deal(int instances, int count) {
    Map<Integer, String> owners = owners(instances, 60, 0);

    Map<Integer, Integer> dealt =
        Dealing.deal(shards(count), Map.of(), owners, Map.of(), true, ALL);

    assertThat(dealt).hasSize(count);
    assertThat(difference(loads(dealt, owners))).isLessThanOrEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6})
  void whateverTheGroupDoesToTheSlotsTheyAreBalancedAgainOneMoveAfterTheOther(int before) {
    for (int after = 1; after <= 6; after++) {
      for (int count = 1; count <= 40; count += 3) {
        dealAgain(before, after, count);
      }
    }
  }

  private static void dealAgain(int before, int after, int count) {
    Map<Integer, String> then = owners(before, 60, 3);
    Map<Integer, Integer> dealt = Dealing.deal(shards(count), Map.of(), then, Map.of(), true, ALL);
    Map<Integer, String> now = owners(after, 60, 11);
    Map<Integer, String> readers = new HashMap<>();
    dealt.forEach((shard, slot) -> readers.put(shard, then.get(slot)));
    readers.values().removeIf(reader -> !now.containsValue(reader));

    for (int step = 0; step <= count; step++) {
      Map<Integer, Integer> next = Dealing.deal(shards(count), dealt, now, readers, true, ALL);
      // All that was dealt has moved by then
      next.forEach((shard, slot) -> readers.put(shard, now.get(slot)));
      dealt = next;
    }

    assertThat(difference(loads(dealt, now))).isLessThanOrEqualTo(1);
    assertThat(Dealing.deal(shards(count), dealt, now, readers, true, ALL)).isEqualTo(dealt);
  }

  @Test
  void whatIsBalancedStaysWhereItIs() {
    Map<Integer, String> owners = Map.of(0, "a", 1, "b");
    Map<Integer, Integer> before = Map.of(4, 0, 9, 1);

    assertThat(Dealing.deal(Set.of(4, 9), before, owners, Map.of(4, "a", 9, "b"), true, ALL))
        .isEqualTo(before);
  }

  @Test
  void whatAnInstanceStillReadsIsDealtBackToItAtNoCost() {
    Map<Integer, String> owners = Map.of(0, "a", 1, "a", 2, "b");
    Map<Integer, String> readers = Map.of(1, "b", 2, "b");

    Map<Integer, Integer> dealt =
        Dealing.deal(Set.of(1, 2), Map.of(1, 0, 2, 1), owners, readers, false, ALL);

    assertThat(loads(dealt, owners)).isEqualTo(Map.of("a", 1, "b", 1));
  }

  // ---- if not each may read each

  private static final BiPredicate<Integer, String> ODD_ONES_NOT_BY_C =
      (shard, owner) -> shard % 2 == 0 || !owner.equals("c");

  @Test
  void whatItsOwnerCannotReadIsDealtToOneThatCan() {
    Map<Integer, String> owners = Map.of(0, "a", 1, "b", 2, "c");

    Map<Integer, Integer> dealt =
        Dealing.deal(
            Set.of(1, 2), Map.of(1, 2, 2, 0), owners, Map.of(2, "a"), true, ODD_ONES_NOT_BY_C);

    assertThat(dealt).isEqualTo(Map.of(1, 1, 2, 0));
  }

  @Test
  void whatItsOwnerStillReadsStaysWithIt() {
    Map<Integer, String> owners = Map.of(0, "a", 2, "c");

    assertThat(
            Dealing.deal(Set.of(1), Map.of(1, 2), owners, Map.of(1, "c"), true, ODD_ONES_NOT_BY_C))
        .isEqualTo(Map.of(1, 2));
  }

  @Test
  void whatNobodyCanReadStaysWhereItIs() {
    Map<Integer, String> owners = Map.of(0, "a", 2, "c");

    assertThat(
            Dealing.deal(Set.of(1), Map.of(1, 2), owners, Map.of(), true, (shard, owner) -> false))
        .isEqualTo(Map.of(1, 2));
  }

  /** c may have the even ones only: the odd ones are shared by the others. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 12, 27, 40})
  void nobodyIsGivenWhatItCannotReadAndTheRestIsBalanced(int count) {
    Map<Integer, String> owners =
        IntStream.range(0, 60).boxed().collect(Collectors.toMap(it -> it, it -> NAMES[it % 3]));
    Map<Integer, Integer> dealt = Map.of();
    Map<Integer, String> readers = new HashMap<>();

    for (int step = 0; step <= count; step++) {
      dealt = Dealing.deal(shards(count), dealt, owners, readers, true, ODD_ONES_NOT_BY_C);
      dealt.forEach((shard, slot) -> readers.put(shard, owners.get(slot)));
    }

    assertThat(dealt).hasSize(count);
    assertThat(dealt).allSatisfy((shard, slot) -> may(shard, owners.get(slot)));
    assertThat(difference(loads(dealt, owners))).isLessThanOrEqualTo(1);
    assertThat(Dealing.deal(shards(count), dealt, owners, readers, true, ODD_ONES_NOT_BY_C))
        .as("then nothing moves")
        .isEqualTo(dealt);
  }

  private static void may(int shard, String owner) {
    assertThat(ODD_ONES_NOT_BY_C.test(shard, owner)).as(shard + " by " + owner).isTrue();
  }

  private static final String[] NAMES = {"a", "b", "c"};

  @Test
  void oneThatMayReadNothingMoreDoesNotKeepTheOthersFromBeingBalanced() {
    Map<Integer, String> owners = Map.of(0, "a", 1, "b", 2, "c");
    Map<Integer, Integer> before = Map.of(1, 1, 3, 1, 5, 1, 7, 1);
    Map<Integer, String> readers = Map.of(1, "b", 3, "b", 5, "b", 7, "b");

    Map<Integer, Integer> dealt =
        Dealing.deal(shards(before), before, owners, readers, true, ODD_ONES_NOT_BY_C);

    assertThat(loads(dealt, owners)).isEqualTo(Map.of("a", 1, "b", 3, "c", 0));
  }

  private static Set<Integer> shards(Map<Integer, Integer> dealt) {
    return dealt.keySet();
  }
}
