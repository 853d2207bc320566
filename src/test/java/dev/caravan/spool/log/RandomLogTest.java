package dev.caravan.spool.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.spool.log.SegmentedLog.SegmentInfo;
import java.io.IOException;
import java.nio.file.Files;
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

/**
 * Whatever is done to a log in whatever order: it holds what a set would, or tells what is lost.
 */
@Tag("slow")
class RandomLogTest {

  private static final int STEPS = 600;

  @TempDir Path directory;

  private final FaultyDisk disk = new FaultyDisk();
  private final TreeSet<Long> model = new TreeSet<>();
  private final Set<Long> told = new HashSet<>();
  private SegmentedLog log;
  private long last;
  private long settled;

  static LongStream seeds() {
    return LongStream.rangeClosed(1, Integer.getInteger("spool.seeds", 20));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aLogIsASetThatTellsWhatItLost(long seed) throws Exception {
    Random random = new Random(seed);
    boolean damages = seed % 2 == 0;
    open();
    for (int step = 0; step < STEPS; step++) {
      switch (random.nextInt(12)) {
        case 0, 1, 2, 3 -> append(random);
        case 4 -> fail(random);
        case 5, 6 -> read(last == 0 ? 0 : random.nextLong(last + 2), random);
        case 7 -> deleteUpTo(settled + random.nextLong(last - settled + 1) / 2);
        case 8 -> deleteOne(random);
        case 9 -> restart();
        case 10 -> deleteUpTo(random.nextInt(4) == 0 ? last : settled);
        default -> {
          if (damages && random.nextInt(5) == 0) {
            damage(random);
          }
        }
      }
    }
    restart();
    read(0, random);
    log.close();
    if (!damages) {
      assertThat(told).isEmpty();
    }
  }

  private void open() throws IOException {
    log = SegmentedLog.open(Records.options(directory, 3_000), settled, last, disk);
  }

  private void restart() throws IOException {
    log.close();
    open();
    assertThat(log.last()).isEqualTo(last);
  }

  private void append(Random random) throws IOException {
    List<LogRecord> records = some(random);
    log.append(records);
    records.forEach(record -> model.add(record.sequence()));
    last = records.get(records.size() - 1).sequence();
  }

  private void fail(Random random) throws IOException {
    disk.room = random.nextInt(3_000) - 1;
    disk.truncates = random.nextInt(4) > 0;
    try {
      append(random);
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("cannot be written");
    }
    disk.room = Long.MAX_VALUE;
    disk.truncates = true;
  }

  private List<LogRecord> some(Random random) {
    long from = last + 1 + (random.nextInt(3) == 0 ? random.nextInt(50) : 0);
    return Records.range(from, from + random.nextInt(12), random.nextInt(500));
  }

  private void deleteUpTo(long sequence) throws IOException {
    settled = Math.max(settled, sequence);
    log.deleteUpTo(sequence);
    assertThat(log.last()).isEqualTo(last);
  }

  private void deleteOne(Random random) throws IOException {
    List<SegmentInfo> segments = log.segments();
    if (segments.size() > 2 && random.nextInt(3) == 0) {
      SegmentInfo one = segments.get(random.nextInt(segments.size()));
      log.delete(one.base());
      model.subSet(one.base(), true, one.last(), true).clear();
    }
  }

  private void damage(Random random) throws IOException {
    List<Path> files = Records.files(directory);
    Path file = files.get(random.nextInt(files.size()));
    if (Files.size(file) > 0) {
      Records.flip(file, random.nextLong(Files.size(file)));
    }
  }

  /** What is read is in the model, and what of the model is not read was told. */
  private void read(long from, Random random) throws IOException {
    List<Long> read = Records.readAll(log, from, 1 + random.nextInt(5_000));
    List<SegmentedLog.Hole> holes = log.holes();
    told.addAll(Records.sequences(holes));
    if (random.nextBoolean()) {
      log.holesTold();
    }
    assertThat(read).isSorted().doesNotHaveDuplicates();
    Set<Long> present = new HashSet<>(read);
    long wanted = Math.max(from, settled + 1);
    List<Long> missing = model.tailSet(wanted).stream().filter(n -> !present.contains(n)).toList();
    assertThat(told).containsAll(missing);
    assertThat(model).containsAll(read.stream().filter(n -> n > settled).toList());
  }
}
