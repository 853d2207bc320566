package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.caravan.spool.SpoolConfiguration.WhenFull;
import dev.caravan.spool.SpoolEvent.Damaged;
import dev.caravan.spool.log.SegmentedLog.Hole;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is left of a spool whose file has been damaged. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@Tag("slow")
class DamagedSpoolTest {

  private static final int RECORDS = 1000;
  private static final int DELIVERED = 100;

  @TempDir Path directory;

  @ParameterizedTest
  @Execution(ExecutionMode.CONCURRENT)
  @ValueSource(ints = {0, 1, 4, 9, 25, 50, 75, 90, 99})
  void keepsWhatIsWholeInATruncatedFile(int percentLeft) throws Exception {
    fill();
    try (RandomAccessFile file = new RandomAccessFile(file(), "rw")) {
      file.setLength(file.length() * percentLeft / 100);
    }

    List<Long> left = reopenAndRead();

    assertThat(left)
        .as("most of what was in front of the cut")
        .hasSizeGreaterThan(RECORDS * percentLeft / 100 - DELIVERED - 150);
  }

  @ParameterizedTest
  @Execution(ExecutionMode.CONCURRENT)
  @ValueSource(ints = {0, 10, 30, 50, 70, 90, 97})
  void losesNoMoreThanTheSurroundingsOfAFlippedBit(int percent) throws Exception {
    fill();
    try (RandomAccessFile file = new RandomAccessFile(file(), "rw")) {
      flip(file, file.length() * percent / 100 + 17);
    }

    assertThat(reopenAndRead()).hasSizeGreaterThan(RECORDS - DELIVERED - 150);
  }

  @Test
  void keepsAlmostAllWhenTheHeaderOfTheFileIsGone() throws Exception {
    fill();
    try (RandomAccessFile file = new RandomAccessFile(file(), "rw")) {
      file.write(new byte[8192]);
    }

    assertThat(reopenAndRead()).hasSize(RECORDS - DELIVERED);
  }

  @Test
  void keepsWhatItCanWhenBitsAreFlippedAllOver() throws Exception {
    fill();
    try (RandomAccessFile file = new RandomAccessFile(file(), "rw")) {
      for (int i = 1; i < 10; i += 2) {
        flip(file, file.length() * i / 10);
      }
    }

    assertThat(reopenAndRead()).isNotEmpty();
  }

  @Test
  void reportsALossWhenTheFileIsGoneAltogether() throws Exception {
    fill();
    Files.delete(Path.of(file()));

    assertThat(reopenAndRead()).isEmpty();
  }

