package dev.caravan.spool.log;

import dev.caravan.testing.MutableClock;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Records for tests of the log: each body begins with its sequence. */
final class Records {

  static final MutableClock CLOCK = new MutableClock();

  private Records() {}

  static SegmentedLog.Options options(Path directory, long segmentBytes) {
    return new SegmentedLog.Options(directory, "events", segmentBytes, false, CLOCK);
  }

  static LogRecord of(long sequence, int length) {
    byte[] body = new byte[Math.max(8, length)];
    for (int i = 8; i < body.length; i++) {
      body[i] = (byte) (sequence * 31 + i);
    }
    ByteBuffer.wrap(body).putLong(sequence);
    RecordHeaders headers =
        RecordHeaders.of(Map.of("n", sequence, "media", "voice"), unknown -> {});
    return new LogRecord(sequence, 1_000_000 + sequence, body, headers);
  }

  static List<LogRecord> range(long from, long to, int length) {
    return LongStream.rangeClosed(from, to).mapToObj(n -> of(n, length)).toList();
  }

  /** All sequences from this one on, read in steps; fails if one is not what was appended. */
  static List<Long> readAll(SegmentedLog log, long from, int maxBytes) throws IOException {
    List<Long> sequences = new ArrayList<>();
    long next = from;
    List<LogRecord> read = log.read(next, maxBytes);
    while (!read.isEmpty()) {
      for (LogRecord record : read) {
        check(record);
        sequences.add(record.sequence());
        next = record.sequence() + 1;
      }
      read = log.read(next, maxBytes);
    }
    return sequences;
  }

  private static void check(LogRecord record) {
    LogRecord expected = of(record.sequence(), record.bodyOrNull().length);
    if (!java.util.Arrays.equals(expected.bodyOrNull(), record.bodyOrNull())
        || !expected.headers().toMap().equals(record.headers().toMap())
        || expected.appendedAtMillis() != record.appendedAtMillis()) {
      throw new AssertionError("Record " + record.sequence() + " is not what was appended.");
    }
  }

  static List<Long> sequences(List<SegmentedLog.Hole> holes) {
    return holes.stream()
        .flatMapToLong(hole -> LongStream.rangeClosed(hole.from(), hole.to()))
        .boxed()
        .toList();
  }

  static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("events"))) {
      return files.filter(file -> file.toString().endsWith(".log")).sorted().toList();
    }
  }

  static void flip(Path file, long at) throws IOException {
    try (RandomAccessFile changed = new RandomAccessFile(file.toFile(), "rw")) {
      changed.seek(at);
      int value = changed.read();
      changed.seek(at);
      changed.write(value ^ 0x10);
    }
  }
}
