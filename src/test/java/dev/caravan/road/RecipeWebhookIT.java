package dev.caravan.road;

import static dev.caravan.road.Road.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.caravan.testing.TopicReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Events go to a webhook, and wait on disk while it fails; a gap is an alert. */
@Tag("long")
class RecipeWebhookIT {

  private final List<String> alerts = new CopyOnWriteArrayList<>();
  private final List<Call> taken = new CopyOnWriteArrayList<>();

  /** What is answered to the events of a key instead of 204. */
  private final Map<String, Integer> answers = new ConcurrentHashMap<>();

  private Road road;
  private HttpServer webhook;

  private record Call(String method, Map<String, List<String>> headers, String body) {

    String header(String name) {
      return headers.getOrDefault(name, List.of("")).get(0);
    }
  }

  @BeforeEach
  void open(@TempDir Path folder) throws Exception {
    road = Road.in(folder);
    webhook = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    webhook.createContext("/events", this::answer);
    webhook.createContext("/alerts", this::alert);
    webhook.start();
    Path routes = road.copyOfRoutes();
    Recipe.add("alerts.camel.yaml", routes);
    Recipe.edit("signal-alerts", routes);
    Files.copy(
        Recipe.COOKBOOK.resolve("webhook.camel.yaml"),
        routes.resolve("forward.camel.yaml"),
        StandardCopyOption.REPLACE_EXISTING);
    road.start(
            road.settings()
                .with("CARAVAN_ROUTES_DIR", routes.toString())
                .with("WEBHOOK_URL", url("/events"))
                .with("ALERT_URL", url("/alerts")))
        .awaitReady();
  }

  private String url(String path) {
    return "http://127.0.0.1:" + webhook.getAddress().getPort() + path;
  }

  private void alert(HttpExchange exchange) throws IOException {
    try (exchange) {
      alerts.add(Road.json(exchange.getRequestBody().readAllBytes()).path("text").asText());
      exchange.sendResponseHeaders(204, -1);
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      Call call = new Call(exchange.getRequestMethod(), exchange.getRequestHeaders(), body);
      int status = answers.getOrDefault(call.header("Ce-subject"), 204);
      if (status == 204) {
        taken.add(call);
      }
      exchange.sendResponseHeaders(status, -1);
    }
  }

  @AfterEach
  void close() {
    road.close();
    webhook.stop(0);
  }

  @Test
  void eachEventIsPostedAndWaitsOnDiskWhileTheWebhookFails() throws Exception {
    String first = event(Road.TOPIC, Road.call("c-1"), "1");
    String failing = event(Road.TOPIC, Road.call("c-2"), "2");
    String refused = event(Road.TOPIC, Road.call("c-3"), "3");
    String last = event(Road.TOPIC, Road.call("c-4"), "4");
    answers.putAll(Map.of("c-2", 500, "c-3", 422));

    for (String each : List.of(first, failing, refused, last)) {
      road.send(each);
    }
    awaitTaken(List.of(first, last));
    assertThat(taken.get(0).method()).isEqualTo("POST");
    assertThat(taken.get(0).header("Ce-type"))
        .isEqualTo("com.genesys.cloud.v2.routing.queues.{id}.conversations");
    assertThat(taken.get(0).header("Content-type")).isEqualTo("application/json");
    assertThat(taken.get(0).header("Genesys-media")).isEqualTo("voice");
    assertThat(taken.get(0).headers().keySet())
        .noneMatch(name -> name.matches("(?i)camel.*|ce_.*"));
    assertThat(road.awaitRecord(it -> it.topic().equals(road.prefix() + "dead-letters")))
        .satisfies(
            it -> {
              assertThat(it.value()).isEqualTo(refused.getBytes(StandardCharsets.UTF_8));
              assertThat(TopicReader.header(it, "ce_subject")).hasValue("c-3");
              assertThat(TopicReader.header(it, "caravan-reason"))
                  .hasValue("The webhook will not take it: it answered 422");
            });
    Recipe.awaitWaiting(road.bridge(), 1);
    road.bridge().kill();
    answers.clear();
    road.restart().awaitReady();

    await()
        .atMost(Duration.ofMinutes(3))
        .untilAsserted(() -> assertThat(taken).extracting(Call::body).contains(failing));
    Recipe.awaitWaiting(road.bridge(), 0);
    await().atMost(Duration.ofMinutes(3)).until(() -> !alerts.isEmpty());
    assertThat(alerts)
        .first()
        .asString()
        .matches(
            "Shard 0\\. 1 topic was not read from \\S+ to \\S+: the bridge was not running\\.");
  }

  private void awaitTaken(List<String> bodies) {
    await()
        .atMost(Duration.ofMinutes(3))
        .untilAsserted(() -> assertThat(taken).extracting(Call::body).isEqualTo(bodies));
  }
}
