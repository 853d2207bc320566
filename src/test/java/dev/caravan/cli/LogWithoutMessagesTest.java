package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.logging.LoggingFilter;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.formatters.PatternFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LogWithoutMessagesTest {

  private static final String PAYLOAD = "Pat Example, tel:+15550100";

  private final Logger ours = Logger.getLogger("dev.caravan");
  private final Level before = ours.getLevel();

  @AfterEach
  void restore() {
    ours.setLevel(before);
  }

  private String written(Level ours) {
    this.ours.setLevel(ours);
    ExtLogRecord line =
        new ExtLogRecord(
            Level.SEVERE,
            "Failed delivery for {0}. Caught: %s: {%s}\n\nMessage History\n----\n"
                .formatted("java.lang.IllegalStateException", PAYLOAD),
            ExtLogRecord.FormatStyle.NO_FORMAT,
            "camel");
    line.setThrown(
        new IllegalStateException(PAYLOAD, new IllegalArgumentException("cannot read " + PAYLOAD)));
    assertThat(new LogWithoutMessages().isLoggable(line)).isTrue();
    return new PatternFormatter("%s%e").format(line);
  }

  @Test
  void ofAnExceptionOnlyTheClassAndThePlaceAreWritten() {
    assertThat(written(Level.INFO))
        .startsWith(
            "Failed delivery for {0}. Caught: java.lang.IllegalStateException: {…}"
                + " (IllegalStateException at dev.caravan.cli.LogWithoutMessagesTest.written(")
        .contains(", caused by IllegalArgumentException at ")
        .endsWith("; --verbose tells more)")
        .doesNotContain("Pat")
        .doesNotContain("\n");
  }

  @Test
  void verboselyAllOfItIsWritten() {
    assertThat(written(Level.FINE)).contains(PAYLOAD).contains("\tat ");
  }

  @Test
  void everyHandlerOfTheBridgeUsesIt() throws IOException {
    Properties settings = new Properties();
    try (InputStream file = getClass().getResourceAsStream("/application.properties")) {
      settings.load(file);
    }
    String name = LogWithoutMessages.class.getAnnotation(LoggingFilter.class).name();

    assertThat(settings)
        .containsEntry("quarkus.log.console.filter", name)
        .containsEntry("quarkus.log.file.filter", name);
  }
}
