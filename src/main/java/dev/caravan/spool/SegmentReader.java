package dev.caravan.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/** Unpacks a segment, and refuses one that is not whole. */
final class SegmentReader {

  private final byte[] bytes;
  private final List<String> names = new ArrayList<>();
  private final List<Object> previousValues = new ArrayList<>();
  private int position = Segment.HEADER_LENGTH;

  private SegmentReader(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The segment with its records. */
  static Segment read(byte[] bytes) throws IOException {
    check(bytes);
    try {
      return new SegmentReader(bytes).readAll();
    } catch (IndexOutOfBoundsException e) {
      throw new DamagedStoreException(
          "A segment of %d bytes is not whole.".formatted(bytes.length), e);
    }
  }

  /** Makes sure that not a bit of the segment has changed since it was written. */
  static void check(byte[] bytes) throws IOException {
    ByteBuffer header = ByteBuffer.wrap(bytes);
    if (bytes.length < Segment.HEADER_LENGTH
        || header.getLong(0) != Segment.MAGIC
        || header.getInt(Segment.LENGTH_AT) != bytes.length) {
      throw new DamagedStoreException(
          "What stands where a segment of %d bytes should is none.".formatted(bytes.length));
    }
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, Segment.CHECKED_FROM, bytes.length - Segment.CHECKED_FROM);
    if ((int) checksum.getValue() != header.getInt(Segment.CHECKSUM_AT)) {
      throw new DamagedStoreException(
          "The checksum of a segment of %d bytes is wrong.".formatted(bytes.length));
    }
  }

  private Segment readAll() {
    ByteBuffer header =
        ByteBuffer.wrap(
            bytes, Segment.LENGTH_AT + 4, Segment.HEADER_LENGTH - Segment.LENGTH_AT - 4);
    long first = header.getLong();
    long last = header.getLong();
    int count = header.getInt();
    long writtenAtMillis = header.getLong();
    long acknowledged = header.getLong();

    List<SpoolRecord> records = new ArrayList<>(count);
    long sequence = first;
    long millis = 0;
    long oldest = Long.MAX_VALUE;
    long newest = Long.MIN_VALUE;
    for (int i = 0; i < count; i++) {
      sequence += varLong();
      millis += signed();
      oldest = Math.min(oldest, millis);
      newest = Math.max(newest, millis);
      Object[] headers = new Object[2 * (int) varLong()];
      for (int h = 0; h < headers.length; h += 2) {
        int name = name();
        headers[h] = names.get(name);
        headers[h + 1] = value(name);
      }
      int lengthAndOne = (int) varLong();
      byte[] body = lengthAndOne == 0 ? null : raw(lengthAndOne - 1);
      records.add(
          new SpoolRecord(
              sequence,
              millis,
              body,
              headers.length == 0 ? SpoolHeaders.NONE : new SpoolHeaders(headers)));
    }
    return new Segment(first, last, count, oldest, newest, acknowledged, writtenAtMillis, records);
  }

  private int name() {
    int index = (int) varLong();
    if (index == names.size()) {
      names.add(text());
      previousValues.add("");
    }
    return index;
  }

  private Object value(int name) {
    byte kind = bytes[position++];
    if (kind == Segment.SAME) {
      return previousValues.get(name);
    }
    Object value = value(kind);
    previousValues.set(name, value);
    return value;
  }

  private Object value(byte kind) {
    return switch (kind) {
      case Segment.STRING -> text();
      case Segment.BYTES -> raw((int) varLong());
      case Segment.TRUE -> Boolean.TRUE;
      case Segment.FALSE -> Boolean.FALSE;
      case Segment.INT -> (int) signed();
      case Segment.LONG -> signed();
      case Segment.DOUBLE -> Double.longBitsToDouble(varLong());
      case Segment.FLOAT -> Float.intBitsToFloat((int) varLong());
      case Segment.SHORT -> (short) signed();
      case Segment.BYTE -> bytes[position++];
      default -> throw new IndexOutOfBoundsException("header kind " + kind);
    };
  }

  private String text() {
    int length = (int) varLong();
    String text = new String(bytes, position, length, StandardCharsets.UTF_8);
    position += length;
    return text;
  }

  private byte[] raw(int length) {
    byte[] raw = Arrays.copyOfRange(bytes, position, position + length);
    position += length;
    return raw;
  }

  private long signed() {
    long value = varLong();
    return value >>> 1 ^ -(value & 1);
  }

  private long varLong() {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = bytes[position++];
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }
}
