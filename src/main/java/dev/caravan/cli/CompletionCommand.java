package dev.caravan.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** For having the shell complete commands and options, as they are defined here. */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = {"Prints a script with which bash and zsh complete commands and options."},
    footer = {
      "",
      "Example:",
      "  ${ROOT-COMMAND-NAME} completion > ~/.caravan-completion",
      "  source ~/.caravan-completion"
    })
final class CompletionCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().getOut().print(AutoComplete.bash("caravan", spec.root().commandLine()));
    spec.commandLine().getOut().flush();
    return Caravan.OK;
  }
}
