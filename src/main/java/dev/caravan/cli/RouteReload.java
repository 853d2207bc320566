package dev.caravan.cli;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.model.ModelCamelContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a route file that is edited take the place of what it said before, while the routes of the
 * other files run on. An edit is first built in a Camel of its own; one that cannot be built
 * changes nothing but the health, which says where it is wrong.
 *
 * <p>It looks at the files instead of waiting to be told: folders that are mounted into a container
 * do not tell on every system. Camel's own way of reloading removes the old routes before it knows
 * that the new ones can be built.
 */
final class RouteReload {

  private static final Logger LOG = LoggerFactory.getLogger(RouteReload.class);
  private static final int LOOK_EVERY_MILLIS = 500;

  private static final Duration AGAIN = Duration.ofSeconds(10);

  private final ModelCamelContext context;
  private final LoadedRoutes routes;
  private final RouteFolder folder;
  private final Trial trial;
  private final Clock clock;
  private final ScheduledExecutorService executor;
  private final EndedWork ended = new EndedWork();

  /** What is at work. */
  private SortedMap<Path, String> running;

  private SortedMap<Path, String> seen;

  /** What is at work, or could not be. */
  private SortedMap<Path, String> tried;

  /** Files whose routes have been stopped, and could not be started again. */
  private List<Path> down = List.of();

  /** How often in a row the files could not be read. */
  private int unreadable;

  /** When to try again what could not be started, the routes of before the edit included. */
  private Optional<Instant> again = Optional.empty();

  private volatile Optional<String> problem = Optional.empty();
  private volatile boolean replacing;

  /** For finding out whether routes can be built, before those that run are touched. */
  @FunctionalInterface
  interface Trial {
    void of(SortedMap<Path, String> texts) throws Exception;
  }

  /**
   * @param running the files as they were loaded
   */
  RouteReload(
      ModelCamelContext context,
      RouteFolder folder,
      SortedMap<Path, String> running,
      Trial trial,
      Clock clock) {
    this.context = context;
    this.routes = new LoadedRoutes(context);
    this.folder = folder;
    this.trial = trial;
    this.clock = clock;
    this.running = running;
    this.seen = running;
    this.tried = running;
    this.executor =
        context.getExecutorServiceManager().newSingleThreadScheduledExecutor(this, "routes-reload");
  }

