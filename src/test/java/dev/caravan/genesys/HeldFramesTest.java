package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.Frame;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeldFramesTest {

  private final EnvelopeReader reader = new EnvelopeReader();
  private final List<String> forwarded = new ArrayList<>();
  private int pairedOff;
  private long now = 100_000;

  private HeldFrames frames(boolean held) {
    return new HeldFrames(
        1,
        held,
        () -> false,
        () -> now,
        (shard, read) -> forwarded.add(text(read.event())),
        () -> pairedOff++);
  }

  private static String text(Frame.Notification event) {
    return event.topicName().replaceFirst(".*\\.", "");
  }

  private void bring(HeldFrames frames, String name) {
    byte[] frame =
        "{\"topicName\":\"v2.x.%s\",\"eventBody\":{\"id\":\"1\"}}"
            .formatted(name)
            .getBytes(StandardCharsets.UTF_8);
    frames.take((Frame.Notification) reader.read(frame), frame, "id");
  }

  /** What an instance notes that forwards these, one each 100 ms. */
  private List<Forwarded> forwardedElsewhere(String... names) {
    List<String> before = List.copyOf(forwarded);
    HeldFrames other = frames(false);
    other.note(true);
    for (String name : names) {
      bring(other, name);
      now += 100;
    }
    forwarded.clear();
    forwarded.addAll(before);
    return other.stop();
  }

  @Test
  void whatIsNotHeldIsForwardedAtOnce() {
    HeldFrames frames = frames(false);

    bring(frames, "a");

    assertThat(forwarded).containsExactly("a");
  }

  @Test
  void whatIsHeldStaysHeldWhenItIsToBeNotedAndIsNotedThen() {
    HeldFrames frames = frames(true);
    bring(frames, "a");

    frames.note(true);
    bring(frames, "b");
    assertThat(forwarded).isEmpty();
    frames.released(List.of()).run();
    bring(frames, "c");

    assertThat(forwarded).containsExactly("a", "b", "c");
    assertThat(frames.stop()).hasSize(3);
    assertThat(frames.stop()).isEmpty();
  }

  @Test
  void whoeverAsksWhileTheRouteIsSlowNeedNotWaitAndNothingOvertakes() throws Exception {
    CountDownLatch slow = new CountDownLatch(1);
    List<String> came = Collections.synchronizedList(new ArrayList<>());
    HeldFrames frames =
        new HeldFrames(
            1,
            true,
            () -> false,
            () -> now,
            (shard, read) -> {
              came.add(text(read.event()));
              try {
                slow.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            () -> {});
    bring(frames, "a");
    CompletableFuture<Void> released =
        CompletableFuture.runAsync(() -> frames.released(List.of()).run());
    await().until(() -> came.contains("a"));

    bring(frames, "b");
    frames.note(true);
    assertThat(frames.isHolding()).isTrue();
    slow.countDown();
    released.get(10, TimeUnit.SECONDS);
    bring(frames, "c");

    assertThat(came).containsExactly("a", "b", "c");
    assertThat(frames.stop()).hasSize(2);
  }

  @Test
  void whatIsToBeHeldAgainWhileItIsReleasedIsHeld() {
    HeldFrames[] frames = new HeldFrames[1];
    frames[0] =
        new HeldFrames(
            1,
            true,
            () -> false,
            () -> now,
            (shard, read) -> {
              forwarded.add(text(read.event()));
              frames[0].hold();
            },
            () -> {});
    bring(frames[0], "a");
    bring(frames[0], "b");

    frames[0].released(List.of()).run();
    assertThat(forwarded).containsExactly("a");
    assertThat(frames[0].isHolding()).isTrue();
    frames[0].released(List.of()).run();

    assertThat(forwarded).containsExactly("a", "b");
  }

  private HeldFrames standingBy() {
    return frames(true).standingBy(() -> 1_000_000);
  }

  @Test
  void whatWasTakenOverIsForwardedThoughItIsClosedMeanwhile() {
    HeldFrames frames = standingBy();
    bring(frames, "a");
    frames.takeOver();
    Runnable release = frames.released(List.of());
    bring(frames, "b");

    frames.stop();
    bring(frames, "c");
    release.run();

    assertThat(frames.rest()).isEmpty();
    assertThat(forwarded).containsExactly("a", "b");
  }

  @Test
  void whatWasTakenOverIsForwardedThoughItStoodStillBeforeItWasReleased() {
    HeldFrames frames = standingBy();
    bring(frames, "a");
    frames.takeOver();
    Runnable release = frames.released(List.of());

    frames.hold();
    bring(frames, "b");
    release.run();
    assertThat(forwarded).isEmpty();
    frames.stop();
    frames.rest().orElseThrow().run();

    assertThat(forwarded).containsExactly("a");
  }

  @Test
  void whoHandsOverDoesSoOnceWhatItTookOverIsReleased() {
    HeldFrames frames = standingBy();
    bring(frames, "a");
    frames.takeOver();
    Runnable release = frames.released(List.of());
    frames.note(true);
    List<Integer> handsOver = new ArrayList<>();

    frames.onceReleased(() -> handsOver.add(forwarded.size()));
    assertThat(handsOver).isEmpty();
    release.run();

    assertThat(handsOver).containsExactly(1);
    assertThat(frames.stop()).hasSize(1);
  }

  @Test
  void whatWasHeldIsSafeOnlyOnceAllThatWasHandedOnSinceIs() {
    HeldFrames frames = frames(true);
    bring(frames, "a");
    now += 5_000;

    frames.released(List.of()).run();

    assertThat(frames.hasForwarded(now - 1)).isFalse();
    assertThat(frames.hasForwarded(now)).isTrue();
  }

  @Test
  void whatCannotBeReadIsADeadLetterOfTheReaderOrOfWhoTakesOver() {
    HeldFrames frames = standingBy();
    List<String> letters = new ArrayList<>();
    assertThat(frames.keeps(10, () -> letters.add("settled"))).isTrue();
    now += 1_000;
    assertThat(frames.keeps(10, () -> letters.add("not settled"))).isTrue();

    frames.acknowledged(List.of(), 0, now + UnacknowledgedFrames.HEARD_WITHIN_MILLIS);
    assertThat(letters).isEmpty();
    frames.takeOver();
    frames.unreadable().run();

    assertThat(letters).containsExactly("not settled");
    assertThat(frames.keeps(10, () -> letters.add("of the reader"))).isFalse();
  }

  @Test
  void ofTooMuchThatCannotBeReadTheOldestIsForgotten() {
    HeldFrames frames = standingBy();
    List<Integer> letters = new ArrayList<>();
    for (int letter = 0; letter <= HeldFrames.MOST_UNREADABLE; letter++) {
      int number = letter;
      frames.keeps(10, () -> letters.add(number));
    }
    frames.keeps(999_999, () -> letters.add(-1));

    frames.unreadable().run();

    assertThat(letters).containsExactly(-1);
  }

  @Test
  void ofMoreThanCanBeNotedTheOldestIsForgotten() {
    HeldFrames frames = frames(false);
    frames.note(true);

    for (int event = 0; event <= HeldFrames.MOST_NOTED; event++) {
      bring(frames, "a");
    }

    assertThat(frames.stop()).hasSize(HeldFrames.MOST_NOTED);
  }

  @Test
  void ofWhatBothHaveReadOneCopyIsForwardedAndTheRestInItsOrder() {
    HeldFrames frames = frames(true);
    bring(frames, "b");
    now += 100;
    bring(frames, "c");
    now -= 200;
    List<Forwarded> other = forwardedElsewhere("a", "b", "c");
    bring(frames, "d");
    bring(frames, "e");

    frames.released(other).run();
    bring(frames, "f");

    assertThat(forwarded).containsExactly("d", "e", "f");
    assertThat(pairedOff).isEqualTo(2);
    assertThat(frames.isHolding()).isFalse();
  }

  @Test
  void anEventThatLooksLikeOneOfBeforeIsNotTakenForItsCopy() {
    List<Forwarded> other = forwardedElsewhere("same");
    now += 5_000;
    HeldFrames frames = frames(true);
    frames.unacknowledged().reading(now);
    bring(frames, "same");
    List<Forwarded> aged =
        other.stream().map(one -> new Forwarded(one.id(), one.ageMillis() + 5_000)).toList();
    // Whatever both have seen once tells how their clocks differ
    bring(frames, "x");
    bring(frames, "y");
    bring(frames, "z");
    List<Forwarded> all = new ArrayList<>(aged);
    all.addAll(
        forwardedElsewhere("x", "y", "z").stream().map(one -> new Forwarded(one.id(), 0)).toList());

    frames.released(all).run();

    assertThat(forwarded).containsExactly("same");
    assertThat(pairedOff).isEqualTo(3);
  }

  @Test
  void aCopyThatIsLateOnEitherSideIsNotForwardedAgain() {
    HeldFrames frames = frames(true);
    frames.unacknowledged().reading(now);
    now += 1_000;
    bring(frames, "late there");
    bring(frames, "a");
    now += 200;
    bring(frames, "b");
    now -= 200;
    HeldFrames old = frames(false);
    old.note(true);
    for (String name : List.of("a", "late here", "b")) {
      bring(old, name);
      now += 100;
    }
    now += 4_000;
    bring(old, "late there");
    List<Forwarded> other = old.stop();
    forwarded.clear();

    frames.released(other).run();
    bring(frames, "late here");
    bring(frames, "late here");

    assertThat(forwarded).containsExactly("late here");
    assertThat(pairedOff).isEqualTo(4);
  }

  /** However late that is heard; 3 and 4 stand for a state of a queue that changes seldom. */
  @ParameterizedTest
  @ValueSource(ints = {100, 3_000, 5_000, 20_000})
  void whatTheOtherReadBeforeUsIsNotTakenForWhatCameAfterItStopped(int heardAfter) {
    HeldFrames old = frames(false);
    old.note(true);
    bring(old, "3");
    now += 1_000;
    HeldFrames frames = frames(true);
    frames.unacknowledged().reading(now);
    now += 2_000;
    bring(old, "4");
    bring(frames, "4");
    now += 3_100;
    List<Forwarded> other = old.stop();
    now += 50;
    bring(frames, "3");
    now += heardAfter - 50;
    forwarded.clear();

    frames.released(other).run();

    assertThat(forwarded).containsExactly("3");
    assertThat(pairedOff).isEqualTo(1);
  }

  @Test
  void whatWasReadBeforeAMoveByOneThatStoodByIsNotTakenForWhatCameAfterIt() {
    HeldFrames old = frames(false);
    HeldFrames frames = standingBy();
    frames.unacknowledged().reading(now);
    old.note(true);
    now += 1_000;
    bring(old, "3");
    bring(frames, "3");
    now += 1_000;
    frames.takePart();
    now += 5_100;
    List<Forwarded> other = old.stop();
    now += 50;
    bring(frames, "3");
    now += 50;
    forwarded.clear();

    frames.released(other).run();

    assertThat(forwarded).containsExactly("3");
  }

  @Test
  void copiesAreFoundAlsoIfWhatWasToldTookLong() {
    HeldFrames frames = frames(true);
    frames.unacknowledged().reading(now);
    bring(frames, "a");
    now += 1_000;
    bring(frames, "b");
    now -= 1_000;
    List<Forwarded> other = forwardedElsewhere("a", "b");
    now += 20_000;

    frames.released(other).run();

    assertThat(forwarded).isEmpty();
    assertThat(pairedOff).isEqualTo(2);
  }

  @Test
  void withoutAnythingToldAllIsForwarded() {
    HeldFrames frames = frames(true);
    bring(frames, "a");
    bring(frames, "a");

    frames.released(List.of()).run();

    assertThat(forwarded).containsExactly("a", "a");
  }

  @Test
  void whoStopsForwardsNothingMore() {
    HeldFrames frames = frames(false);
    frames.note(true);
    bring(frames, "a");

    assertThat(frames.stop()).hasSize(1);
    bring(frames, "b");

    assertThat(forwarded).containsExactly("a");
  }

  @Test
  void whenTooMuchIsHeldTheSocketWaitsUntilItIsReleased() throws Exception {
    HeldFrames frames = frames(true);
    byte[] large = new byte[25_000_000];
    byte[] frame = "{\"topicName\":\"v2.x.a\",\"eventBody\":{}}".getBytes(StandardCharsets.UTF_8);
    frames.take((Frame.Notification) reader.read(frame), large, "id");
    CompletableFuture<Void> more = CompletableFuture.runAsync(() -> bring(frames, "b"));

    frames.released(List.of()).run();

    more.get(10, TimeUnit.SECONDS);
    assertThat(forwarded).containsExactly("a", "b");
  }
}
