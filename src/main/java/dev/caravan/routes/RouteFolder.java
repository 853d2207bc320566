package dev.caravan.routes;

import dev.caravan.FileStamp;
import dev.caravan.command.CommandFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.FailedToCreateRouteException;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.ResourceHelper;
import org.apache.camel.util.ObjectHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder with the user's route files: reads them, and finds a route's file again. Where it has
 * no file of a name, the shipped file of that name counts as if it lay there, unless another file
 * has one of its routes.
 */
public record RouteFolder(Path folder, ShippedRoutes shipped) {

  private static final Logger LOG = LoggerFactory.getLogger(RouteFolder.class);

  static final String SUFFIX = ".camel.yaml";
  private static final int MOST_FILES = 1_000;

  /** Where the route begins that reads from Genesys Cloud. */
  public static final String READING = "genesys:notifications";

  /** Where a target is chosen or put together, so that its name need not be written anywhere. */
  private static final Pattern CHOSEN =
      Pattern.compile(
          "(?:toD|recipientList|routingSlip|dynamicRouter|enrich):"
              + "|(?:direct|spool):(?://)?(?:\\$\\{|\\{\\{)"
              + "|uri: *[\"']?(?:direct|spool)[\"']?\\s*(?:[,}\\n]|$)");

  /** What editors, file managers and systems leave beside a file. */
  private static final Pattern LEFT_OVER =
      Pattern.compile(
          "[.#~].*|.*(?:~(?:\\.camel\\.yaml)?|#|\\.bak|\\.old|\\.orig|\\.rej|\\.sw[opx]|\\.tmp)");

  private static final Pattern LOOKS_MEANT =
      Pattern.compile("(?i).*\\.ya?ml|.*\\.camel\\.(?:xml|ya?ml.*)");

  public RouteFolder(Path folder) {
    this(folder, ShippedRoutes.ofThisVersion());
  }

  /**
   * What was found, in the order of the names.
   *
   * @param texts what stands in each route file
   * @param unreadable the route files that could not be read or are held up, with a sentence each
   * @param notRead what looks like a route file and is none
   * @param shipped which of these are not there and lie in the jar; one is held up while some other
   *     file that cannot be read may hold its routes
   */
  public record Contents(
      SortedMap<Path, String> texts,
      SortedMap<Path, String> unreadable,
      SortedSet<Path> notRead,
      SortedSet<Path> shipped) {

    /** A sentence about what is not read. */
    public static String notRead(Path file) {
      return Files.isDirectory(file)
          ? "%s is a folder, not a route file, and is not read.".formatted(file)
          : "%s is not read: a route file is called *%s.".formatted(file, SUFFIX);
    }
  }

  /**
   * All route files.
   *
   * @throws CommandFailure if there are none, or the folder cannot be read
   */
  public Contents contents() {
    SortedMap<Path, String> texts = new TreeMap<>();
    SortedMap<Path, String> unreadable = new TreeMap<>();
    SortedSet<Path> notRead = new TreeSet<>();
    for (Path file : paths()) {
      if (!isRoutes(file)) {
        notRead.add(file);
        continue;
      }
      try {
        texts.put(file, Files.readString(file));
      } catch (IOException e) {
        unreadable.put(
            file,
            "The route file %s cannot be read (%s). Mend or remove it."
                .formatted(file, e.getClass().getSimpleName().replace("Exception", "")));
      }
    }
    if (texts.isEmpty() && unreadable.isEmpty()) {
      throw new CommandFailure(
          "There is no *"
              + SUFFIX
              + " in "
              + folder.toAbsolutePath().normalize()
              + ". Set CARAVAN_ROUTES_DIR.");
    }
    return new Contents(texts, unreadable, notRead, fillIn(texts, unreadable, notRead));
  }

  /**
   * By what the files show that one was written, came or went, without any being read.
   *
   * @throws CommandFailure if the folder cannot be read
   */
  Map<Path, FileStamp> stamps() {
    return paths().stream().collect(Collectors.toMap(file -> file, FileStamp::of));
  }

  /** A shipped file is not read as long as one of the user's may hold its routes. */
  private SortedSet<Path> fillIn(
      SortedMap<Path, String> texts, SortedMap<Path, String> unreadable, SortedSet<Path> notRead) {
    SortedMap<Path, Optional<String>> unknown = new TreeMap<>();
    Stream.concat(
            unreadable.keySet().stream(),
            notRead.stream().filter(file -> file.toString().endsWith(SUFFIX)))
        // One of a shipped file's name stands for that one
        .forEach(file -> unknown.put(file, Optional.ofNullable(shipped.text(file))));
    List<RouteText> known = new ArrayList<>();
    texts.forEach(
        (file, text) ->
            RouteText.of(text)
                .ifPresentOrElse(known::add, () -> unknown.put(file, Optional.of(text))));
    SortedSet<Path> missing = new TreeSet<>();
    SortedSet<Path> heldUp = new TreeSet<>();
    SortedSet<Path> holding = new TreeSet<>();
    for (Map.Entry<String, String> entry : shipped.texts().entrySet()) {
      Path file = folder.resolve(entry.getKey());
      RouteText routes = RouteText.of(entry.getValue()).orElseThrow();
      if (texts.containsKey(file)
          || unreadable.containsKey(file)
          || notRead.contains(file)
          || known.stream().anyMatch(own -> own.excludes(routes))) {
        continue;
      }
      missing.add(file);
      List<Path> others =
          unknown.keySet().stream()
              .filter(other -> unknown.get(other).map(routes::isSpokenOfIn).orElse(true))
              .toList();
      holding.addAll(others);
      if (others.isEmpty()) {
        texts.put(file, entry.getValue());
      } else {
        heldUp.add(file);
      }
    }
    heldUp.forEach(
        file ->
            unreadable.put(
                file,
                "The shipped %s do not run: %s cannot be read, and may hold their routes."
                    .formatted(names(heldUp), names(holding))));
    return missing;
  }

