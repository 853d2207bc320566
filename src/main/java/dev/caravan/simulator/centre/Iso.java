package dev.caravan.simulator.centre;

import java.nio.charset.StandardCharsets;

/** Instants as Genesys Cloud writes them, {@code 2026-11-21T17:00:00.123Z}, and fast. */
public final class Iso {

  private static final byte[] FORM = "0000-00-00T00:00:00.000Z".getBytes(StandardCharsets.US_ASCII);
  private static final long DAY_MILLIS = 86_400_000;
  private static final int DAYS_IN_ERA = 146_097;
  private static final int DAYS_TO_1970 = 719_468;

  private Iso() {}

  /** The instant with exactly three decimals, in UTC; from the year 0 to the year 9999. */
  public static String time(long epochMillis) {
    byte[] text = FORM.clone();
    date(text, (int) Math.floorDiv(epochMillis, DAY_MILLIS));
    int ofDay = (int) Math.floorMod(epochMillis, DAY_MILLIS);
    digits(text, 13, ofDay / 3_600_000, 2);
    digits(text, 16, ofDay / 60_000 % 60, 2);
    digits(text, 19, ofDay / 1_000 % 60, 2);
    digits(text, 23, ofDay % 1_000, 3);
    return new String(text, StandardCharsets.ISO_8859_1);
  }

  /** Howard Hinnant's civil_from_days: years begin in March, so that leap days come last. */
  private static void date(byte[] text, int epochDay) {
    int day = epochDay + DAYS_TO_1970;
    int era = Math.floorDiv(day, DAYS_IN_ERA);
    int ofEra = day - era * DAYS_IN_ERA;
    int yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365;
    int ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    int month = (5 * ofYear + 2) / 153;
    digits(text, 4, yearOfEra + era * 400 + (month >= 10 ? 1 : 0), 4);
    digits(text, 7, month < 10 ? month + 3 : month - 9, 2);
    digits(text, 10, ofYear - (153 * month + 2) / 5 + 1, 2);
  }

  /** Writes a number so that it ends before that place. */
  private static void digits(byte[] text, int end, int value, int width) {
    int rest = value;
    for (int at = end - 1; at >= end - width; at--) {
      text[at] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
  }
}
