package dev.caravan.routes;

import dev.caravan.genesys.ClientRoutes;
import dev.caravan.genesys.GenesysComponent;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.camel.Route;
import org.apache.camel.RouteConfigurationsBuilder;
import org.apache.camel.RoutesBuilder;
import org.apache.camel.ServiceStatus;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.spi.Resource;
import org.apache.camel.spi.ResourceAware;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.apache.camel.util.function.ThrowingConsumer;

/** For ending and starting the routes of single files in a Camel that runs. */
final class LoadedRoutes {

  private final ModelCamelContext context;

  LoadedRoutes(ModelCamelContext context) {
    this.context = context;
  }

  /** Of a route that is just being removed Camel knows no status. */
  private boolean runs(String route) {
    ServiceStatus status = context.getRouteController().getRouteStatus(route);
    return status != null && status.isStarted();
  }

  /** The ids of those that were to run and do not, as somebody stopped them. */
  List<String> stopped() {
    return context.getRouteDefinitions().stream()
        .filter(LoadedRoutes::startsByItself)
        .map(RouteDefinition::getRouteId)
        .filter(route -> !runs(route))
        .toList();
  }

  int count() {
    return context.getRoutesSize();
  }

  /** Stops what the files' routes do, in good order, and forgets them. */
  void remove(Collection<Path> files) throws Exception {
    List<String> ids =
        files.stream()
            .flatMap(file -> definitions(file).stream())
            .map(RouteDefinition::getRouteId)
            .toList();
    Optional<GenesysComponent> genesys =
        Optional.ofNullable(context.hasComponent("genesys"))
            .filter(GenesysComponent.class::isInstance)
            .map(GenesysComponent.class::cast);
    // While all of them still run
    genesys.ifPresent(its -> ids.forEach(its::handOver));
    try {
      for (Path file : files) {
        remove(file);
      }
    } finally {
      // What was handed over and not stopped, as another could not be
      genesys.ifPresent(its -> ids.stream().filter(this::runs).forEach(its::runsOn));
    }
  }

  private void remove(Path file) throws Exception {
    for (RouteDefinition route : definitions(file)) {
      context.getRouteController().stopRoute(route.getRouteId());
    }
    context.removeRouteDefinitions(definitions(file));
    // Camel would go on using them, whatever the file says by then
    context.removeRouteTemplateDefinitions(
        context.getRouteTemplateDefinitions().stream()
            .filter(template -> isOf(file, template))
            .toList());
    context.getRouteConfigurationDefinitions().removeIf(shared -> isOf(file, shared));
  }

  /** Builds and starts the routes of those of the files that have a text: all of them or none. */
  void load(Collection<Path> files, SortedMap<Path, String> texts) throws Exception {
    List<Resource> resources =
        files.stream().filter(texts::containsKey).map(file -> resource(file, texts)).toList();
    Collection<RoutesBuilder> parsed =
        PluginHelper.getRoutesLoader(context).findRoutesBuilders(resources);
    share(parsed);
    build(parsed);
    for (Path file : files) {
      start(file);
    }
  }

  /** What routes share first, since those of any file may use it. */
  private void share(Collection<RoutesBuilder> parsed) throws Exception {
    for (RoutesBuilder builder : parsed) {
      if (builder instanceof RouteConfigurationsBuilder shared) {
        shared.updateRouteConfigurationsToCamelContext(context);
        // Camel does not tell where they stand
        if (builder instanceof ResourceAware file) {
          context.getRouteConfigurationDefinitions().stream()
              .filter(added -> added.getResource() == null)
              .forEach(added -> added.setResource(file.getResource()));
        }
      }
    }
  }

  private void build(Collection<RoutesBuilder> parsed) throws Exception {
    for (RoutesBuilder builder : parsed) {
      builder.updateRoutesToCamelContext(context);
      try {
        builder.addTemplatedRoutesToCamelContext(context);
        ClientRoutes.add(context);
      } finally {
        // Camel tells of a route that was made from a template not where it stands
        if (builder instanceof ResourceAware file) {
          context.getRouteDefinitions().stream()
              .filter(route -> Boolean.TRUE.equals(route.isTemplate()))
              .filter(route -> route.getResource() == null)
              .forEach(route -> route.setResource(file.getResource()));
        }
      }
    }
  }

  /**
   * Builds and starts the routes of each file by itself: what is wrong with one keeps no other from
   * running. An error counts, too, that one file can cause: what it names cannot be linked, or it
   * is nested too deep.
   *
   * @return why the routes of a file do not run
   */
  Map<Path, Throwable> loadEach(Collection<Path> files, SortedMap<Path, String> texts) {
    Map<Path, Throwable> broken = new TreeMap<>();
    Map<Path, Collection<RoutesBuilder>> parsed = new TreeMap<>();
    List<ThrowingConsumer<Path, Exception>> steps =
        List.of(
            file -> {
              parsed.put(
                  file,
                  PluginHelper.getRoutesLoader(context)
                      .findRoutesBuilders(List.of(resource(file, texts))));
              share(parsed.get(file));
            },
            file -> build(parsed.get(file)),
            this::start);
    for (ThrowingConsumer<Path, Exception> step : steps) {
      for (Path file : files) {
        if (!broken.containsKey(file)) {
          try {
            step.accept(file);
          } catch (Exception | Error e) {
            broken.put(file, e);
            forget(file, e);
          }
        }
      }
    }
    return broken;
  }

  /** Removes what is left of a file that could not be started. */
  void forget(Path file, Throwable why) {
    try {
      remove(List.of(file));
    } catch (Exception | Error e) {
      why.addSuppressed(e);
    }
  }

  /** What the routes of a file do. */
  List<RemovedRoutes.Work> work(Path file) {
    return definitions(file).stream().map(this::work).toList();
  }

  /** What all routes do. */
  List<RemovedRoutes.Work> work() {
    return context.getRouteDefinitions().stream().map(this::work).toList();
  }

  /** As it was built, since a template has parameters in its input. */
  private RemovedRoutes.Work work(RouteDefinition definition) {
    Route built = context.getRoute(definition.getRouteId());
    String input =
        built == null
            ? String.valueOf(definition.getEndpointUrl())
            : built.getEndpoint().getEndpointUri();
    return new RemovedRoutes.Work(RemovedRoutes.plain(input), definition.getRouteId());
  }

  private void start(Path file) throws Exception {
    for (RouteDefinition route : definitions(file)) {
      if (startsByItself(route)) {
        context.getRouteController().startRoute(route.getRouteId());
      }
    }
  }

  private static boolean startsByItself(RouteDefinition route) {
    return !"false".equals(route.getAutoStartup());
  }

  private List<RouteDefinition> definitions(Path file) {
    return context.getRouteDefinitions().stream().filter(route -> isOf(file, route)).toList();
  }

  private static Resource resource(Path file, SortedMap<Path, String> texts) {
    return ResourceHelper.fromString(RouteFolder.location(file), texts.get(file));
  }

  private static boolean isOf(Path file, ResourceAware definition) {
    return definition.getResource() != null
        && RouteFolder.location(file).equals(definition.getResource().getLocation());
  }
}
