package dev.caravan.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The pages in Markdown that people read: what tests of the documentation look through. */
public final class Pages {

  private static final List<String> FOLDERS =
      List.of("docs", "routes", "secrets", "kamelets", "deploy", ".github");

  private Pages() {}

  public static List<Path> all() {
    return Stream.concat(
            below(Path.of(""), 1),
            FOLDERS.stream()
                .map(Path::of)
                .filter(Files::isDirectory)
                .flatMap(folder -> below(folder, Integer.MAX_VALUE)))
        .toList();
  }

  public static String text(Path page) {
    try {
      return Files.readString(page);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<Path> below(Path folder, int depth) {
    try (Stream<Path> files = Files.walk(folder, depth)) {
      return files.filter(file -> file.toString().endsWith(".md")).sorted().toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
