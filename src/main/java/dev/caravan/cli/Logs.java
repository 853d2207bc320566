package dev.caravan.cli;

import io.quarkus.bootstrap.logging.InitialConfigurator;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jboss.logmanager.formatters.PatternFormatter;
import org.jboss.logmanager.handlers.ConsoleHandler;

/**
 * For commands that do not start Quarkus: its log manager holds back every line until Quarkus has
 * read its configuration, which then never happens.
 */
final class Logs {

  private static final String PATTERN = "%d{HH:mm:ss} %-5p %s%e%n";

  private Logs() {}

  /** For a command that tells by itself what went wrong. */
  static void errorsOnly() {
    Logger.getLogger("").setLevel(Level.SEVERE);
  }

  /** The same, and what errors there are to standard error; when {@code verbose}, as the others. */
  static void errorsToConsole(boolean verbose) {
    toConsole(verbose);
    if (!verbose) {
      errorsOnly();
    }
  }

  /** Sends warnings to standard error; when {@code verbose}, also what our own code is doing. */
  static void toConsole(boolean verbose) {
    Logger.getLogger("").setLevel(verbose ? Level.INFO : Level.WARNING);
    // A client's view of a broker that is away: the command says it once, in its own words.
    Logger.getLogger("org.apache.kafka").setLevel(verbose ? Level.INFO : Level.SEVERE);
    ConsoleHandler console =
        new ConsoleHandler(ConsoleHandler.Target.SYSTEM_ERR, new PatternFormatter(PATTERN));
    if (!verbose) {
      console.setFilter(new LogWithoutMessages());
    }
    InitialConfigurator.DELAYED_HANDLER.setHandlers(new java.util.logging.Handler[] {console});
  }
}
