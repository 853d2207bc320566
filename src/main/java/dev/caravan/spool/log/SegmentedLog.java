package dev.caravan.spool.log;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * An append-only log of records in segment files, which are never changed and are deleted whole.
 *
 * <p>One thread at a time appends, deletes and closes; any thread reads and asks, at the same time
 * and without waiting for a write. Nothing here needs a lock outside, and nothing here is disturbed
 * by an interrupt.
 */
public final class SegmentedLog implements AutoCloseable {

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
   * @param bytes the weight of its records ({@link LogRecord#weight})
   * @param damaged whether something in it cannot be read; it is set aside instead of deleted
   */
  public record SegmentInfo(
      long base,
      long last,
      long count,
      long bytes,
      long fileBytes,
      long oldestMillis,
      long newestMillis,
      boolean damaged) {}

  /**
   * Opens the log or makes a new one. Only heads of frames are read, and the newest file whole, so
   * that it is quick; a torn tail is cut off.
   *
   * <p>What was stored above {@code settled} and is not there is a hole: where bytes are damaged
   * (bodies are found out when they are read), where a file is missing, and behind the last record
   * if that is not {@code expectedLast}. What was taken away by {@link #delete} and what {@link
   * #holesTold} was called for are none.
   *
   * @param settled up to here the caller needs nothing any more; -1 if that is not known, then what
   *     is missing at the front is not told
   * @param expectedLast the highest sequence that the caller knows to have been appended, 0 if none
   */
  public static SegmentedLog open(Options options, long settled, long expectedLast)
      throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Holes found when it was opened, or while it was read, and not told yet; in no order. */
  public List<Hole> holes() {
    throw new UnsupportedOperationException();
  }

  /** Remembers on disk that all {@link #holes} so far were told; they are not found again. */
  public void holesTold() throws IOException {
    throw new UnsupportedOperationException();
  }

  /** The lowest sequence that may be there, 0 if there is none. */
  public long first() {
    throw new UnsupportedOperationException();
  }

  /**
   * The highest sequence that was ever stored, 0 if none was, also after all was deleted and the
   * log opened again; at least the {@code expectedLast} of opening.
   */
  public long last() {
    throw new UnsupportedOperationException();
  }

  /**
   * Appends all of these or, when it throws, none: the file is as it was before, and the next
   * attempt may work. They can be read when this returns, not before. Sequences must rise, also
   * above {@link #last}. They go to one file, in frames of about a megabyte at most, one write
   * each.
   */
  public void append(List<LogRecord> records) throws IOException {
    throw new UnsupportedOperationException();
  }

  /**
   * Whole frames of records, from this sequence (or the next one that is there) on: about so many
   * bytes, a frame at least; empty at the end of the log. What is damaged is skipped and becomes a
   * hole. To read on from the last one read and one is cheap, for some readers at a time.
   */
  public List<LogRecord> read(long fromSequence, int maxBytes) throws IOException {
    throw new UnsupportedOperationException();
  }

  /**
   * Where the first frame begins that holds a record of this time or later; others may be in it.
   */
  public Optional<Long> firstSince(long millis) throws IOException {
    throw new UnsupportedOperationException();
  }

  /**
   * Deletes the files at the front in which no sequence is higher; a damaged one is set aside.
   * Write (and with {@code force}, force) the checkpoint first. The newest file stays until it has
   * grown to a megabyte or a quarter of {@code segmentBytes}; then an empty one takes its place, so
   * that {@link #last} outlives it.
   */
  public void deleteUpTo(long sequence) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Deletes the file of this base, wherever it stands; what it held is no hole then. */
  public void delete(long baseSequence) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** The files that have records, the oldest first; an immutable list, cheap to ask for. */
  public List<SegmentInfo> segments() {
    throw new UnsupportedOperationException();
  }

  /** What all files of the log take on disk, without those that were set aside. */
  public long fileBytes() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() throws IOException {}
}
