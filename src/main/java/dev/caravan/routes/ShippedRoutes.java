package dev.caravan.routes;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The route files that lie in the jar: each runs unless the user's folder has one of its name, so
 * that an upgrade brings new ones where nobody has edited any.
 *
 * @param texts what stands in each, by the name of the file
 */
public record ShippedRoutes(SortedMap<String, String> texts) {

  static final ShippedRoutes NONE = new ShippedRoutes(new TreeMap<>());

  private static final List<String> NAMES =
      List.of("backfill", "control", "dead-letters", "forward", "receive", "signals");

  private static final Pattern VERSION = Pattern.compile("(?m)^# Shipped with Caravan (\\S+)$");

  public static ShippedRoutes ofThisVersion() {
    SortedMap<String, String> texts = new TreeMap<>();
    for (String name : NAMES) {
      String file = name + RouteFolder.SUFFIX;
      try (InputStream in =
          ShippedRoutes.class.getResourceAsStream("/dev/caravan/routes/" + file)) {
        if (in != null) {
          texts.put(file, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return new ShippedRoutes(texts);
  }

  /** What stands in the shipped file of this name. */
  String text(Path file) {
    return texts.get(file.getFileName().toString());
  }

  /** Of which version a file is, as it says itself; empty if it does not. */
  public static Optional<String> version(String text) {
    Matcher version = VERSION.matcher(text);
    return version.find() ? Optional.of(version.group(1)) : Optional.empty();
  }
}
