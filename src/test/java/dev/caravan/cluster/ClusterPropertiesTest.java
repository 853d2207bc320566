package dev.caravan.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.cluster.SimulatedInstances.Instance;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.Collection;
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
  private static final long QUIET = Timings.AWAY_MILLIS + 200_000;

  private static final int FAULTS = 12;

  /** More of them: -Dcaravan.seeds=1000. */
  static LongStream seeds() {
    return LongStream.range(0, Integer.getInteger("caravan.seeds", 2));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Retention(RetentionPolicy.RUNTIME)
  private @interface ForEachSeed {}

  private Random random;
  private SimulatedInstances all;

  private void three(long seed, boolean standby) {
    random = new Random(seed);
    three(new SimulatedInstances(standby));
  }

  private void three(SimulatedInstances some) {
    all = some;
    IntStream.range(0, 8).forEach(all.wanted::add);
    IntStream.range(0, 3).forEach(number -> all.start());
    all.pass(120_000);
  }

  private void faultsUntilAllIsWell(boolean standingStill) {
    for (int fault = 0; fault < FAULTS; fault++) {
      happens(standingStill);
      all.pass(random.nextInt(40_000));
    }
    allIsWell();
    all.pass(QUIET);
  }

  @ForEachSeed
  void inTheEndEachShardIsReadByOne(long seed) {
    three(seed, false);

    faultsUntilAllIsWell(true);

    assertAllRead();
  }

  @ForEachSeed
  void noGapGoesUntold(long seed) {
    three(seed, false);

    faultsUntilAllIsWell(false);

    assertThat(all.untold()).isEmpty();
  }

  @ForEachSeed
  void whoComesAndGoesPolitelyLeavesNothingUnread(long seed) {
    three(seed, false);

    for (int move = 0; move < FAULTS; move++) {
      any().leave();
      all.start();
      all.pass(20_000 + random.nextInt(100_000));
    }
    all.pass(QUIET);

    assertThat(all.unread).isEmpty();
    assertAllRead();
  }

  /** It stays a member of the group, which therefore leaves slot 0 to it. */
  @ForEachSeed
  void whoPlansAndIsNotHeardIsReplaced(long seed) {
    random = new Random(seed);
    three(new SimulatedInstances(random.nextBoolean()));
    Instance planner = planner();
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

    assertAllRead();
  }

  /** The others hear it, and the group leaves slot 0 to it. */
  @ForEachSeed
  void whoPlansAndHearsNothingIsReplaced(long seed) {
    random = new Random(seed);
    three(new SimulatedInstances(random.nextBoolean()));
    Instance planner = planner();
    planner.deaf = true;
    all.pass(random.nextInt(60_000));

    all.wanted.add(8);
    all.pass(60_000);

    assertThat(all.readers(8)).hasSize(1);
    assertThat(all.unread).isEmpty();
    planner.deaf = false;
    all.pass(QUIET);
    assertAllRead();
  }

  @ForEachSeed
  void whoStartsWithAnEmptyControlTopicWhileOthersRunIsToldAllThatCounts(long seed) {
    random = new Random(seed);
    three(new SimulatedInstances(random.nextBoolean()));
    all.loseTopic();
    all.pass(random.nextInt(60_000));
    all.unread.clear();

    for (int start = 0; start < 2; start++) {
      all.start();
      all.pass(60_000 + random.nextInt(60_000));
      assertThat(all.wanted).allSatisfy(shard -> assertThat(all.readers(shard)).hasSize(1));
      assertThat(all.unread).isEmpty();
      any().leave();
      all.pass(60_000);
    }
    all.pass(QUIET);

    assertAllRead();
  }

  /** It was written too late by one that wanted to read the same: those who run do not mind it. */
  @ForEachSeed
  void whoStartsBelievesThoseWhoReadWhoeverWroteLast(long seed) {
    random = new Random(seed);
    three(new SimulatedInstances(random.nextBoolean()));
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

  @ForEachSeed
  void aNumberThatIsUsedAgainHasNoGapFromItsLastUse(long seed) {
    random = new Random(seed);
    three(new SimulatedInstances(random.nextBoolean()));
    all.compact();
    all.wanted.remove(7);
    if (random.nextBoolean()) {
      all.kill(any());
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
    assertAllRead();
  }

  /** It cannot log in with the OAuth client that reads the odd shards; one at least can. */
  @ForEachSeed
  void whatOneInstanceCannotReadAnotherDoesAndNoGapGoesUntold(long seed) {
    three(seed, false);

    for (int fault = 0; fault < FAULTS; fault++) {
      Instance one = any();
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
  @ForEachSeed
  void withAStandbyNothingThatWasReadIsLost(long seed) {
    three(seed, true);

    faultsUntilAllIsWell(true);

    assertThat(all.lost()).isEmpty();
    assertAllRead();
    // Nobody can, if one is left
    assertThat(all.standingBy())
        .as("one stands by for each")
        .isEqualTo(all.instances.size() > 1 ? all.wanted : Set.of());
  }

  /** One after the other, each once the one before has been replaced. */
  @ForEachSeed
  void withAStandbyTheDeathOfOneCostsNothing(long seed) {
    three(seed, true);

    for (int death = 0; death < FAULTS; death++) {
      all.kill(any());
      all.start();
      all.pass(60_000 + random.nextInt(60_000));
    }

    assertThat(all.missing()).isEmpty();
    assertThat(all.told).as("gaps").isEmpty();
    assertThat(all.repeated()).isLessThanOrEqualTo(FAULTS * 8 * 2);
  }

  /** Five seconds of silence, a second each until it is told and until it is seen, and to open. */
  @ForEachSeed
  void theDeathOfOneIsAShortGapWhoeverPlansAndTheGroupNotices(long seed) {
    three(seed, false);

    for (int death = 0; death < FAULTS; death++) {
      all.kill(any());
      all.pass(30_000);
      all.start();
      all.pass(60_000 + random.nextInt(60_000));
    }

    assertThat(all.untold()).isEmpty();
    assertShort(all.unread, 8_000);
    assertShort(all.told, 9_000);
    assertAllRead();
  }

  /** While shards move to one that has just started, or just after that. */
  @ForEachSeed
  void theDeathOfOneIsAShortGapWheneverAnotherHasStarted(long seed) {
    three(seed, false);

    for (int death = 0; death < FAULTS; death++) {
      all.kill(any());
      all.pass(30_000);
      all.start();
      all.pass(random.nextInt(60_000));
    }

    all.pass(QUIET);
    assertThat(all.untold()).isEmpty();
    assertShort(all.told, 9_000);
    assertAllRead();
  }

  /** Six seconds and a half, before a lease runs out. */
  @ForEachSeed
  void whoStandsStillWhileShardsMoveLeavesNoGap(long seed) {
    three(seed, false);

    for (int freeze = 0; freeze < FAULTS; freeze++) {
      any().leave();
      all.start();
      all.pass(20_000 + random.nextInt(20_000));
      Instance one = any();
      one.frozen = true;
      all.pass(6_000 + random.nextInt(1_500));
      one.frozen = false;
      all.pass(60_000);
    }

    all.pass(QUIET);
    assertThat(all.told).isEmpty();
    assertAllRead();
  }

  /** Of those nobody is left who stood by. */
  @ForEachSeed
  void withAStandbyTheDeathOfTwoAtOnceIsAGapAsShortAsWithout(long seed) {
    three(seed, true);

    for (int deaths = 0; deaths < 3; deaths++) {
      all.start();
      all.start();
      all.pass(150_000);
      all.kill(any());
      all.kill(any());
      all.pass(60_000);
    }

    assertThat(all.untold()).isEmpty();
    assertShort(all.unread, 8_000);
  }

  /** As a container is that has crashed: with its ledger, mostly before anybody has taken over. */
  @ForEachSeed
  void whoIsKilledAndStartsAgainAtOnceLeavesGapsThatAreToldOnce(long seed) {
    three(seed, false);

    for (int death = 0; death < FAULTS; death++) {
      Instance killed = any();
      all.kill(killed);
      all.pass(random.nextInt(12_000));
      all.start(killed);
      all.pass(60_000 + random.nextInt(60_000));
    }

    assertThat(all.untold()).isEmpty();
    assertThat(all.toldTwice()).isEmpty();
    assertThat(all.repeated()).isZero();
    assertShort(all.told, 12_500);
  }

  /** Records of the control topic are lost, late or wait for a leader, and Kafka is away. */
  @ForEachSeed
  void whateverBecomesOfWhatTheyTellNothingIsLostInSilence(long seed) {
    random = new Random(seed);
    three(new SimulatedInstances(random.nextBoolean(), new Random(seed)));

    for (int fault = 0; fault < FAULTS; fault++) {
      becomesOfRecords();
      all.pass(random.nextInt(20_000));
      happens(true);
      all.pass(random.nextInt(40_000));
    }
    allIsWell();
    all.pass(QUIET);

    assertThat(all.lost()).isEmpty();
    assertThat(all.untold()).isEmpty();
    assertAllRead();
  }

  private void becomesOfRecords() {
    switch (random.nextInt(6)) {
      case 0 -> all.lostOfHundred = random.nextInt(30);
      case 1 -> all.lateMillis = random.nextInt(4_500);
      case 2 -> random.ints(20, 0, 60).forEach(all.leaderless::add);
      case 3 -> {
        all.instances.values().forEach(each -> each.cutOff = true);
        all.pass(random.nextInt(90_000));
        all.instances.values().forEach(each -> each.cutOff = false);
      }
      case 4 -> any().lag = random.nextInt(3_000);
      default -> {
        all.lostOfHundred = 0;
        all.lateMillis = 0;
        all.leaderless.clear();
      }
    }
  }

  /** Nine seconds until it counts as ended, and what the group and whoever plans then need. */
  @ForEachSeed
  void whatADeadOneReadIsKnownToBeUnreadThoughNoChannelComesUp(long seed) {
    three(seed, false);

    for (int death = 0; death < FAULTS; death++) {
      if (random.nextBoolean()) {
        // The other one of two has all that it had
        all.kill(any());
        all.pass(60_000);
      }
      all.instances.values().forEach(each -> each.opensNothing = true);
      all.kill(any());
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
    assertAllRead();
  }

  /** For six to eight seconds each time: it is missed, and no lease runs out. */
  @ForEachSeed
  void whoStandsStillAgainAndAgainCostsAFewChannelsOnly(long seed) {
    three(seed, false);
    Instance one = any();
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
    assertAllRead();
  }

  private void happens(boolean standingStill) {
    Instance one = any();
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

  private Instance any() {
    List<Instance> there = List.copyOf(all.instances.values());
    return there.get(random.nextInt(there.size()));
  }

  private void allIsWell() {
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

  private Instance planner() {
    return all.instances.values().stream().filter(it -> it.leads).findFirst().get();
  }

  /** There are some, and none is longer. */
  private static void assertShort(Collection<SimulatedInstances.Gap> gaps, long millis) {
    assertThat(gaps)
        .isNotEmpty()
        .allSatisfy(gap -> assertThat(gap.to() - gap.from()).isLessThanOrEqualTo(millis));
  }

  private void assertAllRead() {
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
