package dev.caravan.spool.log;

import java.util.Map;
import java.util.TreeMap;

/**
 * How often reading of one file has failed, and which parts of it are given up for that. Not safe
 * for several threads by itself.
 */
final class ReadFailures {

  /** So often reading may fail at one place before that counts as damage; a second lies between. */
  private static final int TRIES = 10;

  /** So often once a part of the file is given up. */
  private static final int TRIES_OF_A_BAD_FILE = 2;

  /** So often for opening: too many open files pass, and so do rights that somebody mends. */
  private static final int TRIES_TO_OPEN = 60;

  private final TreeMap<Long, Long> unreadable = new TreeMap<>();
  private long failedAt = -1;
  private int failures;
  private int failuresToOpen;

  /** Reading has failed at this offset; true if it has so often that this part is damaged. */
  boolean failedAt(long offset) {
    failures = offset == failedAt ? failures + 1 : 1;
    failedAt = offset;
    return failures >= (unreadable.isEmpty() ? TRIES : TRIES_OF_A_BAD_FILE);
  }

  /** The file could not be opened; true if that was so often that it is given up. */
  boolean failedToOpen() {
    failuresToOpen++;
    return failuresToOpen >= TRIES_TO_OPEN;
  }

  /** Gives up what lies between these offsets, the second not included. */
  void giveUp(long from, long to) {
    unreadable.put(from, to);
    failures = 0;
  }

  /** Where to read on instead of at this offset, which is another if that was given up. */
  long readable(long offset) {
    Map.Entry<Long, Long> part = unreadable.floorEntry(offset);
    return part != null && offset < part.getValue() ? part.getValue() : offset;
  }
}
