package dev.caravan.cli;

import picocli.AutoComplete;
import picocli.CommandLine.Command;

/** For having the shell complete commands and options, as they are defined here. */
@Command(
    name = "completion",
    description = {"Prints a script with which bash and zsh complete commands and options."},
    footer = {
      "",
      "Example:",
      "  ${ROOT-COMMAND-NAME} completion > ~/.caravan-completion",
      "  source ~/.caravan-completion"
    })
final class CompletionCommand extends CaravanCommand {

  @Override
  public Integer call() {
    out().print(AutoComplete.bash("caravan", spec.root().commandLine()));
    return Caravan.OK;
  }
}
