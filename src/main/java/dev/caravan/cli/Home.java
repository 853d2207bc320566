package dev.caravan.cli;

import java.nio.file.Path;

/** For finding what lies beside the program: the build's output and the shipped routes. */
final class Home {

  private Home() {}

  /** The folder of the project; the launcher names it, otherwise it is where we were started. */
  static Path path() {
    return Path.of(System.getProperty("caravan.home", "")).toAbsolutePath();
  }
}
