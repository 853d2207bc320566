package dev.caravan.testing;

import dev.caravan.command.Home;
import dev.caravan.demo.Rehearsal;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Starts the packaged program with its classes from an archive, as the image does: each start costs
 * a third less. The archive is made once a build, by a bridge that reads from a stand-in.
 */
public final class QuickStart {

  private static final Path BUILD = Path.of("target").toAbsolutePath();
  private static final Path ARCHIVE = BUILD.resolve("bridge.jsa");

  private QuickStart() {}

  /** What the JVM is told to run the program: options, class path and main class. */
  public static synchronized List<String> program() {
    try (FileChannel lock =
        FileChannel.open(
            BUILD.resolve("bridge.jsa.lock"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE)) {
      lock.lock();
      if (!isThere()) {
        List<String> bridge = new ArrayList<>(List.of(Home.java(), "-XX:+UseSerialGC"));
        bridge.addAll(fromClassPath(""));
        Rehearsal.write(bridge, "ArchiveClassesAtExit", ARCHIVE);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The archive of classes could not be made", e);
    }
    return fromClassPath("-XX:SharedArchiveFile=" + ARCHIVE);
  }

  private static boolean isThere() throws IOException {
    Path run = BUILD.resolve("quarkus-app/quarkus-app-dependencies.txt");
    return Files.exists(ARCHIVE)
        && Files.getLastModifiedTime(ARCHIVE).compareTo(Files.getLastModifiedTime(run)) > 0
        && jars("app").stream().noneMatch(QuickStart::isNewer);
  }

  private static boolean isNewer(Path jar) {
    try {
      return Files.getLastModifiedTime(jar).compareTo(Files.getLastModifiedTime(ARCHIVE)) > 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As Quarkus' own launcher finds them. */
  private static List<String> fromClassPath(String archive) {
    String jars =
        Stream.of("quarkus", "app", "lib/boot", "lib/main")
            .flatMap(part -> jars(part).stream())
            .map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator));
    List<String> program = new ArrayList<>(List.of("-Xlog:cds=off", "-Xlog:cds+dynamic=off"));
    program.addAll(Home.program(archive, jars));
    return program;
  }

  private static List<Path> jars(String part) {
    try (Stream<Path> files = Files.list(BUILD.resolve("quarkus-app").resolve(part))) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException("The program is not packaged", e);
    }
  }
}
