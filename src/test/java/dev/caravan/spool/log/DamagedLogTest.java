package dev.caravan.spool.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.spool.log.SegmentedLog.SegmentInfo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left of a log whose files were damaged: the rest, and no silence about what is not. */
@Tag("slow")
class DamagedLogTest {

  private static final int RECORDS = 16;
  private static final int AT_ONCE = 2;
  private static final int SETTLED = 1;

  @TempDir Path folder;

  private Path whole;

  @BeforeEach
  void fill() throws IOException {
    whole = folder.resolve("whole");
    try (SegmentedLog log = open(whole, 0)) {
      for (long n = 1; n <= RECORDS; n += AT_ONCE) {
        log.append(Records.range(n, n + AT_ONCE - 1, 24));
      }
      assertThat(log.segments()).hasSizeGreaterThan(2);
    }
  }

  @Test
  void aByteThatChangedCostsNoMoreThanItsFrame() throws Exception {
    for (Path file : Records.files(whole)) {
      for (long at = 0; at < Files.size(file); at++) {
        Path copy = copy();
        Records.flip(copy.resolve("events").resolve(file.getFileName()), at);

        List<Long> left = checked(copy);

        assertThat(left).hasSizeGreaterThanOrEqualTo(RECORDS - SETTLED - AT_ONCE);
        delete(copy);
      }
    }
  }

  @Test
  void aFileThatEndsTooEarlyCostsWhatWasBehind() throws Exception {
    for (Path file : Records.files(whole)) {
      for (long length = 0; length < Files.size(file); length++) {
        Path copy = copy();
        truncate(copy.resolve("events").resolve(file.getFileName()), length);

        checked(copy);
        delete(copy);
      }
    }
  }

  @Test
  void aFileThatIsGoneIsAHole() throws Exception {
    for (Path file : Records.files(whole)) {
      Path copy = copy();
      Files.delete(copy.resolve("events").resolve(file.getFileName()));

      checked(copy);
      delete(copy);
    }
  }

  @Test
  void allFilesThatAreGoneAreAHole() throws Exception {
    delete(whole);

    assertThat(checked(whole)).isEmpty();
  }

  @Test
  void whatLooksLikeAFileAndIsEmptyOrZeroIsSurvived() throws Exception {
    for (Path file : Records.files(whole)) {
      Path copy = copy();
      Files.write(
          copy.resolve("events").resolve(file.getFileName()), new byte[(int) Files.size(file)]);

      checked(copy);
      delete(copy);
    }
  }

  @Test
  void aTornEndIsCutOffAndNothingIsTold() throws Exception {
    List<Path> files = Records.files(whole);
    Path newest = files.get(files.size() - 1);
    long length = Files.size(newest);
    Files.write(newest, new byte[50], java.nio.file.StandardOpenOption.APPEND);

    try (SegmentedLog log = open(whole, RECORDS)) {
      assertThat(log.holes()).isEmpty();
      assertThat(newest).hasSize(length);
    }
  }

  @Test
  void whatIsSettledIsNotTold() throws Exception {
    Files.delete(Records.files(whole).get(0));

    try (SegmentedLog log = SegmentedLog.open(Records.options(whole, 500), RECORDS, RECORDS)) {
      assertThat(Records.readAll(log, 1, 1)).isNotEmpty();
      assertThat(log.holes()).isEmpty();
    }
  }

  @Test
  void damageFoundWhileItRunsIsSkippedAndToldOnce() throws Exception {
    try (SegmentedLog log = open(whole, RECORDS)) {
      Path first = Records.files(whole).get(0);
      Records.flip(first, Segment.HEAD_LENGTH + 3);
      Records.flip(first, Files.size(first) - 5);
      long count = count(log);

      List<Long> left = Records.readAll(log, 1, 1);

      assertThat(left).hasSize(RECORDS - 2 * AT_ONCE);
      assertThat(Records.sequences(log.holes())).hasSize(2 * AT_ONCE - SETTLED);
      assertThat(Records.readAll(log, 1, 1)).isEqualTo(left);
      assertThat(Records.sequences(log.holes())).hasSize(2 * AT_ONCE - SETTLED);
      assertThat(count(log)).isEqualTo(count - 2 * AT_ONCE + SETTLED);
      assertThat(log.segments().get(0).damaged()).isTrue();
    }
    try (SegmentedLog log = open(whole, RECORDS)) {
      assertThat(Records.sequences(log.holes())).as("not told yet").hasSize(2 * AT_ONCE - SETTLED);
      log.holesTold();
    }
    try (SegmentedLog log = open(whole, RECORDS)) {
      Records.readAll(log, 1, 1);
      assertThat(log.holes()).isEmpty();
    }
  }

