package dev.caravan.spool;

import dev.caravan.spool.log.LogRecord;
import dev.caravan.spool.log.RecordHeaders;
import dev.caravan.spool.log.SegmentedLog;
import dev.caravan.spool.log.SegmentedLog.Hole;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.time.Clock;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.apache.camel.util.IOHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Parked records on disk. Unlike those of a spool they are done with in any order, so each has a
 * mark: a bit in memory, and a line in a second log from which the bits are set again after a
 * restart. A segment is deleted when all of it is done with, wherever it stands.
 */
final class ParkedLog implements Closeable {

  private static final Logger LOG = LoggerFactory.getLogger(ParkedLog.class);
  private static final int READ_BYTES = 512 * 1024;
  private static final long MARKS_BYTES = 4L * 1024 * 1024;
  private static final byte SEQUENCES = 0;
  private static final byte SEGMENT = 1;

  private final SegmentedLog records;
  private final SegmentedLog marks;
  private final DiskCommitter.Appender appender;
  private final TreeMap<Long, Segment> segments = new TreeMap<>();
  private final List<Long> unwritten = new ArrayList<>();

  /** What is not there any more, though it was not deleted here, and is not lost. */
  private final Set<Long> doneAndMissing = new HashSet<>();

  /** Is shown the records that are not done with. */
  interface Undone {
    void accept(LogRecord record) throws IOException;
  }

  private static final class Segment {
    private final BitSet done = new BitSet();
    private final long base;
    private long last;

    private Segment(long base) {
      this.base = base;
      this.last = base - 1;
    }

    private boolean isDone(long sequence) {
      return done.get((int) (sequence - base));
    }

    private void done(long sequence) {
      done.set((int) (sequence - base));
    }

    private long undone() {
      return last - base + 1 - done.cardinality();
    }

    private boolean isAllDone() {
      return undone() <= 0;
    }
  }

  private ParkedLog(SegmentedLog records, SegmentedLog marks, DiskCommitter.Appender appender) {
    this.records = records;
    this.marks = marks;
    this.appender = appender;
  }

  private static String name(String spool) {
    return spool + ".parked";
  }

  /** Whether records of this spool have been parked before and may still be there. */
  static boolean exists(SpoolConfiguration options, String spool) {
    return Files.isDirectory(options.directoryPath().resolve(name(spool)));
  }

  static ParkedLog open(
      SpoolConfiguration options,
      String spool,
      Clock clock,
      Function<SegmentedLog, DiskCommitter.Appender> appender,
      long expectedLast)
      throws IOException {
    long marksBytes = Math.min(options.segmentBytes(), MARKS_BYTES);
    SegmentedLog marks =
        SegmentedLog.open(options.ofLog(name(spool) + "-marks", marksBytes, clock), -1, 0);
    SegmentedLog records = null;
    try {
      // Never below: what follows would count as done with
      records =
          SegmentedLog.open(
              options.ofLog(name(spool), options.segmentBytes(), clock),
              -1,
              Math.max(expectedLast, lastMarked(marks)));
      ParkedLog log = new ParkedLog(records, marks, appender.apply(records));
      log.load();
      records.deleteUnreadable();
      log.deleteDone();
      return log;
    } catch (IOException | RuntimeException | Error e) {
      IOHelper.close(marks, records);
      throw e;
    }
  }

  private static long lastMarked(SegmentedLog marks) throws IOException {
    AtomicLong last = new AtomicLong();
    forEachMark(marks, sequence -> last.accumulateAndGet(sequence, Math::max));
    return last.get();
  }

  private void load() throws IOException {
    records
        .segments()
        .forEach(
            segment -> {
              Segment its = new Segment(segment.base());
              its.last = segment.last();
              segments.put(segment.base(), its);
            });
    List<Hole> missing = records.holes();
    forEachMark(
        marks,
        sequence -> {
          if (!setBit(sequence)
              && missing.stream().anyMatch(it -> it.from() <= sequence && sequence <= it.to())) {
            doneAndMissing.add(sequence);
          }
        });
  }

  /** How many records are not done with. */
  long undone() {
    return segments.values().stream().mapToLong(Segment::undone).sum();
  }

  /** Shows all records that are not done with, in order. */
  void forEachUndone(Undone undone) throws IOException {
    forEachUndone(0, Long.MAX_VALUE, undone);
  }

  private void forEachUndone(long first, long last, Undone undone) throws IOException {
    for (long from = first; from <= last; ) {
      List<LogRecord> read = read(from);
      if (read.isEmpty()) {
        return;
      }
      for (LogRecord record : read) {
        if (record.sequence() <= last && !isDone(record.sequence())) {
          undone.accept(record);
        }
      }
      from = read.get(read.size() - 1).sequence() + 1;
    }
  }

  private static void forEachMark(SegmentedLog marks, LongConsumer done) throws IOException {
    for (List<LogRecord> read = marks.read(0, READ_BYTES); !read.isEmpty(); ) {
      for (LogRecord mark : read) {
        ByteBuffer body = ByteBuffer.wrap(mark.bodyOrNull());
        if (body.get() == SEQUENCES) {
          while (body.hasRemaining()) {
            done.accept(body.getLong());
          }
        } else {
          long base = body.getLong();
          BitSet.valueOf(body).stream().forEach(bit -> done.accept(base + bit));
        }
      }
      read = marks.read(read.get(read.size() - 1).sequence() + 1, READ_BYTES);
    }
  }

