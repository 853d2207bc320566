package dev.caravan.cli;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.camel.model.AggregateDefinition;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.ResequenceDefinition;
import org.apache.camel.model.RouteConfigurationDefinition;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.SendDefinition;
import org.apache.camel.model.ThreadsDefinition;
import org.apache.camel.model.ToDynamicDefinition;
import org.apache.camel.model.WireTapDefinition;

/**
 * Finds the steps of the user's routes with which a spool lets go of an event before Kafka has it:
 * a route that takes from a spool has ended well as soon as such a step has handed the event on.
 * Also finds what a route is said to share and nobody gives, which Camel passes over.
 */
final class EarlyRelease {

  private static final String HANDS_ON = "(?:seda|vm|disruptor|disruptor-vm|stub):";

  private final Map<String, RouteDefinition> byInput = new HashMap<>();
  private final Map<String, RouteConfigurationDefinition> shared = new HashMap<>();
  private final SortedSet<String> found = new TreeSet<>();
  private final Set<RouteDefinition> visited = new HashSet<>();

  private EarlyRelease(ModelCamelContext context) {
    context
        .getRouteDefinitions()
        .forEach(
            route -> byInput.put(EndedWork.plain(String.valueOf(route.getEndpointUrl())), route));
    context
        .getRouteConfigurationDefinitions()
        .forEach(configuration -> shared.put(configuration.getId(), configuration));
  }

  /** A sentence for each such step, with file and line; the routes must have been built. */
  static List<String> warnings(ModelCamelContext context) {
    EarlyRelease review = new EarlyRelease(context);
    for (RouteDefinition route : context.getRouteDefinitions()) {
      if (EndedWork.plain(String.valueOf(route.getEndpointUrl())).startsWith("spool:")) {
        review.look(route);
      }
      review.lookForShared(route);
    }
    return List.copyOf(review.found);
  }

  /** This route, and those that it calls. */
  private void look(RouteDefinition route) {
    if (!visited.add(route)) {
      return;
    }
    List<ProcessorDefinition<?>> steps = new ArrayList<>(route.getOutputs());
    Optional.ofNullable(shared.get(route.getRouteConfigurationId()))
        .ifPresent(configuration -> steps.addAll(configuration.getOnExceptions()));
    for (ProcessorDefinition<?> step : all(steps)) {
      String uri = uri(step);
      reason(step, uri)
          .ifPresent(
              reason ->
                  found.add(
                      "%s: %s in route %s. Only what has ended well when the route ends is safe; send to several endpoints one after the other, or with multicast."
                          .formatted(place(step), reason, route.getRouteId())));
      Optional.ofNullable(byInput.get(EndedWork.plain(uri)))
          .filter(called -> uri.startsWith("direct:"))
          .ifPresent(this::look);
    }
  }

  private static Collection<ProcessorDefinition<?>> all(List<ProcessorDefinition<?>> steps) {
    Collection<ProcessorDefinition<?>> all = new ArrayList<>();
    for (ProcessorDefinition<?> step :
        ProcessorDefinitionHelper.filterTypeInOutputs(steps, ProcessorDefinition.class)) {
      all.add(step);
    }
    return all;
  }

  private static Optional<String> reason(ProcessorDefinition<?> step, String uri) {
    if (step instanceof WireTapDefinition) {
      return Optional.of("the spool does not wait for what wireTap sends to");
    }
    if (step instanceof AggregateDefinition || step instanceof ResequenceDefinition) {
      return Optional.of(
          "the spool lets go of an event that " + step.getShortName() + " holds in memory");
    }
    if (step instanceof ThreadsDefinition) {
      return Optional.of("threads takes events out of their order");
    }
    if (uri.matches("(?s)" + HANDS_ON + ".*") && !uri.contains("waitForTaskToComplete=Always")) {
      return Optional.of(
          "the spool lets go of an event that is handed on to " + uri.replaceFirst("\\?.*", ""));
    }
    if (uri.startsWith("spool:") && !uri.contains("waitForCommit=true")) {
      return Optional.of(
          "the spool lets go of an event before "
              + uri.replaceFirst("\\?.*", "")
              + " has it on disk (set waitForCommit: true)");
    }
    return Optional.empty();
  }

  private void lookForShared(RouteDefinition route) {
    String id = route.getRouteConfigurationId();
    if (id != null && !id.contains("*") && !id.contains(",") && !shared.containsKey(id)) {
      found.add(
          "%s: no file has the routeConfiguration %s of route %s, so its failures are handled as Camel does by default."
              .formatted(place(route), id, route.getRouteId()));
    }
  }

  private static String uri(ProcessorDefinition<?> step) {
    String uri =
        step instanceof ToDynamicDefinition dynamic
            ? dynamic.getUri()
            : step instanceof SendDefinition<?> send ? send.getEndpointUri() : "";
    return uri == null ? "" : uri.replace("://", ":");
  }

  static String place(ProcessorDefinition<?> step) {
    String file = step.getLocation() == null ? "a route file" : step.getLocation();
    String line = step.getLineNumber() > 0 ? ", line " + step.getLineNumber() : "";
    return file.replaceFirst("^file:(//)?", "") + line;
  }
}
