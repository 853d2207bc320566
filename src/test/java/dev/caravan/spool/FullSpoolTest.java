package dev.caravan.spool;

import static dev.caravan.spool.SpoolFixture.LENGTH;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.caravan.spool.SpoolConfiguration.WhenFull;
import dev.caravan.spool.SpoolEvent.Dropped;
import dev.caravan.spool.SpoolEvent.Full;
import dev.caravan.spool.SpoolEvent.Reason;
import dev.caravan.spool.SpoolEvent.Relieved;
import dev.caravan.spool.SpoolEvent.StoreFailing;
import dev.caravan.spool.SpoolEvent.StoreWorking;
import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import dev.caravan.spool.log.SegmentedLog;
import dev.caravan.testing.LogLines;
import dev.caravan.testing.MutableClock;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a spool does when there is no room for what arrives, and how it gives room back. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@Tag("slow")
class FullSpoolTest {

  private static final long MEGABYTE = 1_000_000;

  @TempDir Path directory;

  private final AtomicBoolean diskIsFull = new AtomicBoolean();
  private final AtomicBoolean heapIsFull = new AtomicBoolean();

  @Test
  void holdsBackWhatArrivesUntilThereIsRoom() throws Exception {
    try (SpoolFixture spool = fixture(2 * MEGABYTE, WhenFull.BLOCK)) {
      List<CompletableFuture<Void>> appends = new ArrayList<>();
      for (long id = 0; id < 1000; id++) {
        appends.add(spool.append(id, false));
      }
      await().untilAsserted(() -> assertThat(spool.events).anyMatch(Full.class::isInstance));
      long let = appends.stream().filter(CompletableFuture::isDone).count();
      assertThat(let).isBetween(400L, 2 * MEGABYTE / LENGTH);
      assertThat(spool.spool.status().space().full()).isTrue();
      assertThat(spool.spool.status().sentence()).startsWith("full");

      List<Long> taken = new ArrayList<>();
      while (taken.size() < 1000) {
        taken.addAll(spool.take(1));
        spool.spool.acknowledge(taken.size(), taken.size());
      }

      assertThat(taken).isEqualTo(LongStream.range(0, 1000).boxed().toList());
      await().untilAsserted(() -> assertThat(appends).allMatch(CompletableFuture::isDone));
      await().untilAsserted(() -> assertThat(spool.events).last().isInstanceOf(Relieved.class));
      assertThat(spool.spool.status().counts().dropped()).isZero();
      assertThat(spool.spool.status().counts().full()).isPositive();
    }
  }

  @Test
  void dropsTheOldestOnlyAfterTheBlockTimeout() throws Exception {
    MutableClock clock = new MutableClock();
    SpoolConfiguration settings =
        settings(2 * MEGABYTE, 32 * MEGABYTE, Duration.ZERO, Duration.ofMinutes(1));
    try (SpoolFixture spool = new SpoolFixture(settings, time(clock))) {
      List<CompletableFuture<Void>> appends = new ArrayList<>();
      for (long id = 0; id < 1000; id++) {
        appends.add(spool.append(id, false));
      }
      await().untilAsserted(() -> assertThat(spool.events).anyMatch(Full.class::isInstance));
      clock.pass(Duration.ofSeconds(59));
      assertThat(appends.get(999)).isNotDone();
      assertThat(spool.spool.status().counts().dropped()).isZero();

      clock.pass(Duration.ofSeconds(1));
      for (CompletableFuture<Void> append : appends) {
        append.get(1, TimeUnit.MINUTES);
      }

      List<Long> left = spool.take(1000);
      long dropped = spool.spool.status().counts().dropped();
      assertThat(dropped).isPositive().isEqualTo(droppedAccordingTo(spool.events, Reason.FULL));
      assertThat(left).isEqualTo(LongStream.range(dropped, 1000).boxed().toList());
    }
  }

  @Test
  void dropsTheOldestCountsThemAndSaysSo() throws Exception {
    try (SpoolFixture spool = fixture(2 * MEGABYTE, WhenFull.DROP_OLDEST)) {
      for (long id = 0; id < 3000; id++) {
        spool.append(id, false).get(1, TimeUnit.MINUTES);
      }

      List<Long> left = spool.take(3000);

      long dropped = spool.spool.status().counts().dropped();
      assertThat(left).isEqualTo(LongStream.range(dropped, 3000).boxed().toList());
      assertThat(droppedAccordingTo(spool.events, Reason.FULL)).isEqualTo(dropped);
      assertThat(spool.spool.status().space().bytes()).isLessThanOrEqualTo(2 * MEGABYTE);
    }
  }

  @Test
  void countsWhatItDropsOnceAlsoIfItWasHandedOutAndFails() throws Exception {
    try (SpoolFixture spool = fixture(2 * MEGABYTE, WhenFull.DROP_OLDEST)) {
      Taker taker = Taker.thatIsStuck(spool.spool);
      try {
        spool.appendCommitted(0, 300);
        await().until(() -> taker.inFlight.size() == 100);
        spool.appendCommitted(300, 3000);
        taker.failsOnceAndThenWorks();
        await().until(() -> taker.delivered.contains(2999L));
      } finally {
        taker.stop();
      }

      long dropped = 3000 - taker.delivered.size();
      assertThat(dropped).isGreaterThan(100);
      assertThat(droppedAccordingTo(spool.events, Reason.FULL)).isEqualTo(dropped);
      assertThat(spool.spool.status().counts().dropped()).isEqualTo(dropped);
    }
  }

