package dev.caravan.cli;

import io.smallrye.config.SmallRyeConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.spi.Resource;
import org.apache.camel.spi.ResourceAware;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.eclipse.microprofile.config.ConfigProvider;
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

  private final ModelCamelContext context;
  private final RouteFolder folder;
  private final ScheduledExecutorService executor;

  /** What is at work. */
  private SortedMap<Path, String> running;

  private SortedMap<Path, String> seen;

  /** What is at work, or could not be. */
  private SortedMap<Path, String> tried;

  private volatile Optional<String> problem = Optional.empty();

  RouteReload(ModelCamelContext context, RouteFolder folder, SortedMap<Path, String> running) {
    this.context = context;
    this.folder = folder;
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

  private void look() {
    try {
      SortedMap<Path, String> now = folder.texts();
      boolean stable = now.equals(seen);
      seen = now;
      // A file that is just being written is left alone until the next look
      if (stable && !now.equals(tried)) {
        tried = now;
        apply(now);
      }
    } catch (Exception e) {
      reject(e);
    }
  }

  private void apply(SortedMap<Path, String> now) throws Exception {
    List<Path> edited =
        new TreeSet<>(Stream.concat(running.keySet().stream(), now.keySet().stream()).toList())
            .stream().filter(file -> !Objects.equals(running.get(file), now.get(file))).toList();
    if (!edited.isEmpty()) {
      tryOut(now);
    }
    for (Path file : edited) {
      replace(file, Optional.ofNullable(running.get(file)), Optional.ofNullable(now.get(file)));
      SortedMap<Path, String> done = new TreeMap<>(running);
      done.remove(file);
      Optional.ofNullable(now.get(file)).ifPresent(text -> done.put(file, text));
      running = done;
    }
    if (problem.isPresent() && edited.isEmpty()) {
      LOG.info("The route files are again as they run.");
    }
    problem = Optional.empty();
  }

  private static void tryOut(SortedMap<Path, String> texts) throws Exception {
    SmallRyeConfig config = ConfigProvider.getConfig().unwrap(SmallRyeConfig.class);
    CheckedRoutes.of(config, RouteFolder.resources(texts)).close();
  }

  /** What could not be known beforehand puts the old text back. */
  private void replace(Path file, Optional<String> before, Optional<String> after)
      throws Exception {
    long begun = System.nanoTime();
    remove(file);
    try {
      load(file, after);
    } catch (Exception e) {
      remove(file);
      load(file, before);
      throw e;
    }
    if (after.isEmpty()) {
      LOG.warn(
          "The route file {} was taken away: its routes have ended, and nothing does their work.",
          file);
      return;
    }
    LOG.info(
        "The route file {} was edited: {} of its routes run now, after {} ms. The other files' routes ran on.",
        file,
        definitions(file).size(),
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun));
  }

  /** Stops what the file's routes do, in good order, and forgets them. */
  private void remove(Path file) throws Exception {
    for (RouteDefinition route : definitions(file)) {
      context.getRouteController().stopRoute(route.getRouteId());
    }
    context.removeRouteDefinitions(definitions(file));
  }

  private void load(Path file, Optional<String> text) throws Exception {
    if (text.isEmpty()) {
      return;
    }
    Resource resource = ResourceHelper.fromString(RouteFolder.location(file), text.get());
    // An update, since what routes share (routeConfiguration) is still there
    PluginHelper.getRoutesLoader(context).updateRoutes(List.of(resource));
    for (RouteDefinition route : definitions(file)) {
      if (!"false".equals(route.getAutoStartup())) {
        context.getRouteController().startRoute(route.getRouteId());
      }
    }
  }

  private List<RouteDefinition> definitions(Path file) {
    List<RouteDefinition> found = new ArrayList<>(context.getRouteDefinitions());
    found.removeIf(route -> !isOf(file, route));
    return found;
  }

  private static boolean isOf(Path file, ResourceAware definition) {
    return definition.getResource() != null
        && RouteFolder.location(file).equals(definition.getResource().getLocation());
  }

  private void reject(Exception failure) {
    String sentence =
        StartFailure.sentence(failure)
                .replace("The bridge could not start: ", "An edited route file cannot be used: ")
            + folder.where(failure)
            + " The routes run on as they were before this edit; mend the file, and it takes"
            + " effect.";
    if (!problem.equals(Optional.of(sentence))) {
      LOG.error(sentence);
      LOG.debug("The edit was not taken over", failure);
    }
    problem = Optional.of(sentence);
  }
}
