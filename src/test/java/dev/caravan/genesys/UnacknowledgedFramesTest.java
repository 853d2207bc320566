package dev.caravan.genesys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.cluster.Cluster.Forwarded;
import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.EventId;
import dev.caravan.frame.Frame;
import dev.caravan.genesys.HeldFrames.Read;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class UnacknowledgedFramesTest {

  private final EnvelopeReader reader = new EnvelopeReader();
  private long mostBytes = 10_000_000;
  private final UnacknowledgedFrames frames = new UnacknowledgedFrames(() -> mostBytes);
  private long now = 1_000_000;

  private byte[] frame(String name) {
    return "{\"topicName\":\"v2.x.%s\",\"eventBody\":{\"id\":\"1\"}}"
        .formatted(name)
        .getBytes(StandardCharsets.UTF_8);
  }

  private Frame.Notification event(String name) {
    return (Frame.Notification) reader.read(frame(name));
  }

  private void bring(String name, String ceId) {
    frames.add(new Read(event(name), frame(name), now, ceId));
  }

  private void bring(String name) {
    bring(name, name);
  }

  /** Told now: Kafka has what was read so long ago. */
  private void told(String name, int ageMillis) {
    told(-1, name, ageMillis);
  }

  private void told(long settledMillis, String name, int ageMillis) {
    frames.acknowledged(List.of(new Forwarded(event(name).id(), ageMillis)), settledMillis, now);
  }

  private List<String> all() {
    return frames.takeAll().stream().map(Read::ceId).toList();
  }

  @Test
  void whatKafkaHasIsNotKeptAndTheRestIsInItsOrder() {
    frames.reading(now);
    bring("a");
    bring("b");
    now += 100;
    bring("c");

    told("b", 100);

    assertThat(all()).containsExactly("a", "c");
    assertThat(all()).isEmpty();
  }

  @Test
  void ofThoseThatLookTheSameTheNearestInTimeIsMeantAndNoOther() {
    frames.reading(now);
    bring("a", "first");
    now += 1_000;
    bring("a", "second");
    now += 1_000;

    told("a", 1_000);
    assertThat(all()).containsExactly("first");
  }

  @Test
  void whatIsTooFarApartIsNoCopy() {
    frames.reading(now);
    bring("a");
    bring("b");
    now += 10_000;

    // b says that the clocks agree
    frames.acknowledged(
        List.of(new Forwarded(event("b").id(), 10_000), new Forwarded(event("a").id(), 2_000)),
        -1,
        now);

    assertThat(all()).containsExactly("a");
  }

  @Test
  void whatIsToldBeforeItIsReadIsNotKeptOnce() {
    frames.reading(now);
    now += 1_000;

    told("a", 10);
    now += 300;
    bring("a", "copy");
    now += 10;
    bring("a", "another");

    assertThat(all()).containsExactly("another");
  }

  @Test
  void whatIsToldAndNeverReadIsForgotten() {
    frames.reading(now);
    now += 1_000;
    told("a", 10);

    now += 6_000;
    bring("a");

    assertThat(all()).containsExactly("a");
  }

  @Test
  void whatWasReadBeforeOurChannelReadIsNoCopyOfWhatComes() {
    told("a", 10);
    frames.reading(now);
    now += 100;
    told("a", 500);
    bring("a");
    frames.blind();
    told("b", 10);
    now += 50;
    bring("b");

    assertThat(all()).containsExactly("a", "b");
  }

  @Test
  void whatIsSettledByTimeIsNotKeptThoughItWasLeftOutAndNobodyToldIt() {
    frames.reading(now);
    bring("left out");
    now += 17_000;
    bring("later");
    now += 1_000;
    bring("told");

    told(1_000, "told", 0);

    assertThat(all()).containsExactly("later");
  }

  @Test
  void beyondWhatMayBeKeptTheOldestIsGivenUpAndThatIsKnownUntilItIsSettled() {
    frames.reading(now);
    mostBytes = 3_000;
    for (int number = 0; number < 10; number++) {
      bring("n" + number);
      now += 10;
    }
    assertThat(frames.droppedUntil()).isPresent();

    now += 20_000;
    bring("last");
    told(4_000, "last", 0);

    assertThat(frames.droppedUntil()).isEmpty();
    assertThat(all()).isEmpty();
  }

  static LongStream seeds() {
    return LongStream.range(0, 50);
  }

  /** However often events look the same, and however late and unevenly what is told comes. */
  @ParameterizedTest
  @MethodSource("seeds")
  void noMoreIsLetGoOfThanWhatWasTold(long seed) {
    Random random = new Random(seed);
    frames.reading(now);
    now += 5_000;
    long apart = random.nextInt(400) - 200;
    List<EventId> waiting = new ArrayList<>();
    List<Long> read = new ArrayList<>();
    int brought = 0;
    int told = 0;
    for (int step = 0; step < 500; step++) {
      now += random.nextInt(40);
      if (random.nextInt(3) > 0) {
        String name = "n" + random.nextInt(20);
        bring(name);
        waiting.add(event(name).id());
        read.add(now);
        brought++;
      }
      if (random.nextInt(10) == 0) {
        int some = random.nextInt(waiting.size() + 1);
        List<Forwarded> forwarded = new ArrayList<>();
        for (int one = 0; one < some; one++) {
          forwarded.add(new Forwarded(waiting.get(one), (int) (now - read.get(one) + apart)));
        }
        waiting.subList(0, some).clear();
        read.subList(0, some).clear();
        told += some;
        frames.acknowledged(forwarded, -1, now);
      }
    }

    List<Read> left = frames.takeAll();
    assertThat(left).hasSize(brought - told);
    List<EventId> ids = left.stream().map(one -> one.event().id()).sorted(BY_BITS).toList();
    waiting.sort(BY_BITS);
    assertThat(ids).isEqualTo(waiting);
    assertThat(left.stream().map(Read::at).toList()).isSorted();
  }

  private static final java.util.Comparator<EventId> BY_BITS =
      java.util.Comparator.comparing(EventId::hex);
}
