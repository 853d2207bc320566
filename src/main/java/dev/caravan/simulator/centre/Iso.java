package dev.caravan.simulator.centre;

import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;

/** Instants as Genesys Cloud writes them, {@code 2026-11-21T17:00:00.123Z}. */
public final class Iso {

  private static final DateTimeFormatter FORM =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

  private Iso() {}

  /** The instant with exactly three decimals, in UTC. */
  public static String time(long epochMillis) {
    return FORM.format(Instant.ofEpochMilli(epochMillis));
  }
}
