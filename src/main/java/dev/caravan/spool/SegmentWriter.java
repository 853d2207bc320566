package dev.caravan.spool;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Packs records into one segment; the name of a header is written once, and a value only if it is
 * not the one that this header had in the record before.
 */
final class SegmentWriter {

  private static final int INITIAL_CAPACITY = 16 * 1024;
  private static final int CAPACITY_KEPT = 384 * 1024;

  private final Map<String, Integer> names = new HashMap<>();
  private final List<Object> previousValues = new ArrayList<>();
  private byte[] bytes = new byte[INITIAL_CAPACITY];
  private int length = Segment.HEADER_LENGTH;
  private long first = -1;
  private long last;
  private int count;
  private long oldestMillis = Long.MAX_VALUE;
  private long newestMillis = Long.MIN_VALUE;
  private long previousMillis;

  /** Makes it ready for another segment; memory is kept, as asking for it anew is what costs. */
  void reset() {
    names.clear();
    previousValues.clear();
    if (bytes.length > CAPACITY_KEPT) {
      bytes = new byte[CAPACITY_KEPT];
    }
    length = Segment.HEADER_LENGTH;
    first = -1;
    last = 0;
    count = 0;
    oldestMillis = Long.MAX_VALUE;
    newestMillis = Long.MIN_VALUE;
    previousMillis = 0;
  }

  void add(SpoolRecord record) {
    if (first < 0) {
      first = record.sequence();
      last = first;
    }
    putVarLong(record.sequence() - last);
    putVarLong(zigzag(record.appendedAtMillis() - previousMillis));
    last = record.sequence();
    previousMillis = record.appendedAtMillis();
    oldestMillis = Math.min(oldestMillis, previousMillis);
    newestMillis = Math.max(newestMillis, previousMillis);
    count++;

    putVarLong(record.headers().size());
    record.headers().forEach(this::putHeader);
    byte[] body = record.bodyOrNull();
    if (body == null) {
      putVarLong(0);
    } else {
      putVarLong(body.length + 1L);
      putRaw(body);
    }
  }

  int length() {
    return length;
  }

  long first() {
    return first;
  }

  long last() {
    return last;
  }

  int count() {
    return count;
  }

  long oldestMillis() {
    return oldestMillis;
  }

  long newestMillis() {
    return newestMillis;
  }

  /** The segment as of now; more records may be added afterwards and give a longer one. */
  byte[] toBytes(long acknowledged, long nowMillis) {
    ByteBuffer.wrap(bytes)
        .putLong(Segment.MAGIC)
        .putInt(0)
        .putInt(length)
        .putLong(first)
        .putLong(last)
        .putInt(count)
        .putLong(nowMillis)
        .putLong(acknowledged);
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, Segment.CHECKED_FROM, length - Segment.CHECKED_FROM);
    ByteBuffer.wrap(bytes).putInt(Segment.CHECKSUM_AT, (int) checksum.getValue());
    return Arrays.copyOf(bytes, length);
  }

  private void putHeader(String name, Object value) {
    Integer known = names.putIfAbsent(name, names.size());
    if (known == null) {
      putVarLong(names.size() - 1L);
      putBytes(name.getBytes(StandardCharsets.UTF_8));
      previousValues.add(value);
    } else {
      putVarLong(known);
      if (value.equals(previousValues.set(known, value))) {
        put(Segment.SAME);
        return;
      }
    }
    putValue(value);
  }

  private void putValue(Object value) {
    if (value instanceof String text) {
      put(Segment.STRING);
      putBytes(text.getBytes(StandardCharsets.UTF_8));
    } else if (value instanceof byte[] raw) {
      put(Segment.BYTES);
      putBytes(raw);
    } else if (value instanceof Boolean flag) {
      put(flag ? Segment.TRUE : Segment.FALSE);
    } else if (value instanceof Integer number) {
      put(Segment.INT);
      putVarLong(zigzag(number));
    } else if (value instanceof Long number) {
      put(Segment.LONG);
      putVarLong(zigzag(number));
    } else if (value instanceof Double number) {
      put(Segment.DOUBLE);
      putVarLong(Double.doubleToRawLongBits(number));
    } else if (value instanceof Float number) {
      put(Segment.FLOAT);
      putVarLong(Integer.toUnsignedLong(Float.floatToRawIntBits(number)));
    } else if (value instanceof Short number) {
      put(Segment.SHORT);
      putVarLong(zigzag(number));
    } else if (value instanceof Byte number) {
      put(Segment.BYTE);
      put(number);
    } else {
      throw new IllegalArgumentException("A header of type " + value.getClass() + " got here.");
    }
  }

  private void putBytes(byte[] raw) {
    putVarLong(raw.length);
    putRaw(raw);
  }

  private void putRaw(byte[] raw) {
    ensure(raw.length);
    System.arraycopy(raw, 0, bytes, length, raw.length);
    length += raw.length;
  }

  private void put(byte value) {
    ensure(1);
    bytes[length++] = value;
  }

  private void putVarLong(long value) {
    ensure(10);
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      bytes[length++] = (byte) (rest & 0x7F | 0x80);
      rest >>>= 7;
    }
    bytes[length++] = (byte) rest;
  }

  private static long zigzag(long value) {
    return value << 1 ^ value >> 63;
  }

  private void ensure(int more) {
    if (bytes.length - length < more) {
      int enough = Math.addExact(length, more);
      bytes = Arrays.copyOf(bytes, Math.max(enough, Math.min(CAPACITY_KEPT, bytes.length * 4)));
    }
  }
}
