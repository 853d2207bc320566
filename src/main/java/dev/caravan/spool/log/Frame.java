package dev.caravan.spool.log;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The head of a frame, a run of records that was written at once: it can be found in a damaged file
 * and checked without its body, and says which sequences it holds and which one was stored before.
 *
 * @param length of the whole frame, its head included
 * @param previous the highest sequence stored before it: what is missing in between was lost
 */
record Frame(
    int length,
    int bodyChecksum,
    int count,
    long first,
    long last,
    long previous,
    long oldestMillis,
    long newestMillis) {

  /** CARAVLG1. */
  static final long MAGIC = 0x43415241_564C4731L;

  /** The last eight bytes are of no use now. */
  static final int HEAD_LENGTH = 72;

  private static final int CHECKSUM_AT = 8;
  private static final int CHECKED_FROM = 12;

  /** The head at this place, or null if there is none that is whole. */
  static Frame at(byte[] bytes, int offset) {
    ByteBuffer head = ByteBuffer.wrap(bytes, offset, HEAD_LENGTH);
    if (head.getLong() != MAGIC || head.getInt() != headChecksum(bytes, offset)) {
      return null;
    }
    Frame frame =
        new Frame(
            head.getInt(),
            head.getInt(),
            head.getInt(),
            head.getLong(),
            head.getLong(),
            head.getLong(),
            head.getLong(),
            head.getLong());
    return frame.length > HEAD_LENGTH && frame.count > 0 && frame.first <= frame.last
        ? frame
        : null;
  }

  void putTo(byte[] bytes) {
    ByteBuffer head = ByteBuffer.wrap(bytes, 0, HEAD_LENGTH);
    head.putLong(MAGIC).putInt(0).putInt(length).putInt(bodyChecksum).putInt(count);
    head.putLong(first).putLong(last).putLong(previous);
    head.putLong(oldestMillis).putLong(newestMillis).putLong(0);
    head.putInt(CHECKSUM_AT, headChecksum(bytes, 0));
  }

  /** Whether the body behind the head at this place is as it was written. */
  boolean isWhole(byte[] bytes, int offset) {
    return bodyChecksum == checksum(bytes, offset + HEAD_LENGTH, length - HEAD_LENGTH);
  }

  private static int headChecksum(byte[] bytes, int offset) {
    return checksum(bytes, offset + CHECKED_FROM, HEAD_LENGTH - CHECKED_FROM);
  }

  static int checksum(byte[] bytes, int offset, int length) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, offset, length);
    return (int) checksum.getValue();
  }

  /** How the kinds of header values are marked. */
  static final class Kind {
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

    private Kind() {}
  }
}
