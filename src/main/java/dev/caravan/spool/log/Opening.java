package dev.caravan.spool.log;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Looks through the files of a log when it is opened: where what lies, and what is missing. */
final class Opening {

  private static final Pattern NAME = Pattern.compile("(\\d{19,20})\\.log");
  private static final int READ_AHEAD = 8 * 1024;

  private final FileOperations disk;
  private final Holes holes;
  private final Map<Long, Segment> segments;
  private final long expectedLast;
  private long seen;
  private Instant seenAt = Instant.EPOCH;

  Opening(FileOperations disk, Holes holes, Map<Long, Segment> segments, long expectedLast) {
    this.disk = disk;
    this.holes = holes;
    this.segments = segments;
    this.expectedLast = expectedLast;
  }

  static Path file(Path folder, long base) {
    return folder.resolve("%020d.log".formatted(base));
  }

  /** Adds the segments that there are; says which sequence was stored last. */
  long scan(Path folder, long acknowledged, Instant now) throws IOException {
    List<Long> bases = bases(folder);
    if (!bases.isEmpty()) {
      long before = bases.get(0) - 1;
      seen = acknowledged < 0 ? before : Math.min(acknowledged, before);
    }
    long last = expectedLast;
    for (int i = 0; i < bases.size(); i++) {
      boolean newest = i == bases.size() - 1;
      long base = bases.get(i);
      Segment segment = new Segment(file(folder, base), base);
      try (SegmentReader file = new SegmentReader(segment.path(), READ_AHEAD)) {
        scan(segment, file, newest ? Long.MAX_VALUE : bases.get(i + 1));
      }
      segments.put(base, segment);
      last = Math.max(last, base - 1);
    }
    last = Math.max(last, seen);
    missing(last, now);
    return last;
  }

  private static List<Long> bases(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> NAME.matcher(file.getFileName().toString()))
          .filter(Matcher::matches)
          .map(name -> Long.parseLong(name.group(1)))
          .sorted()
          .toList();
    }
  }

  /** Bodies are looked at in the newest file only; what of it is torn off at the end is cut off. */
  private void scan(Segment segment, SegmentReader file, long nextBase) throws IOException {
    boolean newest = nextBase == Long.MAX_VALUE;
    long length = file.length();
    boolean damaged = !file.hasHead(segment.path());
    long offset = Segment.HEAD_LENGTH;
    while (offset < length) {
      Frame frame = file.head(offset, length);
      if (frame == null) {
        offset = file.search(offset + 1, length);
      } else {
        boolean follows = frame.first() > seen && frame.last() < nextBase;
        if (follows && (!newest || file.isWhole(frame, offset))) {
          damaged |= offset > segment.end();
          missing(frame.previous(), Instant.ofEpochMilli(frame.oldestMillis()));
          segment.add(frame, offset);
          seen = frame.last();
          seenAt = Instant.ofEpochMilli(frame.newestMillis());
        }
        offset += frame.length();
      }
    }
    boolean torn = length != segment.end();
    if (newest && torn && !damaged && seen >= expectedLast) {
      cutOff(segment);
    } else if (newest && length <= Segment.HEAD_LENGTH) {
      renew(segment);
    } else if (damaged || torn || holes.knowsOf(segment.base(), segment.info().last())) {
      segment.damaged(0, length);
    }
    if (!newest || segment.info().damaged()) {
      segment.seal();
    }
  }

  private void cutOff(Segment segment) throws IOException {
    try (RandomAccessFile written = disk.open(segment.path())) {
      disk.truncate(written, segment.end());
    }
  }

  /** The power went, or the disk was full, when the file had just been made. */
  private void renew(Segment segment) throws IOException {
    try (RandomAccessFile written = disk.open(segment.path())) {
      disk.write(written, 0, SegmentReader.head(), Segment.HEAD_LENGTH);
    }
  }

  private void missing(long upTo, Instant before) {
    if (upTo > seen) {
      holes.found(seen + 1, upTo, seenAt, before);
      seen = upTo;
    }
  }
}