  /** False if it was set before, or there is no such record any more. */
  private boolean setBit(long sequence) {
    Optional<Segment> segment = segmentOf(sequence);
    if (segment.isEmpty() || segment.get().isDone(sequence)) {
      return false;
    }
    segment.get().done(sequence);
    return true;
  }

  /** Where it lies; empty if that is deleted or missing. */
  private Optional<Segment> segmentOf(long sequence) {
    return Optional.ofNullable(segments.floorEntry(sequence))
        .map(Map.Entry::getValue)
        .filter(segment -> sequence <= segment.last);
  }

  long last() {
    return records.last();
  }

  long fileBytes() {
    return records.fileBytes() + marks.fileBytes();
  }

  /** When the oldest record in any file was appended, done with or not. */
  long oldestMillis() {
    return records.segments().stream()
        .mapToLong(SegmentedLog.SegmentInfo::oldestMillis)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  /** Writes records whose sequences follow on {@link #last}. */
  void append(List<LogRecord> more) throws IOException {
    appender.append(more);
    List<SegmentedLog.SegmentInfo> all = records.segments();
    long base = all.get(all.size() - 1).base();
    segments.computeIfAbsent(base, Segment::new).last = records.last();
  }

  /** Puts what was appended on the medium itself; see {@link SegmentedLog#force}. */
  long force() throws IOException {
    return records.force();
  }

  /** Records from this sequence on, done with or not; none if there are none. */
  List<LogRecord> read(long from) throws IOException {
    return records.read(from, READ_BYTES);
  }

  boolean isDone(long sequence) {
    return segmentOf(sequence).map(segment -> segment.isDone(sequence)).orElse(true);
  }

  /**
   * Marks a record as done with; {@link #write} makes that outlive the process.
   *
   * @return false if it was before
   */
  boolean done(long sequence) {
    return setBit(sequence) && unwritten.add(sequence);
  }

  /** What damage has taken of the records not done with, since this was asked last. */
  List<Hole> takeLost() {
    List<Hole> lost = new ArrayList<>();
    for (Hole hole : records.holes()) {
      long from = hole.from();
      for (long sequence = hole.from(); sequence <= hole.to(); sequence++) {
        if (doneAndMissing.remove(sequence) || segmentOf(sequence).isPresent() && !done(sequence)) {
          add(lost, hole, from, sequence - 1);
          from = sequence + 1;
        }
      }
      add(lost, hole, from, hole.to());
    }
    try {
      write();
      records.holesTold();
    } catch (IOException e) {
      LOG.debug("What is lost of the parked records cannot be noted now, and will be.", e);
    }
    return lost;
  }

  private static void add(List<Hole> lost, Hole hole, long from, long to) {
    if (from <= to) {
      lost.add(new Hole(from, to, hole.after(), hole.before()));
    }
  }

  /** Writes the new marks, and lets go of the files of which all is done with. */
  void write() throws IOException {
    if (unwritten.isEmpty()) {
      return;
    }
    ByteBuffer body = ByteBuffer.allocate(1 + Long.BYTES * unwritten.size()).put(SEQUENCES);
    unwritten.forEach(body::putLong);
    marks.append(List.of(mark(marks.last() + 1, body.array())));
    unwritten.clear();
    deleteDone();
    if (marks.fileBytes() > MARKS_BYTES) {
      writeAllMarks();
    }
  }

  private void deleteDone() throws IOException {
    for (var all = segments.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<Long, Segment> entry = all.next();
      if (entry.getValue().isAllDone()) {
        records.delete(entry.getKey());
        all.remove();
      }
    }
    if (segments.isEmpty()) {
      marks.deleteUpTo(marks.last());
    }
  }

  /** One mark for each segment instead of all those before. */
  private void writeAllMarks() throws IOException {
    long before = marks.last();
    List<LogRecord> all = new ArrayList<>();
    for (Map.Entry<Long, Segment> entry : segments.entrySet()) {
      byte[] bits = entry.getValue().done.toByteArray();
      ByteBuffer body = ByteBuffer.allocate(1 + Long.BYTES + bits.length).put(SEGMENT);
      body.putLong(entry.getKey()).put(bits);
      all.add(mark(before + 1 + all.size(), body.array()));
    }
    marks.append(all);
    marks.deleteUpTo(before);
  }

  private static LogRecord mark(long sequence, byte[] body) {
    return new LogRecord(sequence, 0, body, RecordHeaders.NONE);
  }

  /**
   * Takes the oldest segment away, if all of it was appended before this; what was not done. It
   * needs no room on the disk, which is full as a rule when this is asked for.
   */
  List<LogRecord> dropOldest(long beforeMillis) throws IOException {
    List<SegmentedLog.SegmentInfo> all = records.segments();
    if (all.isEmpty() || all.get(0).newestMillis() >= beforeMillis) {
      return List.of();
    }
    long base = all.get(0).base();
    List<LogRecord> dropped = new ArrayList<>();
    forEachUndone(base, all.get(0).last(), dropped::add);
    records.delete(base);
    segments.remove(base);
    return dropped;
  }

  @Override
  public void close() throws IOException {
    try {
      write();
    } finally {
      records.close();
      marks.close();
    }
  }
}
