package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.spool.Replay.State;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was acknowledged and kept is sent again, behind what is new. */
class ReplayTest {

  private static final int FAST = 100_000;

  @TempDir Path directory;

  @Test
  void whatIsKeptIsSentAgainInOrderAndMarked() throws Exception {
    Instant start = Instant.now();
    try (SpoolFixture spool = new SpoolFixture(keeping(100_000_000))) {
      deliver(spool, 0, 500);
      spool.appendCommitted(500, 600);
    }
    try (SpoolFixture spool = new SpoolFixture(keeping(100_000_000))) {
      Replay replay = new Replay(spool.spool, start, FAST);
      List<SpoolRecord> taken = new ArrayList<>();
      stepUntil(replay, State.SETTLING, spool, taken);

      assertThat(taken.stream().filter(record -> !replayed(record)).map(SpoolFixture::id))
          .containsExactlyElementsOf(LongStream.range(500, 600).boxed().toList());
      assertThat(taken.stream().filter(ReplayTest::replayed).map(SpoolFixture::id))
          .containsExactlyElementsOf(LongStream.range(0, 500).boxed().toList());
      stepUntil(replay, State.DONE, spool, taken);
      assertThat(replay.progress().sent()).isEqualTo(500);
      assertThat(replay.progress().gone()).isZero();
      assertThat(spool.events).hasAtLeastOneElementOfType(SpoolEvent.Replayed.class);
    }
  }

  @Test
  void whatWasReplayedIsNotReplayedAgain() throws Exception {
    Instant start = Instant.now();
    try (SpoolFixture spool = new SpoolFixture(keeping(100_000_000))) {
      deliver(spool, 0, 100);
      for (int times = 0; times < 2; times++) {
        Replay replay = new Replay(spool.spool, start, FAST);
        List<SpoolRecord> taken = new ArrayList<>();
        stepUntil(replay, State.DONE, spool, taken);

        assertThat(taken).hasSize(100);
      }
    }
  }

  @Test
  void onlyWhatCameSinceIsSent() throws Exception {
    try (SpoolFixture spool = new SpoolFixture(keeping(100_000_000))) {
      deliver(spool, 0, 100);
      Replay replay = new Replay(spool.spool, Instant.now().plusSeconds(1), FAST);
      stepUntil(replay, State.DONE, spool, new ArrayList<>());

      assertThat(replay.progress().sent()).isZero();
    }
  }

  @Test
  void noMoreIsSentThanTheRateAllows() throws Exception {
    Instant start = Instant.now();
    try (SpoolFixture spool = new SpoolFixture(keeping(100_000_000))) {
      deliver(spool, 0, 500);
      Replay replay = new Replay(spool.spool, start, 200);

      for (int step = 0; step < 10; step++) {
        replay.step();
      }

      assertThat(replay.progress().sent()).isEqualTo(100);
    }
  }

  @Test
  void itGivesWayAsLongAsMuchWaits() throws Exception {
    Instant start = Instant.now();
    try (SpoolFixture spool = new SpoolFixture(keeping(100_000_000))) {
      deliver(spool, 0, 1_000);
      spool.appendCommitted(1_000, 1_400);
      Replay replay = new Replay(spool.spool, start, FAST);

      replay.step();
      replay.step();

      assertThat(replay.progress().sent()).isEqualTo(100);
    }
  }

  @Test
  void aCancelledOneSendsNoMore() throws Exception {
    Instant start = Instant.now();
    try (SpoolFixture spool = new SpoolFixture(keeping(100_000_000))) {
      deliver(spool, 0, 500);
      Replay replay = new Replay(spool.spool, start, 200);
      replay.step();
      replay.cancel();
      replay.step();
      replay.step();

      assertThat(replay.progress().sent()).isEqualTo(10);
      assertThat(replay.progress().state()).isEqualTo(State.CANCELLED);
    }
  }

  @Test
  void keptRecordsGiveWayBeforeNewOnesWait() throws Exception {
    try (SpoolFixture spool = new SpoolFixture(keeping(2_000_000))) {
      deliver(spool, 0, 2_000);
      // Nothing is acknowledged any more: all the room that is used is needed for these
      spool.appendCommitted(2_000, 2_450);

      assertThat(spool.spool.status().bytes()).isLessThanOrEqualTo(2_000_000);
      assertThat(spool.spool.status().dropped()).isZero();
      assertThat(spool.spool.status().fullEvents()).isZero();
      assertThat(spool.take(1_000)).hasSize(450);
    }
  }

  private SpoolSettings keeping(long maxBytes) {
    return new SpoolSettings(
        directory,
        maxBytes,
        8 * 1024 * 1024,
        Duration.ZERO,
        Duration.ofMillis(20),
        Fsync.NEVER,
        WhenFull.BLOCK,
        Duration.ZERO,
        Duration.ofHours(2));
  }

  private static void deliver(SpoolFixture spool, int first, int last) throws Exception {
    for (int from = first; from < last; from += 50) {
      spool.appendCommitted(from, from + 50);
      spool.spool.acknowledge(from + 50, 50);
    }
    await().until(() -> spool.spool.replayableUpTo() == last);
  }

  private static void stepUntil(
      Replay replay, State state, SpoolFixture spool, List<SpoolRecord> taken) throws Exception {
    for (int steps = 0; replay.progress().state() != state && steps < 1_000; steps++) {
      replay.step();
      for (List<SpoolRecord> records = spool.spool.take(128, 0, 1);
          !records.isEmpty();
          records = spool.spool.take(128, 0, 1)) {
        taken.addAll(records);
        spool.spool.acknowledge(records.get(records.size() - 1).sequence(), records.size());
      }
    }
    assertThat(replay.progress().state()).isEqualTo(state);
  }

  private static boolean replayed(SpoolRecord record) {
    return !record.headers().text(SpoolConstants.REPLAYED).isEmpty();
  }
}
