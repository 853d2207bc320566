package dev.caravan.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.spi.Resource;
import org.apache.camel.spi.ResourceAware;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;

/** For ending and starting the routes of single files in a Camel that runs. */
record LoadedRoutes(ModelCamelContext context) {

  /** Stops what the files' routes do, in good order, and forgets them. */
  void remove(List<Path> files) throws Exception {
    for (Path file : files) {
      for (RouteDefinition route : definitions(file)) {
        context.getRouteController().stopRoute(route.getRouteId());
      }
      context.removeRouteDefinitions(definitions(file));
    }
  }

  /** Builds and starts the routes of those of the files that have a text. */
  void load(List<Path> files, SortedMap<Path, String> texts) throws Exception {
    List<Resource> resources =
        files.stream()
            .filter(texts::containsKey)
            .map(file -> ResourceHelper.fromString(RouteFolder.location(file), texts.get(file)))
            .toList();
    // An update, since what routes share (routeConfiguration) is still there
    PluginHelper.getRoutesLoader(context).updateRoutes(resources);
    for (Path file : files) {
      for (RouteDefinition route : definitions(file)) {
        if (!"false".equals(route.getAutoStartup())) {
          context.getRouteController().startRoute(route.getRouteId());
        }
      }
    }
  }

  /** What the routes of a file do. */
  List<EndedWork.Work> work(Path file) {
    return definitions(file).stream().map(EndedWork.Work::of).toList();
  }

  /** What all routes do. */
  List<EndedWork.Work> work() {
    return context.getRouteDefinitions().stream().map(EndedWork.Work::of).toList();
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
}
