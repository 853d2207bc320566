package dev.caravan.frame;

/**
 * Reads ISO-8601 instants out of a parser's buffer without making a string of them: the order of
 * connected times decides the primary medium, and their text does not sort ({@code .131Z} comes
 * before {@code Z}).
 */
final class IsoTime {

  /** Before any instant: what has no time, or one that cannot be read. */
  static final long NEVER = Long.MIN_VALUE;

  private static final long NANOS = 1_000_000_000L;
  private static final int SECONDS_LENGTH = "2026-11-21T17:00:00".length();

  private IsoTime() {}

  static long epochNanos(char[] text, int offset, int length) {
    if (length < SECONDS_LENGTH
        || text[offset + 4] != '-'
        || text[offset + 7] != '-'
        || text[offset + 13] != ':'
        || text[offset + 16] != ':') {
      return NEVER;
    }
    int year = digits(text, offset, 4);
    int month = digits(text, offset + 5, 2);
    int day = digits(text, offset + 8, 2);
    int hour = digits(text, offset + 11, 2);
    int minute = digits(text, offset + 14, 2);
    int second = digits(text, offset + 17, 2);
    // 1700 to 2200 is what 64 bits of nanoseconds hold with room to spare.
    if (year < 1700 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31) {
      return NEVER;
    }
    if ((hour | minute | second) < 0) {
      return NEVER;
    }

    int end = offset + length;
    int at = offset + SECONDS_LENGTH;
    long fraction = 0;
    if (at < end && text[at] == '.') {
      at++;
      for (long unit = NANOS / 10; at < end && isDigit(text[at]); at++, unit /= 10) {
        fraction += (text[at] - '0') * unit;
      }
    }
    long seconds = epochDay(year, month, day) * 86_400L + hour * 3_600L + minute * 60L + second;
    return (seconds - zoneSeconds(text, at, end)) * NANOS + fraction;
  }

  /**
   * {@code +hh:mm} and {@code +hhmm}; everything else counts as UTC, which is what Genesys sends.
   */
  private static long zoneSeconds(char[] text, int at, int end) {
    if (end - at < 5 || (text[at] != '+' && text[at] != '-')) {
      return 0;
    }
    int hours = digits(text, at + 1, 2);
    int minutes = digits(text, end - 2, 2);
    if ((hours | minutes) < 0) {
      return 0;
    }
    long seconds = hours * 3_600L + minutes * 60L;
    return text[at] == '-' ? -seconds : seconds;
  }

  private static long epochDay(int year, int month, int day) {
    // The well-known civil-from-days arithmetic; LocalDate would allocate for every participant.
    int shifted = month <= 2 ? year - 1 : year;
    int era = shifted / 400;
    int yearOfEra = shifted - era * 400;
    int dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
    return era * 146_097L + dayOfEra - 719_468L;
  }

  private static int digits(char[] text, int offset, int count) {
    int value = 0;
    for (int i = offset; i < offset + count; i++) {
      if (!isDigit(text[i])) {
        return -1;
      }
      value = value * 10 + text[i] - '0';
    }
    return value;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
