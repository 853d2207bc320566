package dev.caravan.settings;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.Config;

/**
 * Lets Kafka's clients find classes in jars that somebody put into {@code CARAVAN_JARS_DIR}, such
 * as the login of AWS MSK. Nothing else sees them.
 */
public final class ExtraJars {

  private ExtraJars() {}

  /** Makes a client; it and its threads find what is in the jars of the folder. */
  public static <T> T with(Config config, Supplier<T> client) {
    List<URL> jars =
        config
            .getOptionalValue("caravan.jars.dir", String.class)
            .map(folder -> jars(Path.of(folder)))
            .orElse(List.of());
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    ClassLoader own = ExtraJars.class.getClassLoader();
    // Open for as long as the client lives, which loads classes of it at any time
    thread.setContextClassLoader(
        jars.isEmpty() ? own : new URLClassLoader(jars.toArray(URL[]::new), own));
    try {
      return client.get();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static List<URL> jars(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".jar"))
          .sorted()
          .map(ExtraJars::url)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("The folder " + folder + " cannot be read", e);
    }
  }

  private static URL url(Path file) {
    try {
      return file.toUri().toURL();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
