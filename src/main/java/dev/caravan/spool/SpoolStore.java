package dev.caravan.spool;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Where the records of one spool lie until they are acknowledged. Another store can take the place
 * of {@link MvSpoolStore}. The spool sees to it that one thread at a time uses it; whatever throws
 * leaves the store unusable until it is opened anew.
 */
interface SpoolStore extends AutoCloseable {

  /** Adds records, in order; they are safe once {@link #commit} has returned. */
  void append(List<SpoolRecord> records) throws IOException;

  /** Some records from this sequence on, in order; none if there are none. */
  List<SpoolRecord> read(long fromSequence) throws IOException;

  /** The sequence of the first records of which some came at this time or later. */
  Optional<Long> firstSince(long millis);

  /** When the oldest and the youngest of the acknowledged records came that are still there. */
  Optional<Spool.Kept> kept();

  /** Lets go of all records up to this one, or keeps them for replay if that is what was asked. */
  void ack(long upToSequence) throws IOException;

  /** Forgets what was kept for replay longer than asked, and more of it to get below the bytes. */
  void trimKept(long maxBytes) throws IOException;

  /**
   * Takes away the oldest records that are not acknowledged, a handful at a time; none if one of
   * the handful came at this time or later.
   */
  Optional<Extent> dropOldest(long olderThanMillis) throws IOException;

  /** Makes everything up to here outlive the process, and the power if the policy says so. */
  void commit() throws IOException;

  /** Gives some disk space back, if there is much to give; more with each call. */
  void compact() throws IOException;

  /** What the store holds. */
  Size size();

  /** Lets go of the file as it is, without writing to it any more. */
  void abandon();

  @Override
  void close() throws IOException;

  /** A run of records: which, how many, how large, how old. */
  record Extent(
      long first, long last, int count, int bytes, long oldestMillis, long newestMillis) {}

  /**
   * What a store holds.
   *
   * @param records not acknowledged
   * @param bytes of the records not acknowledged
   * @param keptBytes of the acknowledged records that are kept for replay
   * @param fileBytes on disk
   * @param acknowledged up to this sequence
   * @param last the highest sequence ever stored
   * @param oldestMillis when the oldest record that is not acknowledged came, 0 if there is none
   */
  record Size(
      long records,
      long bytes,
      long keptBytes,
      long fileBytes,
      long acknowledged,
      long last,
      long oldestMillis) {}
}
