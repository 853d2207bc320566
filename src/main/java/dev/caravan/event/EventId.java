package dev.caravan.event;

import java.nio.charset.StandardCharsets;
import org.apache.commons.codec.digest.MurmurHash3;

/**
 * Tells whether two frames carry the same event: 128 bits over the topic name and the exact bytes
 * of the event body, blind to metadata and version, which differ between copies.
 */
public record EventId(long high, long low) {

  private static final char[] HEX = "0123456789abcdef".toCharArray();

  /** The identity of an event whose body is {@code length} bytes of {@code frame}. */
  static EventId of(EventId topic, byte[] frame, int offset, int length) {
    long[] body = MurmurHash3.hash128x64(frame, offset, length, 0);
    // Hashing the two hashes lets a frame name its topic after its body and costs 32 bytes.
    byte[] both = new byte[32];
    put(both, 0, topic.high);
    put(both, 8, topic.low);
    put(both, 16, body[0]);
    put(both, 24, body[1]);
    long[] mixed = MurmurHash3.hash128x64(both, 0, both.length, 0);
    return new EventId(mixed[0], mixed[1]);
  }

  static EventId ofTopic(String topicName) {
    byte[] bytes = topicName.getBytes(StandardCharsets.UTF_8);
    long[] hash = MurmurHash3.hash128x64(bytes, 0, bytes.length, 0);
    return new EventId(hash[0], hash[1]);
  }

  /** 32 lower-case hexadecimal digits. */
  public String hex() {
    char[] digits = new char[32];
    for (int i = 0; i < 16; i++) {
      digits[15 - i] = HEX[(int) (high >>> (4 * i)) & 15];
      digits[31 - i] = HEX[(int) (low >>> (4 * i)) & 15];
    }
    return new String(digits);
  }

  @Override
  public String toString() {
    return hex();
  }

  private static void put(byte[] target, int offset, long value) {
    for (int i = 0; i < 8; i++) {
      target[offset + i] = (byte) (value >>> (8 * i));
    }
  }
}
