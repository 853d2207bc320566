package dev.caravan.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * The least that carries notifications to Kafka, for {@code bench/compare} to hold the bridge
 * against: a socket of the JDK's, one pass over each frame, a producer. It promises nothing: what
 * fails ends it, and what it held then is lost. It reads the same environment as the bridge.
 */
final class FloorProgram implements WebSocket.Listener {

  private static final JsonFactory JSON = new JsonFactory();

  /** What is kept: the media by the names of a participant's arrays. */
  private static final Map<String, String> TOPICS =
      Map.of("calls", "voice", "chats", "chat", "messages", "message");

  private final String prefix;
  private final Producer<String, byte[]> producer;
  private final StringBuilder text = new StringBuilder();

  private FloorProgram(String prefix, Producer<String, byte[]> producer) {
    this.prefix = prefix;
    this.producer = producer;
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, String> environment = System.getenv();
    String api = environment.get("GENESYS_API_URL") + "/api/v2/";
    HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    String token =
        call(
            http,
            "POST",
            environment.get("GENESYS_LOGIN_URL") + "/oauth/token",
            "grant_type=client_credentials",
            "access_token");
    String queue = call(http, "GET", api + "routing/queues?token=" + token, "", "id");
    String url = call(http, "POST", api + "notifications/channels", "", "connectUri");
    call(
        http,
        "PUT",
        api + "notifications/channels" + url.substring(url.lastIndexOf('/')) + "/subscriptions",
        "[{\"id\":\"v2.routing.queues." + queue + ".conversations\"}]",
        "id");
    Map<String, Object> kafka =
        Map.of(
            "bootstrap.servers", environment.get("KAFKA_BOOTSTRAP_SERVERS"),
            "compression.type", "lz4",
            "linger.ms", "5",
            "batch.size", "131072");
    FloorProgram floor =
        new FloorProgram(
            environment.get("CARAVAN_TOPIC_PREFIX"),
            new KafkaProducer<>(kafka, new StringSerializer(), new ByteArraySerializer()));
    http.newWebSocketBuilder().buildAsync(URI.create(url), floor).join();
    while (System.in.read() >= 0) {
      // Until whoever started it ends
    }
  }

  private static String call(HttpClient http, String method, String url, String body, String wanted)
      throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url))
            .method(method, BodyPublishers.ofString(body))
            .build();
    try (JsonParser parser =
        JSON.createParser(http.send(request, BodyHandlers.ofString()).body())) {
      while (parser.nextToken() != null) {
        if (parser.currentToken() == JsonToken.FIELD_NAME && parser.currentName().equals(wanted)) {
          return parser.nextTextValue();
        }
      }
    }
    throw new IOException(url + " answered no " + wanted);
  }

  @Override
  public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
    text.append(part);
    if (last) {
      carry(text.toString().getBytes(StandardCharsets.UTF_8));
      text.setLength(0);
    }
    socket.request(1);
    return null;
  }

  private void carry(byte[] frame) {
    String key = "";
    String medium = "";
    boolean conversation = false;
    int depth = 0;
    try (JsonParser parser = JSON.createParser(frame)) {
      for (JsonToken token; (token = parser.nextToken()) != null; ) {
        if (token.isStructStart()) {
          depth++;
        } else if (token.isStructEnd()) {
          depth--;
        } else if (token == JsonToken.FIELD_NAME) {
          String name = parser.currentName();
          if (depth == 1 && name.equals("topicName")) {
            conversation = parser.nextTextValue().endsWith(".conversations");
          } else if (depth == 2 && name.equals("id")) {
            key = parser.nextTextValue();
          } else if (medium.isEmpty() && TOPICS.containsKey(name)) {
            medium = TOPICS.get(name);
          }
        }
      }
    } catch (IOException e) {
      onError(null, e);
    }
    if (conversation && !medium.isEmpty()) {
      producer.send(new ProducerRecord<>(prefix + "conversations." + medium, key, frame));
    }
  }

  @Override
  public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
    System.exit(1);
    return null;
  }

  @Override
  public void onError(WebSocket socket, Throwable failure) {
    System.err.println("Ends because of " + failure);
    System.exit(1);
  }
}
