package dev.caravan.road;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.testing.Bridge;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Does what a page of the cookbook tells its readers to do. */
final class Recipe {

  static final Path COOKBOOK = Path.of("docs/cookbook");

  private Recipe() {}

  /** Puts a file of the cookbook beside the shipped routes, under its own name. */
  static void add(String file, Path routes) throws IOException {
    Files.copy(COOKBOOK.resolve(file), routes.resolve(file));
  }

  /** Fetches the jars that a recipe needs, by the command that its page gives. */
  static Path jars(String recipe, Path folder) throws IOException {
    Path jars = folder.resolve("jars").toAbsolutePath();
    Path pom = COOKBOOK.resolve("jars").resolve(recipe + ".xml");
    String command = "mvn -f " + pom + " dependency:copy-dependencies";
    assertThat(COOKBOOK.resolve(recipe + ".md")).content().contains(command);
    Path log = Files.createTempFile(folder, "mvn-", ".log");
    List<String> words = new java.util.ArrayList<>(List.of(command.split(" ")));
    words.addAll(List.of("-B", "-q", "-DoutputDirectory=" + jars));
    Process maven =
        new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      assertThat(maven.waitFor(5, TimeUnit.MINUTES)).as("Maven has ended").isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } finally {
      maven.destroy();
    }
    assertThat(maven.exitValue()).as(Files.readString(log)).isZero();
    return jars;
  }

  /** How many records wait in a spool of a bridge. */
  static double waiting(Bridge bridge, String spool) {
    String name = "caravan_spool_records";
    return bridge
        .metrics()
        .lines()
        .filter(line -> line.startsWith(name) && line.contains("\"" + spool + "\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  /** A file of the class path's tests, as text. */
  static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