  void start() {
    executor.scheduleWithFixedDelay(
        this::look, LOOK_EVERY_MILLIS, LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
    LOG.info("Route files that are edited in {} take effect within seconds.", folder);
  }

  /** What is under way ends by itself: an interrupt could hit a spool that is being opened. */
  void stop() {
    context.getExecutorServiceManager().shutdown(executor);
  }

  /** Why the files as they are now are not at work; empty if they are. */
  Optional<String> problem() {
    return problem;
  }

  /** Whether routes are being replaced at this moment. */
  boolean isReplacing() {
    return replacing;
  }

  /** What nobody does any more since a file was edited or taken away. */
  EndedWork ended() {
    return ended;
  }

  /** To be called again and again. */
  void look() {
    try {
      SortedMap<Path, String> now = folder.texts();
      unreadable = 0;
      boolean stable = now.equals(seen);
      seen = now;
      // A file that is just being written is left alone until the next look
      if (stable && (!now.equals(tried) || isTimeToTryAgain())) {
        tried = now;
        takeOver(now);
      }
    } catch (RuntimeException e) {
      // A file that is just being replaced by another may be away for a moment
      if (++unreadable > 1) {
        reject(e);
        tried = Collections.emptySortedMap();
      }
    }
  }

  private void takeOver(SortedMap<Path, String> now) {
    try {
      apply(now);
    } catch (Exception e) {
      putBack(e);
      reject(e);
    } finally {
      replacing = false;
    }
  }

  private boolean isTimeToTryAgain() {
    return again.filter(time -> !clock.instant().isBefore(time)).isPresent();
  }

  private void apply(SortedMap<Path, String> now) throws Exception {
    List<Path> edited = edited(now);
    if (!edited.isEmpty()) {
      refuseEmpty(edited, now);
      trial.of(now);
      replace(edited, now);
    } else if (problem.isPresent()) {
      LOG.info("The route files are again as they run.");
    }
    problem = Optional.empty();
    again = Optional.empty();
  }

  private List<Path> edited(SortedMap<Path, String> now) {
    return new TreeSet<>(Stream.concat(running.keySet().stream(), now.keySet().stream()).toList())
        .stream()
            .filter(
                file -> down.contains(file) || !Objects.equals(running.get(file), now.get(file)))
            .toList();
  }

  /** Many programs empty a file before they write it. */
  private static void refuseEmpty(List<Path> edited, SortedMap<Path, String> now) {
    for (Path file : edited) {
      if (now.getOrDefault(file, "-").isBlank()) {
        throw new CommandFailure(
            "The route file %s is empty. Write routes into it, or delete it to end them."
                .formatted(file));
      }
    }
  }

  /**
   * All edited files together, since a route may have moved from one to another. What could not be
   * known beforehand puts all of the old texts back.
   */
  private void replace(List<Path> edited, SortedMap<Path, String> now) throws Exception {
    long begun = System.nanoTime();
    Map<Path, List<EndedWork.Work>> before = new TreeMap<>();
    edited.forEach(file -> before.put(file, routes.work(file)));
    replacing = true;
    down = edited;
    routes.remove(edited);
    routes.load(edited, now);
    down = List.of();
    running = now;
    List<EndedWork.Work> all = routes.work();
    for (Path file : edited) {
      ended.replaced(file, !now.containsKey(file), before.get(file), all, clock.instant());
    }
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
    edited.forEach(file -> tell(file, now.containsKey(file), millis));
    edited.stream().map(ended::sentence).flatMap(Optional::stream).forEach(LOG::error);
  }

  private void tell(Path file, boolean isThere, long millis) {
    if (isThere) {
      LOG.info(
          "The route file {} was edited: {} of its routes run now, after {} ms. The other files' routes ran on.",
          file,
          routes.work(file).size(),
          millis);
    } else {
      LOG.warn("The route file {} was taken away: its routes have ended.", file);
    }
  }

  /** If even that fails, it is not the edit's fault alone: both are tried again. */
  private void putBack(Exception why) {
    again = Optional.empty();
    if (down.isEmpty()) {
      return;
    }
    try {
      routes.remove(down);
      routes.load(down, running);
      down = List.of();
    } catch (Exception e) {
      again = Optional.of(clock.instant().plus(AGAIN));
      why.addSuppressed(e);
    }
  }

  /** What Camel says of half a file, for one, does not tell which file it is. */
  private String where(Exception failure) {
    String route = folder.where(failure);
    String said = StartFailure.sentence(failure) + route;
    List<Path> edited = tried.isEmpty() ? List.of() : edited(tried);
    return edited.isEmpty() || edited.stream().anyMatch(file -> said.contains(file.toString()))
        ? route
        : route
            + " Edited: "
            + edited.stream().map(Path::toString).collect(Collectors.joining(", "))
            + ".";
  }

  private void reject(Exception failure) {
    String sentence =
        StartFailure.sentence(failure)
                .replace("The bridge could not start: ", "An edited route file cannot be used: ")
            + where(failure)
            + (again.isEmpty()
                ? " The routes run on as they were before this edit; mend the file, and it takes"
                    + " effect."
                : " Nor can the routes of before this edit be started. Both are tried again every "
                    + AGAIN.toSeconds()
                    + " s.");
    if (!problem.equals(Optional.of(sentence))) {
      LOG.error(sentence);
      LOG.debug("The edit was not taken over", failure);
    }
    problem = Optional.of(sentence);
  }
}
