package dev.caravan.spool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import dev.caravan.spool.log.SegmentedLog.Hole;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is parked is done with in any order, and is kept until then. */
class ParkedLogTest {

  private static final int SEGMENT_BYTES = 64 * 1024;
  private static final int BODY_BYTES = 1000;
  private static final int RECORDS = 300;

  @TempDir Path directory;

  @Test
  void marksOfADeletedFileAreNotTakenForThoseOfTheFileBeforeIt() throws IOException {
    try (ParkedLog log = open()) {
      append(log);
      LongStream.rangeClosed(2, RECORDS - 1).forEach(log::done);
    }

    for (int restart = 0; restart < 3; restart++) {
      try (ParkedLog log = open()) {
        assertThat(undone(log)).containsExactly(1L, (long) RECORDS);
        log.write();
      }
    }
  }

  @Test
  void whatDamageTookIsDoneWithAndToldOnceAndItsFileGoesWithTheRestOfIt() throws IOException {
    try (ParkedLog log = open()) {
      append(log);
      log.done(1);
    }
    List<Path> files = files();
    assertThat(files).hasSizeGreaterThan(3);
    damage(files.get(1));

    List<Long> left;
    long lost;
    try (ParkedLog log = open()) {
      left = undone(log);
      lost = log.takeLost().stream().mapToLong(ParkedLogTest::size).sum();
      assertThat(lost).isPositive();
      assertThat(left).hasSize((int) (RECORDS - 1 - lost));
      assertThat(log.takeLost()).isEmpty();
    }
    try (ParkedLog log = open()) {
      assertThat(undone(log)).isEqualTo(left);
      assertThat(log.takeLost()).isEmpty();
      left.forEach(log::done);
      log.write();
      assertThat(files()).hasSizeLessThanOrEqualTo(1);
    }
  }

  @Test
  void whatWasInAFileOfWhichNothingCanBeReadIsToldOnceAndTheFileIsNotLookedAtAgain()
      throws IOException {
    try (ParkedLog log = open()) {
      append(log);
      log.done(1);
    }
    Path unreadable = files().get(0);
    Files.write(unreadable, new byte[(int) Files.size(unreadable)]);

    List<Long> left;
    try (ParkedLog log = open()) {
      left = undone(log);
      assertThat(log.takeLost().stream().mapToLong(ParkedLogTest::size).sum())
          .isEqualTo(RECORDS - left.size() - 1)
          .isPositive();
      assertThat(undone(log)).isEqualTo(left);
      assertThat(log.takeLost()).isEmpty();
    }
    assertThat(files()).doesNotContain(unreadable);
    try (ParkedLog log = open()) {
      assertThat(undone(log)).isEqualTo(left);
      assertThat(log.takeLost()).isEmpty();
    }
  }

  @Test
  void whatFollowsOnANewestFileThatIsEmptyIsAllThatIsWaitedFor() throws IOException {
    try (ParkedLog log = open()) {
      append(log);
    }
    List<Path> files = files();
    Path newest = files.get(files.size() - 1);
    Files.write(newest, new byte[0]);

    try (ParkedLog log = open(RECORDS)) {
      assertThat(log.takeLost()).isNotEmpty();
      log.append(List.of(new LogRecord(RECORDS + 1, 1, new byte[1], RecordHeaders.NONE)));
      assertThat(log.undone()).isEqualTo(undone(log).size());
      assertThat(log.takeLost()).isEmpty();
    }
    try (ParkedLog log = open(RECORDS + 1)) {
      assertThat(log.undone()).isEqualTo(undone(log).size());
      assertThat(log.takeLost()).isEmpty();
      assertThat(files()).doesNotContain(newest);
    }
  }

  @Test
  void aFileThatIsMissingIsToldAndTheOthersAreWhole() throws IOException {
    try (ParkedLog log = open()) {
      append(log);
    }
    Files.delete(files().get(1));

    try (ParkedLog log = open()) {
      List<Long> left = undone(log);
      assertThat(log.takeLost().stream().mapToLong(ParkedLogTest::size).sum())
          .isEqualTo(RECORDS - left.size())
          .isPositive();
      assertThat(undone(log)).isEqualTo(left);
    }
  }

