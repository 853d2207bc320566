package dev.caravan.spool.log;

import java.time.Instant;

/**
 * What a log keeps: a body, its headers, when it came and as the how-manieth.
 *
 * @param sequence its place in the order of the log; grows, but need not be without holes
 * @param bodyOrNull the body itself, not a copy, so do not change it; null if it has none
 */
public record LogRecord(
    long sequence, long appendedAtMillis, byte[] bodyOrNull, RecordHeaders headers) {

  private static final int OVERHEAD = 32;

  public Instant appendedAt() {
    return Instant.ofEpochMilli(appendedAtMillis);
  }

  /** About the bytes that it takes in memory. */
  public int weight() {
    return weight(bodyOrNull, headers);
  }

  /** What a record of these would weigh. */
  public static int weight(byte[] body, RecordHeaders headers) {
    return OVERHEAD + headers.weight() + (body == null ? 0 : body.length);
  }
}
