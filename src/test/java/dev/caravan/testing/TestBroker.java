package dev.caravan.testing;

import dev.caravan.command.Home;
import dev.caravan.demo.LocalBroker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Starts real brokers with their classes from an archive: each start costs half the processor time.
 * The archive is made once a build, from what a first broker has loaded; whoever starts one
 * meanwhile does so without it.
 */
public final class TestBroker {

  private static final Path BUILD = Path.of("target").toAbsolutePath();
  private static final Path ARCHIVE = BUILD.resolve("broker.jsa");

  private TestBroker() {}

  /** One with the settings of every broker. */
  public static LocalBroker start() {
    return LocalBroker.start(settings());
  }

  /** One that is away until it is restarted. */
  public static LocalBroker away() {
    return LocalBroker.prepare(settings());
  }

  /** What a broker is started with, to be added to. */
  public static synchronized LocalBroker.Settings settings() {
    try {
      if (!isThere()) {
        makeUnlessAnotherDoes();
      }
      return isThere()
          ? with("-XX:SharedArchiveFile=" + ARCHIVE, "-Xlog:cds=off", "-Xlog:cds+dynamic=off")
          : with();
    } catch (IOException e) {
      throw new UncheckedIOException("The archive of the broker's classes could not be made", e);
    }
  }

  private static LocalBroker.Settings with(String... flags) {
    return LocalBroker.Settings.defaults().withJvmFlags(List.of(flags));
  }

  private static boolean isThere() throws IOException {
    Path jars = BUILD.resolve("broker.classpath");
    return Files.exists(ARCHIVE)
        && Files.getLastModifiedTime(ARCHIVE).compareTo(Files.getLastModifiedTime(jars)) > 0;
  }

  private static void makeUnlessAnotherDoes() throws IOException {
    try (FileChannel file =
            FileChannel.open(
                BUILD.resolve("broker.jsa.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock lock = file.tryLock()) {
      if (lock != null && !isThere()) {
        make();
      }
    }
  }

  private static void make() throws IOException {
    Path folder = Files.createTempDirectory(BUILD, "broker-classes-");
    Path loaded = folder.resolve("loaded.txt");
    LocalBroker.start(with("-XX:DumpLoadedClassList=" + loaded)).close();
    Path written = folder.resolve("archive");
    Path log = folder.resolve("log.txt");
    int exit =
        await(
            new ProcessBuilder(
                    Home.java(),
                    "-Xshare:dump",
                    "-XX:+UseSerialGC",
                    "-XX:SharedClassListFile=" + loaded,
                    "-XX:SharedArchiveFile=" + written,
                    "-cp",
                    LocalBroker.jars())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start());
    if (exit != 0) {
      throw new IOException("Java has written no archive: " + Files.readString(log));
    }
    Files.move(written, ARCHIVE, StandardCopyOption.ATOMIC_MOVE);
    for (Path file : List.of(loaded, log, folder)) {
      Files.delete(file);
    }
  }

  private static int await(Process process) {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
