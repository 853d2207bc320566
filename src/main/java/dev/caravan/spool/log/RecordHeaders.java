package dev.caravan.spool.log;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** The headers of a record: a snapshot of names and plain values, cheap to take and to hand out. */
public final class RecordHeaders {

  /** No headers at all. */
  public static final RecordHeaders NONE = new RecordHeaders(new Object[0]);

  private static final int OVERHEAD_PER_HEADER = 8;

  private final Object[] namesAndValues;
  private final int weight;

  RecordHeaders(Object[] namesAndValues) {
    this.namesAndValues = namesAndValues;
    this.weight = weigh(namesAndValues);
  }

  /** Keeps what can be stored and tells the name of every header that cannot. */
  public static RecordHeaders of(Map<String, Object> headers, Consumer<String> notStorable) {
    if (headers.isEmpty()) {
      return NONE;
    }
    Object[] kept = new Object[headers.size() * 2];
    int size = 0;
    for (Map.Entry<String, Object> header : headers.entrySet()) {
      Object value = header.getValue();
      if (isStorable(value)) {
        kept[size++] = header.getKey();
        kept[size++] = value;
      } else if (value != null) {
        notStorable.accept(header.getKey());
      }
    }
    return new RecordHeaders(size == kept.length ? kept : Arrays.copyOf(kept, size));
  }

  private static boolean isStorable(Object value) {
    return value instanceof String
        || value instanceof byte[]
        || value instanceof Boolean
        || value instanceof Integer
        || value instanceof Long
        || value instanceof Double
        || value instanceof Float
        || value instanceof Short
        || value instanceof Byte;
  }

  /** Calls back with every header, in the order they were taken. */
  public void forEach(BiConsumer<String, Object> header) {
    for (int i = 0; i < namesAndValues.length; i += 2) {
      header.accept((String) namesAndValues[i], namesAndValues[i + 1]);
    }
  }

  /** These headers and one more, or with another value. */
  public RecordHeaders with(String name, Object value) {
    Map<String, Object> more = toMap();
    more.put(name, value);
    return of(more, none -> {});
  }

  /** These headers but one. */
  public RecordHeaders without(String name) {
    Map<String, Object> fewer = toMap();
    fewer.remove(name);
    return of(fewer, none -> {});
  }

  /** The value of a header as text, or an empty text where there is none. */
  public String text(String name) {
    for (int i = 0; i < namesAndValues.length; i += 2) {
      if (name.equalsIgnoreCase((String) namesAndValues[i])) {
        Object value = namesAndValues[i + 1];
        return value instanceof byte[] bytes
            ? new String(bytes, StandardCharsets.ISO_8859_1)
            : String.valueOf(value);
      }
    }
    return "";
  }

  /** The value of a header that is bytes. */
  public Optional<byte[]> bytes(String name) {
    for (int i = 0; i < namesAndValues.length; i += 2) {
      if (namesAndValues[i + 1] instanceof byte[] bytes && name.equals(namesAndValues[i])) {
        return Optional.of(bytes);
      }
    }
    return Optional.empty();
  }

  /** The headers as a map of the caller's own. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    forEach(map::put);
    return map;
  }

  /** About the bytes that they take in memory. */
  public int weight() {
    return weight;
  }

  Object[] namesAndValues() {
    return namesAndValues;
  }

  private static int weigh(Object[] namesAndValues) {
    int weight = 0;
    for (int i = 1; i < namesAndValues.length; i += 2) {
      Object value = namesAndValues[i];
      weight += OVERHEAD_PER_HEADER;
      if (value instanceof String text) {
        weight += text.length();
      } else if (value instanceof byte[] bytes) {
        weight += bytes.length;
      }
    }
    return weight;
  }
}
