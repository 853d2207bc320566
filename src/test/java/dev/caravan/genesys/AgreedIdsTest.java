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
  private static final EventId LOOKS = EventId.of("v2.x", new byte[] {1});

  /** At the beginning of a span. */
  private long now = 1_700_000_000_000L;

  private AgreedIds instance() {
    SteadyClock clock = new SteadyClock(() -> now, () -> TimeUnit.MILLISECONDS.toNanos(now));
    return new AgreedIds(new EventIds(new Random()), clock);
  }

  private AgreedIds reading() {
    AgreedIds ids = instance();
    ids.reading(REPLICA, now);
    return ids;
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
    ids.reading(REPLICA, now);

    assertThat(ids.next(1, LOOKS)).isNotEqualTo(first);
  }

  @Test
  void whoHasNotReadSinceTheSpanBeganGivesOneOfItsOwn() {
    AgreedIds one = reading();
    now += 3_000;
    AgreedIds late = reading();
    now += 1_000;
    assertThat(late.next(1, LOOKS)).isNotEqualTo(one.next(1, LOOKS));

    now += 7_000;

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
    other.reading(REPLICA, now);

    assertThat(other.next(1, LOOKS)).isNotEqualTo(one.next(1, LOOKS));
  }

  @Test
  void aSuccessorOfAChannelThatIsReadIsNoBreak() {
    AgreedIds one = reading();
    AgreedIds other = reading();
    now += 3_000;

    other.reading(REPLICA, now);

    assertThat(other.next(1, LOOKS)).isEqualTo(one.next(1, LOOKS));
  }

  @Test
  void whatIsReadTwiceByTheClockIsNotTheSameEvent() {
    long[] wall = {now + 15_000};
    AgreedIds ids =
        new AgreedIds(
            new EventIds(new Random()),
            new SteadyClock(() -> wall[0], () -> TimeUnit.MILLISECONDS.toNanos(now)));
    ids.reading(REPLICA, wall[0] - 15_000);
    String first = ids.next(1, LOOKS);
    now += 6_000;
    wall[0] += 6_000;
    ids.next(1, LOOKS);

    wall[0] -= 6_000;

    assertThat(ids.next(1, LOOKS)).isNotEqualTo(first);
  }

  static LongStream seeds() {
    return LongStream.range(0, 20);
  }

  /** Whoever reads what, and however often channels break: two events never have the same id. */
  @ParameterizedTest
  @MethodSource("seeds")
  void noTwoEventsHaveTheSameId(long seed) {
    Random random = new Random(seed);
    List<AgreedIds> instances = new ArrayList<>(List.of(reading(), reading(), instance()));
    List<Boolean> reads = new ArrayList<>(List.of(true, true, false));
    Map<String, Integer> events = new HashMap<>();
    Set<Integer> agreed = new HashSet<>();
    for (int event = 0; event < 3_000; event++) {
      now += random.nextInt(30);
      int any = random.nextInt(instances.size());
      if (random.nextInt(200) == 0) {
        if (reads.get(any)) {
          instances.get(any).blind(REPLICA);
        } else {
          instances.get(any).reading(REPLICA, now);
        }
        reads.set(any, !reads.get(any));
      }
      EventId looks = EventId.of("v2.x", new byte[] {(byte) random.nextInt(5)});
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
