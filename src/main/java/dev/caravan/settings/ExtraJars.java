package dev.caravan.settings;

import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;
import org.eclipse.microprofile.config.Config;

/**
 * Lets Kafka's clients and the users' routes find classes in jars that somebody put into {@code
 * CARAVAN_JARS_DIR}, such as the login of AWS MSK, or another Camel component. A class that the
 * bridge has itself is taken from the bridge.
 */
public final class ExtraJars {

  /** One for all clients, as long as the same jars lie there: what is loaded stays loaded. */
  private static ClassLoader current = ExtraJars.class.getClassLoader();

  private static List<URI> of = List.of();

  private ExtraJars() {}

  /** What finds the classes in the jars of the folder; the bridge's own if there are none. */
  public static ClassLoader loader(Config config) {
    return loader(
        config
            .getOptionalValue("caravan.jars.dir", String.class)
            .map(folder -> jars(Path.of(folder)))
            .orElse(List.of()));
  }

  private static synchronized ClassLoader loader(List<URI> jars) {
    if (!jars.equals(of)) {
      ClassLoader own = ExtraJars.class.getClassLoader();
      // Never closed: clients load classes of it at any time
      current =
          jars.isEmpty()
              ? own
              : new URLClassLoader(jars.stream().map(ExtraJars::url).toArray(URL[]::new), own);
      of = jars;
    }
    return current;
  }

  private static List<URI> jars(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".jar"))
          .sorted()
          .map(Path::toUri)
          .toList();
    } catch (IOException e) {
      throw new KafkaException("the folder of jars " + folder + " cannot be read", e);
    }
  }

  private static URL url(URI file) {
    try {
      return file.toURL();
    } catch (MalformedURLException e) {
      throw new KafkaException("the file " + file + " has no address", e);
    }
  }
}