  @Test
  void countsWhatItDropsWhileItIsHandedOutIfNothingComesOfThat() throws Exception {
    try (SpoolFixture spool = fixture(2 * MEGABYTE, WhenFull.DROP_OLDEST)) {
      Taker stuck = Taker.thatIsStuck(spool.spool);
      spool.appendCommitted(0, 300);
      await().until(() -> stuck.inFlight.size() == 100);
      spool.appendCommitted(300, 1200);
      stuck.delivery.stop(Duration.ZERO);
      stuck.thread.join();
      spool.spool.detach(stuck.delivery);

      Taker next = Taker.thatWorks(spool.spool);
      await().until(() -> next.delivered.contains(1199L));
      next.stop();

      assertThat(spool.spool.status().counts().dropped()).isEqualTo(1200 - next.delivered.size());
      assertThat(droppedAccordingTo(spool.events, Reason.FULL))
          .isEqualTo(spool.spool.status().counts().dropped());
    }
  }

  @Test
  void countsWhatItDropsThatAConsumerHadInHandWhichIsNotThereAnyMore() throws Exception {
    try (SpoolFixture spool = fixture(2 * MEGABYTE, WhenFull.DROP_OLDEST)) {
      Taker gone = Taker.thatIsStuck(spool.spool);
      spool.appendCommitted(0, 200);
      await().until(() -> gone.inFlight.size() == 100);
      gone.delivery.stop(Duration.ZERO);
      gone.thread.join();
      spool.spool.detach(gone.delivery);

      spool.appendCommitted(200, 3000);

      Taker next = Taker.thatWorks(spool.spool);
      try {
        await().until(() -> next.delivered.contains(2999L));
      } finally {
        next.stop();
      }
      long dropped = 3000 - next.delivered.size();
      assertThat(dropped).isGreaterThan(200);
      assertThat(spool.spool.status().counts().dropped()).isEqualTo(dropped);
    }
  }

