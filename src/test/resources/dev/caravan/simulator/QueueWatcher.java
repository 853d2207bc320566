import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Somebody else's client, which knows nothing of the stand-in: tells the ids of what a topic brings. */
public final class QueueWatcher implements AutoCloseable, WebSocket.Listener {

  private final HttpClient http = HttpClient.newHttpClient();
  private final BlockingQueue<String> ids = new LinkedBlockingQueue<>();
  private final StringBuilder frame = new StringBuilder();
  private WebSocket socket;

  public static QueueWatcher of(String url, String client, String secret, String topic)
      throws Exception {
    QueueWatcher watcher = new QueueWatcher();
    String basic = Base64.getEncoder().encodeToString((client + ":" + secret).getBytes());
    String token =
        watcher.post(
            url + "/oauth/token",
            "Basic " + basic,
            "application/x-www-form-urlencoded",
            "grant_type=client_credentials",
            "access_token");
    String bearer = "Bearer " + token;
    String channels = url + "/api/v2/notifications/channels";
    String connectUri = watcher.post(channels, bearer, "application/json", "", "connectUri");
    String id = connectUri.substring(connectUri.lastIndexOf('/') + 1);
    String topics = "[{\"id\":\"" + topic + "\"}]";
    watcher.post(
        channels + "/" + id + "/subscriptions", bearer, "application/json", topics, "entities");
    watcher.socket =
        watcher.http.newWebSocketBuilder().buildAsync(URI.create(connectUri), watcher).join();
    return watcher;
  }

  /** Waits for the next event, and gives the id in its body. */
  public String next() throws Exception {
    String id = ids.poll(10, TimeUnit.SECONDS);
    if (id == null) {
      throw new TimeoutException("No event came for 10 seconds.");
    }
    return id;
  }

  private String post(String url, String authorization, String type, String body, String field)
      throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url))
            .header("Authorization", authorization)
            .header("Content-Type", type)
            .POST(BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
    for (int again = 0; response.statusCode() == 429 && again < 5; again++) {
      TimeUnit.SECONDS.sleep(Long.parseLong(response.headers().firstValue("Retry-After").get()));
      response = http.send(request, BodyHandlers.ofString());
    }
    Matcher value = Pattern.compile("\"" + field + "\":\"?([^\",]*)").matcher(response.body());
    if (!value.find()) {
      throw new IllegalStateException(url + " answers " + response.statusCode());
    }
    return value.group(1);
  }

  @Override
  public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
    frame.append(text);
    if (last) {
      Matcher id = Pattern.compile("\"eventBody\":\\{\"id\":\"([^\"]*)\"").matcher(frame);
      if (id.find()) {
        ids.add(id.group(1));
      }
      frame.setLength(0);
    }
    from.request(1);
    return null;
  }

  @Override
  public void close() {
    socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
  }
}
