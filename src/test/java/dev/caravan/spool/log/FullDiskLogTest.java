package dev.caravan.spool.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.caravan.testing.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a write that fails leaves behind: nothing, and the next one works when there is room. */
@Tag("slow")
class FullDiskLogTest {

  private static final int LENGTH = 3600;

  @TempDir Path directory;

  private final FaultyDisk disk = new FaultyDisk();

  @Test
  void anAppendThatFailsAtAnyByteLeavesNothingBehind() throws Exception {
    long last = 0;
    for (int room = -1; room < 400; room += 3) {
      try (SegmentedLog log = open(1_000, room % 2 == 0)) {
        long from = last + 1;
        disk.room = room;
        boolean failed = false;
        for (int n = 0; n < 6; n++) {
          long next = last + 1;
          try {
            log.append(Records.range(next, next + 1, 20));
            last += 2;
          } catch (IOException full) {
            assertThat(full).hasMessageContaining("cannot be written: No space left on device");
            failed = true;
          }
        }
        assertThat(failed).isTrue();
        assertThat(Records.readAll(log, from, 100)).isEqualTo(sequences(from, last));
        disk.room = Long.MAX_VALUE;
        log.append(Records.range(last + 1, last + 3, 20));
        last += 3;
        assertThat(Records.readAll(log, from, 100)).isEqualTo(sequences(from, last));
      }
    }
    try (SegmentedLog log = open(1_000, false)) {
      assertThat(Records.readAll(log, 1, 100)).isEqualTo(sequences(1, last));
      assertThat(log.holes()).isEmpty();
    }
  }

  @Test
  void aTornEndThatCannotBeCutOffIsLeftInAFileOfItsOwn() throws Exception {
    try (SegmentedLog log = open(10_000_000, false)) {
      log.append(Records.range(1, 10, LENGTH));
      disk.room = 400_000;
      disk.truncates = false;
      // The first frame is written whole, the second is not.
      assertThatThrownBy(() -> log.append(Records.range(11, 200, LENGTH)))
          .isInstanceOf(IOException.class);
      assertThat(log.last()).isEqualTo(10);
      disk.room = Long.MAX_VALUE;
      disk.truncates = true;
      log.append(Records.range(11, 300, LENGTH));
      assertThat(Records.readAll(log, 1, 100_000)).isEqualTo(sequences(1, 300));
    }
    try (SegmentedLog log = open(10_000_000, false)) {
      assertThat(Records.readAll(log, 1, 100_000)).isEqualTo(sequences(1, 300));
      assertThat(log.holes()).isEmpty();
    }
  }

  @Test
  void whatCannotBeForcedIsNotThere() throws Exception {
    try (SegmentedLog log = open(10_000, true)) {
      log.append(Records.range(1, 2, LENGTH));
      disk.forces = false;
      for (int times = 0; times < 5; times++) {
        assertThatThrownBy(() -> log.append(Records.range(3, 4, LENGTH)))
            .isInstanceOf(IOException.class);
      }
      assertThat(Records.readAll(log, 1, 1)).containsExactly(1L, 2L);
      disk.forces = true;
      log.append(Records.range(3, 4, LENGTH));
      assertThat(Records.readAll(log, 1, 1)).containsExactly(1L, 2L, 3L, 4L);
    }
  }

  @Test
  void aFullDiskDoesNotKeepWhatIsDoneWith() throws Exception {
    try (SegmentedLog log = open(1_000_000, false)) {
      log.append(Records.range(1, 200, LENGTH));
      disk.room = -1;
      log.deleteUpTo(200);
      assertThat(log.fileBytes()).isLessThan(1_000);
      assertThat(log.last()).isEqualTo(200);
      disk.room = Long.MAX_VALUE;
      log.append(Records.range(201, 210, LENGTH));
      assertThat(Records.readAll(log, 1, 1)).isEqualTo(sequences(201, 210));
    }
  }

  @Test
  void sequencesGoOnAfterTheOnlyFileIsDeletedOnAFullDisk() throws Exception {
    try (SegmentedLog log = open(1_000_000, false)) {
      log.append(Records.range(1, 200, LENGTH));
      disk.room = -1;
      disk.roomOnceDeleted = 10_000;
      log.delete(1);
    }
    try (SegmentedLog log = open(1_000_000, false)) {
      assertThat(log.last()).isEqualTo(200);
      assertThat(log.holes()).isEmpty();
    }
  }

  @Test
  void aRealDiskThatIsFullIsWaitedOut() throws Exception {
    Path mounted = Files.createDirectory(directory.resolve("disk"));
    assumeThat(
            Command.run("mount", "-t", "tmpfs", "-o", "size=2m", "caravan-test", mounted.toString())
                .exitCode())
        .as("a disk of its own can be mounted, which takes root")
        .isZero();
    try (SegmentedLog log = SegmentedLog.open(Records.options(mounted, 200_000), 0, 0)) {
      long last = 0;
      for (int round = 0; round < 5; round++) {
        boolean full = false;
        while (!full) {
          try {
            log.append(Records.range(last + 1, last + 7, LENGTH));
            last += 7;
          } catch (IOException e) {
            assertThat(e).hasMessageContaining("cannot be written: No space left on device");
            full = true;
          }
        }
        long first = log.first();
        assertThat(Records.readAll(log, first, 10_000)).isEqualTo(sequences(first, last));
        log.deleteUpTo(last - 100);
        assertThat(log.first()).isGreaterThan(first);
      }
      assertThat(log.holes()).isEmpty();
    } finally {
      assertThat(Command.run("umount", mounted.toString()).exitCode()).isZero();
    }
  }

  private SegmentedLog open(long segmentBytes, boolean force) throws IOException {
    return SegmentedLog.open(
        new SegmentedLog.Options(directory, "events", segmentBytes, force, Records.CLOCK),
        0,
        0,
        disk);
  }

  private static List<Long> sequences(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }
}
