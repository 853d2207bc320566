package dev.caravan.genesys;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.camel.builder.TemplatedRouteBuilder;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.RouteDefinition;

/**
 * Gives each OAuth client but the first its own routes that make calls: whatever the route files
 * make of the template {@value #TEMPLATE}, once more for each, so that budgets and circuit breakers
 * are a client's own.
 */
public final class ClientRoutes {

  private static final String TEMPLATE = "genesys-call";
  private static final String NAME = "callName";
  private static final List<String> PARAMETERS = List.of("callUri", "callBudget", "callBefore");

  private ClientRoutes() {}

  public static void add(ModelCamelContext context) {
    if (!(context.hasComponent("genesys") instanceof GenesysComponent component)
        || !component.clients().areSeveral()) {
      return;
    }
    Map<String, RouteDefinition> calls = new HashMap<>();
    for (RouteDefinition route : context.getRouteDefinitions()) {
      Map<String, Object> parameters = route.getTemplateParameters();
      if (parameters != null && parameters.get(NAME) instanceof String name) {
        calls.put(name, route);
      }
    }
    List<String> suffixes =
        component.clients().all().stream().map(component.clients()::suffix).toList();
    Set<String> copies =
        calls.keySet().stream()
            .flatMap(
                name ->
                    suffixes.stream().map(suffix -> name + suffix).filter(it -> !it.equals(name)))
            .collect(Collectors.toSet());
    calls.forEach(
        (name, route) -> {
          if (!copies.contains(name)) {
            suffixes.stream()
                .filter(suffix -> !calls.containsKey(name + suffix))
                .forEach(suffix -> add(context, route, name + suffix, suffix));
          }
        });
  }

  private static void add(
      ModelCamelContext context, RouteDefinition route, String name, String suffix) {
    TemplatedRouteBuilder copy =
        TemplatedRouteBuilder.builder(context, TEMPLATE)
            .routeId(route.getRouteId() + suffix)
            .parameter(NAME, name);
    Map<String, Object> parameters = new HashMap<>(route.getTemplateParameters());
    parameters.keySet().retainAll(PARAMETERS);
    parameters.forEach(copy::parameter);
    copy.add();
  }
}
