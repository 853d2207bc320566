package dev.caravan.road;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import org.elasticmq.rest.sqs.SQSRestServer;
import org.elasticmq.rest.sqs.SQSRestServerBuilder;

/** A queue that speaks the protocol of Amazon SQS, with what EventBridge would put into it. */
final class SqsServer implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http = HttpClient.newHttpClient();
  private final SQSRestServer server;
  private final String url;
  private final String queue;

  SqsServer(String name) throws IOException {
    server = SQSRestServerBuilder.withInterface("127.0.0.1").withDynamicPort().start();
    url = "http://127.0.0.1:" + server.waitUntilStarted().localAddress().getPort();
    queue =
        call(
                "CreateQueue",
                Map.of("QueueName", name, "Attributes", Map.of("VisibilityTimeout", "2")))
            .path("QueueUrl")
            .asText();
  }

  String url() {
    return url;
  }

  void send(String body) throws IOException {
    call("SendMessage", Map.of("QueueUrl", queue, "MessageBody", body));
  }

  /** What is still there, handed out or not. */
  int messages() throws IOException {
    JsonNode attributes =
        call(
                "GetQueueAttributes",
                Map.of("QueueUrl", queue, "AttributeNames", new String[] {"All"}))
            .path("Attributes");
    return attributes.path("ApproximateNumberOfMessages").asInt()
        + attributes.path("ApproximateNumberOfMessagesNotVisible").asInt();
  }

  private JsonNode call(String action, Map<String, Object> body) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url))
            .header("Content-Type", "application/x-amz-json-1.0")
            .header("X-Amz-Target", "AmazonSQS." + action)
            .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)))
            .build();
    try {
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IOException(action + ": " + answer.statusCode() + " " + answer.body());
      }
      return JSON.readTree(answer.body());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  @Override
  public void close() {
    server.stopAndWait();
  }
}