  @Test
  void repairsItselfWhenDamageIsFoundWhileItRuns() throws Exception {
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 1L << 40, 64 * 1024, WhenFull.BLOCK);
    try (SpoolFixture spool = new SpoolFixture(settings)) {
      // More than the store keeps in its cache, so that it must look at the file.
      for (int from = 0; from < 5000; from += 10) {
        spool.appendCommitted(from, from + 10);
      }
      try (RandomAccessFile file = new RandomAccessFile(file(), "rw")) {
        for (long at = file.length() / 5; at < file.length(); at += 1024) {
          flip(file, at);
        }
      }

      List<Long> left = spool.take(5000);

      assertThat(left).hasSizeGreaterThan(100).isSorted().doesNotHaveDuplicates();
      await().untilAsserted(() -> assertThat(spool.events).anyMatch(Damaged.class::isInstance));
      assertThat(left.size() + spool.spool.status().counts().lost()).isGreaterThanOrEqualTo(5000);
      spool.appendCommitted(5000, 5010);
      assertThat(spool.take(10)).hasSize(10);
    }
  }

  @Test
  void aFileThatIsWholeIsNotTouched() throws Exception {
    fill();
    try (SpoolFixture spool = new SpoolFixture(SpoolFixture.settings(directory))) {
      assertThat(spool.take(RECORDS)).hasSize(RECORDS - DELIVERED);
      assertThat(spool.events).isEmpty();
    }
  }

  private void fill() throws Exception {
    try (SpoolFixture spool = new SpoolFixture(SpoolFixture.settings(directory))) {
      for (int from = 0; from < RECORDS; from += 50) {
        spool.appendCommitted(from, from + 50);
      }
      spool.spool.acknowledge(DELIVERED, DELIVERED);
    }
  }

  /** Checks that each record is either there, in order, or in a hole that was reported. */
  private List<Long> reopenAndRead() throws Exception {
    List<Long> left;
    List<Long> lost = new ArrayList<>();
    long lostAsTold = 0;
    try (SpoolFixture spool = new SpoolFixture(SpoolFixture.settings(directory))) {
      left = spool.take(RECORDS);
      for (SpoolEvent event : spool.events) {
        Damaged damaged = (Damaged) event;
        for (Hole hole : damaged.holes()) {
          // Sequences begin at one, the numbers in the bodies at zero.
          LongStream.rangeClosed(hole.from() - 1, hole.to() - 1).forEach(lost::add);
          assertThat(hole.before()).isAfterOrEqualTo(hole.after());
        }
        lostAsTold += damaged.lost();
      }
      assertThat(lostAsTold).isEqualTo(lost.size());
      assertThat(left).isSorted().doesNotHaveDuplicates();
      List<Long> all = new ArrayList<>(left);
      all.addAll(lost);
      assertThat(all)
          .containsExactlyInAnyOrderElementsOf(
              LongStream.range(DELIVERED, RECORDS).boxed().toList());

      spool.appendCommitted(RECORDS, RECORDS + 10);
      assertThat(spool.take(10)).hasSize(10);
    }
    AtomicLong nanos = new AtomicLong();
    Spool.Time time = new Spool.Time(Clock.systemUTC(), nanos::get);
    try (SpoolFixture again = new SpoolFixture(SpoolFixture.settings(directory), time)) {
      assertThat(lost(again.events)).as("told again, as it was just now").isEqualTo(lostAsTold);
      assertThat(again.take(RECORDS)).hasSize(left.size() + 10);
      nanos.addAndGet(Duration.ofMinutes(2).toNanos());
      again.appendCommitted(RECORDS + 10, RECORDS + 11);
      nanos.addAndGet(Duration.ofMinutes(2).toNanos());
      again.appendCommitted(RECORDS + 11, RECORDS + 12);
      again.appendCommitted(RECORDS + 12, RECORDS + 13);
    }
    try (SpoolFixture later = new SpoolFixture(SpoolFixture.settings(directory), time)) {
      later.take(RECORDS);
      assertThat(later.events).as("told long ago").isEmpty();
    }
    return left;
  }

  @Test
  void aFileThatIsTakenAwayWhileItRunsIsALossOnRecord() throws Exception {
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 2_000_000, 1_000_000, WhenFull.BLOCK);
    try (SpoolFixture spool = new SpoolFixture(settings)) {
      spool.appendCommitted(0, 300);
      Files.delete(directory.resolve("events/00000000000000000001.log"));

      List<Long> left = spool.take(300);

      assertThat(left).hasSizeLessThan(300).contains(299L);
      await().until(() -> spool.spool.status().counts().lost() == 300 - left.size());
    }
  }

  @Test
  void whatFollowsIsWrittenToAnotherFileIfTheNewestIsTakenAway() throws Exception {
    try (SpoolFixture spool =
        new SpoolFixture(
            SpoolFixture.settings(directory, 1_000_000_000, 100_000, WhenFull.BLOCK))) {
      spool.appendCommitted(0, 300);
      Files.delete(directory.resolve("events/00000000000000000001.log"));
      List<Long> before = spool.take(200);

      spool.appendCommitted(300, 600);

      List<Long> left = new ArrayList<>(before);
      left.addAll(spool.take(600));
      assertThat(left).contains(300L, 450L, 599L).doesNotHaveDuplicates();
      // Of what is told as lost a few records were in memory, too
      await().until(() -> spool.spool.status().counts().lost() >= 600 - left.size());
    }
  }

  @Test
  void aFileThatCannotBeReadIsGivenUpAfterSomeAttemptsAndTold() throws Exception {
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 2_000_000, 1_000_000, WhenFull.BLOCK);
    try (SpoolFixture spool = new SpoolFixture(settings)) {
      spool.appendCommitted(0, 300);
      Path first = directory.resolve("events/00000000000000000001.log");
      Files.delete(first);
      Files.createDirectory(first);
      for (int attempt = 1; attempt < 60; attempt++) {
        assertThatThrownBy(() -> spool.take(300)).isInstanceOf(IOException.class);
      }

      List<Long> left = spool.take(300);

      assertThat(left).hasSizeLessThan(300).contains(299L);
      await().until(() -> spool.spool.status().counts().lost() == 300 - left.size());
      assertThat(first).doesNotExist();
    }
  }

  @Test
  void aLossThatIsFoundJustBeforeTheStopIsToldAfterTheStart() throws Exception {
    SpoolConfiguration settings =
        SpoolFixture.settings(directory, 6_400_000, 1_000_000, WhenFull.BLOCK);
    try (SpoolFixture spool = new SpoolFixture(settings)) {
      spool.appendCommitted(0, 300);
    }
    try (RandomAccessFile file =
        new RandomAccessFile(directory.resolve("events/00000000000000000001.log").toFile(), "rw")) {
      flip(file, file.length() / 2);
    }
    List<Long> left;
    Spool.Time standsStill = new Spool.Time(Clock.systemUTC(), () -> 0);
    try (SpoolFixture spool = new SpoolFixture(settings, standsStill)) {
      left = spool.take(300);
      spool.spool.acknowledge(300, left.size());
      assertThat(spool.events).isEmpty();
    }

    try (SpoolFixture again = new SpoolFixture(settings)) {
      assertThat(lost(again.events)).isPositive().isEqualTo(300 - left.size());
    }
  }

  private static long lost(List<SpoolEvent> events) {
    return events.stream().mapToLong(event -> ((Damaged) event).lost()).sum();
  }

  private String file() throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("events"))) {
      return files
          .filter(file -> file.toString().endsWith(".log"))
          .findFirst()
          .orElseThrow()
          .toString();
    }
  }

  private static void flip(RandomAccessFile file, long at) throws IOException {
    file.seek(at);
    int value = file.read();
    file.seek(at);
    file.write(value ^ 0x10);
  }
}
