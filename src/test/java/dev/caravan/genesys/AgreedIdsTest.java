package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.background.SteadyClock;
import dev.caravan.channel.Replica;
import dev.caravan.frame.EventId;
import dev.caravan.frame.EventIds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AgreedIdsTest {

  private static final Replica REPLICA = new Replica("receive", 1, 0);
  private static final List<String> TOPICS = List.of("v2.x");
  private static final EventId LOOKS = EventId.of("v2.x", new byte[] {1});

  /** At the beginning of a span. */
  private long now = 1_700_000_000_000L;

  private AgreedIds instance(long ahead) {
    SteadyClock clock =
        new SteadyClock(() -> now + ahead, () -> TimeUnit.MILLISECONDS.toNanos(now));
    return new AgreedIds(new EventIds(new Random()), clock);
  }

  private AgreedIds reading() {
    return reading(0);
  }

  /** Has read for longer than it takes until two agree. */
  private AgreedIds reading(long ahead) {
    AgreedIds ids = instance(ahead);
    ids.reading(REPLICA, TOPICS, now + ahead - 10_000);
    return ids;
  }

  private void pass(long millis, AgreedIds... instances) {
    for (long left = millis; left > 0; left -= 1_000) {
      now += Math.min(left, 1_000);
      List.of(instances).forEach(ids -> ids.look(Set.of()));
    }
  }

  @Test
  void whoHasReadSinceTheSpanBeganGivesWhatTheOtherGives() {
    AgreedIds one = reading();
    AgreedIds other = reading();
    now += 3_000;

    List<String> its = IntStream.range(0, 5).mapToObj(any -> one.next(1, LOOKS)).toList();
    List<String> others = IntStream.range(0, 5).mapToObj(any -> other.next(1, LOOKS)).toList();

    assertThat(others).isEqualTo(its);
    assertThat(its).doesNotHaveDuplicates().allMatch(id -> id.matches("[0-9a-f]{32}"));
  }

  @Test
  void whatCameOfAShardThatIsNotReadAnyMoreIsForgottenAndNoIdIsGivenAgain() {
    AgreedIds ids = reading();
    String first = ids.next(1, LOOKS);

    ids.finished(REPLICA);
    now += 1;
    ids.reading(REPLICA, TOPICS, now);

    assertThat(ids.next(1, LOOKS)).isNotEqualTo(first);
  }

  @Test
  void whoHasNotReadSinceTheSpanBeganGivesOneOfItsOwn() {
    AgreedIds one = reading();
    AgreedIds late = instance(0);
    late.reading(REPLICA, TOPICS, now);
    pass(1_000, one, late);
    assertThat(late.next(1, LOOKS)).isNotEqualTo(one.next(1, LOOKS));

    pass(10_000, one, late);

    assertThat(late.next(1, LOOKS)).as("in the next span").isEqualTo(one.next(1, LOOKS));
  }

  @Test
  void afterABreakItMayHaveMissedSome() {
    AgreedIds one = reading();
    AgreedIds other = reading();
    now += 1_000;
    one.next(1, LOOKS);
    other.blind(REPLICA);
    now += 1_000;
    one.next(1, LOOKS);
    other.reading(REPLICA, TOPICS, now);

    assertThat(other.next(1, LOOKS)).isNotEqualTo(one.next(1, LOOKS));
  }

  @Test
  void aSuccessorOfAChannelThatIsReadIsNoBreak() {
    AgreedIds one = reading();
    AgreedIds other = reading();
    now += 3_000;

    other.reading(REPLICA, TOPICS, now);

    assertThat(other.next(1, LOOKS)).isEqualTo(one.next(1, LOOKS));
  }

  @Test
  void whatIsReadTwiceByTheClockIsNotTheSameEvent() {
    long[] wall = {now + 15_000};
    AgreedIds ids =
        new AgreedIds(
            new EventIds(new Random()),
            new SteadyClock(() -> wall[0], () -> TimeUnit.MILLISECONDS.toNanos(now)));
    ids.reading(REPLICA, TOPICS, wall[0] - 30_000);
    String first = ids.next(1, LOOKS);
    now += 6_000;
    wall[0] += 6_000;
    ids.look(Set.of());
    ids.next(1, LOOKS);

    wall[0] -= 6_000;

    assertThat(ids.next(1, LOOKS)).isNotEqualTo(first);
  }

  @Test
  void whatOneReadsBeforeASpanBeginsAndTheOtherInItGivesNoOtherEventItsId() {
    AgreedIds ahead = reading(1_000);
    AgreedIds other = reading();
    pass(9_500, ahead, other);
    String first = ahead.next(1, LOOKS);
    other.next(1, LOOKS);
    pass(3_500, ahead, other);

    assertThat(other.next(1, LOOKS)).as("of the next that looks the same").isNotEqualTo(first);
  }

  @Test
  void whatOneDidNotReadYetBeforeASpanBeganGivesNoOtherEventItsId() {
    AgreedIds ahead = reading(1_000);
    AgreedIds other = instance(0);
    pass(9_500, ahead, other);
    String first = ahead.next(1, LOOKS);
    pass(300, ahead, other);
    other.reading(REPLICA, TOPICS, now);
    pass(3_000, ahead, other);

    assertThat(other.next(1, LOOKS)).isNotEqualTo(first);
  }

  @Test
  void whatCameOnATopicThatTheOtherDidNotReadYetGivesNoOtherEventItsId() {
    AgreedIds one = reading();
    AgreedIds other = reading();
    one.reading(REPLICA, List.of("v2.x", "v2.y"), now);
    pass(11_000, one, other);
    String first = one.next(1, LOOKS);

    other.reading(REPLICA, List.of("v2.x", "v2.y"), now);

    assertThat(other.next(1, LOOKS)).isNotEqualTo(first);
  }

  @Test
  void whatWasHeldBackGivesNoOtherEventItsId() {
    AgreedIds one = reading();
    AgreedIds other = reading();
    pass(3_000, one, other);
    String first = other.next(1, LOOKS);
    other.next(1, LOOKS);

    one.look(Set.of(1));

    assertThat(one.next(1, LOOKS)).isNotEqualTo(first);
    pass(7_000, one, other);
    EventId another = EventId.of("v2.y", new byte[] {1});
    one.look(Set.of(2));
    pass(10_000, one, other);
    assertThat(one.next(1, another)).as("once it has caught up").isEqualTo(other.next(1, another));
  }

  @Test
  void whatIsReadAfterItStoodStillGivesNoOtherEventItsId() {
    AgreedIds one = reading();
    AgreedIds other = reading();
    String first = other.next(1, LOOKS);
    now += 6_000;

    assertThat(one.next(1, LOOKS)).as("before it has noticed").isNotEqualTo(first);
    one.look(Set.of());
    assertThat(one.next(1, LOOKS)).isNotEqualTo(first);
  }

  static LongStream seeds() {
    return LongStream.range(0, 20);
  }

  /** Whoever reads what, how the clocks differ, and however often channels break. */
  @ParameterizedTest
  @MethodSource("seeds")
  void noTwoEventsHaveTheSameId(long seed) {
    Random random = new Random(seed);
    long[] ahead = {0, random.nextInt(5_000), random.nextInt(5_000)};
    List<AgreedIds> instances = List.of(reading(ahead[0]), reading(ahead[1]), instance(ahead[2]));
    List<Boolean> reads = new ArrayList<>(List.of(true, true, false));
    Map<String, Integer> events = new HashMap<>();
    Set<Integer> agreed = new HashSet<>();
    for (int event = 0; event < 6_000; event++) {
      now += random.nextInt(100);
      instances.forEach(ids -> ids.look(Set.of()));
      int any = random.nextInt(instances.size());
      if (random.nextInt(500) == 0) {
        if (reads.get(any)) {
          instances.get(any).blind(REPLICA);
        } else {
          instances.get(any).reading(REPLICA, TOPICS, now + ahead[any]);
        }
        reads.set(any, !reads.get(any));
      }
      // Each comes more than once for a while, and again when it is long ago
      byte phase = (byte) (event / 40 % 10);
      EventId looks = EventId.of("v2.x", new byte[] {(byte) random.nextInt(20), phase});
      for (int instance = 0; instance < instances.size(); instance++) {
        if (reads.get(instance)) {
          Integer other = events.put(instances.get(instance).next(1, looks), event);
          assertThat(other == null || other == event).as("of another event").isTrue();
          if (other != null) {
            agreed.add(event);
          }
        }
      }
    }
    assertThat(agreed).as("without one this has shown nothing").isNotEmpty();
  }
}
