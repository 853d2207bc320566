package dev.caravan.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.FailedToCreateRouteException;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.ResourceHelper;
import org.apache.camel.util.ObjectHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** The folder with the user's route files: reads them, and finds a route's file again. */
record RouteFolder(Path folder) {

  private static final Logger LOG = LoggerFactory.getLogger(RouteFolder.class);

  private static final String SUFFIX = ".camel.yaml";
  private static final int MOST_FILES = 1_000;

  /**
   * All route files, in the order of their names.
   *
   * @throws CommandFailure if there are none, or they cannot be read
   */
  List<Resource> resources() {
    return resources(texts());
  }

  /** What stands in each route file, in the order of their names. */
  SortedMap<Path, String> texts() {
    SortedMap<Path, String> texts = new TreeMap<>();
    paths().forEach(file -> texts.put(file, read(file)));
    return texts;
  }

  /**
   * The files as Camel reads them.
   *
   * @throws CommandFailure if two files have a route of the same id: Camel would let the second
   *     take the place of the first without a word
   */
  static List<Resource> resources(SortedMap<Path, String> texts) {
    Map<String, Path> owners = new HashMap<>();
    texts.forEach((file, text) -> routeIds(text).forEach(id -> claim(owners, id, file)));
    return texts.entrySet().stream()
        .map(file -> ResourceHelper.fromString(location(file.getKey()), file.getValue()))
        .toList();
  }

  private static void claim(Map<String, Path> owners, String id, Path file) {
    Path other = owners.putIfAbsent(id, file);
    if (other != null && !other.equals(file)) {
      throw new CommandFailure(
          "The route id %s stands in %s and in %s. Give one of the two another id, or take one file away."
              .formatted(id, other, file));
    }
  }

  /**
   * Parsed here once more than by Camel, since it cannot be asked: it drops the first of two routes
   * with one id while it loads the second, and shows what it has parsed only when it has loaded it.
   */
  private static List<String> routeIds(String text) {
    List<String> ids = new ArrayList<>();
    try {
      if (new Load(LoadSettings.builder().build()).loadFromString(text) instanceof List<?> parts) {
        for (Object part : parts) {
          if (part instanceof Map<?, ?> entry
              && entry.get("route") instanceof Map<?, ?> route
              && route.get("id") instanceof String id) {
            ids.add(id);
          }
        }
      }
    } catch (YamlEngineException e) {
      LOG.debug("Camel will say where this file is wrong", e);
    }
    return ids;
  }

  /** What Camel calls the file. */
  static String location(Path file) {
    return "file:" + file;
  }

  /**
   * Camel does not tell in which file the route is that it could not build: a sentence that does.
   */
  String where(Exception failure) {
    FailedToCreateRouteException route =
        ObjectHelper.getException(FailedToCreateRouteException.class, failure);
    if (route == null || route.getRouteId() == null || route.getLocation() != null) {
      return "";
    }
    Pattern id = Pattern.compile("(?m)^ +id: *" + Pattern.quote(route.getRouteId()) + " *$");
    try {
      return paths().stream()
          .filter(file -> id.matcher(read(file)).find())
          .findFirst()
          .map(file -> " It is in " + file + ".")
          .orElse("");
    } catch (CommandFailure e) {
      LOG.debug("The files have changed meanwhile", e);
      return "";
    }
  }

  private List<Path> paths() {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> all = Files.list(folder)) {
      all.filter(file -> file.getFileName().toString().endsWith(SUFFIX))
          .sorted()
          .limit(MOST_FILES)
          .forEach(found::add);
    } catch (IOException e) {
      throw new CommandFailure(
          "The folder with the routes cannot be read: "
              + folder.toAbsolutePath().normalize()
              + ". Set CARAVAN_ROUTES_DIR to the folder that holds receive"
              + SUFFIX
              + ", or start in the folder above it.",
          e);
    }
    if (found.isEmpty()) {
      throw new CommandFailure(
          "There is no *"
              + SUFFIX
              + " in "
              + folder.toAbsolutePath().normalize()
              + ". Set CARAVAN_ROUTES_DIR.");
    }
    return found;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new CommandFailure(
          "The route file %s cannot be read (%s). Mend or remove it."
              .formatted(file, e.getClass().getSimpleName().replace("Exception", "")),
          e);
    }
  }

  @Override
  public String toString() {
    return folder.toString();
  }
}
