package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import java.util.function.Consumer;
import java.util.function.Function;

/** What is served, such as {@code GET /api/v2/users/:id}, and by what. */
public record Routes(Router router) {

  /** Answers calls with JSON. */
  public void answer(String route, Function<Call, ? extends JsonNode> answer) {
    on(route, call -> call.answer(answer.apply(call)));
  }

  /** Leaves the answer to who serves the call. */
  public void on(String route, Consumer<Call> deed) {
    String[] parts = route.split(" ");
    router
        .route(HttpMethod.valueOf(parts[0]), parts[1])
        .handler(context -> deed.accept(Call.of(context)));
  }
}
