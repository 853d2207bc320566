package dev.caravan.spool;

import dev.caravan.spool.SpoolEvent.Hole;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Searches a damaged file for segments that are whole, whatever the state of the rest. */
final class Salvage {

  private static final int WINDOW_BYTES = 4 * 1024 * 1024;
  private static final int MAX_HOLES = 100;

  private final FileChannel file;
  private final List<Found> found = new ArrayList<>();
  private long acknowledged;

  private record Found(long offset, int length, long first, long last, long writtenAtMillis) {}

  /** What was kept, and what is missing between the last acknowledged and the last committed. */
  record Result(long salvaged, long lost, List<Hole> holes) {}

  private Salvage(FileChannel file, long acknowledged) {
    this.file = file;
    this.acknowledged = acknowledged;
  }

  /** Puts every whole segment that was not acknowledged into the new store, and commits it. */
  static Result run(Path damaged, MvSpoolStore target, Watermark.Mark mark) throws IOException {
    try (FileChannel file = FileChannel.open(damaged, StandardOpenOption.READ)) {
      Salvage salvage = new Salvage(file, mark.acknowledged());
      salvage.search();
      return salvage.save(target, mark);
    }
  }

  private void search() throws IOException {
    long size = file.size();
    ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES);
    long at = 0;
    while (at + Segment.HEADER_LENGTH <= size) {
      window.clear();
      readFully(window, at);
      int end = window.position() - Segment.HEADER_LENGTH;
      long next = at + end + 1;
      for (int i = 0; i <= end; i++) {
        if (window.get(i) == (byte) (Segment.MAGIC >>> 56) && window.getLong(i) == Segment.MAGIC) {
          int length = examine(at + i, window.getInt(i + Segment.LENGTH_AT), size);
          if (length > 0) {
            next = at + i + length;
            break;
          }
        }
      }
      at = next;
    }
  }

  /** The length of the segment there, or 0 if there is none that is whole. */
  private int examine(long offset, int length, long size) throws IOException {
    if (length < Segment.HEADER_LENGTH || length > Math.min(Segment.MAX_LENGTH, size - offset)) {
      return 0;
    }
    byte[] bytes = bytesAt(offset, length);
    try {
      SegmentReader.check(bytes);
    } catch (IOException notWhole) {
      return 0;
    }
    ByteBuffer header = ByteBuffer.wrap(bytes, Segment.LENGTH_AT + 4, 8 + 8 + 4 + 8 + 8);
    long first = header.getLong();
    long last = header.getLong();
    header.getInt();
    found.add(new Found(offset, length, first, last, header.getLong()));
    acknowledged = Math.max(acknowledged, header.getLong());
    return length;
  }

  private Result save(MvSpoolStore target, Watermark.Mark mark) throws IOException {
    // Of copies and of generations of one segment the newest counts.
    found.sort(
        Comparator.comparingLong(Found::writtenAtMillis).thenComparingLong(Found::last).reversed());
    NavigableMap<Long, Segment> saved = new TreeMap<>();
    long salvaged = 0;
    for (Found candidate : found) {
      if (candidate.last() > acknowledged && !overlaps(saved, candidate)) {
        byte[] bytes = bytesAt(candidate.offset(), candidate.length());
        Segment segment = SegmentReader.read(bytes);
        target.adopt(bytes, segment);
        saved.put(segment.first(), withoutRecords(segment));
        salvaged +=
            segment.records().stream().filter(record -> record.sequence() > acknowledged).count();
      }
    }
    target.ack(acknowledged);
    target.commit();
    List<Hole> holes = holes(saved, mark);
    long lost = holes.stream().mapToLong(hole -> hole.to() - hole.from() + 1).sum();
    return new Result(salvaged, lost, holes.subList(0, Math.min(MAX_HOLES, holes.size())));
  }

  private static boolean overlaps(NavigableMap<Long, Segment> saved, Found candidate) {
    Map.Entry<Long, Segment> below = saved.floorEntry(candidate.last());
    return below != null && below.getValue().last() >= candidate.first();
  }

  private static Segment withoutRecords(Segment s) {
    return new Segment(
        s.first(), s.last(), s.count(), s.oldestMillis(), s.newestMillis(), 0, 0, List.of());
  }

  private List<Hole> holes(NavigableMap<Long, Segment> saved, Watermark.Mark mark) {
    List<Hole> holes = new ArrayList<>();
    long expected = acknowledged + 1;
    Instant after = Instant.EPOCH;
    for (Segment segment : saved.values()) {
      if (segment.first() > expected) {
        Instant before = Instant.ofEpochMilli(segment.oldestMillis());
        holes.add(new Hole(expected, segment.first() - 1, after, before));
      }
      expected = Math.max(expected, segment.last() + 1);
      after = Instant.ofEpochMilli(segment.newestMillis());
    }
    if (mark.committed() >= expected) {
      holes.add(new Hole(expected, mark.committed(), after, Instant.ofEpochMilli(mark.atMillis())));
    }
    return holes;
  }

  private byte[] bytesAt(long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    readFully(bytes, offset);
    return bytes.array();
  }

  private void readFully(ByteBuffer target, long offset) throws IOException {
    long at = offset;
    for (int read = 0; target.hasRemaining() && read >= 0; at += read) {
      read = file.read(target, at);
    }
  }
}
