package dev.caravan.cli;

import dev.caravan.command.CommandFailure;
import dev.caravan.simulator.SimulatorMain;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

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
final class SimulatorCommand implements Callable<Integer> {

  @Mixin private SimulatorMain standIn;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    Logs.toConsole(Caravan.isVerbose(spec));
    try {
      return standIn.untilStopped(spec.commandLine().getOut());
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new CommandFailure(e.getMessage(), e);
    }
  }
}
