package dev.caravan.spool.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.spool.log.SegmentedLog.SegmentInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentedLogTest {

  private static final int LENGTH = 1000;

  @TempDir Path directory;

  @Test
  void whatWasAppendedIsReadInOrderAlsoAfterOpeningAgain() throws Exception {
    try (SegmentedLog log = open(100_000)) {
      append(log, 1, 500, 7);
      assertThat(Records.readAll(log, 1, 5_000)).isEqualTo(sequences(1, 500));
      assertThat(Records.readAll(log, 250, 1)).isEqualTo(sequences(250, 500));
      assertThat(log.segments()).hasSizeGreaterThan(3);
      assertThat(log.segments().stream().mapToLong(SegmentInfo::count).sum()).isEqualTo(500);
    }
    try (SegmentedLog log = open(100_000)) {
      assertThat(log.first()).isEqualTo(1);
      assertThat(log.last()).isEqualTo(500);
      append(log, 501, 600, 100);
      assertThat(Records.readAll(log, 1, 5_000)).isEqualTo(sequences(1, 600));
      assertThat(log.holes()).isEmpty();
      assertThat(log.segments().stream().mapToLong(SegmentInfo::count).sum()).isEqualTo(600);
    }
  }

  @Test
  void everyKindOfBodyAndHeaderComesBackAsItWas() throws Exception {
    Map<String, Object> headers = new LinkedHashMap<>();
    headers.put("text", "Größe 東京");
    headers.put("empty", "");
    headers.put("raw", new byte[] {1, -1});
    headers.put("yes", true);
    headers.put("no", false);
    headers.put("int", -7);
    headers.put("long", Long.MIN_VALUE);
    headers.put("double", 1.5);
    headers.put("float", -2.5f);
    headers.put("short", (short) -3);
    headers.put("byte", (byte) 4);
    RecordHeaders taken = RecordHeaders.of(headers, unknown -> {});
    List<LogRecord> records =
        List.of(
            new LogRecord(3, 5, null, taken),
            new LogRecord(9, 4, new byte[0], taken),
            new LogRecord(10, 6, new byte[] {1}, RecordHeaders.NONE));

    List<LogRecord> read;
    try (SegmentedLog log = open(100_000)) {
      log.append(records);
      read = log.read(1, 1000);
    }

    assertThat(read)
        .usingRecursiveComparison()
        .withStrictTypeChecking()
        .isEqualTo(new ArrayList<>(records));
  }

  @Test
  void aBodyOfManyMegabytesPassesAndFramesStaySmall() throws Exception {
    try (SegmentedLog log = open(1_000_000)) {
      log.append(List.of(Records.of(1, 20_000_000)));
      log.append(Records.range(2, 2_000, 1_000));

      assertThat(log.read(1, 1)).hasSize(1);
      assertThat(log.read(2, 1)).hasSizeBetween(200, 300);
      assertThat(Records.readAll(log, 1, 1_000_000)).isEqualTo(sequences(1, 2_000));
    }
  }

  @Test
  void onlyWholeFilesAreDeletedAndTheLogKnowsWhereItWas() throws Exception {
    try (SegmentedLog log = open(20_000)) {
      append(log, 1, 100, 5);
      long before = log.fileBytes();
      log.deleteUpTo(30);

      assertThat(log.first()).isBetween(10L, 31L);
      assertThat(log.fileBytes()).isLessThan(before).isEqualTo(bytesOnDisk());
      assertThat(Records.readAll(log, 31, 5_000)).isEqualTo(sequences(31, 100));

      log.deleteUpTo(100);
      assertThat(log.segments()).isEmpty();
      assertThat(log.first()).isZero();
      assertThat(log.read(1, 1_000)).isEmpty();
      assertThat(log.last()).isEqualTo(100);
    }
    try (SegmentedLog log = open(20_000, 100, 100)) {
      assertThat(log.last()).isEqualTo(100);
      assertThat(log.holes()).isEmpty();
      append(log, 105, 110, 2);
      assertThat(Records.readAll(log, 1, 5_000)).isEqualTo(sequences(105, 110));
    }
    try (SegmentedLog log = open(20_000, 100, 110)) {
      assertThat(log.holes()).isEmpty();
      assertThat(Records.readAll(log, 1, 5_000)).isEqualTo(sequences(105, 110));
    }
  }

  @Test
  void aSmallFileThatIsDoneWithIsUsedOn() throws Exception {
    try (SegmentedLog log = open(10_000_000)) {
      for (int n = 1; n <= 100; n++) {
        append(log, n, n, 1);
        log.deleteUpTo(n);
      }
      assertThat(Records.files(directory)).hasSize(1);
      assertThat(log.fileBytes()).isBetween(100_000L, 200_000L);
    }
  }

  @Test
  void aFileInTheMiddleIsDeletedAndIsNoHole() throws Exception {
    long last;
    try (SegmentedLog log = open(20_000)) {
      append(log, 1, 100, 5);
      List<SegmentInfo> segments = log.segments();
      SegmentInfo second = segments.get(1);
      SegmentInfo newest = segments.get(segments.size() - 1);
      log.delete(second.base());
      log.delete(newest.base());

      List<Long> left = Records.readAll(log, 1, 5_000);
      assertThat(left).isEqualTo(without(sequences(1, newest.base() - 1), second));
      assertThat(log.holes()).isEmpty();
      last = newest.last();
    }
    try (SegmentedLog log = open(20_000, 0, last)) {
      assertThat(log.holes()).isEmpty();
      append(log, 101, 110, 5);
      assertThat(Records.readAll(log, 100, 5_000)).isEqualTo(sequences(101, 110));
      assertThat(log.holes()).isEmpty();
    }
  }

  @Test
  void aReaderAtTheEndGoesOnWhenMoreComes() throws Exception {
    try (SegmentedLog log = open(20_000)) {
      for (int n = 1; n <= 200; n += 2) {
        assertThat(log.read(n, 1_000)).isEmpty();
        append(log, n, n + 1, 2);
        assertThat(Records.readAll(log, n, 1_000)).isEqualTo(sequences(n, n + 1));
      }
    }
  }

  @Test
  void onesWhoReadAreNotDisturbedByOneWhoWritesAndDeletes() throws Exception {
    try (SegmentedLog log = open(50_000)) {
      int all = 20_000;
      AtomicBoolean reading = new AtomicBoolean(true);
      AtomicLong delivered = new AtomicLong();
      CompletableFuture<List<Long>> replay =
          CompletableFuture.supplyAsync(
              () -> {
                List<Long> wrong = new ArrayList<>();
                while (reading.get()) {
                  try {
                    List<Long> read = Records.readAll(log, 1, 10_000);
                    for (int i = 1; i < read.size(); i++) {
                      if (read.get(i) <= read.get(i - 1)) {
                        wrong.add(read.get(i));
                      }
                    }
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                }
                return wrong;
              });
      CompletableFuture<Long> delivery =
          CompletableFuture.supplyAsync(
              () -> {
                long next = 1;
                while (next <= all) {
                  try {
                    for (LogRecord record : log.read(next, 10_000)) {
                      assertThat(record.sequence()).isEqualTo(next);
                      delivered.set(next);
                      next++;
                    }
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                }
                return next;
              });
      long written = 1;
      while (written < all) {
        append(log, written, written + 39, 40);
        written += 40;
        // As the spool does: what is not acknowledged is not deleted
        log.deleteUpTo(Math.min(written - 5_000, delivered.get()));
      }

      assertThat(delivery.get()).isEqualTo(all + 1);
      reading.set(false);
      assertThat(replay.get()).isEmpty();
      assertThat(log.holes()).isEmpty();
    }
  }

  @Test
  void anInterruptDisturbsNothing() throws Exception {
    try {
      Thread.currentThread().interrupt();
      try (SegmentedLog log =
          SegmentedLog.open(
              new SegmentedLog.Options(directory, "events", 10_000, true, Records.CLOCK), 0, 0)) {
        append(log, 1, 100, 10);
        assertThat(Records.readAll(log, 1, 1_000)).isEqualTo(sequences(1, 100));
        log.deleteUpTo(100);
      }
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void theTimeOfARecordLeadsToItsFile() throws Exception {
    try (SegmentedLog log = open(20_000)) {
      append(log, 1, 100, 5);

      assertThat(log.firstSince(1_000_000 + 50)).contains(46L);
      assertThat(log.firstSince(0)).contains(1L);
      assertThat(log.firstSince(1_000_000 + 101)).isEmpty();
    }
  }

  @Test
  void sequencesMustRise() throws Exception {
    try (SegmentedLog log = open(20_000)) {
      append(log, 1, 10, 10);

      assertThatThrownBy(() -> append(log, 10, 12, 10))
          .isInstanceOf(IllegalArgumentException.class);
      append(log, 11, 12, 1);
      assertThat(Records.readAll(log, 1, 1_000)).isEqualTo(sequences(1, 12));
    }
  }

  @Test
  void nobodyButTheOwnerMayReadTheFiles() throws Exception {
    try (SegmentedLog log = open(20_000);
        Checkpoint checkpoint = Checkpoint.open(directory.resolve("data/events.mark"), "events")) {
      checkpoint.write(1, 2, 3, 4);
      append(log, 1, 10, 10);
      assertThat(mode(Records.files(directory).get(0))).isEqualTo("rw-------");
      assertThat(mode(directory.resolve("events"))).isEqualTo("rwx------");
      assertThat(mode(directory.resolve("data"))).isEqualTo("rwx------");
      assertThat(mode(directory.resolve("data/events.mark"))).isEqualTo("rw-------");
    }
  }

  @Test
  void aCheckpointOfAnEarlierVersionIsReadAndSoIsThisOneByTheEarlier() throws Exception {
    Path file = directory.resolve("data/events.mark");
    try (Checkpoint checkpoint = Checkpoint.open(file, "events")) {
      checkpoint.write(1, 2, 3, 4);
    }
    try (Checkpoint checkpoint = Checkpoint.open(file, "events")) {
      assertThat(checkpoint.mark()).isEqualTo(new Checkpoint.Mark(1, 1, 2, 3, 4));
    }
    byte[] slots = Files.readAllBytes(file);
    int slot = slots.length - 64;
    long itsChecksum = Integer.toUnsignedLong(Frame.checksum(slots, slot, 32));
    assertThat(ByteBuffer.wrap(slots).getLong(slot + 32)).isEqualTo(itsChecksum);

    Files.write(file, Arrays.copyOf(slots, slot + 40));

    try (Checkpoint checkpoint = Checkpoint.open(file, "events")) {
      assertThat(checkpoint.mark()).isEqualTo(new Checkpoint.Mark(1, 1, 2, 0, 0));
    }
  }

  @Test
  void aFileOfALaterFormatIsRefused() throws Exception {
    try (SegmentedLog log = open(20_000)) {
      append(log, 1, 10, 10);
    }
    Path file = Records.files(directory).get(0);
    byte[] bytes = Files.readAllBytes(file);
    bytes[11] = 2;
    ByteBuffer.wrap(bytes).putInt(12, Frame.checksum(bytes, 0, 12));
    Files.write(file, bytes);

    assertThatThrownBy(() -> open(20_000))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is of format 2");
    assertThat(file).hasBinaryContent(bytes);
  }

  private SegmentedLog open(long segmentBytes) throws IOException {
    return open(segmentBytes, 0, 0);
  }

  private SegmentedLog open(long segmentBytes, long settled, long expectedLast) throws IOException {
    return SegmentedLog.open(Records.options(directory, segmentBytes), settled, expectedLast);
  }

  private static void append(SegmentedLog log, long from, long to, int atOnce) throws IOException {
    for (long n = from; n <= to; n += atOnce) {
      log.append(Records.range(n, Math.min(to, n + atOnce - 1), LENGTH));
    }
  }

  private long bytesOnDisk() throws IOException {
    long bytes = 0;
    for (Path file : Records.files(directory)) {
      bytes += Files.size(file);
    }
    return bytes;
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static List<Long> sequences(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }

  private static List<Long> without(List<Long> all, SegmentInfo gone) {
    return all.stream().filter(n -> n < gone.base() || n > gone.last()).toList();
  }
}
