package dev.caravan.spool.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is left when the power is cut and the disk has written some of its pages, in any order. */
@Tag("slow")
class PowerCutTest {

  private static final int CUTS = 12;

  @TempDir Path directory;

  private final UnsyncedDisk disk = new UnsyncedDisk();
  private final TreeSet<Long> appended = new TreeSet<>();
  private final Set<Long> underWay = new HashSet<>();
  private final Set<Long> told = new HashSet<>();
  private Checkpoint checkpoint;
  private SegmentedLog log;
  private long last;
  private long settled;

  /** How far the checkpoint says on the medium itself that all is settled. */
  private long forcedSettled;

  static LongStream seeds() {
    return LongStream.rangeClosed(1, Integer.getInteger("spool.seeds", 20));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void withForceWhatWasAppendedIsThere(long seed) throws Exception {
    Random random = new Random(seed);
    for (int cut = 0; cut < CUTS; cut++) {
      open(true);
      assertThat(settledByCheckpoint()).isBetween(forcedSettled, settled);
      settled = settledByCheckpoint();
      List<Long> left = read(settled + 1);
      assertThat(log.holes()).isEmpty();
      assertThat(left).isSorted().doesNotHaveDuplicates();
      assertThat(left).containsAll(appended.tailSet(settled + 1));
      assertThat(underWay).containsAll(left.stream().filter(n -> !appended.contains(n)).toList());
      assertThat(log.last()).isGreaterThanOrEqualTo(last);
      appended.addAll(left);
      last = log.last();
      work(true, random);
      disk.powerCut(random);
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whatIsForcedAfterwardsIsThere(long seed) throws Exception {
    Random random = new Random(seed);
    Set<Long> forced = new HashSet<>();
    for (int cut = 0; cut < CUTS; cut++) {
      open(false, 0, last);
      List<Long> left = read(1);
      assertThat(left).containsAll(forced);
      appended.clear();
      appended.addAll(left);
      last = log.last();
      for (int i = 0; i < 5; i++) {
        append(Records.range(last + 1, last + 1 + random.nextInt(8), random.nextInt(900)));
        if (random.nextBoolean()) {
          last = log.force();
          forced.addAll(appended);
        }
      }
      log.close();
      disk.powerCut(random);
    }
  }

  /** Nothing forces the checkpoint: it may come from any time before the cut, files or no files. */
  @ParameterizedTest
  @MethodSource("seeds")
  void withoutForceTheRestCanBeReadAndTheLogGoesOn(long seed) throws Exception {
    Random random = new Random(seed);
    for (int cut = 0; cut < CUTS; cut++) {
      open(false);
      assertThat(settledByCheckpoint()).isLessThanOrEqualTo(settled);
      List<Long> left = read(settledByCheckpoint() + 1);
      told.addAll(Records.sequences(log.holes()));
      if (random.nextBoolean()) {
        log.holesTold();
      }
      long known =
          Math.max(checkpoint.mark().committed(), left.isEmpty() ? 0 : left.get(left.size() - 1));
      assertThat(left).isSorted().doesNotHaveDuplicates();
      assertThat(underWay)
          .containsAll(left.stream().filter(n -> n > settled && !appended.contains(n)).toList());
      Set<Long> accounted = new HashSet<>(told);
      accounted.addAll(left);
      assertThat(accounted).containsAll(appended.subSet(settled + 1, Math.max(settled, known) + 1));
      assertThat(log.last()).isGreaterThanOrEqualTo(known);
      last = Math.max(settled, log.last());
      appended.clear();
      appended.addAll(left);

      work(false, random);
      disk.powerCut(random);
    }
  }

  private void open(boolean force) throws IOException {
    checkpoint = Checkpoint.open(directory.resolve("events.checkpoint"), "events", disk);
    open(force, settledByCheckpoint(), checkpoint.mark().committed());
  }

  private long settledByCheckpoint() {
    return checkpoint.mark().acknowledged();
  }

  private void open(boolean force, long settledThen, long expectedLast) throws IOException {
    log =
        SegmentedLog.open(
            new SegmentedLog.Options(directory, "events", 6_000, force, Records.CLOCK),
            settledThen,
            Math.max(settledThen, expectedLast),
            disk);
  }

  private List<Long> read(long from) throws IOException {
    return Records.readAll(log, from, 2_000);
  }

  /** Appends and deletes until the power goes, in the middle of something or not. */
  private void work(boolean force, Random random) throws IOException {
    underWay.clear();
    disk.callsLeft = random.nextInt(80);
    try {
      while (true) {
        if (random.nextInt(5) > 0) {
          append(Records.range(last + 1, last + 1 + random.nextInt(8), random.nextInt(900)));
        } else {
          settled += random.nextLong(last - settled + 1);
          checkpoint.write(settled, last, 0, 0);
          if (force) {
            checkpoint.force();
            forcedSettled = settled;
          }
          log.deleteUpTo(settled);
        }
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("The power is gone");
    }
    log.close();
    checkpoint.close();
  }

  private void append(List<LogRecord> records) throws IOException {
    records.forEach(record -> underWay.add(record.sequence()));
    log.append(records);
    appended.addAll(underWay);
    underWay.clear();
    last = records.get(records.size() - 1).sequence();
  }
}
