package dev.caravan.frame;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EventIdsTest {

  private static final int EACH = 20_000;

  @Test
  void noTwoAreTheSameWhoeverAsksAndAfterARestartEither() {
    Set<String> given = ConcurrentHashMap.newKeySet();
    for (int start = 0; start < 5; start++) {
      EventIds ids = new EventIds(new SecureRandom());
      IntStream.range(0, EACH).parallel().forEach(i -> given.add(ids.next()));
    }

    assertThat(given).hasSize(5 * EACH).allMatch(id -> id.matches("[0-9a-f]{32}"));
  }

  @Test
  void theyBeginWithWhatIsRandomAndEndWithACount() {
    EventIds ids = new EventIds(() -> 0x0123456789abcdefL);

    assertThat(ids.next()).isEqualTo("0123456789abcdef0123000000000000");
    assertThat(ids.next()).isEqualTo("0123456789abcdef0123000000000001");
  }
}
