package dev.caravan.demo;

import dev.caravan.command.CommandFailure;
import dev.caravan.command.Folders;
import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Runs the bridge beside a stand-in until events have come, so that the JVM writes down what it
 * loaded and linked. A bridge that starts from that archive takes a third to a half less processor
 * time for it.
 */
public final class Rehearsal {

  private static final int ENOUGH_EVENTS = 500;
  private static final Duration LOOK = Duration.ofMillis(50);
  private static final Duration TIMEOUT = Duration.ofMinutes(1);

  private Rehearsal() {}

  /**
   * Writes the archive, by way of a folder beside it; one that was there is replaced when the new
   * one is whole.
   *
   * @param program how the bridge is started, from the path of java to the main class; an archive
   *     is of use to the same Java, class path and collector only
   * @param option of the JVM, by which it writes an archive when it ends: {@code
   *     ArchiveClassesAtExit}, or {@code AOTCacheOutput} from Java 25 on
   * @throws CommandFailure if the bridge read nothing, or Java wrote no archive
   */
  public static void write(List<String> program, String option, Path archive) {
    try {
      Path folder = Files.createTempDirectory(archive.getParent(), "rehearsal-");
      try {
        Path written = folder.resolve("archive");
        List<String> command = new ArrayList<>(program);
        command.add(1, "-XX:" + option + "=" + written);
        command.addAll(List.of("run", "--until-input-ends"));
        play(command, written, folder);
        Files.move(written, archive, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Folders.delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The archive of classes " + archive + " cannot be written", e);
    }
  }

  private static void play(List<String> command, Path archive, Path folder) {
    DemoSettings settings =
        new DemoSettings(0, 0, 0, 0, 0, 0, Map.of("PATH", String.valueOf(System.getenv("PATH"))));
    try (Simulator genesys =
        Simulator.start(
            SimulatorOptions.defaults()
                .withCentre(CentreSize.of(60))
                .withTraffic(Traffic.times(20)))) {
      ChildProcess bridge =
          ChildProcess.start(
              command,
              settings.bridgeEnvironment(
                  genesys.url(),
                  "127.0.0.1:" + FreePorts.next(),
                  FreePorts.next(),
                  FreePorts.next(),
                  folder.resolve("data").toString()),
              folder.resolve("bridge.log"));
      long end = System.nanoTime() + TIMEOUT.toNanos();
      while (sent(genesys) < ENOUGH_EVENTS && System.nanoTime() < end && !bridge.awaitEnd(LOOK)) {}
      bridge.stop(TIMEOUT);
      if (sent(genesys) < ENOUGH_EVENTS || !Files.exists(archive)) {
        throw new CommandFailure(
            "The bridge read too little, or this Java writes no archive of classes. Its log ended"
                + " with:\n"
                + String.join("\n", bridge.lastLogLines(15)));
      }
    }
  }

  private static long sent(Simulator genesys) {
    return genesys.sentByTopic().values().stream().mapToLong(Long::longValue).sum();
  }
}
