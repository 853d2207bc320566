package dev.caravan.cli;

import dev.caravan.command.CommandFailure;
import dev.caravan.simulator.SimulatorMain;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** For running the stand-in for Genesys Cloud by itself, with the options of its own jar. */
@Command(
    name = "simulator",
    footer = {
      "",
      "Example: 200 agents, an hour passing in a minute",
      "  ${ROOT-COMMAND-NAME} simulator --agents 200 --speed 60",
      "and in another terminal:",
      "  export GENESYS_LOGIN_URL=http://127.0.0.1:8085",
      "  export GENESYS_API_URL=http://127.0.0.1:8085",
      "  export GENESYS_CLIENT_ID=demo GENESYS_CLIENT_SECRET=demo",
      "  ${ROOT-COMMAND-NAME} run"
    })
final class SimulatorCommand extends CaravanCommand {

  @Mixin private SimulatorMain standIn;

  @Override
  public Integer call() throws InterruptedException {
    Logs.toConsole(isVerbose());
    try {
      return standIn.untilStopped(out());
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new CommandFailure(e.getMessage(), e);
    }
  }
}