  /**
   * Those files that an event may come to: all but the shipped ones, unedited, of which none of the
   * others names a route. Building these would be most of what it takes to try an event.
   */
  public SortedMap<Path, String> forEvents(SortedMap<Path, String> texts) {
    SortedMap<Path, String> left = new TreeMap<>(texts);
    left.values().removeIf(text -> !shipped.texts().containsValue(text));
    left.values().removeIf(text -> inputs(text).contains(READING));
    SortedMap<Path, String> found = new TreeMap<>(texts);
    found.keySet().removeAll(left.keySet());
    for (boolean more = true; more; ) {
      String all = String.join("\n", found.values());
      if (CHOSEN.matcher(all).find()) {
        return texts;
      }
      List<Path> named =
          left.keySet().stream()
              .filter(file -> inputs(texts.get(file)).stream().anyMatch(all::contains))
              .toList();
      more = !named.isEmpty();
      named.forEach(file -> found.put(file, left.remove(file)));
    }
    return found;
  }

  /** As far as they are written there. */
  private static List<String> inputs(String text) {
    return RouteText.of(text).stream()
        .flatMap(routes -> routes.inputs().stream())
        .map(input -> input.replaceFirst("\\{\\{.*", ""))
        .toList();
  }

  /** Files by their names alone. */
  public static String names(Collection<Path> files) {
    return files.stream()
        .map(file -> file.getFileName().toString())
        .collect(Collectors.joining(", "));
  }

  private static boolean isRoutes(Path file) {
    return file.getFileName().toString().endsWith(SUFFIX)
        && (Files.isRegularFile(file) || leadsNowhere(file));
  }

  private static boolean leadsNowhere(Path file) {
    return Files.isSymbolicLink(file) && !Files.exists(file);
  }

  private static boolean isMeant(Path file) {
    String name = file.getFileName().toString();
    return !LEFT_OVER.matcher(name).matches()
        && LOOKS_MEANT.matcher(name).matches()
        && (Files.isRegularFile(file)
            || name.endsWith(SUFFIX) && (Files.isDirectory(file) || leadsNowhere(file)));
  }

  /**
   * The files as Camel reads them.
   *
   * @throws CommandFailure if two routes, or two configurations of routes, have the same id: Camel
   *     would let the second take the place of the first without a word
   */
  public static List<Resource> resources(SortedMap<Path, String> texts) {
    Map<String, Path> owners = new HashMap<>();
    texts.forEach(
        (file, text) ->
            RouteText.of(text)
                .ifPresent(
                    routes -> {
                      routes.ids().forEach(id -> claim(owners, "route id " + id, file));
                      routes
                          .configurations()
                          .forEach(id -> claim(owners, "route configuration id " + id, file));
                    }));
    return texts.entrySet().stream()
        .map(file -> ResourceHelper.fromString(location(file.getKey()), file.getValue()))
        .toList();
  }

  private static void claim(Map<String, Path> owners, String id, Path file) {
    Path other = owners.putIfAbsent(id, file);
    if (file.equals(other)) {
      throw new CommandFailure(
          "The %s stands in %s twice. Give one of the two another id.".formatted(id, file));
    }
    if (other != null) {
      throw new CommandFailure(
          "The %s stands in %s and in %s. Give one of the two another id, or take one file away."
              .formatted(id, other, file));
    }
  }

  /** What Camel calls the file. */
  static String location(Path file) {
    return "file:" + file;
  }

  /**
   * Camel does not tell in which file the route is that it could not build: a sentence that does.
   */
  public String where(Throwable failure) {
    FailedToCreateRouteException route =
        ObjectHelper.getException(FailedToCreateRouteException.class, failure);
    if (route == null || route.getRouteId() == null || route.getLocation() != null) {
      return "";
    }
    Pattern id =
        Pattern.compile("(?m)^ +(?:id|routeId): *" + Pattern.quote(route.getRouteId()) + " *$");
    try {
      return contents().texts().entrySet().stream()
          .filter(file -> id.matcher(file.getValue()).find())
          .findFirst()
          .map(file -> " It is in " + file.getKey() + ".")
          .orElse("");
    } catch (CommandFailure e) {
      LOG.debug("The files have changed meanwhile", e);
      return "";
    }
  }

  /** File and line of a step. */
  public static String place(ProcessorDefinition<?> step) {
    String file = step.getLocation() == null ? "a route file" : step.getLocation();
    String line = step.getLineNumber() > 0 ? ", line " + step.getLineNumber() : "";
    return file.replaceFirst("^file:(//)?", "") + line;
  }

  private List<Path> paths() {
    try (Stream<Path> all = Files.list(folder)) {
      List<Path> found = all.filter(RouteFolder::isMeant).sorted().limit(MOST_FILES + 1L).toList();
      if (found.size() > MOST_FILES) {
        throw new CommandFailure(
            "There are more than %d route files in %s. Set CARAVAN_ROUTES_DIR to a folder of routes alone."
                .formatted(MOST_FILES, folder));
      }
      return found;
    } catch (IOException | UncheckedIOException e) {
      throw new CommandFailure(
          "The folder with the routes cannot be read: "
              + folder.toAbsolutePath().normalize()
              + ". Set CARAVAN_ROUTES_DIR to the folder that holds receive"
              + SUFFIX
              + ", or start in the folder above it.",
          e);
    }
  }

  @Override
  public String toString() {
    return folder.toString();
  }
}
