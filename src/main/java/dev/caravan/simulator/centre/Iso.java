package dev.caravan.simulator.centre;

import java.time.Instant;
import java.time.ZoneOffset;

/** Instants as Genesys Cloud writes them, {@code 2026-11-21T17:00:00.123Z}, and fast. */
public final class Iso {

  private static final long DAY_MILLIS = 86_400_000;

  private Iso() {}

  /** The instant with exactly three decimals, in UTC. */
  public static String time(long epochMillis) {
    StringBuilder text = new StringBuilder(24);
    text.append(Instant.ofEpochMilli(epochMillis).atOffset(ZoneOffset.UTC).toLocalDate());
    int ofDay = (int) Math.floorMod(epochMillis, DAY_MILLIS);
    digits(text.append('T'), ofDay / 3_600_000, 2);
    digits(text.append(':'), ofDay / 60_000 % 60, 2);
    digits(text.append(':'), ofDay / 1_000 % 60, 2);
    digits(text.append('.'), ofDay % 1_000, 3);
    return text.append('Z').toString();
  }

  private static void digits(StringBuilder text, int value, int width) {
    for (int divisor = width == 3 ? 100 : 10; divisor > 0; divisor /= 10) {
      text.append((char) ('0' + value / divisor % 10));
    }
  }
}
