package dev.caravan.frame;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.apache.commons.codec.digest.MurmurHash3;
import org.junit.jupiter.api.Test;

class EventIdTest {

  @Test
  void hashesAsCommonsCodecDoes() {
    Random random = new Random(7);
    for (int length = 0; length < 200; length++) {
      byte[] data = new byte[length + 11];
      random.nextBytes(data);

      long[] expected = MurmurHash3.hash128x64(data, 5, length, 0);

      assertThat(EventId.hash(data, 5, length)).isEqualTo(new EventId(expected[0], expected[1]));
    }
  }

  @Test
  void isWrittenAsThirtyTwoHexadecimalDigits() {
    assertThat(new EventId(0x00_01_ab_cd_ef_00_00_0fL, -1L).hex())
        .isEqualTo("0001abcdef00000fffffffffffffffff");
    assertThat(new EventId(0, 0)).hasToString("0".repeat(32));
  }

  @Test
  void keepsTopicAndBodyApart() {
    Set<EventId> ids = new HashSet<>();
    String[] words = {"", "a", "b", "ab", "ba", "aa"};
    for (String topic : words) {
      for (String body : words) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        ids.add(EventId.of(EventId.ofTopic(topic), bytes, 0, bytes.length));
      }
    }

    assertThat(ids).hasSize(words.length * words.length);
  }
}
