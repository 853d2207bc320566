package dev.caravan.settings;

import java.io.IOException;
import java.net.MalformedURLException;
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

  private static List<Path> of = List.of();

  private ExtraJars() {}

  /** What finds the classes in the jars of the folder; the bridge's own if there are none. */
  public static synchronized ClassLoader loader(Config config) {
    List<Path> jars =
        config
            .getOptionalValue("caravan.jars.dir", String.class)
            .map(Path::of)
            .filter(Files::isDirectory)
            .map(ExtraJars::jars)
            .orElse(List.of());
    if (!jars.equals(of)) {
      ClassLoader own = ExtraJars.class.getClassLoader();
      // Never closed: clients load classes of it at any time
      current = jars.isEmpty() ? own : new URLClassLoader(urls(jars), own);
      of = jars;
    }
    return current;
  }

  private static List<Path> jars(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    } catch (IOException e) {
      throw new KafkaException("the folder of jars " + folder + " cannot be read", e);
    }
  }

  private static URL[] urls(List<Path> jars) {
    URL[] urls = new URL[jars.size()];
    try {
      for (int i = 0; i < urls.length; i++) {
        urls[i] = jars.get(i).toUri().toURL();
      }
    } catch (MalformedURLException e) {
      throw new KafkaException("one of " + jars + " has no address", e);
    }
    return urls;
  }
}
