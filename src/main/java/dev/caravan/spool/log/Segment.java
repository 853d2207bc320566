package dev.caravan.spool.log;

import dev.caravan.spool.log.SegmentedLog.SegmentInfo;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * What is known of one file: how far it can be read, what it holds, and where some of its frames
 * begin. Many threads may ask while one adds.
 */
final class Segment {

  /** In front of the frames. */
  static final int HEAD_LENGTH = 16;

  private static final int INDEX_BYTES = 64 * 1024;

  private final long base;
  private final Path path;
  private long[] sequences = new long[4];
  private long[] offsets = new long[4];
  private int entries;
  private final ReadFailures failures = new ReadFailures();
  private volatile SegmentInfo info;

  /** Where to begin to look: no frame with a higher sequence begins before. */
  record Place(long offset, long sequence) {}

  Segment(Path path, long base) {
    this.path = path;
    this.base = base;
    this.info =
        new SegmentInfo(base, base - 1, 0, HEAD_LENGTH, Long.MAX_VALUE, Long.MIN_VALUE, false);
  }

  Path path() {
    return path;
  }

  long base() {
    return base;
  }

  SegmentInfo info() {
    return info;
  }

  /** Up to here the file may be read. */
  long end() {
    return info.fileBytes();
  }

  /** A frame can be read from now on. */
  synchronized void add(Frame frame, long offset) {
    remember(frame.first(), offset);
    SegmentInfo old = info;
    info =
        new SegmentInfo(
            base,
            frame.last(),
            old.count() + frame.count(),
            offset + frame.length(),
            Math.min(old.oldestMillis(), frame.oldestMillis()),
            Math.max(old.newestMillis(), frame.newestMillis()),
            old.damaged());
  }

  private void remember(long sequence, long offset) {
    if (entries > 0 && offset - offsets[entries - 1] < INDEX_BYTES) {
      return;
    }
    if (entries == offsets.length) {
      sequences = Arrays.copyOf(sequences, entries * 2);
      offsets = Arrays.copyOf(offsets, entries * 2);
    }
    sequences[entries] = sequence;
    offsets[entries] = offset;
    entries++;
  }

  /** No more frames are added: gives back what memory it does not need. */
  synchronized void seal() {
    sequences = Arrays.copyOf(sequences, entries);
    offsets = Arrays.copyOf(offsets, entries);
  }

  synchronized Place placeOf(long sequence) {
    int at = Arrays.binarySearch(sequences, 0, entries, sequence);
    int entry = at >= 0 ? at : -at - 2;
    return entry < 0 ? new Place(HEAD_LENGTH, base) : new Place(offsets[entry], sequences[entry]);
  }

  /**
   * Reading has failed at this offset; true if it has so often that the bytes from there to the
   * next place of which the begin is known are given up.
   */
  synchronized boolean givesUpAt(long offset) {
    if (!failures.failedAt(offset)) {
      return false;
    }
    int entry = Arrays.binarySearch(offsets, 0, entries, offset + 1);
    entry = entry >= 0 ? entry : -entry - 1;
    failures.giveUp(offset, entry < entries ? offsets[entry] : end());
    return true;
  }

  /** It could not be opened; true if that was so often that it is given up. */
  synchronized boolean givesUp() {
    return failures.failedToOpen();
  }

  /** Where to read on instead of at this offset, which is another if that was given up. */
  synchronized long readable(long offset) {
    return failures.readable(offset);
  }

  /** Something in it cannot be read, with so many records or none. */
  synchronized void damaged(long lostRecords) {
    damaged(lostRecords, end());
  }

  /** Likewise, and it is so long with what cannot be read at its end. */
  synchronized void damaged(long lostRecords, long fileBytes) {
    SegmentInfo old = info;
    info =
        new SegmentInfo(
            base,
            old.last(),
            Math.max(0, old.count() - lostRecords),
            fileBytes,
            old.oldestMillis(),
            old.newestMillis(),
            true);
  }
}
