package dev.caravan.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;

/** A plain client of the stand-in, written against the documentation and nothing else. */
public final class Guest {

  public static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();
  private final String url;
  private String token = "";

  public Guest(Simulator simulator) {
    this(simulator.url());
  }

  public Guest(String url) {
    this.url = url;
  }

  /** An answer, and its body read as JSON. */
  public record Answer(int status, java.net.http.HttpHeaders headers, String text) {

    public JsonNode body() {
      try {
        return JSON.readTree(text);
      } catch (JsonProcessingException notJson) {
        return JSON.getNodeFactory().textNode(text);
      }
    }

    public String header(String name) {
      return headers.firstValue(name).orElse("");
    }

    public String code() {
      return body().path("code").asText();
    }
  }

  public Guest login() {
    return login("demo", "demo");
  }

  public Guest login(String id, String secret) {
    Answer answer = requestToken(id, secret);
    if (answer.status() != 200) {
      throw new IllegalStateException("The login was answered with " + answer.body());
    }
    token = answer.body().path("access_token").asText();
    return this;
  }

  public Answer requestToken(String id, String secret) {
    String basic =
        Base64.getEncoder().encodeToString((id + ":" + secret).getBytes(StandardCharsets.UTF_8));
    return send(
        HttpRequest.newBuilder(URI.create(url + "/oauth/token"))
            .header("Authorization", "Basic " + basic)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString("grant_type=client_credentials")));
  }

  Guest withToken(String value) {
    token = value;
    return this;
  }

  String token() {
    return token;
  }

  public Answer get(String path) {
    return send(request(path).GET());
  }

  public Answer head(String path) {
    return send(request(path).method("HEAD", BodyPublishers.noBody()));
  }

  Answer delete(String path) {
    return send(request(path).DELETE());
  }

  public Answer post(String path, String body) {
    return send(request(path).POST(BodyPublishers.ofString(body)));
  }

  Answer put(String path, String body) {
    return send(request(path).PUT(BodyPublishers.ofString(body)));
  }

  public JsonNode channel() {
    return post("/api/v2/notifications/channels", "").body();
  }

  public Answer subscribe(JsonNode channel, String... topics) {
    return post(subscriptions(channel), topics(List.of(topics)));
  }

  Answer subscribeLeniently(JsonNode channel, String... topics) {
    return post(subscriptions(channel) + "?ignoreErrors=true", topics(List.of(topics)));
  }

  static String subscriptions(JsonNode channel) {
    return "/api/v2/notifications/channels/" + channel.path("id").asText() + "/subscriptions";
  }

  static String topics(List<String> topics) {
    var list = JSON.createArrayNode();
    topics.forEach(topic -> list.addObject().put("id", topic));
    return list.toString();
  }

  public Ear listen(JsonNode channel) {
    return Ear.open(http, channel.path("connectUri").asText());
  }

  /** Listens, and has heard an answer: what is sent from now on arrives. */
  public Ear listening(JsonNode channel) {
    Ear ear = listen(channel);
    ear.say("{\"message\":\"ping\"}");
    ear.awaitFrame("channel.metadata");
    return ear;
  }

  HttpClient http() {
    return http;
  }

  String url() {
    return url;
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url + path)).header("Content-Type", "application/json");
    return token.isEmpty() ? request : request.header("Authorization", "Bearer " + token);
  }

  Answer send(HttpRequest.Builder request) {
    try {
      HttpResponse<String> response =
          http.send(request.timeout(PATIENCE).build(), BodyHandlers.ofString());
      return new Answer(response.statusCode(), response.headers(), response.body());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
