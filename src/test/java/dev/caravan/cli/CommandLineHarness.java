package dev.caravan.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/** Runs a command in this JVM and keeps what it printed. */
public record CommandLineHarness(int exitCode, String out, String err) {

  public static CommandLineHarness run(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine caravan = Caravan.commandLine();
    caravan.setOut(new PrintWriter(out));
    caravan.setErr(new PrintWriter(err));
    int exitCode = caravan.execute(args);
    return new CommandLineHarness(exitCode, out.toString(), err.toString());
  }
}
