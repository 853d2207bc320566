package dev.caravan.frame;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IsoTimeTest {

  @Test
  void agreesWithTheJdkOnAnyInstant() {
    Random random = new Random(1);
    for (int i = 0; i < 5_000; i++) {
      Instant instant =
          Instant.parse("1700-01-01T00:00:00Z")
              .plus(random.nextInt(182_000), ChronoUnit.DAYS)
              .plusNanos(random.nextLong(86_400_000_000_000L));

      assertThat(read(instant.toString())).isEqualTo(nanos(instant));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-11-21T17:00:00Z",
        "2026-11-21T17:00:00.1Z",
        "2026-02-28T23:59:59.999Z",
        "2028-02-29T00:00:00.000+01:00",
        "2026-11-21T17:00:00.131-11:30"
      })
  void readsFractionsAndZones(String text) {
    assertThat(read(text)).isEqualTo(nanos(OffsetDateTime.parse(text).toInstant()));
  }

  @Test
  void readsZonesWithoutColon() {
    assertThat(read("2026-11-21T17:00:00.000+0100")).isEqualTo(read("2026-11-21T16:00:00Z"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "now",
        "2026-11-21",
        "2026-13-21T17:00:00Z",
        "2026-11-21T17:0x:00Z",
        "9999-01-01T00:00:00Z"
      })
  void whatIsNoTimeNeverWas(String text) {
    assertThat(read(text)).isEqualTo(IsoTime.NEVER);
  }

  private static long read(String text) {
    char[] buffer = ("##" + text + "##").toCharArray();
    return IsoTime.epochNanos(buffer, 2, text.length());
  }

  private static long nanos(Instant instant) {
    return instant.getEpochSecond() * 1_000_000_000L + instant.getNano();
  }
}
