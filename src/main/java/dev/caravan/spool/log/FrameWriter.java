package dev.caravan.spool.log;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Packs records into one frame; the name of a header is written once, and a value only if it is not
 * the one that this header had in the record before.
 */
final class FrameWriter {

  private static final int INITIAL_CAPACITY = 16 * 1024;
  private static final int CAPACITY_KEPT = 512 * 1024;

  private final Map<String, Integer> names = new HashMap<>();
  private final List<Object> previousValues = new ArrayList<>();
  private byte[] bytes = new byte[INITIAL_CAPACITY];
  private int length;
  private int count;
  private long first;
  private long last;
  private long previous;
  private long oldestMillis;
  private long newestMillis;
  private long previousMillis;

  /**
   * Makes it ready for a frame behind this sequence; memory is kept, as asking for it anew is what
   * costs.
   */
  void begin(long previousSequence) {
    names.clear();
    previousValues.clear();
    if (bytes.length > CAPACITY_KEPT) {
      bytes = new byte[CAPACITY_KEPT];
    }
    length = Frame.HEAD_LENGTH;
    count = 0;
    first = 0;
    last = 0;
    previous = previousSequence;
    oldestMillis = Long.MAX_VALUE;
    newestMillis = Long.MIN_VALUE;
    previousMillis = 0;
  }

  void add(LogRecord record) {
    if (count == 0) {
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

    Object[] headers = record.headers().namesAndValues();
    putVarLong(headers.length / 2);
    for (int i = 0; i < headers.length; i += 2) {
      putHeader((String) headers[i], headers[i + 1]);
    }
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

  /** Puts the head before the records. */
  Frame finish() {
    int checksum = Frame.checksum(bytes, Frame.HEAD_LENGTH, length - Frame.HEAD_LENGTH);
    Frame frame =
        new Frame(length, checksum, count, first, last, previous, oldestMillis, newestMillis);
    frame.putTo(bytes);
    return frame;
  }

  /** The finished frame's bytes, and more behind them. */
  byte[] bytes() {
    return bytes;
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
        put(Frame.Kind.SAME);
        return;
      }
    }
    putValue(value);
  }

  private void putValue(Object value) {
    if (value instanceof String text) {
      put(Frame.Kind.STRING);
      putBytes(text.getBytes(StandardCharsets.UTF_8));
    } else if (value instanceof byte[] raw) {
      put(Frame.Kind.BYTES);
      putBytes(raw);
    } else if (value instanceof Boolean flag) {
      put(flag ? Frame.Kind.TRUE : Frame.Kind.FALSE);
    } else if (value instanceof Integer number) {
      put(Frame.Kind.INT);
      putVarLong(zigzag(number));
    } else if (value instanceof Long number) {
      put(Frame.Kind.LONG);
      putVarLong(zigzag(number));
    } else if (value instanceof Double number) {
      put(Frame.Kind.DOUBLE);
      putVarLong(Double.doubleToRawLongBits(number));
    } else if (value instanceof Float number) {
      put(Frame.Kind.FLOAT);
      putVarLong(Integer.toUnsignedLong(Float.floatToRawIntBits(number)));
    } else if (value instanceof Short number) {
      put(Frame.Kind.SHORT);
      putVarLong(zigzag(number));
    } else if (value instanceof Byte number) {
      put(Frame.Kind.BYTE);
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
