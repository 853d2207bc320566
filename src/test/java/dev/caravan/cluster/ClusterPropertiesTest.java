package dev.caravan.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.cluster.SimulatedInstances.Instance;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever happens to instances: in the end each shard is read once, and no gap goes untold. */
@Tag("slow")
class ClusterPropertiesTest {

  /** Longer than the longest that anybody waits. */
  private static final long QUIET = ClusterMachine.AWAY_MILLIS + 200_000;

  private static final int FAULTS = 12;

  /** More of them: -Dcaravan.seeds=1000. */
  static LongStream seeds() {
    return LongStream.range(0, Integer.getInteger("caravan.seeds", 2));
  }

  private static SimulatedInstances three() {
    return three(false);
  }

  private static SimulatedInstances three(boolean standby) {
    SimulatedInstances all = new SimulatedInstances(standby);
    IntStream.range(0, 8).forEach(all.wanted::add);
    IntStream.range(0, 3).forEach(number -> all.start());
    all.pass(120_000);
    return all;
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void inTheEndEachShardIsReadByOne(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three();

    for (int fault = 0; fault < FAULTS; fault++) {
      happens(all, random, true);
      all.pass(random.nextInt(40_000));
    }
    allIsWell(all);
    all.pass(QUIET);

    assertAllRead(all);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void noGapGoesUntold(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three();

    for (int fault = 0; fault < FAULTS; fault++) {
      happens(all, random, false);
      all.pass(random.nextInt(40_000));
    }
    allIsWell(all);
    all.pass(QUIET);

    assertThat(all.untold()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whoComesAndGoesPolitelyLeavesNothingUnread(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three();

    for (int move = 0; move < FAULTS; move++) {
      any(all, random).leave();
      all.start();
      all.pass(20_000 + random.nextInt(100_000));
    }
    all.pass(QUIET);

    assertThat(all.unread).isEmpty();
    assertAllRead(all);
  }

  /** It stays a member of the group, which therefore leaves slot 0 to it. */
  @ParameterizedTest
  @MethodSource("seeds")
  void whoPlansAndIsNotHeardIsReplaced(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three(random.nextBoolean());
    Instance planner = all.instances.values().stream().filter(it -> it.leads).findFirst().get();
    planner.mute = random.nextBoolean();
    planner.hung = !planner.mute;
    all.pass(random.nextInt(60_000));

    all.wanted.add(8);
    all.pass(60_000);
    assertThat(all.hidden()).isEmpty();
    all.unread.clear();
    Instance leaving =
        all.instances.values().stream().filter(it -> it != planner).findFirst().get();
    leaving.leave();
    all.pass(120_000);
    assertThat(all.instances).as("it leaves within two minutes").doesNotContainValue(leaving);
    assertThat(all.unread).isEmpty();
    planner.mute = false;
    planner.hung = false;
    all.start();
    all.pass(QUIET);

    assertAllRead(all);
  }

  /** The others hear it, and the group leaves slot 0 to it. */
  @ParameterizedTest
  @MethodSource("seeds")
  void whoPlansAndHearsNothingIsReplaced(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three(random.nextBoolean());
    Instance planner = all.instances.values().stream().filter(it -> it.leads).findFirst().get();
    planner.deaf = true;
    all.pass(random.nextInt(60_000));

    all.wanted.add(8);
    all.pass(60_000);

    assertThat(all.readers(8)).hasSize(1);
    assertThat(all.unread).isEmpty();
    planner.deaf = false;
    all.pass(QUIET);
    assertAllRead(all);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whoStartsWithAnEmptyControlTopicWhileOthersRunIsToldAllThatCounts(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three(random.nextBoolean());
    all.loseTopic();
    all.pass(random.nextInt(60_000));
    all.unread.clear();

    for (int start = 0; start < 2; start++) {
      all.start();
      all.pass(60_000 + random.nextInt(60_000));
      assertThat(all.wanted).allSatisfy(shard -> assertThat(all.readers(shard)).hasSize(1));
      assertThat(all.unread).isEmpty();
      any(all, random).leave();
      all.pass(60_000);
    }
    all.pass(QUIET);

    assertAllRead(all);
  }

  /** It was written too late by one that wanted to read the same: those who run do not mind it. */
  @ParameterizedTest
  @MethodSource("seeds")
  void whoStartsBelievesThoseWhoReadWhoeverWroteLast(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three(random.nextBoolean());
    all.compact();
    List<Instance> there = List.copyOf(all.instances.values());
    Instance one = there.get((int) seed % 3);
    String late = there.get((int) (seed + 1) % 3).name;
    for (int shard : all.wanted) {
      ControlRecord.Live live = one.state.view().reader(shard).orElseThrow();
      if (live.by().equals(one.name)) {
        all.lose(late, shard, live.epoch());
      }
    }
    all.pass(5_000);

    all.start();
    all.pass(120_000);
    all.kill(one);
    all.pass(60_000);

    assertThat(all.hidden()).isEmpty();
    assertThat(all.untold()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aNumberThatIsUsedAgainHasNoGapFromItsLastUse(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three(random.nextBoolean());
    all.compact();
    all.wanted.remove(7);
    if (random.nextBoolean()) {
      all.kill(any(all, random));
      all.start();
    }
    all.pass(120_000);
    for (Instance one : List.copyOf(all.instances.values())) {
      one.leave();
      all.start();
      all.pass(200_000);
    }
    all.told.clear();

    all.wanted.add(7);
    all.pass(60_000);

    assertThat(all.told).isEmpty();
    assertAllRead(all);
  }

  /** It cannot log in with the OAuth client that reads the odd shards; one at least can. */
  @ParameterizedTest
  @MethodSource("seeds")
  void whatOneInstanceCannotReadAnotherDoesAndNoGapGoesUntold(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three();

    for (int fault = 0; fault < FAULTS; fault++) {
      Instance one = any(all, random);
      switch (random.nextInt(6)) {
        case 0 -> all.kill(one);
        case 1 -> one.leave();
        case 2 -> all.start();
        default -> one.refused = !one.refused;
      }
      if (all.instances.size() < 2) {
        all.start();
      }
      all.pass(random.nextInt(40_000));
    }
    all.start();
    all.pass(QUIET);

    assertThat(all.wanted).allSatisfy(shard -> assertThat(all.readers(shard)).hasSize(1));
    assertThat(all.untold()).isEmpty();
  }

  /** What was read is in Kafka, or on the disk of one that ended while nobody stood by for it. */
  @ParameterizedTest
  @MethodSource("seeds")
  void withAStandbyNothingThatWasReadIsLost(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three(true);

    for (int fault = 0; fault < FAULTS; fault++) {
      happens(all, random, true);
      all.pass(random.nextInt(40_000));
    }
    allIsWell(all);
    all.pass(QUIET);

    assertThat(all.lost()).isEmpty();
    assertAllRead(all);
    // Nobody can, if one is left
    assertThat(all.standingBy())
        .as("one stands by for each")
        .isEqualTo(all.instances.size() > 1 ? all.wanted : Set.of());
  }

  /** One after the other, each once the one before has been replaced. */
  @ParameterizedTest
  @MethodSource("seeds")
  void withAStandbyTheDeathOfOneCostsNothing(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three(true);

    for (int death = 0; death < FAULTS; death++) {
      all.kill(any(all, random));
      all.start();
      all.pass(60_000 + random.nextInt(60_000));
    }

    assertThat(all.missing()).isEmpty();
    assertThat(all.told).as("gaps").isEmpty();
    assertThat(all.repeated()).isLessThanOrEqualTo(FAULTS * 8 * 2);
  }

  /** Five seconds of silence, a second each until it is told and until it is seen, and to open. */
  @ParameterizedTest
  @MethodSource("seeds")
  void theDeathOfOneIsAShortGapWhoeverPlansAndTheGroupNotices(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three();

    for (int death = 0; death < FAULTS; death++) {
      all.kill(any(all, random));
      all.pass(30_000);
      all.start();
      all.pass(60_000 + random.nextInt(60_000));
    }

    assertThat(all.untold()).isEmpty();
    assertThat(all.unread)
        .isNotEmpty()
        .allSatisfy(gap -> assertThat(gap.to() - gap.from()).isLessThanOrEqualTo(8_000));
    assertThat(all.told)
        .allSatisfy(gap -> assertThat(gap.to() - gap.from()).isLessThanOrEqualTo(9_000));
    assertAllRead(all);
  }

  /** While shards move to one that has just started, or just after that. */
  @ParameterizedTest
  @MethodSource("seeds")
  void theDeathOfOneIsAShortGapWheneverAnotherHasStarted(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three();

    for (int death = 0; death < FAULTS; death++) {
      all.kill(any(all, random));
      all.pass(30_000);
      all.start();
      all.pass(random.nextInt(60_000));
    }

    all.pass(QUIET);
    assertThat(all.untold()).isEmpty();
    assertThat(all.told)
        .isNotEmpty()
        .allSatisfy(gap -> assertThat(gap.to() - gap.from()).isLessThanOrEqualTo(9_000));
    assertAllRead(all);
  }

  /** Six seconds and a half, before a lease runs out. */
  @ParameterizedTest
  @MethodSource("seeds")
  void whoStandsStillWhileShardsMoveLeavesNoGap(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three();

    for (int freeze = 0; freeze < FAULTS; freeze++) {
      any(all, random).leave();
      all.start();
      all.pass(20_000 + random.nextInt(20_000));
      Instance one = any(all, random);
      one.frozen = true;
      all.pass(6_000 + random.nextInt(1_500));
      one.frozen = false;
      all.pass(60_000);
    }

    all.pass(QUIET);
    assertThat(all.told).isEmpty();
    assertAllRead(all);
  }

  /** Of those nobody is left who stood by. */
  @ParameterizedTest
  @MethodSource("seeds")
  void withAStandbyTheDeathOfTwoAtOnceIsAGapAsShortAsWithout(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three(true);

    for (int deaths = 0; deaths < 3; deaths++) {
      all.start();
      all.start();
      all.pass(150_000);
      all.kill(any(all, random));
      all.kill(any(all, random));
      all.pass(60_000);
    }

    assertThat(all.untold()).isEmpty();
    assertThat(all.unread)
        .isNotEmpty()
        .allSatisfy(gap -> assertThat(gap.to() - gap.from()).isLessThanOrEqualTo(8_000));
  }

  /** As a container is that has crashed: with its ledger, mostly before anybody has taken over. */
  @ParameterizedTest
  @MethodSource("seeds")
  void whoIsKilledAndStartsAgainAtOnceLeavesGapsThatAreToldOnce(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three();

    for (int death = 0; death < FAULTS; death++) {
      Instance killed = any(all, random);
      all.kill(killed);
      all.pass(random.nextInt(12_000));
      all.start(killed);
      all.pass(60_000 + random.nextInt(60_000));
    }

    assertThat(all.untold()).isEmpty();
    assertThat(all.told).isNotEmpty();
    assertThat(all.toldTwice()).isEmpty();
    assertThat(all.repeated()).isZero();
    assertThat(all.told)
        .allSatisfy(gap -> assertThat(gap.to() - gap.from()).isLessThanOrEqualTo(12_500));
  }

  /** Records of the control topic are lost, late or wait for a leader, and Kafka is away. */
  @ParameterizedTest
  @MethodSource("seeds")
  void whateverBecomesOfWhatTheyTellNothingIsLostInSilence(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = new SimulatedInstances(random.nextBoolean(), new Random(seed));
    IntStream.range(0, 8).forEach(all.wanted::add);
    IntStream.range(0, 3).forEach(number -> all.start());
    all.pass(120_000);

    for (int fault = 0; fault < FAULTS; fault++) {
      becomesOfRecords(all, random);
      all.pass(random.nextInt(20_000));
      happens(all, random, true);
      all.pass(random.nextInt(40_000));
    }
    allIsWell(all);
    all.pass(QUIET);

    assertThat(all.lost()).isEmpty();
    assertThat(all.untold()).isEmpty();
    assertAllRead(all);
  }

  private static void becomesOfRecords(SimulatedInstances all, Random random) {
    switch (random.nextInt(6)) {
      case 0 -> all.lostOfHundred = random.nextInt(30);
      case 1 -> all.lateMillis = random.nextInt(4_500);
      case 2 -> random.ints(20, 0, 60).forEach(all.leaderless::add);
      case 3 -> {
        all.instances.values().forEach(each -> each.cutOff = true);
        all.pass(random.nextInt(90_000));
        all.instances.values().forEach(each -> each.cutOff = false);
      }
      case 4 -> any(all, random).lag = random.nextInt(3_000);
      default -> {
        all.lostOfHundred = 0;
        all.lateMillis = 0;
        all.leaderless.clear();
      }
    }
  }

  /** Nine seconds until it counts as ended, and what the group and whoever plans then need. */
  @ParameterizedTest
  @MethodSource("seeds")
  void whatADeadOneReadIsKnownToBeUnreadThoughNoChannelComesUp(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three();

    for (int death = 0; death < FAULTS; death++) {
      if (random.nextBoolean()) {
        // The other one of two has all that it had
        all.kill(any(all, random));
        all.pass(60_000);
      }
      all.instances.values().forEach(each -> each.opensNothing = true);
      all.kill(any(all, random));
      all.pass(15_000);
      for (int second = 0; second < 30; second++) {
        assertThat(all.hidden()).as("death %s, second %s", death, second).isEmpty();
        all.pass(1_000);
      }
      all.instances.values().forEach(each -> each.opensNothing = false);
      while (all.instances.size() < 3) {
        all.start();
      }
      all.pass(60_000 + random.nextInt(60_000));
    }
    all.pass(QUIET);

    assertThat(all.untold()).isEmpty();
    assertAllRead(all);
  }

  /** For six to eight seconds each time: it is missed, and no lease runs out. */
  @ParameterizedTest
  @MethodSource("seeds")
  void whoStandsStillAgainAndAgainCostsAFewChannelsOnly(long seed) {
    Random random = new Random(seed);
    SimulatedInstances all = three();
    Instance one = any(all, random);
    long began = all.now;

    while (all.now - began < 600_000) {
      one.frozen = true;
      all.pass(6_000 + random.nextInt(1_500));
      one.frozen = false;
      all.pass(500 + random.nextInt(5_000));
    }

    assertThat(all.stoodBy)
        .isNotEmpty()
        .allSatisfy(
            (shard, often) ->
                // Ten minutes
                assertThat(often).as("shard " + shard).isLessThanOrEqualTo(11));
    all.pass(QUIET);
    assertThat(all.untold()).isEmpty();
    assertAllRead(all);
  }

  private static void happens(SimulatedInstances all, Random random, boolean standingStill) {
    Instance one = any(all, random);
    if (random.nextInt(4) == 0) {
      all.compact();
    }
    switch (random.nextInt(standingStill ? 9 : 8)) {
      case 0 -> all.kill(one);
      case 1 -> one.leave();
      case 2 -> one.cutOff = !one.cutOff;
      case 3 -> one.reaches = !one.reaches;
      case 4 -> all.wanted.remove(random.nextInt(8));
      case 5 -> all.wanted.add(random.nextInt(8));
      case 6 -> all.start();
      case 7 -> one.mute = !one.mute;
      default -> one.frozen = !one.frozen;
    }
    if (all.instances.size() < 2) {
      all.start();
    }
  }

  private static Instance any(SimulatedInstances all, Random random) {
    List<Instance> there = List.copyOf(all.instances.values());
    return there.get(random.nextInt(there.size()));
  }

  private static void allIsWell(SimulatedInstances all) {
    all.lostOfHundred = 0;
    all.lateMillis = 0;
    all.leaderless.clear();
    for (Instance each : all.instances.values()) {
      each.cutOff = false;
      each.frozen = false;
      each.mute = false;
      each.deaf = false;
      each.lag = 0;
      each.reaches = true;
    }
  }

  private static void assertAllRead(SimulatedInstances all) {
    for (int shard : all.wanted) {
      assertThat(all.readers(shard)).as("readers of shard " + shard).hasSize(1);
      assertThat(all.readers(shard).get(0)).endsWith("Optional[READING]");
    }
    List<Long> loads =
        all.instances.values().stream()
            .map(it -> all.wanted.stream().filter(it::forwards).count())
            .sorted()
            .toList();
    assertThat(loads.get(loads.size() - 1) - loads.get(0)).as("balance").isLessThanOrEqualTo(1);
  }
}
