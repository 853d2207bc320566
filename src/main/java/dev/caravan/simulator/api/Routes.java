package dev.caravan.simulator.api;

import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import java.util.function.Consumer;

/** Which paths are served, and by what. Path parameters are written {@code :id}. */
public record Routes(Router router) {

  public void get(String path, Consumer<Call> answer) {
    on(HttpMethod.GET, path, answer);
  }

  public void head(String path, Consumer<Call> answer) {
    on(HttpMethod.HEAD, path, answer);
  }

  public void post(String path, Consumer<Call> answer) {
    on(HttpMethod.POST, path, answer);
  }

  public void put(String path, Consumer<Call> answer) {
    on(HttpMethod.PUT, path, answer);
  }

  public void delete(String path, Consumer<Call> answer) {
    on(HttpMethod.DELETE, path, answer);
  }

  private void on(HttpMethod method, String path, Consumer<Call> answer) {
    router.route(method, path).handler(context -> answer.accept(Call.of(context)));
  }
}
