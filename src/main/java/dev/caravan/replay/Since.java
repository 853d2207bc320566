package dev.caravan.replay;

import dev.caravan.command.CommandFailure;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.camel.util.TimeUtils;

/** Reads from when on something is replayed. */
public final class Since {

  private static final Pattern AGO =
      Pattern.compile("(?=.)(\\d{1,4}d)?(\\d{1,6}h)?(\\d{1,6}m)?(\\d{1,9}s)?");

  private Since() {}

  /** A time that is past, or how long ago; in milliseconds, as the times of what is kept. */
  public static Instant instant(String text, Instant now) {
    Instant since =
        AGO.matcher(text).matches()
            ? now.minusMillis(TimeUtils.toMilliSeconds(text))
            : time(text).orElseThrow(() -> wrongSince(text, ""));
    if (since.isAfter(now)) {
      throw wrongSince(
          text, " that is past; it is " + now.truncatedTo(ChronoUnit.SECONDS) + " now");
    }
    // So far back all times mean the same, and the earliest do not fit into milliseconds
    return since.isBefore(Instant.EPOCH) ? Instant.EPOCH : since.truncatedTo(ChronoUnit.MILLIS);
  }

  private static Optional<Instant> time(String text) {
    try {
      return Optional.of(Instant.parse(text));
    } catch (DateTimeParseException notATime) {
      return Optional.empty();
    }
  }

  private static CommandFailure wrongSince(String text, String more) {
    return new CommandFailure(
        "--since is \"%s\", but it must be how long ago (30m, 1h30m, 2d) or a time such as 2026-11-22T08:00:00Z%s."
            .formatted(text, more));
  }
}
