package dev.caravan.cli;

import dev.caravan.background.BackgroundTask;
import io.quarkus.logging.LoggingFilter;
import java.util.logging.Filter;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.formatters.PatternFormatter;

/**
 * Keeps what exceptions say out of the log, whoever logs them, since that may quote a payload:
 * their class and place stand there instead. With {@code --verbose} all of it does.
 */
@LoggingFilter(name = "without-messages")
public final class LogWithoutMessages implements Filter {

  private static final int MOST_CAUSES = 20;
  private static final int SHORTEST = 3;

  /** Its level is what {@code --verbose} changes. */
  private final Logger verbose = Logger.getLogger("dev.caravan");

  private final Formatter message = new PatternFormatter("%s");

  @Override
  public boolean isLoggable(LogRecord line) {
    Throwable thrown = line.getThrown();
    if (thrown != null && !verbose.isLoggable(Level.FINE)) {
      StringBuilder classes = new StringBuilder();
      String text = message.format(line);
      Throwable cause = thrown;
      for (int depth = 0; cause != null && depth < MOST_CAUSES; depth++) {
        String said = cause.getMessage();
        if (said != null && said.length() >= SHORTEST) {
          text = text.replace(said, "…");
        }
        classes.append(depth == 0 ? "" : ", caused by ").append(BackgroundTask.words(cause));
        cause = cause.getCause();
      }
      line.setThrown(null);
      line.setParameters(null);
      // Camel puts tables and the stack trace behind it
      String firstLine = text.strip().lines().findFirst().orElse("");
      String said = "%s (%s; --verbose tells more)".formatted(firstLine, classes);
      if (line instanceof ExtLogRecord ours) {
        ours.setMessage(said, ExtLogRecord.FormatStyle.NO_FORMAT);
      } else {
        line.setMessage(said);
      }
    }
    return true;
  }
}
