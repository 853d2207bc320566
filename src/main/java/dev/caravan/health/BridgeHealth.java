package dev.caravan.health;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** For showing in a few words how a running bridge is, without ever waiting for its answer. */
public final class BridgeHealth {

  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final String STARTING = "starting";
  private static final String SILENT = "not answering";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
  private final HttpRequest question;
  private CompletableFuture<String> answer = CompletableFuture.completedFuture(STARTING);
  private volatile String latest = STARTING;

  public BridgeHealth(URI health) {
    this.question = HttpRequest.newBuilder(health).timeout(PATIENCE).build();
  }

  /** The latest answer; asks again when the question before has been answered. */
  public String latest() {
    if (answer.isDone()) {
      latest = answer.getNow(latest);
      answer =
          client
              .sendAsync(question, BodyHandlers.ofString())
              .thenApply(response -> state(response.body()))
              .exceptionally(unreachable -> latest.equals(STARTING) ? STARTING : SILENT);
    }
    return latest;
  }

  /** {@code flowing}, or the state and the sentences that explain it. */
  static String state(String health) {
    String calm = STARTING;
    List<String> degraded = new ArrayList<>();
    try {
      for (JsonNode check : JSON.readTree(health).path("checks")) {
        JsonNode data = check.path("data");
        String state = data.path("bridge.state").asText();
        String sentence = data.path("bridge.sentence").asText(data.path("sentence").asText());
        if (state.equals("broken") || state.equals("blind")) {
          return sentence.isEmpty() ? state : state + ": " + sentence;
        }
        calm = state.isEmpty() ? calm : state;
        if (data.has("degraded")) {
          degraded.add(data.path("degraded").asText());
        }
      }
      return degraded.isEmpty() ? calm : calm + ", degraded: " + String.join(" ", degraded);
    } catch (IOException e) {
      return "not understood: its health is no JSON";
    }
  }
}
