package dev.caravan.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Copies of the shipped routes, which may be edited. */
public final class Routes {

  private Routes() {}

  /** Copies them to a folder in this one. */
  public static Path copyTo(Path folder) {
    Path copy = folder.resolve("routes");
    try (Stream<Path> shipped = Files.list(Path.of("routes"))) {
      Files.createDirectories(copy);
      for (Path file : shipped.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same, with no more topics on a channel than these. */
  public static Path copyTo(Path folder, int topicsPerChannel) {
    Path routes = copyTo(folder);
    Path receive = routes.resolve("receive.camel.yaml");
    try {
      Files.writeString(
          receive,
          Files.readString(receive)
              .replace(
                  "        deadLetters:",
                  "        topicsPerChannel: " + topicsPerChannel + "\n        deadLetters:"));
      return routes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
