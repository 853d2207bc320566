package dev.caravan.cli;

import dev.caravan.command.CommandFailure;
import java.time.Duration;
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
    return fits(
        port >= 0 && port <= LAST_PORT,
        option,
        port,
        "a port from 1 to 65535, or 0 for any free one");
  }

  static <N extends Number> N between(String option, N number, Number least, Number most) {
    double value = number.doubleValue();
    // What is no number is between nothing
    boolean fits = value >= least.doubleValue() && value <= most.doubleValue();
    return fits(fits, option, number, "from " + least + " to " + most);
  }

  /** A time such as {@code 90s}, {@code 5m} or {@code 1h30m}. */
  static Duration duration(String option, String text, Duration longest) {
    Duration duration =
        DURATION.matcher(text).matches()
            ? Duration.ofMillis(TimeUtils.toMilliSeconds(text))
            : Duration.ZERO;
    fits(
        !duration.isZero() && duration.compareTo(longest) <= 0,
        option,
        '"' + text + '"',
        "a time such as 90s, 5m or 1h30m, up to " + longest.toHours() + " h");
    return duration;
  }

  static long atLeastOne(String option, long number) {
    return fits(number >= 1, option, number, "1 or more");
  }

  private static <T> T fits(boolean fits, String option, T value, String wanted) {
    if (!fits) {
      throw new CommandFailure("%s is %s, but it must be %s.".formatted(option, value, wanted));
    }
    return value;
  }
}
