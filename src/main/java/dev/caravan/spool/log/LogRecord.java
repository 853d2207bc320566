package dev.caravan.spool.log;

import java.time.Instant;

/** What a log keeps: a body, its headers, when it came and as the how-manieth. */
public final class LogRecord {

  private static final int OVERHEAD = 32;

  private final long sequence;
  private final long appendedAtMillis;
  private final byte[] body;
  private final RecordHeaders headers;

  /** A record; a null body is kept as such. The bytes are not copied: do not change them. */
  public LogRecord(long sequence, long appendedAtMillis, byte[] body, RecordHeaders headers) {
    this.sequence = sequence;
    this.appendedAtMillis = appendedAtMillis;
    this.body = body;
    this.headers = headers;
  }

  /** Its place in the order of the log; grows, but need not be without holes. */
  public long sequence() {
    return sequence;
  }

  public long appendedAtMillis() {
    return appendedAtMillis;
  }

  public Instant appendedAt() {
    return Instant.ofEpochMilli(appendedAtMillis);
  }

  /** The body itself, not a copy; null if it has none. */
  public byte[] bodyOrNull() {
    return body;
  }

  public RecordHeaders headers() {
    return headers;
  }

  /** About the bytes that it takes in memory. */
  public int weight() {
    return weight(body, headers);
  }

  /** What a record of these would weigh. */
  public static int weight(byte[] body, RecordHeaders headers) {
    return OVERHEAD + headers.weight() + (body == null ? 0 : body.length);
  }
}
