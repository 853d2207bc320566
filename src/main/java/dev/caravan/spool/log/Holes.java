package dev.caravan.spool.log;

import dev.caravan.spool.log.SegmentedLog.Hole;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which sequences are missing: those of which somebody knows, as they were told or deleted, lie in
 * a small file; the others are to be told.
 */
final class Holes {

  private static final Logger LOG = LoggerFactory.getLogger(Holes.class);
  private static final int UNTOLD_AT_MOST = 1000;

  private final Path file;
  private final FileOperations disk;
  private final boolean force;
  private final boolean frontIsKnown;
  private final TreeMap<Long, Long> known = new TreeMap<>();
  private final List<Hole> untold = new ArrayList<>();
  private long floor;
  private int shown;
  private boolean unwritten;

  Holes(Path file, FileOperations disk, boolean force, long acknowledged) throws IOException {
    this.file = file;
    this.disk = disk;
    this.force = force;
    this.frontIsKnown = acknowledged >= 0;
    this.floor = acknowledged;
    try {
      String text = Files.readString(file, StandardCharsets.ISO_8859_1);
      for (String line : text.substring(0, text.lastIndexOf('\n') + 1).split("\n")) {
        if (line.matches("\\d{1,18} \\d{1,18}( \\d{1,18} \\d{1,18})?")) {
          long[] numbers = Arrays.stream(line.split(" ")).mapToLong(Long::parseLong).toArray();
          if (numbers.length == 2) {
            know(numbers[0], numbers[1]);
          } else {
            untold.add(
                new Hole(
                    numbers[0],
                    numbers[1],
                    Instant.ofEpochMilli(numbers[2]),
                    Instant.ofEpochMilli(numbers[3])));
          }
        }
      }
    } catch (NoSuchFileException noneYet) {
      return;
    }
  }

  /** These are missing: how many of them are new, and above the floor, and therefore to be told. */
  synchronized long found(long from, long to, Instant after, Instant before) {
    long added = 0;
    long next = Math.max(from, floor + 1);
    TreeMap<Long, Long> covered = new TreeMap<>(known);
    untold.forEach(hole -> covered.merge(hole.from(), hole.to(), Math::max));
    for (Map.Entry<Long, Long> range : covered.entrySet()) {
      if (range.getValue() >= next && range.getKey() <= to) {
        added += add(next, range.getKey() - 1, after, before);
        next = Math.max(next, range.getValue() + 1);
      }
    }
    added += add(next, to, after, before);
    unwritten |= added > 0;
    return added;
  }

  private long add(long from, long to, Instant after, Instant before) {
    if (from > to) {
      return 0;
    }
    if (untold.size() < UNTOLD_AT_MOST) {
      untold.add(new Hole(from, to, after, before));
      return to - from + 1;
    }
    Hole last = untold.remove(untold.size() - 1);
    shown = Math.min(shown, untold.size());
    untold.add(
        new Hole(
            Math.min(from, last.from()),
            Math.max(to, last.to()),
            after.isBefore(last.after()) ? after : last.after(),
            before.isAfter(last.before()) ? before : last.before()));
    return to - from + 1;
  }

  /** Those to be told, which are remembered until they were, also over a restart. */
  synchronized List<Hole> untold(long first) {
    write(first);
    shown = untold.size();
    return List.copyOf(untold);
  }

  /** Writes what could not be written before; where it cannot now, the next call will. */
  synchronized void write(long first) {
    if (unwritten) {
      try {
        store(first);
      } catch (IOException e) {
        LOG.debug("{} cannot be written now, and will be.", file, e);
      }
    }
  }

  /** Those asked for last were told; what nobody will look for needs not be remembered. */
  synchronized void told(long first) throws IOException {
    if (shown > 0) {
      List<Hole> told = untold.subList(0, shown);
      told.forEach(hole -> know(hole.from(), hole.to()));
      told.clear();
      shown = 0;
      store(first);
    }
  }

  /** These are about to be missing, and on purpose. */
  synchronized void deleted(long from, long to, long first) {
    know(from, to);
    unwritten = true;
    write(first);
  }

  /** Up to here all was deleted. */
  synchronized void floorAt(long sequence) {
    floor = Math.max(floor, sequence);
  }

  /** Whether something between these, both included, is known to be missing. */
  synchronized boolean knowsOf(long from, long to) {
    Map.Entry<Long, Long> below = known.floorEntry(to);
    return below != null && below.getValue() >= from;
  }

  private void know(long from, long to) {
    long start = from;
    long end = to;
    Map.Entry<Long, Long> near = known.floorEntry(end + 1);
    while (near != null && near.getValue() >= start - 1) {
      start = Math.min(start, near.getKey());
      end = Math.max(end, near.getValue());
      known.remove(near.getKey());
      near = known.floorEntry(end + 1);
    }
    known.put(start, end);
  }

  private void store(long first) throws IOException {
    known.values().removeIf(end -> end <= floor || !frontIsKnown && end < first);
    StringBuilder text = new StringBuilder();
    known.forEach((from, to) -> text.append(from).append(' ').append(to).append('\n'));
    untold.forEach(
        hole ->
            text.append(
                "%d %d %d %d\n"
                    .formatted(
                        hole.from(),
                        hole.to(),
                        Math.max(0, hole.after().toEpochMilli()),
                        Math.max(0, hole.before().toEpochMilli()))));
    Path next = file.resolveSibling(file.getFileName() + ".new");
    byte[] bytes = text.toString().getBytes(StandardCharsets.ISO_8859_1);
    try (RandomAccessFile written = disk.openOrCreate(next)) {
      disk.truncate(written, 0);
      disk.write(written, 0, bytes, bytes.length);
      if (force) {
        disk.force(written);
      }
    }
    disk.rename(next, file);
    if (force) {
      // The checkpoint that is forced next believes it
      disk.forceFolder(file.toAbsolutePath().getParent());
    }
    unwritten = false;
  }
}
