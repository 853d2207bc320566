package dev.caravan.genesys;

import dev.caravan.genesys.connect.Clients;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    Clients clients = component.clients();
    Map<String, RouteDefinition> calls = new LinkedHashMap<>();
    for (RouteDefinition route : context.getRouteDefinitions()) {
      Map<String, Object> parameters = route.getTemplateParameters();
      if (parameters != null && parameters.get(NAME) instanceof String name) {
        calls.put(name, route);
      }
    }
    Map.copyOf(calls)
        .forEach(
            (name, route) -> {
              boolean copy =
                  clients.all().stream()
                      .map(clients::suffix)
                      .filter(suffix -> !suffix.isEmpty() && name.endsWith(suffix))
                      .anyMatch(
                          suffix ->
                              calls.containsKey(
                                  name.substring(0, name.length() - suffix.length())));
              if (!copy) {
                clients.all().stream()
                    .map(clients::suffix)
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
    route
        .getTemplateParameters()
        .forEach(
            (parameter, value) -> {
              if (PARAMETERS.contains(parameter)) {
                copy.parameter(parameter, value);
              }
            });
    copy.add();
  }
}
