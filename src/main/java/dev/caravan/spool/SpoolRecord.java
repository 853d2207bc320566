package dev.caravan.spool;

import java.time.Instant;
import java.util.Optional;

/** What a spool keeps: a body, its headers, when it came and as the how-manieth. */
public final class SpoolRecord {

  private static final int OVERHEAD = 32;

  private final long sequence;
  private final long appendedAtMillis;
  private final byte[] body;
  private final SpoolHeaders headers;

  /** A record; a null body is kept as such. The bytes are not copied: do not change them. */
  SpoolRecord(long sequence, long appendedAtMillis, byte[] body, SpoolHeaders headers) {
    this.sequence = sequence;
    this.appendedAtMillis = appendedAtMillis;
    this.body = body;
    this.headers = headers;
  }

  /** Its place in the order of the spool; grows, but need not be without holes. */
  public long sequence() {
    return sequence;
  }

  public Instant appendedAt() {
    return Instant.ofEpochMilli(appendedAtMillis);
  }

  /** The body, if the exchange had one. */
  public Optional<byte[]> body() {
    return Optional.ofNullable(body);
  }

  public SpoolHeaders headers() {
    return headers;
  }

  long appendedAtMillis() {
    return appendedAtMillis;
  }

  byte[] bodyOrNull() {
    return body;
  }

  int weight() {
    return weight(body, headers);
  }

  static int weight(byte[] body, SpoolHeaders headers) {
    return OVERHEAD + headers.weight() + (body == null ? 0 : body.length);
  }
}
