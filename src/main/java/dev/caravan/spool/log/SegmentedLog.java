package dev.caravan.spool.log;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An append-only log of records in segment files, which are never changed and are deleted whole.
 *
 * <p>One thread at a time appends, deletes and closes; any thread reads and asks, at the same time
 * and without waiting for a write. Nothing here needs a lock outside, and nothing here is disturbed
 * by an interrupt.
 */
public final class SegmentedLog implements Closeable {

  private static final Logger LOG = LoggerFactory.getLogger(SegmentedLog.class);
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);
  private static final String DAMAGED = ".damaged-";
  private static final int SET_ASIDE_AT_MOST = 5;
  private static final int FRAME_BYTES = 256 * 1024;
  private static final long NEWEST_KEPT_BYTES = 1024 * 1024;

  private final Options options;
  private final FileOperations disk;
  private final Path folder;
  private final Holes holes;
  private final ConcurrentSkipListMap<Long, Segment> segments = new ConcurrentSkipListMap<>();
  private final FrameWriter writer = new FrameWriter();
  private Segment open;
  private RandomAccessFile written;
  private final AtomicReference<byte[]> spareBuffer = new AtomicReference<>();
  private volatile long last;
  private volatile long forcedUpTo;

  /**
   * How a log is kept.
   *
   * @param directory the folder in which the log has a folder of its name
   * @param segmentBytes a file that would grow beyond it is not added to, unless it is empty
   * @param force whether what was appended is on the medium itself when {@link #append} returns
   * @param clock for the names of files that are set aside
   */
  public record Options(
      Path directory, String name, long segmentBytes, boolean force, Clock clock) {}

  /**
   * Sequences that were stored and are gone, both ends included; the last record before was
   * appended at {@code after}, the first one behind at {@code before}. {@link Instant#EPOCH} where
   * there is none.
   */
  public record Hole(long from, long to, Instant after, Instant before) {}

  /**
   * One file, as far as its records can be read.
   *
   * @param base the first sequence that may lie in it: its name
   * @param last the highest sequence in it
   * @param count of records
   * @param damaged whether something in it cannot be read; it is set aside instead of deleted
   */
  public record SegmentInfo(
      long base,
      long last,
      long count,
      long fileBytes,
      long oldestMillis,
      long newestMillis,
      boolean damaged) {}

  private SegmentedLog(Options options, long acknowledged, FileOperations disk) throws IOException {
    this.options = options;
    this.disk = disk;
    this.folder = options.directory().resolve(options.name());
    disk.createFolder(folder);
    this.holes = new Holes(folder.resolve("holes"), disk, options.force(), acknowledged);
  }

  /**
   * Opens the log or makes a new one. Only heads of frames are read, and the newest file whole, so
   * that it is quick; a torn tail is cut off.
   *
   * <p>What was stored above {@code acknowledged} and is not there is a hole: where bytes are
   * damaged (bodies are found out when they are read), where a file is missing, and behind the last
   * record if that is not {@code expectedLast}. What was taken away by {@link #delete} and what
   * {@link #holesTold} was called for are none.
   *
   * @param acknowledged up to here the caller needs nothing any more; -1 if that is not known, then
   *     what is missing at the front is not told
   * @param expectedLast the highest sequence that the caller knows to have been appended, 0 if none
   */
  public static SegmentedLog open(Options options, long acknowledged, long expectedLast)
      throws IOException {
    return open(options, acknowledged, expectedLast, new FileOperations());
  }

  static SegmentedLog open(
      Options options, long acknowledged, long expectedLast, FileOperations disk)
      throws IOException {
    SegmentedLog log = new SegmentedLog(options, acknowledged, disk);
    log.scan(acknowledged, expectedLast);
    return log;
  }

  private void scan(long acknowledged, long expectedLast) throws IOException {
    last = new Opening(disk, holes, segments, expectedLast).scan(folder, acknowledged, now());
    forcedUpTo = last;
    if (!segments.isEmpty() && !newest().info().damaged()) {
      open = newest();
      written = disk.open(open.path());
    }
  }

  /**
   * Holes found when it was opened, now or before, or while it was read, and not told yet; in no
   * order.
   */
  public List<Hole> holes() {
    return holes.untold(firstFile());
  }

  /**
   * Remembers on disk the holes that a reader has found. To be called before what lies behind them
   * is remembered as acknowledged, as nobody looks for them there again.
   */
  public void rememberHoles() {
    holes.write(firstFile());
  }

  /** Remembers on disk that all {@link #holes} so far were told; they are not found again. */
  public void holesTold() throws IOException {
    holes.told(firstFile());
  }

  /** Where the next opening begins to look for what is missing. */
  private long firstFile() {
    return segments.values().stream().findFirst().map(Segment::base).orElse(0L);
  }

  /** The lowest sequence that may be there, 0 if there is none. */
  public long first() {
    return segments().stream().findFirst().map(SegmentInfo::base).orElse(0L);
  }

  /**
   * The highest sequence that was ever stored, 0 if none was, also after all was deleted and the
   * log opened again; at least the {@code expectedLast} of opening.
   */
  public long last() {
    return last;
  }

  /**
   * Appends all of these or, when it throws, none: the file is as it was before, and the next
   * attempt may work. They can be read when this returns, not before. Sequences must rise, also
   * above {@link #last}. They go to one file, in frames of about a megabyte at most, one write
   * each.
   */
  public void append(List<LogRecord> records) throws IOException {
    long before = last;
    for (LogRecord record : records) {
      if (record.sequence() <= before) {
        throw new IllegalArgumentException(
            "A record of sequence %d cannot follow %d.".formatted(record.sequence(), before));
      }
      before = record.sequence();
    }
    if (records.isEmpty()) {
      return;
    }
    try {
      makeRoomFor(records);
      write(records);
    } catch (IOException e) {
      throw cannotBeWritten(e);
    }
    last = before;
  }

  /**
   * Finds out whether the disk takes anything, while there is nothing to append: with a file of its
   * own, which is gone afterwards.
   *
   * @throws IOException if it does not, with a sentence for people
   */
  public void tryToWrite() throws IOException {
    Path path = folder.resolve("probe");
    try {
      try (RandomAccessFile file = disk.openOrCreate(path)) {
        disk.write(file, 0, new byte[FRAME_BYTES], FRAME_BYTES);
        if (options.force()) {
          disk.force(file);
        }
      } finally {
        disk.delete(path);
      }
    } catch (IOException e) {
      throw cannotBeWritten(e);
    }
  }

  private IOException cannotBeWritten(IOException e) {
    String why =
        Files.isDirectory(folder)
            ? String.valueOf(e.getMessage())
            : "the folder is not there any more; put it back, or restart the program";
    return new IOException("The log in %s cannot be written: %s.".formatted(folder, why), e);
  }

  private void makeRoomFor(List<LogRecord> records) throws IOException {
    if (written != null && isTakenAway()) {
      seal();
    }
    if (written != null) {
      long weight = records.stream().mapToLong(LogRecord::weight).sum();
      SegmentInfo info = open.info();
      // What is lost of an empty file is not there any more, and its name would say that it is
      boolean fits =
          info.count() == 0
              ? info.base() == last + 1
              : info.fileBytes() + weight <= options.segmentBytes();
      if (fits) {
        return;
      }
      seal();
    }
    begin();
  }

  /** Begins a file; one that is there already was left by a beginning that failed. */
  private void begin() throws IOException {
    long base = last + 1;
    Path path = Opening.file(folder, base);
    RandomAccessFile file = disk.openOrCreate(path);
    try {
      disk.truncate(file, 0);
      disk.write(file, 0, SegmentReader.head(), Segment.HEAD_LENGTH);
      if (options.force()) {
        disk.force(file);
        disk.forceFolder(folder);
      }
    } catch (IOException e) {
      file.close();
      disk.delete(path);
      throw e;
    }
    written = file;
    open = new Segment(path, base);
    segments.put(base, open);
  }

  /** Adds nothing more to the newest file. */
  private void seal() throws IOException {
    RandomAccessFile file = written;
    written = null;
    open.seal();
    file.close();
  }

  private void write(List<LogRecord> records) throws IOException {
    List<Frame> frames = new ArrayList<>();
    long at = open.end();
    try {
      writer.begin(last);
      for (LogRecord record : records) {
        if (writer.length() >= FRAME_BYTES) {
          at += put(frames, at);
          writer.begin(frames.get(frames.size() - 1).last());
        }
        writer.add(record);
      }
      put(frames, at);
      if (options.force()) {
        disk.force(written);
        forcedUpTo = frames.get(frames.size() - 1).last();
      }
    } catch (IOException | RuntimeException | Error e) {
      undo();
      throw e;
    }
    if (isTakenAway()) {
      seal();
      throw new IOException("somebody took the file away");
    }
    for (Frame frame : frames) {
      open.add(frame, open.end());
    }
  }

  /**
   * Puts on the medium itself what was appended until now; any thread may, also while another one
   * appends.
   *
   * @return the highest sequence that was appended until now
   */
  public long force() throws IOException {
    long upTo = last;
    if (upTo > forcedUpTo) {
      for (Segment segment : segments.values()) {
        if (segment.info().last() > forcedUpTo) {
          force(segment);
        }
      }
      disk.forceFolder(folder);
      forcedUpTo = upTo;
    }
    return upTo;
  }

  private void force(Segment segment) throws IOException {
    try {
      disk.forceFile(segment.path());
    } catch (FileNotFoundException e) {
      if (segments.containsKey(segment.base())) {
        throw e;
      }
    }
  }

  /** Whether a reader has found out that the newest file is gone. */
  private boolean isTakenAway() {
    return segments.get(open.base()) != open;
  }

  private int put(List<Frame> frames, long at) throws IOException {
    Frame frame = writer.finish();
    disk.write(written, at, writer.bytes(), frame.length());
    frames.add(frame);
    return frame.length();
  }

  /** Cuts off what was half written; where even that fails, the next append begins a file. */
  private void undo() throws IOException {
    try {
      disk.truncate(written, open.end());
    } catch (IOException e) {
      LOG.debug("{} keeps a torn end.", open.path(), e);
      seal();
    }
  }

  /**
   * Whole frames of records, from this sequence (or the next one that is there) on: about so many
   * bytes, a frame at least; empty at the end of the log. What is damaged is skipped and becomes a
   * hole, and so is what cannot be read time and again.
   */
  public List<LogRecord> read(long fromSequence, int maxBytes) throws IOException {
    while (true) {
      Optional<Segment> segment = holding(fromSequence);
      if (segment.isEmpty()) {
        return List.of();
      }
      Cursor cursor;
      try {
        cursor = new Cursor(this, segment.get(), fromSequence);
      } catch (FileNotFoundException e) {
        vanished(segment.get(), fromSequence, e);
        continue;
      }
      try (cursor) {
        return cursor.read(maxBytes);
      }
    }
  }

  /** The buffer of the last who read, or one of its own: most of the time one reads at a time. */
  byte[] takeBuffer() {
    byte[] spare = spareBuffer.getAndSet(null);
    return spare == null ? new byte[Cursor.READ_AHEAD] : spare;
  }

  void giveBack(byte[] buffer) {
    if (buffer.length <= SegmentReader.BYTES_KEPT) {
      spareBuffer.set(buffer);
    }
  }

  private Optional<Segment> holding(long sequence) {
    // Asked for first: what has a file behind it does not grow any more
    Map.Entry<Long, Segment> behind = segments.higherEntry(sequence);
    Map.Entry<Long, Segment> at = segments.floorEntry(sequence);
    boolean holds = at != null && at.getValue().info().last() >= sequence;
    return Optional.ofNullable(holds ? at : behind).map(Map.Entry::getValue);
  }

  /** The file behind this one. */
  Optional<Segment> behind(Segment segment) {
    return Optional.ofNullable(segments.higherEntry(segment.base())).map(Map.Entry::getValue);
  }

  /**
   * A file could not be opened when this sequence of it was to be read: it was deleted just now, or
   * somebody else took it away. One that is there and cannot be opened is tried for a minute; the
   * newest, which is written at the same time, for ever.
   */
  void vanished(Segment segment, long from, FileNotFoundException cause) throws IOException {
    boolean exists = Files.exists(segment.path());
    if (exists && (behind(segment).isEmpty() || !segment.givesUp())) {
      throw cause;
    }
    // Who deletes a file here takes it out before that
    if (segments.remove(segment.base(), segment) && segment.info().count() > 0) {
      SegmentInfo info = segment.info();
      lost(
          Math.max(from, info.base()),
          info.last(),
          Instant.ofEpochMilli(info.oldestMillis()),
          Instant.ofEpochMilli(info.newestMillis()));
      if (exists) {
        setAside(segment.path());
      }
    }
  }

  /** These were found missing by a reader. */
  void lost(long from, long to, Instant after, Instant before) {
    long lost = holes.found(from, to, after, before);
    Map.Entry<Long, Segment> in = segments.floorEntry(from);
    if (lost > 0 && in != null && from <= in.getValue().info().last()) {
      in.getValue().damaged(Math.min(lost, in.getValue().info().last() - from + 1));
    }
  }

  Instant now() {
    return options.clock().instant();
  }

  /** Where the first file begins that holds a record of this time or later; others may be in it. */
  public Optional<Long> firstSince(long millis) {
    return segments().stream()
        .filter(segment -> segment.newestMillis() >= millis)
        .map(SegmentInfo::base)
        .findFirst();
  }

  /**
   * Deletes the files at the front in which no sequence is higher; a damaged one is set aside.
   * Write (and with {@code force}, force) the checkpoint first. The newest file stays until it has
   * grown to a megabyte or a quarter of {@code segmentBytes}; then an empty one takes its place, so
   * that {@link #last} outlives it.
   */
  public void deleteUpTo(long sequence) throws IOException {
    for (Segment segment : segments.values()) {
      SegmentInfo info = segment.info();
      if (info.last() > sequence) {
        return;
      }
      boolean small = info.count() == 0 || info.fileBytes() < keptBytes();
      if (segment == newest() && !info.damaged() && small) {
        return;
      }
      holes.floorAt(info.last());
      remove(segment);
    }
  }

  private Segment newest() {
    return segments.lastEntry().getValue();
  }

  private long keptBytes() {
    return Math.min(NEWEST_KEPT_BYTES, options.segmentBytes() / 4);
  }

  /** An empty file takes the place of the newest one; without room for it, that must do without. */
  private void replace(Segment segment) throws IOException {
    if (segment == open && written != null) {
      seal();
    }
    try {
      begin();
    } catch (IOException e) {
      LOG.debug("No room for a file behind {} before it is deleted.", segment.path(), e);
    }
  }

  private void remove(Segment segment) throws IOException {
    if (segment == newest()) {
      replace(segment);
    }
    segments.remove(segment.base());
    try {
      if (segment.info().damaged()) {
        setAside(segment.path());
      } else {
        disk.delete(segment.path());
      }
    } catch (IOException e) {
      segments.put(segment.base(), segment);
      throw e;
    }
    if (segments.isEmpty()) {
      replace(segment);
    }
  }

  private void setAside(Path path) throws IOException {
    String name = path.getFileName() + DAMAGED + STAMP.format(now());
    try {
      disk.rename(path, path.resolveSibling(name));
    } catch (NoSuchFileException e) {
      LOG.warn("{} was damaged and is done with; somebody took it away.", path);
      return;
    }
    LOG.warn(
        "{} was damaged and is done with; it is set aside as {} and may be deleted. Look at the"
            + " disk.",
        path,
        name);
    try (Stream<Path> files = Files.list(folder)) {
      for (Path old :
          files
              .filter(file -> file.getFileName().toString().contains(DAMAGED))
              .sorted(Comparator.comparing(SegmentedLog::stamp).reversed())
              .skip(SET_ASIDE_AT_MOST)
              .toList()) {
        disk.delete(old);
      }
    } catch (IOException | UncheckedIOException e) {
      LOG.warn("Files in {} that were set aside long ago cannot be deleted: {}.", folder, e);
    }
  }

  private static String stamp(Path setAside) {
    String name = setAside.getFileName().toString();
    return name.substring(name.indexOf(DAMAGED));
  }

  /** Deletes the file of this base, wherever it stands; what it held is no hole then. */
  public void delete(long baseSequence) throws IOException {
    Segment segment = segments.get(baseSequence);
    if (segment == null) {
      return;
    }
    holes.deleted(segment.info().base(), segment.info().last(), firstFile());
    remove(segment);
    // Where the disk was full, there is room now
    holes.write(firstFile());
  }

  /** Deletes or sets aside the files of which nothing can be read, but for the newest. */
  public void deleteUnreadable() throws IOException {
    for (Segment segment : segments.values()) {
      if (segment.info().count() == 0 && segment != newest()) {
        remove(segment);
      }
    }
  }

  /** The files that have records, the oldest first; an immutable list, cheap to ask for. */
  public List<SegmentInfo> segments() {
    return segments.values().stream().map(Segment::info).filter(info -> info.count() > 0).toList();
  }

  /** What all files of the log take on disk, without those that were set aside. */
  public long fileBytes() {
    return segments.values().stream().mapToLong(Segment::end).sum();
  }

  @Override
  public void close() throws IOException {
    if (written != null) {
      seal();
    }
  }
}
