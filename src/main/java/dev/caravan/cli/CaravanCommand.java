package dev.caravan.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What all commands have: help, and where they write; each line is written at once. */
@Command(mixinStandardHelpOptions = true)
abstract class CaravanCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  PrintWriter err() {
    return spec.commandLine().getErr();
  }

  boolean isVerbose() {
    return ((Caravan) spec.root().userObject()).verbose;
  }
}
