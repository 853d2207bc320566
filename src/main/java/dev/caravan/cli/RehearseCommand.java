package dev.caravan.cli;

import dev.caravan.command.Home;
import dev.caravan.demo.Rehearsal;
import java.nio.file.Path;
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
    Rehearsal.write(Home.command(), option, archive.toAbsolutePath());
    return Caravan.OK;
  }
}
