package dev.caravan.cli;

import dev.caravan.command.CommandFailure;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.camel.util.TimeUtils;

/** For saying of a number on the command line what it may be, before anything is started. */
final class Numbers {

  private static final int LAST_PORT = 65_535;
  private static final Pattern DURATION =
      Pattern.compile("(?=.)(\\d{1,4}h)?(\\d{1,6}m)?(\\d{1,9}s)?");

  private Numbers() {}

  /** A port, or 0 for any free one. */
  static int port(String option, int port) {
    if (port < 0 || port > LAST_PORT) {
      throw new CommandFailure(
          "%s is %d, but it must be a port from 1 to %d, or 0 for any free one."
              .formatted(option, port, LAST_PORT));
    }
    return port;
  }

  static int between(String option, int number, int least, int most) {
    if (number < least || number > most) {
      throw new CommandFailure(
          "%s is %d, but it must be from %d to %d.".formatted(option, number, least, most));
    }
    return number;
  }

  static double between(String option, double number, double least, double most) {
    // So written that what is no number fails as well
    if (!(number >= least && number <= most)) {
      throw new CommandFailure(
          String.format(
              Locale.ROOT,
              "%s is %s, but it must be from %s to %s.",
              option,
              number,
              plain(least),
              plain(most)));
    }
    return number;
  }

  /** A time such as {@code 90s}, {@code 5m} or {@code 1h30m}. */
  static Duration duration(String option, String text, Duration longest) {
    Duration duration =
        DURATION.matcher(text).matches()
            ? Duration.ofMillis(TimeUtils.toMilliSeconds(text))
            : Duration.ZERO;
    if (duration.isZero() || duration.compareTo(longest) > 0) {
      throw new CommandFailure(
          "%s is \"%s\", but it must be a time such as 90s, 5m or 1h30m, up to %d h."
              .formatted(option, text, longest.toHours()));
    }
    return duration;
  }

  static long atLeastOne(String option, long number) {
    if (number < 1) {
      throw new CommandFailure("%s is %d, but it must be 1 or more.".formatted(option, number));
    }
    return number;
  }

  private static String plain(double number) {
    return number == Math.rint(number) ? String.valueOf((long) number) : String.valueOf(number);
  }
}
