package dev.caravan.simulator;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** One open socket and everything it has heard. */
public final class Ear implements WebSocket.Listener {

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final List<String> frames = new CopyOnWriteArrayList<>();
  private final AtomicInteger closeCode = new AtomicInteger();
  private final AtomicInteger binaryFrames = new AtomicInteger();
  private final List<Throwable> errors = new CopyOnWriteArrayList<>();
  private final StringBuilder partial = new StringBuilder();
  private WebSocket socket;

  static Ear open(HttpClient http, String uri) {
    Ear ear = new Ear();
    ear.socket = http.newWebSocketBuilder().buildAsync(URI.create(uri), ear).join();
    return ear;
  }

  /**
   * Opens a WebSocket by hand, of which nobody reads but the caller.
   *
   * @param receiveBuffer bytes that the kernel takes before it holds the server back; 0 leaves it
   *     to the kernel
   */
  static Socket handshake(URI uri, int receiveBuffer) throws IOException {
    Socket socket = new Socket();
    if (receiveBuffer > 0) {
      socket.setReceiveBufferSize(receiveBuffer);
    }
    socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()));
    OutputStream out = socket.getOutputStream();
    out.write(
        ("GET "
                + uri.getPath()
                + " HTTP/1.1\r\nHost: "
                + uri.getAuthority()
                + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "Sec-WebSocket-Version: 13\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    InputStream in = socket.getInputStream();
    byte[] status = in.readNBytes("HTTP/1.1 101".length());
    if (!new String(status, StandardCharsets.US_ASCII).equals("HTTP/1.1 101")) {
      socket.close();
      throw new IOException("The handshake was refused");
    }
    return socket;
  }

  @Override
  public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
    partial.append(data);
    if (last) {
      frames.add(partial.toString());
      partial.setLength(0);
    }
    from.request(1);
    return null;
  }

  @Override
  public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
    binaryFrames.incrementAndGet();
    from.request(1);
    return null;
  }

  @Override
  public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
    closeCode.set(code);
    return null;
  }

  @Override
  public void onError(WebSocket from, Throwable error) {
    errors.add(error);
  }

  public void say(String text) {
    socket.sendText(text, true).join();
  }

  void close() {
    socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
  }

  public List<String> frames() {
    return List.copyOf(frames);
  }

  public List<JsonNode> heard() {
    return frames.stream().map(Ear::read).toList();
  }

  public List<JsonNode> heard(String topicName) {
    return heard().stream().filter(f -> f.path("topicName").asText().equals(topicName)).toList();
  }

  public JsonNode awaitFrame(String topicName) {
    await().atMost(PATIENCE).until(() -> !heard(topicName).isEmpty());
    return heard(topicName).get(0);
  }

  public int awaitClose() {
    await().atMost(PATIENCE).until(() -> closeCode.get() != 0);
    return closeCode.get();
  }

  public void awaitError() {
    await().atMost(PATIENCE).until(() -> !errors.isEmpty());
  }

  public int closeCode() {
    return closeCode.get();
  }

  public int binaryFrames() {
    return binaryFrames.get();
  }

  private static JsonNode read(String frame) {
    try {
      return Guest.JSON.readTree(frame);
    } catch (JsonProcessingException e) {
      return Guest.JSON.createObjectNode().put("unreadable", frame);
    }
  }
}
