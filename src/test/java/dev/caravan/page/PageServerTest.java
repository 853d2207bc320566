package dev.caravan.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.testing.Bridge;
import io.vertx.core.Vertx;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageServerTest {

  private final Vertx vertx = Vertx.vertx();
  private final int port = Bridge.freePort();
  private final HttpClient client = HttpClient.newHttpClient();
  private PageServer server;

  @BeforeEach
  void start() {
    server =
        new PageServer(
            vertx,
            "127.0.0.1",
            port,
            Map.of("/status", () -> "{\"a\":1}"),
            () -> "event: status\ndata: {}\n\n");
    server.listen();
    await().until(this::answers);
  }

  private boolean answers() throws InterruptedException {
    try {
      return get("/status").statusCode() == 200;
    } catch (IOException notYet) {
      return false;
    }
  }

  @AfterEach
  void stop() {
    server.close();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
  }

  /** A request as it goes over the wire; what comes back up to the end of its head. */
  private String raw(String head) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write((head + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      return new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
          .readLine();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/page.js", "/page.css", "/icon.svg", "/uplot.js", "/uplot.css"})
  void allThatThePageNeedsComesFromHereAndFromNowhereElse(String path) throws Exception {
    HttpResponse<String> answer = get(path);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Security-Policy").orElseThrow())
        .startsWith("default-src 'none'")
        .doesNotContain("unsafe", "http");
    if (!path.startsWith("/uplot")) {
      assertThat(answer.body().replace("http://www.w3.org/2000/svg", "")).doesNotContain("http");
    }
  }

  @Test
  void nothingCanBeWritten() throws Exception {
    HttpResponse<String> answer =
        client.send(
            request("/status").POST(HttpRequest.BodyPublishers.ofString("{}")).build(),
            HttpResponse.BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(405);
  }

  @Test
  void whatIsNotThereIsNotFoundAndNoFileIsServed() throws Exception {
    assertThat(get("/nothing").statusCode()).isEqualTo(404);
    assertThat(raw("GET /../page.js HTTP/1.1\r\nHost: localhost")).contains("404");
  }

  @Test
  void aPageOfSomebodyElseCannotReadItUnderANameOfItsOwn() throws Exception {
    assertThat(raw("GET /status HTTP/1.1\r\nHost: rebound.example.com:" + port)).contains("403");
    assertThat(raw("GET /status HTTP/1.1\r\nHost: localhost:" + port)).contains("200");
  }

  @Test
  void whatChangesIsTold() throws Exception {
    try (Stream<String> lines =
        client.send(request("/events").build(), HttpResponse.BodyHandlers.ofLines()).body()) {
      server.send("event: status\ndata: {\"b\":2}\n\n");

      assertThat(lines.filter(line -> line.startsWith("data")).limit(2))
          .containsExactly("data: {}", "data: {\"b\":2}");
    }
  }

  @Test
  void noMoreThanSoManyWatch() throws Exception {
    List<Socket> viewers = new ArrayList<>();
    try {
      for (int i = 0; i < PageServer.MOST_VIEWERS; i++) {
        Socket viewer = new Socket(InetAddress.getLoopbackAddress(), port);
        viewers.add(viewer);
        viewer
            .getOutputStream()
            .write(
                "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
        assertThat(viewer.getInputStream().read()).isEqualTo('H');
      }

      assertThat(raw("GET /events HTTP/1.1\r\nHost: localhost")).contains("503");
      viewers.remove(0).close();
      await().until(() -> raw("GET /events HTTP/1.1\r\nHost: localhost").contains("200"));
    } finally {
      for (Socket viewer : viewers) {
        viewer.close();
      }
    }
  }

  @Test
  void aPortThatIsTakenIsTriedAgain() throws Exception {
    server.close();
    await().until(() -> !answers());
    try (ServerSocket other = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      server =
          new PageServer(vertx, "127.0.0.1", port, Map.of("/status", () -> "{\"a\":1}"), () -> "");
      server.listen();
      assertThat(other.isBound()).isTrue();
    }

    await()
        .until(
            () -> {
              server.listen();
              return answers();
            });
  }
}
