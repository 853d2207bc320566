package dev.caravan.simulator.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.Guest;
import dev.caravan.simulator.Server;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import java.time.Clock;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The OpenAPI description tells what is served, all of it and nothing else. */
class DescriptionTest {

  @Test
  void everyRouteIsDescribedAndEverythingDescribedIsARoute() {
    Vertx vertx = Vertx.vertx();
    Set<String> served = new TreeSet<>();
    try {
      Server server = new Server(vertx, SimulatorOptions.defaults(), Clock.systemUTC());
      for (Route route : server.router().getRoutes()) {
        if (route.getPath() != null && route.methods() != null) {
          for (HttpMethod method : route.methods()) {
            served.add(method.name() + " " + route.getPath().replaceAll(":([a-z]+)", "{$1}"));
          }
        }
      }
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    Set<String> described = new TreeSet<>();
    for (Map.Entry<String, JsonNode> path : Description.read().path("paths").properties()) {
      for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
        if (!operation.getKey().equals("parameters")) {
          described.add(operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey());
        }
      }
    }

    assertThat(described).isEqualTo(served);
  }

  @Test
  void everyReferenceLeadsSomewhere() {
    JsonNode description = Description.read();

    assertThat(description.findValuesAsText("$ref"))
        .isNotEmpty()
        .allSatisfy(
            reference ->
                assertThat(description.at(reference.substring(1)).isMissingNode())
                    .as(reference)
                    .isFalse());
  }

  @Test
  void itIsServed() {
    try (Simulator simulator =
        Simulator.start(SimulatorOptions.defaults().withTraffic(Traffic.NONE))) {
      assertThat(new Guest(simulator).get("/openapi.json").body().path("openapi").asText())
          .isEqualTo("3.0.3");
    }
  }
}
