package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.spool.Replay.State;
import dev.caravan.spool.SpoolConfiguration.WhenFull;
import dev.caravan.spool.log.LogRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was acknowledged and kept is sent again, behind what is new. */
class ReplayTest {

  private static final int FAST = 100_000;
  private static final int SLOW = 200;
  private static final int SLOW_PER_STEP = 10;
  private static final long ROOM = 100_000_000;

  @TempDir Path directory;
  private final Instant start = Instant.now().truncatedTo(ChronoUnit.MILLIS);
  private final List<LogRecord> taken = new ArrayList<>();
  private SpoolFixture spool;

  @BeforeEach
  void open() throws IOException {
    open(ROOM);
  }

  @AfterEach
  void close() {
    spool.close();
  }

  @Test
  void whatIsKeptIsSentAgainInOrderAndMarked() throws Exception {
    deliver(0, 500);
    spool.appendCommitted(500, 600);
    reopen(ROOM);
    Replay replay = replay(start, FAST);
    stepUntil(replay, State.DONE);

    assertThat(taken.stream().filter(record -> !replayed(record)).map(SpoolFixture::id))
        .containsExactlyElementsOf(numbers(500, 600));
    assertThat(taken.stream().filter(ReplayTest::replayed).map(SpoolFixture::id))
        .containsExactlyElementsOf(numbers(0, 500));
    assertThat(replay.progress().sent()).isEqualTo(500);
    assertThat(replay.progress().gone()).isZero();
    assertThat(reports()).singleElement().extracting(SpoolEvent.Replayed::records).isEqualTo(500L);
  }

  @Test
  void itIsNotDoneBeforeAllIsAcknowledged() throws Exception {
    deliver(0, 100);
    Replay replay = replay(start, FAST);
    step(replay, 2);

    assertThat(replay.progress().state()).isEqualTo(State.SETTLING);
    assertThat(reports()).isEmpty();
  }

  @Test
  void whatWasReplayedIsNotReplayedAgain() throws Exception {
    deliver(0, 100);
    for (int times = 1; times <= 2; times++) {
      stepUntil(replay(start, FAST), State.DONE);

      assertThat(taken).hasSize(100 * times);
    }
  }

  @Test
  void aReplayThatFindsNothingReportsNothing() throws Exception {
    deliver(0, 100);
    Replay replay = replay(Instant.now().plusSeconds(1), FAST);
    stepUntil(replay, State.DONE);

    assertThat(replay.progress().sent()).isZero();
    assertThat(reports()).isEmpty();
  }

  @Test
  void whatIsKeptCanBeTold() throws Exception {
    assertThat(spool.spool.kept()).isEmpty();

    deliver(0, 100);

    Spool.Kept kept = await().until(() -> spool.spool.kept(), Optional::isPresent).orElseThrow();
    assertThat(kept.from()).isBetween(start, kept.to());
    assertThat(kept.to()).isBeforeOrEqualTo(Instant.now());
  }

  @Test
  void noMoreIsSentThanTheRateAllows() throws Exception {
    deliver(0, 500);
    Replay replay = replay(start, SLOW);
    step(replay, 10);

    assertThat(replay.progress().sent()).isEqualTo(10 * SLOW_PER_STEP);
  }

  @Test
  void itGivesWayAsLongAsMuchWaits() throws Exception {
    deliver(0, 1_000);
    spool.appendCommitted(1_000, 1_400);
    Replay replay = replay(start, FAST);
    step(replay, 2);

    assertThat(replay.progress().sent()).isEqualTo(100);
  }

  @Test
  void aCancelledOneSendsNoMore() throws Exception {
    deliver(0, 500);
    Replay replay = replay(start, SLOW);
    step(replay, 1);
    replay.cancel();
    step(replay, 2);

    assertThat(replay.progress().sent()).isEqualTo(SLOW_PER_STEP);
    assertThat(replay.progress().state()).isEqualTo(State.CANCELLED);
  }

  @Test
  void keptRecordsGiveWayBeforeNewOnesWait() throws Exception {
    long little = 2_000_000;
    reopen(little);
    deliver(0, 2_000);
    // Nothing is acknowledged any more: all the room that is used is needed for these
    spool.appendCommitted(2_000, 2_450);

    assertThat(spool.spool.status().space().bytes()).isLessThanOrEqualTo(little);
    assertThat(spool.spool.status().counts().dropped()).isZero();
    assertThat(spool.spool.status().counts().full()).isZero();
    assertThat(spool.take(1_000)).hasSize(450);
  }

  private void reopen(long maxBytes) throws IOException {
    spool.close();
    open(maxBytes);
  }

  private void open(long maxBytes) throws IOException {
    SpoolConfiguration options =
        SpoolFixture.settings(directory, maxBytes, 8 * 1024 * 1024, WhenFull.BLOCK);
    options.setKeepAcknowledged(Duration.ofHours(2));
    spool = new SpoolFixture(options);
  }

  /** Appends these, and acknowledges them. */
  private void deliver(int first, int last) throws Exception {
    for (int from = first; from < last; from += 50) {
      spool.appendCommitted(from, from + 50);
      spool.spool.acknowledge(from + 50, 50);
    }
    await().until(() -> spool.spool.replayableUpTo() == last);
  }

  private Replay replay(Instant since, int perSecond) throws IOException {
    return new Replay(spool.spool, since, perSecond);
  }

  private static void step(Replay replay, int times) throws IOException {
    for (int step = 0; step < times; step++) {
      replay.step();
    }
  }

  /** Takes and acknowledges what comes meanwhile. */
  private void stepUntil(Replay replay, State state) throws Exception {
    for (int steps = 0; replay.progress().state() != state && steps < 1_000; steps++) {
      replay.step();
      for (List<LogRecord> records = spool.spool.take(null, 128, 0, 1);
          !records.isEmpty();
          records = spool.spool.take(null, 128, 0, 1)) {
        taken.addAll(records);
        spool.spool.acknowledge(records.get(records.size() - 1).sequence(), records.size());
      }
    }
    assertThat(replay.progress().state()).isEqualTo(state);
  }

  private List<SpoolEvent.Replayed> reports() {
    return spool.events.stream()
        .filter(SpoolEvent.Replayed.class::isInstance)
        .map(SpoolEvent.Replayed.class::cast)
        .toList();
  }

  private static List<Long> numbers(long from, long to) {
    return LongStream.range(from, to).boxed().toList();
  }

  private static boolean replayed(LogRecord record) {
    return !record.headers().text(SpoolConstants.REPLAYED).isEmpty();
  }
}
