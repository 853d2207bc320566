package dev.caravan.spool;

import java.util.List;

/**
 * A run of records as it lies on disk: describes itself and can be found and checked on its own.
 */
record Segment(
    long first,
    long last,
    int count,
    long oldestMillis,
    long newestMillis,
    long acknowledged,
    long writtenAtMillis,
    List<SpoolRecord> records) {

  /** Marks the start of a segment, so that a damaged file can be searched for what is whole. */
  static final long MAGIC = 0x53504F4F4C534731L; // SPOOLSG1

  /** Magic, checksum, length, first, last, count, written at, acknowledged. */
  static final int HEADER_LENGTH = 8 + 4 + 4 + 8 + 8 + 4 + 8 + 8;

  static final int CHECKSUM_AT = 8;
  static final int LENGTH_AT = 12;
  static final int CHECKED_FROM = 12;

  /** No segment is longer: a length beyond it is not one. */
  static final int MAX_LENGTH = 512 * 1024 * 1024;

  static final byte STRING = 0;
  static final byte BYTES = 1;
  static final byte TRUE = 2;
  static final byte FALSE = 3;
  static final byte INT = 4;
  static final byte LONG = 5;
  static final byte DOUBLE = 6;
  static final byte FLOAT = 7;
  static final byte SHORT = 8;
  static final byte BYTE = 9;

  /** The value that this header had in the record before. */
  static final byte SAME = 10;
}
