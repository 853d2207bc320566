package dev.caravan.cli;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.FailedToCreateRouteException;
import org.apache.camel.health.HealthCheckRegistry;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.RouteConfigurationDefinition;
import org.apache.camel.quarkus.main.events.AfterStart;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.apache.camel.util.ObjectHelper;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the user's route files and starts their routes together, so that nothing is read from
 * Genesys Cloud before everything behind it is there. What is wrong with a file is said in one line
 * and in health, and the bridge stays up; what cannot start yet (Kafka's name is not known, say) is
 * tried again.
 */
@ApplicationScoped
public class RouteFiles {

  private static final Logger LOG = LoggerFactory.getLogger(RouteFiles.class);
  private static final String SUFFIX = ".camel.yaml";
  private static final int MOST_FILES = 1_000;
  private static final int AGAIN_SECONDS = 10;

  private final Path folder;
  private final Path data;
  private volatile Optional<String> problem = Optional.of("The routes are not loaded yet.");

  RouteFiles(
      @ConfigProperty(name = "caravan.routes.dir") String folder,
      @ConfigProperty(name = "caravan.data.dir") String data) {
    this.folder = Path.of(folder);
    this.data = Path.of(data);
  }

  /** What an operator must do before the routes can run; empty once they do. */
  Optional<String> problem() {
    return problem;
  }

  void load(@Observes AfterStart started) {
    HealthCheckRegistry.get(started.getCamelContext()).register(new RouteFilesHealthCheck(this));
    load(started.getCamelContext());
  }

  private void load(CamelContext context) {
    try {
      DataFolder.problem(data)
          .ifPresent(
              problem -> {
                throw new CommandFailure(problem);
              });
      PluginHelper.getRoutesLoader(context).loadRoutes(files());
      context.getRouteController().startAllRoutes();
      problem = Optional.empty();
      LOG.info("Running {} routes from {}", context.getRoutesSize(), folder);
    } catch (Exception e) {
      failed(context, e);
    }
  }

  private void failed(CamelContext context, Exception failure) {
    String sentence =
        StartFailure.sentence(failure)
            + where(failure)
            + " It is tried again every "
            + AGAIN_SECONDS
            + " s.";
    if (!context.getStatus().isStarted()) {
      // Told to stop meanwhile: that it did not start matters to nobody any more
      return;
    }
    if (!problem.equals(Optional.of(sentence))) {
      LOG.error(sentence);
      LOG.debug("The routes were not started", failure);
    }
    problem = Optional.of(sentence);
    ScheduledExecutorService again =
        context.getExecutorServiceManager().newSingleThreadScheduledExecutor(this, "routes-start");
    again.schedule(
        () -> {
          context.getExecutorServiceManager().shutdown(again);
          if (context.getStatus().isStarted()) {
            clear(context);
            load(context);
          }
        },
        AGAIN_SECONDS,
        TimeUnit.SECONDS);
  }

  /** Camel does not tell in which file the route is that it could not build. */
  private String where(Exception failure) {
    FailedToCreateRouteException route =
        ObjectHelper.getException(FailedToCreateRouteException.class, failure);
    if (route == null || route.getRouteId() == null || route.getLocation() != null) {
      return "";
    }
    Pattern id = Pattern.compile("(?m)^ +id: *" + Pattern.quote(route.getRouteId()) + " *$");
    return paths().stream()
        .filter(file -> id.matcher(read(file)).find())
        .findFirst()
        .map(file -> " It is in " + file + ".")
        .orElse("");
  }

  /** Nothing of a failed attempt may stay: the files may have been mended meanwhile. */
  private static void clear(CamelContext context) {
    try {
      ModelCamelContext model = (ModelCamelContext) context;
      model.removeRouteDefinitions(List.copyOf(model.getRouteDefinitions()));
      for (RouteConfigurationDefinition shared :
          List.copyOf(model.getRouteConfigurationDefinitions())) {
        model.removeRouteConfiguration(shared);
      }
    } catch (Exception e) {
      LOG.warn("Routes of an earlier attempt could not be taken away", e);
    }
  }

  private List<Resource> files() {
    return paths().stream()
        .map(file -> ResourceHelper.fromString("file:" + file, read(file)))
        .toList();
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
              + folder.toAbsolutePath()
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
              + folder.toAbsolutePath()
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
}
