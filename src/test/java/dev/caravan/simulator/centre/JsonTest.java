package dev.caravan.simulator.centre;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Instants are written in UTC with three decimals, whatever they are. */
class JsonTest {

  private static final DateTimeFormatter PATTERN =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  @Test
  void anyInstantIsWrittenByItsPattern() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 100_000; i++) {
      long millis = random.nextLong(-62_167_219_200_000L, 253_402_300_800_000L);
      assertThat(Json.time(millis)).isEqualTo(PATTERN.format(Instant.ofEpochMilli(millis)));
    }
  }

  @Test
  void leapDaysAndYearEndsAreRight() {
    assertThat(Json.time(Instant.parse("2024-02-29T23:59:59.999Z").toEpochMilli()))
        .isEqualTo("2024-02-29T23:59:59.999Z");
    assertThat(Json.time(Instant.parse("2026-12-31T00:00:00Z").toEpochMilli()))
        .isEqualTo("2026-12-31T00:00:00.000Z");
    assertThat(Json.time(0)).isEqualTo("1970-01-01T00:00:00.000Z");
  }
}
