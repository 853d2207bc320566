package dev.caravan.cli;

import dev.caravan.command.Home;
import dev.caravan.demo.ChildProcess;
import dev.caravan.demo.Rehearsal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** For the launcher and the image: writes the archive of classes from which the bridge starts. */
@Command(
    name = "rehearse",
    hidden = true,
    description = {
      "Runs the bridge against the stand-in for a moment and writes down which classes it",
      "loaded, so that Java starts it faster from then on."
    })
final class RehearseCommand extends CaravanCommand {

  @Option(
      names = "--option",
      required = true,
      description = "By which the JVM writes it: ArchiveClassesAtExit or AOTCacheOutput.")
  private String option;

  @Parameters(paramLabel = "FILE", description = "The archive to write.")
  private Path archive;

  @Override
  public Integer call() {
    List<String> program = new ArrayList<>(List.of(ChildProcess.java()));
    program.addAll(Home.jvmFlags());
    program.addAll(Home.program());
    Rehearsal.write(program, option, archive.toAbsolutePath());
    return Caravan.OK;
  }
}
