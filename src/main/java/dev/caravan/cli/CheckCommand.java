package dev.caravan.cli;

import dev.caravan.check.Check;
import dev.caravan.settings.Settings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** For finding out whether the bridge would run, before it does. */
@Command(
    name = "check",
    description = {
      "Tells whether the bridge would run with these settings, and what to mend.",
      "It reads the same settings and routes as the bridge, logs in to Genesys Cloud, looks",
      "up what would be subscribed, and asks Kafka for its topics. It opens no channel and",
      "writes nothing. Exit code 0: the bridge would run; 1: something has to be mended."
    },
    footer = {
      "",
      "Example: before the first start, and after each change",
      "  ${ROOT-COMMAND-NAME} check && ${ROOT-COMMAND-NAME} run"
    })
final class CheckCommand extends CaravanCommand {

  @Option(
      names = "--offline",
      description =
          "Try settings and routes only, and ask neither Genesys Cloud nor Kafka: for a build.")
  private boolean offline;

  @Override
  public Integer call() {
    // Whatever else there is to say, the check says
    Logs.errorsToConsole(isVerbose());
    boolean passed = new Check(Settings.read(), out(), offline).run();
    return passed ? Caravan.OK : Caravan.FAILED;
  }
}