  @Test
  void aDamagedFileIsSetAsideWhenItIsDoneWithAndNotTooManyAreKept() throws Exception {
    for (int times = 0; times < 4; times++) {
      try (SegmentedLog log = open(whole, 0)) {
        long last = log.last();
        for (Path file : Records.files(whole)) {
          Records.flip(file, Files.size(file) - 5);
        }
        Records.readAll(log, 1, 1);
        log.holes();
        log.holesTold();
        Records.CLOCK.pass(Duration.ofSeconds(1));
        log.deleteUpTo(last);
        assertThat(log.segments()).isEmpty();
        assertThat(Records.files(whole)).hasSize(1);
        for (long n = last + 1; n <= last + RECORDS; n++) {
          log.append(Records.range(n, n, 24));
        }
      }
    }
    try (Stream<Path> files = Files.list(whole.resolve("events"))) {
      assertThat(files.filter(file -> file.toString().contains(".log.damaged-"))).hasSize(5);
    }
  }

  @Test
  void aSpoolOfAnEarlierVersionIsRefused() throws Exception {
    Files.writeString(folder.resolve("events.mv"), "H:2");

    assertThatThrownBy(() -> Checkpoint.refuseOlderFormat(folder, "events"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Run the previous version until its spool is empty");
    assertThat(folder.resolve("events.mv")).hasContent("H:2");
    Checkpoint.refuseOlderFormat(folder, "others");
  }

  @Test
  void aDamagedFileThatSomebodyTookAwayKeepsNoOtherFromBeingDeleted() throws Exception {
    Path copy = copy();
    List<Path> files = Records.files(copy);
    Records.flip(files.get(1), Files.size(files.get(1)) / 2);
    try (SegmentedLog log = open(copy, RECORDS)) {
      Records.readAll(log, 1, 1_000_000);
      assertThat(log.segments()).anyMatch(SegmentInfo::damaged);
      Files.delete(files.get(1));

      log.deleteUpTo(RECORDS - 1);

      assertThat(Records.files(copy)).hasSizeLessThanOrEqualTo(2);
    }
  }

  @Test
  void aCheckpointOutlivesATornWrite() throws Exception {
    Path file = folder.resolve("events.checkpoint");
    mark(file, 1, 2);
    mark(file, 3, 4);
    for (int at = 0; at < 40; at++) {
      Records.flip(file, at);
      try (Checkpoint checkpoint = Checkpoint.open(file, "events")) {
        assertThat(checkpoint.mark().acknowledged()).isEqualTo(1);
        assertThat(checkpoint.mark().committed()).isEqualTo(2);
      }
      Records.flip(file, at);
    }
    try (Checkpoint checkpoint = Checkpoint.open(file, "events")) {
      assertThat(checkpoint.mark().acknowledged()).isEqualTo(3);
      assertThatThrownBy(() -> Checkpoint.open(file, "events"))
          .isInstanceOf(Checkpoint.InUseException.class)
          .hasMessageContaining("in use by another process");
    }
  }

  private static void mark(Path file, long acknowledged, long committed) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(file, "events")) {
      checkpoint.write(acknowledged, committed, 0, 0);
    }
  }

  private static long count(SegmentedLog log) {
    return log.segments().stream().mapToLong(SegmentInfo::count).sum();
  }

  /** Each record is there, whole and in order, or told once; and the log goes on. */
  private static List<Long> checked(Path directory) throws IOException {
    List<Long> left;
    List<Long> told;
    try (SegmentedLog log = open(directory, RECORDS)) {
      left = Records.readAll(log, SETTLED + 1, 1);
      told = Records.sequences(log.holes());
      List<Long> all = new ArrayList<>(left);
      all.addAll(told);
      assertThat(left).isSorted();
      assertThat(all)
          .containsExactlyInAnyOrderElementsOf(
              LongStream.rangeClosed(SETTLED + 1, RECORDS).boxed().toList());
      assertThat(log.last()).isEqualTo(RECORDS);
    }
    try (SegmentedLog log = open(directory, RECORDS)) {
      assertThat(Records.sequences(log.holes())).hasSameElementsAs(told);
      log.holesTold();
      log.append(Records.range(RECORDS + 1, RECORDS + 5, 24));
      List<Long> more = new ArrayList<>(left);
      LongStream.rangeClosed(RECORDS + 1, RECORDS + 5).forEach(more::add);
      assertThat(Records.readAll(log, SETTLED + 1, 1000)).isEqualTo(more);
    }
    try (SegmentedLog log = open(directory, RECORDS + 5)) {
      assertThat(Records.readAll(log, SETTLED + 1, 1)).hasSize(left.size() + 5);
      assertThat(log.holes()).as("told before").isEmpty();
    }
    return left;
  }

  private static SegmentedLog open(Path directory, long expectedLast) throws IOException {
    return SegmentedLog.open(Records.options(directory, 600), SETTLED, expectedLast);
  }

  private Path copy() throws IOException {
    Path copy = folder.resolve("copy");
    Files.createDirectories(copy.resolve("events"));
    for (Path file : Records.files(whole)) {
      Files.copy(file, copy.resolve("events").resolve(file.getFileName()));
    }
    return copy;
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("events"))) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }

  private static void truncate(Path file, long length) throws IOException {
    try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
      cut.setLength(length);
    }
  }
}
