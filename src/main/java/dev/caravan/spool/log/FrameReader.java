package dev.caravan.spool.log;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Unpacks the records of a frame whose body was found to be whole. */
final class FrameReader {

  private final byte[] bytes;
  private final List<String> names = new ArrayList<>();
  private final List<Object> previousValues = new ArrayList<>();
  private int position;

  private FrameReader(byte[] bytes, int position) {
    this.bytes = bytes;
    this.position = position;
  }

  /** Adds the records from this sequence on of the frame at this place. */
  static void read(
      Frame frame, byte[] bytes, int offset, long fromSequence, List<LogRecord> records) {
    new FrameReader(bytes, offset + Frame.HEAD_LENGTH).read(frame, fromSequence, records);
  }

  private void read(Frame frame, long fromSequence, List<LogRecord> records) {
    long sequence = frame.first();
    long millis = 0;
    for (int i = 0; i < frame.count(); i++) {
      sequence += varLong();
      millis += signed();
      Object[] headers = new Object[2 * (int) varLong()];
      for (int h = 0; h < headers.length; h += 2) {
        int name = name();
        headers[h] = names.get(name);
        headers[h + 1] = value(name);
      }
      int lengthAndOne = (int) varLong();
      if (sequence >= fromSequence) {
        byte[] body = lengthAndOne == 0 ? null : raw(lengthAndOne - 1);
        RecordHeaders taken = headers.length == 0 ? RecordHeaders.NONE : new RecordHeaders(headers);
        records.add(new LogRecord(sequence, millis, body, taken));
      } else {
        position += Math.max(0, lengthAndOne - 1);
      }
    }
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
    if (kind == Frame.Kind.SAME) {
      return previousValues.get(name);
    }
    Object value = value(kind);
    previousValues.set(name, value);
    return value;
  }

  private Object value(byte kind) {
    return switch (kind) {
      case Frame.Kind.STRING -> text();
      case Frame.Kind.BYTES -> raw((int) varLong());
      case Frame.Kind.TRUE -> Boolean.TRUE;
      case Frame.Kind.FALSE -> Boolean.FALSE;
      case Frame.Kind.INT -> (int) signed();
      case Frame.Kind.LONG -> signed();
      case Frame.Kind.DOUBLE -> Double.longBitsToDouble(varLong());
      case Frame.Kind.FLOAT -> Float.intBitsToFloat((int) varLong());
      case Frame.Kind.SHORT -> (short) signed();
      case Frame.Kind.BYTE -> bytes[position++];
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