  @Test
  void dropsNothingThatIsOnDiskWhileTheDiskFailsThoughItHasRoom() throws Exception {
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 100 * MEGABYTE, MEGABYTE, WhenFull.DROP_OLDEST);
    try (SpoolFixture spool = failing(settings)) {
      spool.appendCommitted(0, 1_000);
      appendAThousandWhileTheDiskIsFull(spool);

      Taker taker = Taker.thatWorks(spool.spool);
      await().atMost(Duration.ofMinutes(1)).until(() -> taker.delivered.contains(1_999L));
      taker.stop();

      assertThat(taker.delivered).containsAll(LongStream.range(0, 1_000).boxed().toList());
      assertThat(droppedUntilClosed(spool)).isPositive().isEqualTo(2_000 - taker.delivered.size());
    }
  }

  @Test
  void deliversWhatIsOnDiskThoughItDropsWhatCameAfterItAndTheConsumerIsFarBehind()
      throws Exception {
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 100 * MEGABYTE, MEGABYTE, WhenFull.DROP_OLDEST);
    try (SpoolFixture spool = failing(settings)) {
      Taker taker = Taker.thatIsStuck(spool.spool);
      spool.appendCommitted(0, 1_000);
      await().until(() -> taker.inFlight.size() == 100);
      appendAThousandWhileTheDiskIsFull(spool);
      taker.failsOnceAndThenWorks();

      await().atMost(Duration.ofMinutes(1)).until(() -> taker.delivered.contains(1_999L));
      taker.stop();

      assertThat(taker.delivered).containsAll(LongStream.range(0, 1_000).boxed().toList());
      assertThat(droppedUntilClosed(spool)).isPositive().isEqualTo(2_000 - taker.delivered.size());
    }
  }

  @Test
  void countsOnceWhatItDropsFromMemoryAndThenWithTheFileAroundIt() throws Exception {
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 8 * MEGABYTE, MEGABYTE, WhenFull.DROP_OLDEST);
    try (SpoolFixture spool = failing(settings)) {
      spool.appendCommitted(0, 1_000);
      appendAThousandWhileTheDiskIsFull(spool);
      for (long id = 2_000; id < 5_000; id++) {
        spool.append(id, false).get(1, TimeUnit.MINUTES);
      }

      Taker taker = Taker.thatWorks(spool.spool);
      await().atMost(Duration.ofMinutes(1)).until(() -> taker.delivered.contains(4_999L));
      taker.stop();

      assertThat(taker.delivered).allMatch(id -> id >= 2_000);
      assertThat(droppedUntilClosed(spool)).isEqualTo(5_000 - taker.delivered.size());
    }
  }

  @Test
  void countsOnceWhatWasDroppedFromMemoryOrLostBeforeTheStartAndTheFileAroundItIsDropped()
      throws Exception {
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 8 * MEGABYTE, MEGABYTE, WhenFull.DROP_OLDEST);
    long dropped;
    try (SpoolFixture spool = failing(settings)) {
      for (long id = 0; id < 1_000; id += 10) {
        spool.appendCommitted(id, id + 10);
      }
      appendAThousandWhileTheDiskIsFull(spool);
      for (long id = 2_000; id < 2_010; id++) {
        spool.append(id, false).get(1, TimeUnit.MINUTES);
      }
      dropped = droppedUntilClosed(spool);
      assertThat(dropped).isPositive();
    }
    try (Stream<Path> files = Files.list(directory.resolve("events"))) {
      Path file = files.filter(it -> it.toString().endsWith(".log")).sorted().toList().get(1);
      try (RandomAccessFile damaged = new RandomAccessFile(file.toFile(), "rw")) {
        damaged.write(new byte[10 * LENGTH]);
      }
    }

    try (SpoolFixture spool = failing(settings)) {
      for (long id = 2_010; id < 5_000; id++) {
        spool.append(id, false).get(1, TimeUnit.MINUTES);
      }
      Taker taker = Taker.thatWorks(spool.spool);
      await().atMost(Duration.ofMinutes(1)).until(() -> taker.delivered.contains(4_999L));
      taker.stop();

      SpoolStatus.Counts counts = spool.spool.status().counts();
      assertThat(counts.lost()).isPositive();
      assertThat(taker.delivered).allMatch(id -> id >= 2_010);
      assertThat(dropped + counts.dropped() + counts.lost())
          .isEqualTo(5_000 - taker.delivered.size());
    }
  }

  @Test
  void whoWaitsForTheCommitOfWhatIsDroppedFromMemoryLearnsSo() throws Exception {
    diskIsFull.set(true);
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 100 * MEGABYTE, MEGABYTE, WhenFull.DROP_OLDEST);
    try (SpoolFixture spool = failing(settings)) {
      CompletableFuture<Void> committed = spool.append(0, true);
      for (long id = 1; id < 1_000; id++) {
        spool.append(id, false).get(1, TimeUnit.MINUTES);
      }

      assertThatThrownBy(() -> committed.get(1, TimeUnit.MINUTES))
          .hasMessageContaining("dropped this record");
      diskIsFull.set(false);
    }
  }

  @Test
  void whatIsKeptAndCannotMakeRoomHoldsNothingUp() throws Exception {
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 100 * MEGABYTE, MEGABYTE, WhenFull.DROP_OLDEST);
    settings.setKeepAcknowledged(Duration.ofHours(1));
    try (SpoolFixture spool = failing(settings)) {
      spool.appendCommitted(0, 10);
      spool.spool.acknowledge(10, 10);
      diskIsFull.set(true);

      for (long id = 10; id < 1_000; id++) {
        spool.append(id, false).get(30, TimeUnit.SECONDS);
      }

      assertThat(spool.spool.status().counts().dropped()).isPositive();
      diskIsFull.set(false);
    }
  }

  @Test
  void countsWhatItDropsFromMemoryAlsoIfItWasHandedOutAndFails() throws Exception {
    diskIsFull.set(true);
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 100 * MEGABYTE, MEGABYTE, WhenFull.DROP_OLDEST);
    try (SpoolFixture spool = failing(settings)) {
      Taker taker = Taker.thatIsStuck(spool.spool);
      try {
        for (long id = 0; id < 200; id++) {
          spool.append(id, false).get(1, TimeUnit.MINUTES);
        }
        await().until(() -> taker.inFlight.size() == 100);
        for (long id = 200; id < 1000; id++) {
          spool.append(id, false).get(1, TimeUnit.MINUTES);
        }
        diskIsFull.set(false);
        taker.failsOnceAndThenWorks();
        await().until(() -> taker.delivered.contains(999L));
      } finally {
        taker.stop();
      }

      long dropped = 1000 - taker.delivered.size();
      assertThat(dropped).isGreaterThan(100);
      assertThat(droppedUntilClosed(spool)).isEqualTo(dropped);
      assertThat(droppedAccordingTo(spool.events, Reason.FULL)).isEqualTo(dropped);
    }
  }

  @Test
  void dropsAfterHavingBlockedForAsLongAsAsked() throws Exception {
    SpoolConfiguration settings =
        settings(MEGABYTE, MEGABYTE, Duration.ZERO, Duration.ofMillis(300));
    try (SpoolFixture spool = new SpoolFixture(settings)) {
      List<CompletableFuture<Void>> appends = new ArrayList<>();
      for (long id = 0; id < 600; id++) {
        appends.add(spool.append(id, false));
      }

      for (CompletableFuture<Void> append : appends) {
        append.get(1, TimeUnit.MINUTES);
      }
      assertThat(droppedAccordingTo(spool.events, Reason.FULL)).isPositive();
    }
  }

  @Test
  void dropsWhatIsOlderThanAllowed() throws Exception {
    MutableClock clock = new MutableClock();
    try (SpoolFixture spool = new SpoolFixture(noOlderThanAnHour(), time(clock))) {
      spool.appendCommitted(0, 100);
      clock.pass(Duration.ofMinutes(61));

      await()
          .untilAsserted(
              () -> assertThat(droppedAccordingTo(spool.events, Reason.TOO_OLD)).isEqualTo(100));
      spool.appendCommitted(100, 110);
      assertThat(spool.take(10)).isEqualTo(LongStream.range(100, 110).boxed().toList());
    }
  }

  @Test
  void dropsNothingYoungThatLiesWithWhatIsTooOld() throws Exception {
    MutableClock clock = new MutableClock();
    try (SpoolFixture spool = new SpoolFixture(noOlderThanAnHour(), time(clock))) {
      spool.appendCommitted(0, 5);
      clock.pass(Duration.ofMinutes(50));
      spool.appendCommitted(5, 10);
      clock.pass(Duration.ofMinutes(11));
      // With the second commit, all that was due at the first one is done
      spool.appendCommitted(10, 11);
      spool.appendCommitted(11, 12);

      assertThat(spool.take(12)).endsWith(5L, 6L, 7L, 8L, 9L, 10L, 11L);
      clock.pass(Duration.ofMinutes(61));
      await().untilAsserted(() -> assertThat(spool.spool.status().records()).isZero());
    }
  }

  @Test
  void aWallClockThatJumpsAnHourDropsNothingAndHoldsNothingUp() throws Exception {
    MutableClock clock = new MutableClock();
    Instant start = clock.instant();
    SpoolConfiguration settings =
        settings(MEGABYTE, MEGABYTE, Duration.ZERO, Duration.ofMinutes(5));
    try (SpoolFixture spool =
        new SpoolFixture(
            settings, new Spool.Time(clock, System::nanoTime), this::failingAppender)) {
      List<Long> taken = new ArrayList<>();
      for (long jump = 0; jump < 6; jump++) {
        diskIsFull.set(true);
        List<CompletableFuture<Void>> appends = new ArrayList<>();
        for (long id = jump * 400; id < (jump + 1) * 400; id++) {
          // Some find no room, and wait for it over the jump
          appends.add(spool.append(id, false));
        }
        await()
            .untilAsserted(() -> assertThat(spool.events).anyMatch(StoreFailing.class::isInstance));
        clock.turnTo(start.plus(jump % 2 == 0 ? Duration.ofHours(1) : Duration.ofHours(-1)));
        diskIsFull.set(false);
        await()
            .untilAsserted(() -> assertThat(spool.events).anyMatch(StoreWorking.class::isInstance));
        while (taken.size() < (jump + 1) * 400) {
          taken.addAll(spool.take(1));
          spool.spool.acknowledge(taken.size(), taken.size());
        }
        for (CompletableFuture<Void> append : appends) {
          append.get(1, TimeUnit.MINUTES);
        }
        spool.events.clear();
      }

      assertThat(taken).isEqualTo(LongStream.range(0, 2400).boxed().toList());
      assertThat(spool.spool.status().counts().dropped()).isZero();
    }
  }

  private SpoolConfiguration noOlderThanAnHour() {
    return settings(MEGABYTE * 100, MEGABYTE, Duration.ofHours(1), Duration.ZERO);
  }

  @Test
  void tellsThoseWhoStillWaitThatItWasClosed() throws Exception {
    CompletableFuture<Void> last = CompletableFuture.completedFuture(null);
    try (SpoolFixture spool = fixture(MEGABYTE, WhenFull.BLOCK)) {
      for (long id = 0; id < 600; id++) {
        last = spool.append(id, false);
      }
    }
    CompletableFuture<Void> waiting = last;
    assertThatThrownBy(() -> waiting.get(1, TimeUnit.MINUTES))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("was closed before there was room");
  }

  @Test
  void saysHowManyRecordsAreLostThatCouldNotBeWrittenBeforeItIsClosed() throws Exception {
    diskIsFull.set(true);
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 100 * MEGABYTE, 2 * MEGABYTE, WhenFull.BLOCK);
    try (LogLines log = new LogLines(Spool.class.getName())) {
      try (SpoolFixture spool = failing(settings)) {
        for (long id = 0; id < 7; id++) {
          spool.append(id, false);
        }
        await()
            .untilAsserted(() -> assertThat(spool.events).anyMatch(StoreFailing.class::isInstance));
      }

      assertThat(log.lines())
          .singleElement()
          .satisfies(
              line -> assertThat(line).contains("7 records", "lost", "No space left on device"));
    }
  }

  @Test
  void writesWhatItHasBeforeItIsClosedIfTheDiskHasRoomAgain() throws Exception {
    diskIsFull.set(true);
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 100 * MEGABYTE, 2 * MEGABYTE, WhenFull.BLOCK);
    try (SpoolFixture spool = failing(settings)) {
      for (long id = 0; id < 7; id++) {
        spool.append(id, false);
      }
      await()
          .untilAsserted(() -> assertThat(spool.events).anyMatch(StoreFailing.class::isInstance));
      diskIsFull.set(false);
    }
    try (SpoolFixture spool = new SpoolFixture(settings)) {
      assertThat(spool.take(7)).isEqualTo(LongStream.range(0, 7).boxed().toList());
    }
  }

  @Test
  void nobodyWaitsForTheCommitOfWhatIsDeliveredWhileTheDiskIsFull() throws Exception {
    diskIsFull.set(true);
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 100 * MEGABYTE, 2 * MEGABYTE, WhenFull.BLOCK);
    try (SpoolFixture spool = failing(settings)) {
      CompletableFuture<Void> first = spool.append(0, true);
      CompletableFuture<Void> second = spool.append(1, true);
      assertThat(spool.take(2)).hasSize(2);
      assertThat(first).isNotDone();

      spool.spool.acknowledge(1, 1);

      first.get(1, TimeUnit.MINUTES);
      assertThat(second).isNotDone();
      diskIsFull.set(false);
    }
  }

  @Test
  void goesOnCommittingAfterTheHeapWasTooSmallForIt() throws Exception {
    heapIsFull.set(true);
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 100 * MEGABYTE, 2 * MEGABYTE, WhenFull.BLOCK);
    try (SpoolFixture spool = failing(settings)) {
      CompletableFuture<Void> committed = spool.append(0, true);
      await()
          .untilAsserted(() -> assertThat(spool.events).anyMatch(StoreFailing.class::isInstance));
      assertThat(spool.spool.status().sentence()).contains("heap of the program is too small");
      heapIsFull.set(false);

      committed.get(1, TimeUnit.MINUTES);
    }
  }

  @Test
  void writesWhatHasGatheredInMemoryLittleByLittle() throws Exception {
    diskIsFull.set(true);
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 2000 * MEGABYTE, 20 * MEGABYTE, WhenFull.BLOCK);
    try (SpoolFixture spool = failing(settings)) {
      long count = 16 * MEGABYTE / SpoolFixture.LENGTH;
      for (long id = 0; id < count; id++) {
        spool.append(id, false).get(1, TimeUnit.MINUTES);
      }
      CompletableFuture<Void> last = spool.append(count, true);
      await()
          .untilAsserted(() -> assertThat(spool.events).anyMatch(StoreFailing.class::isInstance));
      long commits = spool.spool.status().counts().commits();

      diskIsFull.set(false);
      last.get(1, TimeUnit.MINUTES);

      assertThat(spool.spool.status().counts().commits() - commits).isBetween(8L, 12L);
      assertThat(spool.take(Integer.MAX_VALUE)).hasSize((int) count + 1);
    }
  }

  @Test
  void givesDiskSpaceBackAfterItHasDrained() throws Exception {
    try (SpoolFixture spool = new SpoolFixture(SpoolFixture.settings(directory))) {
      for (int from = 0; from < 10_000; from += 500) {
        spool.appendCommitted(from, from + 500);
      }
      assertThat(spool.spool.status().space().fileBytes()).isGreaterThan(10_000L * LENGTH);

      spool.spool.acknowledge(10_000, 10_000);

      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(
              () -> assertThat(spool.spool.status().space().fileBytes()).isLessThan(5 * MEGABYTE));
    }
  }

  @Test
  void takesLittleRoomOnDiskWhileTheConsumerKeepsUp() throws Exception {
    try (SpoolFixture spool = new SpoolFixture(SpoolFixture.settings(directory))) {
      for (int from = 0; from < 20_000; from += 100) {
        spool.appendCommitted(from, from + 100);
        spool.spool.acknowledge(from + 100, 100);
      }
      assertThat(spool.spool.status().space().fileBytes()).isLessThan(10 * MEGABYTE);
    }
  }

  /** Else each record that Kafka takes from memory would be a store that works, and fails again. */
  @Test
  void aDiskThatFailsWorksAgainOnceItTakesSomethingAndNotWhenNothingIsLeftToWrite()
      throws Exception {
    Path folder = directory.resolve("events");
    Path away = directory.resolve("away");
    try (SpoolFixture spool = new SpoolFixture(SpoolFixture.settings(directory))) {
      Files.move(folder, away);

      spool.append(1, false).get(1, TimeUnit.MINUTES);
      await()
          .untilAsserted(() -> assertThat(spool.events).anyMatch(StoreFailing.class::isInstance));
      assertThat(spool.spool.status().sentence())
          .contains("cannot be written: the folder is not there any more; put it back");
      assertThat(spool.take(1)).containsExactly(1L);
      spool.spool.acknowledge(1, 1);
      // Closing tries once more whether it can be written
      spool.spool.close();

      assertThat(spool.events).noneMatch(StoreWorking.class::isInstance);
    } finally {
      Files.move(away, folder);
    }
    try (SpoolFixture spool = new SpoolFixture(SpoolFixture.settings(directory))) {
      Files.move(folder, away);
      spool.append(2, false).get(1, TimeUnit.MINUTES);
      await()
          .untilAsserted(() -> assertThat(spool.events).anyMatch(StoreFailing.class::isInstance));
      assertThat(spool.take(1)).containsExactly(2L);
      spool.spool.acknowledge(2, 1);

      Files.move(away, folder);

      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() -> assertThat(spool.events).anyMatch(StoreWorking.class::isInstance));
      assertThat(isEmpty(folder)).isTrue();
    }
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isEmpty();
    }
  }

  @Test
  void passesRecordsOnFromMemoryWhileTheDiskIsFull() throws Exception {
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 100 * MEGABYTE, 2 * MEGABYTE, WhenFull.BLOCK);
    try (SpoolFixture spool = failing(settings)) {
      spool.appendCommitted(0, 100);
      diskIsFull.set(true);
      for (long id = 100; id < 400; id++) {
        spool.append(id, false).get(1, TimeUnit.MINUTES);
      }
      await()
          .untilAsserted(() -> assertThat(spool.events).anyMatch(StoreFailing.class::isInstance));
      assertThat(spool.spool.status().inDanger()).isTrue();
      assertThat(spool.spool.status().sentence()).contains("No space left on device");

      assertThat(spool.take(400)).isEqualTo(LongStream.range(0, 400).boxed().toList());
      spool.spool.acknowledge(250, 250);
      diskIsFull.set(false);

      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() -> assertThat(spool.events).anyMatch(StoreWorking.class::isInstance));
      spool.append(400, true).get(1, TimeUnit.MINUTES);
    }
    try (SpoolFixture spool = new SpoolFixture(settings)) {
      assertThat(spool.take(400)).isEqualTo(LongStream.range(250, 401).boxed().toList());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT1H"})
  void whatArrivesWaitsOnlyUntilMuchIsDeliveredThoughTheDiskStaysFull(String kept)
      throws Exception {
    diskIsFull.set(true);
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 100 * MEGABYTE, MEGABYTE, WhenFull.BLOCK);
    settings.setKeepAcknowledged(Duration.parse(kept));
    try (SpoolFixture spool = failing(settings)) {
      List<CompletableFuture<Void>> appends = new ArrayList<>();
      for (long id = 0; id < 1000; id++) {
        appends.add(spool.append(id, false));
      }
      await().untilAsserted(() -> assertThat(spool.events).anyMatch(Full.class::isInstance));

      List<Long> taken = new ArrayList<>();
      await()
          .atMost(Duration.ofMinutes(1))
          .until(
              () -> {
                taken.addAll(spool.take(1));
                // Something is always left: what waits does not pass because the spool is empty
                spool.spool.acknowledge(Math.max(0, taken.size() - 1), 1);
                return taken.size() == 1000;
              });

      assertThat(taken).isEqualTo(LongStream.range(0, 1000).boxed().toList());
      await().untilAsserted(() -> assertThat(appends).allMatch(CompletableFuture::isDone));
      assertThat(spool.spool.status().counts().dropped()).isZero();
      diskIsFull.set(false);
    }
  }

  @Test
  void whatIsDeliveredDoesNotGatherInMemoryForReplayWhileTheDiskIsFull() throws Exception {
    diskIsFull.set(true);
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 100 * MEGABYTE, MEGABYTE, WhenFull.BLOCK);
    settings.setKeepAcknowledged(Duration.ofHours(1));
    try (SpoolFixture spool = failing(settings)) {
      for (int id = 0; id < 1000; id++) {
        spool.append(id, false).get(1, TimeUnit.MINUTES);
        assertThat(spool.take(1)).containsExactly((long) id);
        spool.spool.acknowledge(id + 1, 1);
      }

      await()
          .untilAsserted(
              () -> assertThat(spool.spool.status().space().bytes()).isLessThanOrEqualTo(MEGABYTE));
      diskIsFull.set(false);
    }
  }

  @Test
  void whatIsDoneWithMakesRoomOnAFullDiskThoughMoreAlwaysWaits() throws Exception {
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 10 * MEGABYTE, 2 * MEGABYTE, WhenFull.BLOCK);
    try (SpoolFixture spool = onADiskOf(MEGABYTE, settings)) {
      spool.appendCommitted(0, 200);
      for (long id = 200; id < 290; id++) {
        spool.append(id, false);
      }
      CompletableFuture<Void> more = spool.append(290, true);
      await()
          .untilAsserted(() -> assertThat(spool.events).anyMatch(StoreFailing.class::isInstance));
      assertThat(more).isNotDone();

      spool.spool.acknowledge(100, 100);

      more.get(1, TimeUnit.MINUTES);
    }
  }

  @Test
  void theTimeThatDroppedRecordsSpanIsToldThoughTheyWereParkedInAnotherOrder() throws Exception {
    SpoolConfiguration settings =
        settings(64 * MEGABYTE, 32 * MEGABYTE, Duration.ofHours(1), Duration.ZERO);
    try (SpoolFixture spool = new SpoolFixture(settings)) {
      spool.appendCommitted(0, 3);
      spool.spool.acknowledge(3, 3);
    }
    try (ParkedLog log =
        ParkedLog.open(settings, "events", Clock.systemUTC(), it -> it::append, 0)) {
      log.append(List.of(parked(1, 2000), parked(2, 5000), parked(3, 1000)));
    }

    try (SpoolFixture spool = new SpoolFixture(settings)) {
      await().until(() -> spool.spool.status().counts().dropped() == 3);
      assertThat(spool.events)
          .containsExactly(
              new Dropped(
                  "events",
                  Reason.TOO_OLD,
                  3,
                  Instant.ofEpochMilli(1000),
                  Instant.ofEpochMilli(5000)));
    }
  }

  private static LogRecord parked(long sequence, long atMillis) {
    return new LogRecord(
        sequence, atMillis, new byte[1], RecordHeaders.NONE.with(Parking.SEQUENCE, sequence));
  }

  @Test
  void onAFullDiskNoMoreIsDroppedThanMakesRoom() throws Exception {
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 2 * MEGABYTE, MEGABYTE / 2, WhenFull.DROP_OLDEST);
    try (SpoolFixture spool = onADiskOf(MEGABYTE * 19 / 10, settings)) {
      for (long id = 0; id < 1200; id++) {
        spool.append(id, false).get(1, TimeUnit.MINUTES);
      }
      assertThat(spool.events).anyMatch(StoreFailing.class::isInstance);

      List<Long> left = spool.take(1200);
      long dropped = spool.spool.status().counts().dropped();
      assertThat(left).isEqualTo(LongStream.range(dropped, 1200).boxed().toList());
      assertThat(left.size() * LENGTH).isGreaterThan((int) MEGABYTE);
    }
  }

  @Test
  void aFileThatCannotBeDeletedKeepsNothingFromBeingWritten() throws Exception {
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 2 * MEGABYTE, MEGABYTE, WhenFull.BLOCK);
    try (SpoolFixture spool = new SpoolFixture(settings)) {
      spool.appendCommitted(0, 100);
      Path first = directory.resolve("events/00000000000000000001.log");
      Files.delete(first);
      Files.createDirectories(first.resolve("in the way"));
      spool.spool.acknowledge(100, 100);

      spool.appendCommitted(100, 120);
      spool.appendCommitted(120, 140);

      assertThat(spool.spool.status().sentence()).contains("cannot be deleted");
      assertThat(spool.spool.status().inDanger()).isTrue();
      Files.delete(first.resolve("in the way"));
      spool.appendCommitted(140, 150);
      await().until(() -> !spool.spool.status().inDanger());
    }
  }

  @Test
  void countsWhatItDropsFromMemoryInTheHandsOfAConsumerThatIsReplaced() throws Exception {
    diskIsFull.set(true);
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 100 * MEGABYTE, MEGABYTE, WhenFull.DROP_OLDEST);
    try (SpoolFixture spool = failing(settings)) {
      Taker replaced = Taker.thatIsStuck(spool.spool);
      for (long id = 0; id < 1000; id++) {
        spool.append(id, false).get(1, TimeUnit.MINUTES);
      }
      await().until(() -> replaced.inFlight.size() == 100);
      replaced.delivery.stop(Duration.ZERO);
      replaced.thread.join();
      spool.spool.detach(replaced.delivery);

      Taker taker = Taker.thatWorks(spool.spool);
      try {
        await().until(() -> taker.delivered.contains(999L));
      } finally {
        taker.stop();
      }

      long dropped = 1000 - taker.delivered.size();
      assertThat(dropped).isGreaterThan(100);
      assertThat(droppedUntilClosed(spool)).isEqualTo(dropped);
    }
  }

  @Test
  void whoWaitsForACommitWhileTheDiskFailsDoesSoForNoLongerThanTheBlockTimeout() throws Exception {
    diskIsFull.set(true);
    MutableClock clock = new MutableClock();
    SpoolConfiguration settings =
        settings(100 * MEGABYTE, 2 * MEGABYTE, Duration.ZERO, Duration.ofMinutes(1));
    try (SpoolFixture spool = new SpoolFixture(settings, time(clock), this::failingAppender)) {
      CompletableFuture<Void> waits = spool.append(0, true);
      await()
          .untilAsserted(() -> assertThat(spool.events).anyMatch(StoreFailing.class::isInstance));
      clock.pass(Duration.ofSeconds(59));
      assertThat(waits).isNotDone();
      clock.pass(Duration.ofSeconds(1));

      assertThatThrownBy(() -> waits.get(1, TimeUnit.MINUTES)).hasMessageContaining("dropped");
      assertThat(spool.spool.status().counts().dropped()).isEqualTo(1);
    }
  }

  @Test
  void thatAllWasDroppedFromMemoryDoesNotMeanThatTheDiskWorks() throws Exception {
    diskIsFull.set(true);
    MutableClock clock = new MutableClock();
    SpoolConfiguration settings =
        settings(100 * MEGABYTE, 2 * MEGABYTE, Duration.ZERO, Duration.ofMinutes(1));
    try (SpoolFixture spool = new SpoolFixture(settings, time(clock), this::failingAppender)) {
      CompletableFuture<Void> waits = spool.append(0, true);
      await()
          .untilAsserted(() -> assertThat(spool.events).anyMatch(StoreFailing.class::isInstance));
      clock.pass(Duration.ofSeconds(60));
      assertThatThrownBy(() -> waits.get(1, TimeUnit.MINUTES)).hasMessageContaining("dropped");
      await().until(() -> spool.spool.status().counts().dropped() == 1);
      assertThat(spool.spool.status().storeFailure()).isPresent();
    }

    try (SpoolFixture spool = new SpoolFixture(settings, time(clock))) {
      assertThat(spool.spool.status().counts().lost()).isZero();
      assertThat(spool.events).isEmpty();
    }
  }

  @Test
  void whatIsInMemoryOnlyIsUnsafeForAsLongAsTheDiskCannotBeWritten() throws Exception {
    MutableClock clock = new MutableClock();
    SpoolConfiguration settings =
        settings(100 * MEGABYTE, 2 * MEGABYTE, Duration.ZERO, Duration.ofMinutes(1));
    try (SpoolFixture spool = new SpoolFixture(settings, time(clock), this::failingAppender)) {
      clock.pass(Duration.ofSeconds(100));
      assertThat(spool.spool.uncommittedFor()).isZero();
      diskIsFull.set(true);
      spool.append(0, false).get(1, TimeUnit.MINUTES);
      clock.pass(Duration.ofSeconds(7));
      await()
          .untilAsserted(() -> assertThat(spool.events).anyMatch(StoreFailing.class::isInstance));

      assertThat(spool.spool.uncommittedFor()).isEqualTo(Duration.ofSeconds(7));
      diskIsFull.set(false);
      clock.pass(Duration.ofSeconds(20));

      await().until(() -> spool.spool.uncommittedFor().isZero());
    }
  }

  /** More than memory has room for. */
  private void appendAThousandWhileTheDiskIsFull(SpoolFixture spool) throws Exception {
    diskIsFull.set(true);
    for (long id = 1_000; id < 2_000; id++) {
      spool.append(id, false).get(1, TimeUnit.MINUTES);
    }
    diskIsFull.set(false);
  }

  /**
   * How many the spool has dropped until it is closed: one that waits for room may get it a moment
   * before what was dropped for it is counted.
   */
  private static long droppedUntilClosed(SpoolFixture spool) {
    spool.close();
    return spool.spool.status().counts().dropped();
  }

  /** Its disk has room for so many bytes. */
  private SpoolFixture onADiskOf(long bytes, SpoolConfiguration settings) throws IOException {
    return new SpoolFixture(
        settings,
        Spool.Time.SYSTEM,
        log ->
            records -> {
              if (log.fileBytes() + records.size() * LENGTH > bytes) {
                throw new IOException("No space left on device");
              }
              log.append(records);
            });
  }

  /** Its commits fail while disk or heap are full. */
  private SpoolFixture failing(SpoolConfiguration settings) throws IOException {
    return new SpoolFixture(settings, Spool.Time.SYSTEM, this::failingAppender);
  }

  private DiskCommitter.Appender failingAppender(SegmentedLog log) {
    return records -> {
      if (diskIsFull.get()) {
        throw new IOException("The spool's file cannot be written: No space left on device.");
      }
      if (heapIsFull.get()) {
        throw new OutOfMemoryError("Java heap space");
      }
      log.append(records);
    };
  }

  private SpoolConfiguration settings(
      long maxBytes, long memoryBytes, Duration maxAge, Duration blockTimeout) {
    SpoolConfiguration options =
        SpoolFixture.settings(directory, maxBytes, memoryBytes, WhenFull.BLOCK);
    options.setMaxAge(maxAge);
    options.setBlockTimeout(blockTimeout);
    return options;
  }

  private SpoolFixture fixture(long maxBytes, WhenFull whenFull) throws IOException {
    return new SpoolFixture(SpoolFixture.settings(directory, maxBytes, 32 * MEGABYTE, whenFull));
  }

  private static long droppedAccordingTo(List<SpoolEvent> events, Reason reason) {
    return List.copyOf(events).stream()
        .filter(Dropped.class::isInstance)
        .map(Dropped.class::cast)
        .filter(dropped -> dropped.reason() == reason)
        .mapToLong(Dropped::records)
        .sum();
  }

  /** Takes from a spool, 100 at a time; they stay in flight until it works. */
  private static final class Taker implements Delivery.Receiver {
    private final Queue<Delivery.Settlement> inFlight = new ConcurrentLinkedQueue<>();
    private final Set<Long> delivered = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean works;
    private final Delivery delivery;
    private final Thread thread;

    private Taker(Spool spool, boolean works) throws IOException {
      this.works = new AtomicBoolean(works);
      SpoolConfiguration options = new SpoolConfiguration();
      options.setInFlight(100);
      options.setLinger(Duration.ZERO);
      options.setRedeliveryDelay(Duration.ZERO);
      options.setMaximumRedeliveryDelay(Duration.ZERO);
      delivery = new Delivery(spool, options, this);
      spool.attach(delivery, options);
      thread = new Thread(delivery, "taker");
      thread.start();
    }

    static Taker thatIsStuck(Spool spool) throws IOException {
      return new Taker(spool, false);
    }

    static Taker thatWorks(Spool spool) throws IOException {
      return new Taker(spool, true);
    }

    @Override
    public void receive(LogRecord record, boolean again, Delivery.Settlement settlement) {
      if (works.get()) {
        delivered.add(SpoolFixture.id(record));
        settlement.delivered();
      } else {
        inFlight.add(settlement);
      }
    }

    @Override
    public void deadLetter(LogRecord record, String reason) {
      throw new AssertionError("nothing is given up here");
    }

    void failsOnceAndThenWorks() {
      works.set(true);
      inFlight.forEach(
          settlement ->
              settlement.failed(Failure.Judge.NONE.judge(new IOException("not now"), "")));
    }

    void stop() throws InterruptedException {
      delivery.stop(Duration.ofMinutes(1));
      thread.join();
    }
  }

  /** The clock that never jumps is as late as this one. */
  private static Spool.Time time(MutableClock clock) {
    return new Spool.Time(clock, () -> Duration.between(Instant.EPOCH, clock.instant()).toNanos());
  }
}
