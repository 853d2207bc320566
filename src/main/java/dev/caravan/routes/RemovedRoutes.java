package dev.caravan.routes;

import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Remembers what no route does any more since a route file was edited or taken away, so that health
 * can name the file. Only what others rely on counts: what comes from Genesys Cloud, waits in a
 * spool or is called by other routes.
 */
public final class RemovedRoutes {

  /**
   * What a route does.
   *
   * @param input where it begins, without options, such as {@code spool:events}
   */
  record Work(String input, String route) {

    private String inWords() {
      return input.equals("direct:" + route) ? route : route + " (from " + input + ")";
    }

    private boolean isReliedOn() {
      return input.matches("(genesys|spool|direct):.*");
    }
  }

  /** Without options, such as {@code direct:enrich}. */
  public static String plain(String uri) {
    return uri.replaceFirst("\\?.*", "").replace("://", ":");
  }

  private record Ended(Work work, Path file, boolean fileIsGone, Instant since) {}

  // Read by health, written by whoever reloads
  private volatile Map<String, Ended> byInput = Map.of();

  /**
   * A file was edited or taken away.
   *
   * @param before what its routes did
   * @param running what all routes do now
   */
  void replaced(
      Path file,
      boolean fileIsGone,
      Collection<Work> before,
      Collection<Work> running,
      Instant now) {
    Map<String, Ended> ended = new TreeMap<>(byInput);
    for (Work work : before) {
      if (work.isReliedOn()) {
        ended.put(work.input(), new Ended(work, file, fileIsGone, now));
      }
    }
    running.forEach(work -> ended.remove(work.input()));
    byInput = ended;
  }

  /** What became of the route that began here; empty if one begins here, or none ever did. */
  Optional<String> sentence(String input) {
    return Optional.ofNullable(byInput.get(input)).map(ended -> sentence(List.of(ended)));
  }

  /** What became of the routes of this file; empty if others do their work. */
  Optional<String> sentence(Path file) {
    List<Ended> gone =
        byInput.values().stream().filter(ended -> ended.file().equals(file)).toList();
    return gone.isEmpty() ? Optional.empty() : Optional.of(sentence(gone));
  }

  /** What became of each file whose work nobody does. */
  Optional<String> sentence() {
    return byInput.isEmpty()
        ? Optional.empty()
        : Optional.of(
            byInput.values().stream()
                .collect(Collectors.groupingBy(Ended::file, TreeMap::new, Collectors.toList()))
                .values()
                .stream()
                .map(RemovedRoutes::sentence)
                .collect(Collectors.joining(" ")));
  }

  private static String sentence(List<Ended> ofOneFile) {
    Ended first = ofOneFile.get(0);
    String what =
        ofOneFile.stream().map(ended -> ended.work().inWords()).collect(Collectors.joining(", "));
    Instant since = first.since().truncatedTo(ChronoUnit.SECONDS);
    return first.fileIsGone()
        ? "The route file %s was taken away at %s, and nothing does the work of %s any more. Put the file back, and it goes on."
            .formatted(first.file(), since, what)
        : "Since %s was edited at %s nothing does the work of %s any more. Put that back into the file, and it goes on."
            .formatted(first.file(), since, what);
  }
}
