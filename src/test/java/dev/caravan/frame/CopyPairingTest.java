package dev.caravan.frame;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CopyPairingTest {

  private static final int OLD = 1;
  private static final int NEW = 2;
  private static final long LAG = CopyPairing.LAG.toMillis();

  private final CopyPairing pairing = new CopyPairing();

  @Test
  void aLoneSocketIsNeverJudgedAndCostsNothing() {
    pairing.join(OLD);

    for (int i = 0; i < 1_000; i++) {
      assertThat(pairing.firstSight(OLD, id(i % 3), i)).isTrue();
    }
    assertThat(pairing.awaited()).isZero();
  }

  @Test
  void theCopyOnTheOtherSocketIsDropped() {
    join(OLD, NEW);

    assertThat(pairing.firstSight(OLD, id(1), 0)).isTrue();
    assertThat(pairing.firstSight(NEW, id(1), 5)).isFalse();
    assertThat(pairing.awaited()).isZero();
  }

  @Test
  void identicalFramesOnOneSocketAllPass() {
    join(OLD, NEW);

    assertThat(pairing.firstSight(OLD, id(1), 0)).isTrue();
    assertThat(pairing.firstSight(OLD, id(1), 1)).isTrue();
    assertThat(pairing.firstSight(NEW, id(1), 2)).isFalse();
    assertThat(pairing.firstSight(NEW, id(1), 3)).isFalse();
    assertThat(pairing.firstSight(NEW, id(1), 4)).isTrue();
    assertThat(pairing.firstSight(OLD, id(1), 5)).isFalse();
  }

  @Test
  void whatASocketHasProvenNotToBringItOwesNoMore() {
    pairing.join(OLD);
    pairing.join(NEW);
    assertThat(pairing.firstSight(OLD, id(1), 100)).isTrue();
    pairing.signOfLife(NEW, 500);
    pairing.leave(OLD, 101 + LAG);
    pairing.proven(NEW, 101 + LAG);

    assertThat(pairing.firstSight(NEW, id(1), 200 + LAG)).isTrue();
    assertThat(pairing.awaited()).isZero();
  }

  @Test
  void whatWasOwedSinceTheQuestionIsStillOwed() {
    join(OLD, NEW);
    assertThat(pairing.firstSight(OLD, id(1), 100)).isTrue();
    assertThat(pairing.firstSight(OLD, id(2), 2_400)).isTrue();
    pairing.proven(NEW, 2_300 + LAG);

    assertThat(pairing.firstSight(NEW, id(2), 2_400 + LAG)).isFalse();
    assertThat(pairing.firstSight(NEW, id(1), 2_400 + LAG)).isTrue();
  }

  /** The new socket never had the first; how often the same comes after it says nothing of that. */
  @ParameterizedTest
  @ValueSource(ints = {OLD, NEW})
  void ofALineOfEventsThatLookAlikeNoneIsLostThoughTheFirstCameDuringTheHandshake(int faster) {
    join(OLD, NEW);
    pairing.signOfLife(OLD, 0);
    assertThat(pairing.firstSight(OLD, id(1), 1)).isTrue();
    pairing.signOfLife(NEW, 2);

    int slower = faster == OLD ? NEW : OLD;
    int carried = 0;
    for (long now = 3_000; now < LAG; now += 3_000) {
      carried += pairing.firstSight(faster, id(1), now) ? 1 : 0;
      carried += pairing.firstSight(slower, id(1), now + 5) ? 1 : 0;
    }
    pairing.leave(OLD, 10 + LAG);
    pairing.proven(NEW, 10 + LAG);

    assertThat(carried).isEqualTo(3);
    assertThat(pairing.firstSight(NEW, id(1), 2_000 + LAG)).isTrue();
  }

  @Test
  void moreIdenticalFramesThanCanBeCountedAreRepeatedAndNotLost() {
    join(OLD, NEW);
    int many = 1_000;
    for (int i = 0; i < many; i++) {
      assertThat(pairing.firstSight(OLD, id(1), i)).isTrue();
    }

    long dropped =
        IntStream.range(0, many).filter(i -> !pairing.firstSight(NEW, id(1), many)).count();

    assertThat(dropped).isEqualTo(255);
  }

  @Test
  void aSocketOwesNothingOfTheTimeBeforeItJoined() {
    pairing.join(OLD);
    pairing.firstSight(OLD, id(1), 0);

    pairing.join(NEW);

    assertThat(pairing.firstSight(NEW, id(1), 1)).isTrue();
    assertThat(pairing.firstSight(OLD, id(1), 2)).isFalse();
  }

  @Test
  void theSurvivorStillPaysForWhatTheOtherBroughtBeforeItLeft() {
    join(OLD, NEW);
    pairing.firstSight(OLD, id(1), 0);

    pairing.leave(OLD, 1);

    assertThat(pairing.firstSight(NEW, id(1), 1)).isFalse();
    assertThat(pairing.firstSight(NEW, id(1), 2)).isTrue();
    assertThat(pairing.awaited()).isZero();
  }

  @Test
  void whatASocketOwedIsForgottenWhenItLeaves() {
    join(OLD, NEW);
    pairing.firstSight(NEW, id(1), 0);
    assertThat(pairing.awaited()).isOne();

    pairing.leave(OLD, 1);

    assertThat(pairing.awaited()).isZero();
    pairing.join(3);
    assertThat(pairing.firstSight(3, id(1), 1)).isTrue();
  }

  @Test
  void aSocketThatHasLeftIsNotPaired() {
    join(OLD, NEW);
    pairing.leave(OLD, 1);

    assertThat(pairing.firstSight(OLD, id(1), 0)).isTrue();
    assertThat(pairing.firstSight(NEW, id(1), 1)).isTrue();
  }

  @Test
  void joiningAndLeavingTwiceChangesNothing() {
    join(OLD, OLD, NEW);
    pairing.firstSight(NEW, id(1), 0);
    pairing.join(OLD);

    assertThat(pairing.firstSight(OLD, id(1), 0)).isFalse();
    pairing.leave(OLD, 1);
    pairing.leave(OLD, 1);
    assertThat(pairing.firstSight(NEW, id(2), 0)).isTrue();
    assertThat(pairing.awaited()).isZero();
  }

  @Test
  void whatASocketDoesNotBringSoonAfterItsFirstSignOfLifeItNeverOwed() {
    join(OLD, NEW);
    pairing.firstSight(OLD, id(1), 0);
    pairing.firstSight(OLD, id(2), 1_000);
    pairing.signOfLife(NEW, 3_000);
    pairing.firstSight(OLD, id(3), 3_001);

    assertThat(pairing.firstSight(NEW, id(2), 3_000 + LAG)).isFalse();
    assertThat(pairing.firstSight(NEW, id(1), 3_001 + LAG)).isTrue();
    assertThat(pairing.firstSight(NEW, id(3), 3_002 + LAG)).isFalse();
  }

  @Test
  void furtherSignsOfLifeOfASocketSayNothingOfWhatItOwes() {
    join(OLD, NEW);
    pairing.signOfLife(NEW, 0);
    pairing.firstSight(OLD, id(1), 1);

    pairing.signOfLife(NEW, 2);

    assertThat(pairing.firstSight(NEW, id(1), 80_000)).isFalse();
  }

  @Test
  void theFirstSignOfLifeOfOneSocketSaysNothingOfTheOthers() {
    join(OLD, NEW);
    pairing.firstSight(NEW, id(1), 0);

    pairing.signOfLife(NEW, 1);

    assertThat(pairing.firstSight(OLD, id(1), 80_000)).isFalse();
  }

  @Test
  void whatTheSurvivorDoesNotBringSoonAfterTheOtherLeftItDoesNotOwe() {
    join(OLD, NEW);
    pairing.firstSight(OLD, id(1), 0);
    pairing.firstSight(OLD, id(2), 0);

    pairing.leave(OLD, 60_000);

    assertThat(pairing.firstSight(NEW, id(1), 60_000 + LAG)).isFalse();
    assertThat(pairing.firstSight(NEW, id(2), 60_001 + LAG)).isTrue();
    assertThat(pairing.awaited()).isZero();
  }

  @Test
  void whatIsOwedToTheSuccessorOfTheOneThatLeftStaysOwed() {
    join(OLD, NEW);
    pairing.firstSight(OLD, id(1), 0);
    pairing.leave(OLD, 1);
    pairing.join(3);
    pairing.firstSight(3, id(2), 2);

    assertThat(pairing.firstSight(NEW, id(1), 80_000)).isTrue();
    assertThat(pairing.firstSight(NEW, id(2), 80_000)).isFalse();
  }

  @Test
  void theFirstSignOfLifeOfOneThatLeftSaysNothingOfItsSuccessor() {
    join(OLD, NEW);
    pairing.firstSight(OLD, id(1), 0);
    pairing.signOfLife(NEW, 1);
    pairing.leave(NEW, 3_000);
    pairing.join(3);
    pairing.firstSight(OLD, id(2), 4_000);

    assertThat(pairing.firstSight(3, id(2), 2 + LAG)).isFalse();
  }

  /** Else two sockets that stay would hand the debt on to the next of these events for ever. */
  @Test
  void aCopyThatNeverCameSwallowsOneOfTheSocketsFramesAtMost() {
    join(OLD, NEW);
    pairing.firstSight(OLD, id(1), 0);

    assertThat(pairing.firstSight(NEW, id(1), 40_000)).isFalse();
    assertThat(pairing.firstSight(OLD, id(1), 40_001)).isTrue();
    assertThat(pairing.awaited()).isZero();
    assertThat(pairing.firstSight(NEW, id(1), 50_000)).isTrue();
    assertThat(pairing.firstSight(OLD, id(1), 50_001)).isFalse();
  }

  @Test
  void thatACopyCameLateIsForgottenAfterTheWindow() {
    join(OLD, NEW);
    pairing.firstSight(OLD, id(1), 0);
    pairing.firstSight(NEW, id(1), 80_000);

    assertThat(pairing.firstSight(OLD, id(1), 90_000)).isTrue();
    assertThat(pairing.firstSight(NEW, id(1), 90_001)).isFalse();
  }

  @Test
  void aDebtIsForgottenAfterTheWindow() {
    join(OLD, NEW);
    pairing.firstSight(OLD, id(1), 1_000);
    pairing.firstSight(OLD, id(2), 2_000);

    assertThat(pairing.firstSight(NEW, id(1), 90_999)).isFalse();
    assertThat(pairing.firstSight(NEW, id(2), 92_000)).isTrue();
    assertThat(pairing.forgotten()).isZero();
  }

  @Test
  void theOldestDebtsAreForgottenWhenThereAreTooMany() {
    CopyPairing small = new CopyPairing(Duration.ofSeconds(90), 100);
    small.join(OLD);
    small.join(NEW);

    for (int i = 0; i < 130; i++) {
      assertThat(small.firstSight(OLD, id(i), 0)).isTrue();
    }

    assertThat(small.awaited()).isEqualTo(100);
    assertThat(small.forgotten()).isEqualTo(30);
    for (int i = 30; i < 130; i++) {
      assertThat(small.firstSight(NEW, id(i), 0)).isFalse();
    }
    assertThat(small.firstSight(NEW, id(0), 0)).isTrue();
  }

  @Test
  void aMinuteOfTwoThousandEventsASecondFits() {
    join(OLD, NEW);
    for (int i = 0; i < 120_000; i++) {
      pairing.firstSight(OLD, id(i), i / 2);
    }

    for (int i = 0; i < 120_000; i++) {
      assertThat(pairing.firstSight(NEW, id(i), 60_000 + i / 10)).isFalse();
    }
    assertThat(pairing.forgotten()).isZero();
    assertThat(pairing.awaited()).isZero();
  }

  @Test
  void doesNotPairMoreSocketsThanItCanCount() {
    IntStream.rangeClosed(1, CopyPairing.MAX_SOCKETS).forEach(pairing::join);

    pairing.join(99);
    assertThat(pairing.firstSight(OLD, id(1), 0)).isTrue();
    assertThat(pairing.firstSight(99, id(1), 0)).isTrue();
    assertThat(pairing.firstSight(NEW, id(1), 0)).isFalse();

    pairing.leave(OLD, 1);
    pairing.join(99);
    assertThat(pairing.firstSight(NEW, id(2), 0)).isTrue();
    assertThat(pairing.firstSight(99, id(2), 0)).isFalse();
  }

  /** Every interleaving carries each event exactly as often as Genesys sent it to a socket. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 8})
  void anyInterleavingOfSocketsLosesAndRepeatsNothing(int sockets) {
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      // Few different ids, so that identical frames are the rule.
      List<EventId> sent = random.ints(200, 0, 20).mapToObj(CopyPairingTest::id).toList();
      CopyPairing fresh = new CopyPairing();
      List<Deque<EventId>> arriving = new ArrayList<>();
      for (int socket = 0; socket < sockets; socket++) {
        fresh.join(socket);
        arriving.add(new ArrayDeque<>(sent));
      }

      Map<EventId, Integer> carried = new HashMap<>();
      for (int left = sockets * sent.size(); left > 0; left--) {
        int socket = nextWithFrames(arriving, random);
        EventId id = arriving.get(socket).remove();
        if (fresh.firstSight(socket, id, 0)) {
          carried.merge(id, 1, Integer::sum);
        }
      }

      assertThat(carried).as("seed " + seed).isEqualTo(counts(sent));
      assertThat(fresh.awaited()).isZero();
    }
  }

  /** A chain of hand-overs: each successor joins before, and its predecessor leaves after. */
  @Test
  void anyChainOfHandOversLosesAndRepeatsNothing() {
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      CopyPairing fresh = new CopyPairing();
      fresh.join(0);
      Map<EventId, Integer> sent = new HashMap<>();
      Map<EventId, Integer> carried = new HashMap<>();
      Deque<EventId> old = new ArrayDeque<>();
      int next = 0;
      for (int generation = 1; generation < 6; generation++) {
        // Only the predecessor is subscribed: what it has read by now cannot come again.
        for (int i = random.nextInt(20); i > 0; i--) {
          EventId id = id(next++);
          sent.merge(id, 1, Integer::sum);
          carry(fresh, generation - 1, id, carried);
        }
        fresh.join(generation);
        Deque<EventId> successor = new ArrayDeque<>();
        for (int i = random.nextInt(50); i > 0; i--) {
          EventId id = id(random.nextInt(4) == 0 ? -generation : next++);
          sent.merge(id, 1, Integer::sum);
          old.add(id);
          successor.add(id);
        }
        while (!old.isEmpty() || !successor.isEmpty() && random.nextInt(10) > 0) {
          boolean fromOld = successor.isEmpty() || !old.isEmpty() && random.nextBoolean();
          EventId id = (fromOld ? old : successor).remove();
          carry(fresh, fromOld ? generation - 1 : generation, id, carried);
        }
        fresh.leave(generation - 1, 0);
        while (!successor.isEmpty()) {
          carry(fresh, generation, successor.remove(), carried);
        }
      }

      assertThat(carried).as("seed " + seed).isEqualTo(sent);
      assertThat(fresh.awaited()).isZero();
    }
  }

  private static void carry(
      CopyPairing pairing, int socket, EventId id, Map<EventId, Integer> carried) {
    if (pairing.firstSight(socket, id, 0)) {
      carried.merge(id, 1, Integer::sum);
    }
  }

  private static int nextWithFrames(List<Deque<EventId>> arriving, Random random) {
    int[] ready =
        IntStream.range(0, arriving.size()).filter(s -> !arriving.get(s).isEmpty()).toArray();
    return ready[random.nextInt(ready.length)];
  }

  private static Map<EventId, Integer> counts(List<EventId> ids) {
    Map<EventId, Integer> counts = new HashMap<>();
    ids.forEach(id -> counts.merge(id, 1, Integer::sum));
    return counts;
  }

  private void join(int... sockets) {
    for (int socket : sockets) {
      pairing.join(socket);
    }
  }

  private static EventId id(int number) {
    return new EventId(number * 0x9e3779b97f4a7c15L, number);
  }
}