  @Test
  void marksOfATailThatWasLostAreNotTakenForThoseOfWhatFollows() throws IOException {
    try (ParkedLog log = open()) {
      append(log);
      log.done(RECORDS);
    }
    List<Path> files = files();
    cutOff(files.get(files.size() - 1));
    long next;
    try (ParkedLog log = open()) {
      next = log.last() + 1;
      log.append(List.of(new LogRecord(next, next, new byte[1], RecordHeaders.NONE)));
      for (long more = next + 1; more <= RECORDS; more++) {
        log.append(List.of(new LogRecord(more, more, new byte[1], RecordHeaders.NONE)));
      }
    }

    try (ParkedLog log = open()) {
      assertThat(undone(log)).endsWith(log.last()).contains(next);
    }
  }

  @Test
  void aTailThatWasLostIsToldButForWhatWasDoneWith() throws IOException {
    try (ParkedLog log = open()) {
      append(log);
      log.done(RECORDS);
    }
    List<Path> files = files();
    cutOff(files.get(files.size() - 1));
    cutOff(files.get(files.size() - 1));

    try (ParkedLog log = open(RECORDS)) {
      assertThat(undone(log)).endsWith(RECORDS - 2L);
      assertThat(log.takeLost())
          .singleElement()
          .matches(hole -> hole.from() == RECORDS - 1 && hole.to() == RECORDS - 1);
    }
    try (ParkedLog log = open(RECORDS)) {
      assertThat(log.takeLost()).isEmpty();
    }
  }

  @Test
  void theOldestIsDroppedAndToldAlsoWhereNothingCanBeWritten() throws IOException {
    Path noted = directory.resolve("events.parked/holes.new");
    try (ParkedLog log = open()) {
      append(log);
      log.done(1);
      Files.createDirectory(noted);
      Path marks = directory.resolve("events.parked-marks");
      Files.delete(marks);

      List<LogRecord> dropped = log.dropOldest(Long.MAX_VALUE);

      assertThat(dropped).hasSizeGreaterThan(10).first().matches(it -> it.sequence() == 2);
      assertThat(undone(log)).hasSize(RECORDS - 1 - dropped.size());
      Files.delete(noted);
      Files.createDirectory(marks);
      assertThat(log.takeLost()).isEmpty();
    }
    try (ParkedLog log = open()) {
      assertThat(log.takeLost()).isEmpty();
    }
  }

  /** JSON allows half an emoji, which UTF-8 does not. */
  @Test
  void aKeyIsTheSameOnceItIsReadFromDiskWhateverTextItIs() throws IOException {
    RecordHeaders headers =
        RecordHeaders.of(Map.of("key", "cut \ud83d"), name -> assertThat(name).isNull());
    List<Long> keys = new ArrayList<>();
    try (ParkedLog log = open()) {
      log.append(List.of(new LogRecord(1, 1, new byte[1], headers)));
    }

    try (ParkedLog log = open()) {
      log.forEachUndone(record -> keys.add(Delivery.key("key", record.headers())));
    }

    assertThat(keys).containsExactly(Delivery.key("key", headers));
  }

  private ParkedLog open() throws IOException {
    return open(0);
  }

  private ParkedLog open(long expectedLast) throws IOException {
    SpoolConfiguration options = new SpoolConfiguration();
    options.setDirectory(directory.toString());
    options.setMaxBytes(64 * SEGMENT_BYTES);
    return ParkedLog.open(options, "events", Clock.systemUTC(), log -> log::append, expectedLast);
  }

  private static void append(ParkedLog log) throws IOException {
    for (long sequence = 1; sequence <= RECORDS; sequence++) {
      byte[] body = new byte[BODY_BYTES];
      log.append(List.of(new LogRecord(sequence, sequence, body, RecordHeaders.NONE)));
    }
  }

  private static List<Long> undone(ParkedLog log) throws IOException {
    List<Long> undone = new ArrayList<>();
    log.forEachUndone(record -> undone.add(record.sequence()));
    return undone;
  }

  private static long size(Hole hole) {
    return hole.to() - hole.from() + 1;
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(directory.resolve("events.parked"))) {
      return all.filter(file -> file.toString().endsWith(".log")).sorted().toList();
    }
  }

  private static void cutOff(Path path) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(file.length() - BODY_BYTES);
    }
  }

  private static void damage(Path path) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(file.length() / 2);
      file.write(new byte[1500]);
    }
  }
}
