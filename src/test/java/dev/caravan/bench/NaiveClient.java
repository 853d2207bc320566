package dev.caravan.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * A client as it is written first: with the JDK alone, and whatever happens, it starts at once from
 * the beginning (login, channel, subscription, socket).
 */
final class NaiveClient implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(10))
          .build();
  private final String url;
  private final String topic;
  private final Consumer<String> hear;
  private final Thread thread = new Thread(this::run, "naive-client");
  private volatile boolean running = true;

  NaiveClient(String url, String topic, Consumer<String> hear) {
    this.url = url;
    this.topic = topic;
    this.hear = hear;
  }

  void start() {
    thread.start();
  }

  private void run() {
    while (running) {
      try {
        read();
      } catch (IOException | CompletionException e) {
        // what such a client logs, and goes on
        System.getLogger(NaiveClient.class.getName()).log(System.Logger.Level.DEBUG, "again", e);
      } catch (InterruptedException e) {
        running = false;
      }
    }
  }

  private void read() throws IOException, InterruptedException {
    String basic = Base64.getEncoder().encodeToString("demo:demo".getBytes(StandardCharsets.UTF_8));
    String token =
        post("/oauth/token", "Basic " + basic, "grant_type=client_credentials")
            .path("access_token")
            .asText();
    JsonNode channel = post("/api/v2/notifications/channels", "Bearer " + token, "");
    post(
        "/api/v2/notifications/channels/" + channel.path("id").asText() + "/subscriptions",
        "Bearer " + token,
        "[{\"id\":\"" + topic + "\"}]");
    Ears ears = new Ears();
    WebSocket socket =
        http.newWebSocketBuilder()
            .buildAsync(URI.create(channel.path("connectUri").asText()), ears)
            .join();
    try {
      ears.over.await();
    } finally {
      socket.abort();
    }
  }

  private JsonNode post(String path, String authorization, String body)
      throws IOException, InterruptedException {
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(URI.create(url + path))
                .header("Authorization", authorization)
                .header(
                    "Content-Type",
                    path.startsWith("/oauth")
                        ? "application/x-www-form-urlencoded"
                        : "application/json")
                .timeout(Duration.ofSeconds(30))
                .POST(BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException(path + " answers " + answer.statusCode());
    }
    return JSON.readTree(answer.body());
  }

  @Override
  public void close() {
    running = false;
    thread.interrupt();
  }

  private final class Ears implements WebSocket.Listener {

    private final CountDownLatch over = new CountDownLatch(1);
    private final StringBuilder frame = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
      frame.append(text);
      if (last) {
        hear.accept(frame.toString());
        frame.setLength(0);
      }
      from.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      over.countDown();
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
      over.countDown();
    }
  }
}
