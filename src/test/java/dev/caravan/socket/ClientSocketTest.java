package dev.caravan.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.caravan.socket.CloseReason.Initiator;
import dev.caravan.socket.SocketOpenException.Kind;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.http.impl.WebSocketInternal;
import io.vertx.core.net.NetSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.service.ServiceHelper;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a socket opens, what it says of its end, and what its limits do. */
@Tag("slow")
class ClientSocketTest {

  private static final Duration GENEROUS = Duration.ofMinutes(2);
  private static final String SECRET = "streaming-5-q8w7e6r5t4";

  private final DefaultCamelContext camel = new DefaultCamelContext();
  private final ClientSocketComponent component = new ClientSocketComponent(camel);
  private final FrameQueue queue = new FrameQueue(camel, "test-queue", QueueLimits.DEFAULT);
  private final Recorder recorder = new Recorder();

  private TestServer server;

  @BeforeEach
  void start() {
    ServiceHelper.startService(component, queue);
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
    ServiceHelper.stopService(queue, component);
    camel.stop();
  }

  @Test
  void anAddressIsShownWithoutItsPath() {
    assertThat(new MaskedAddress(URI.create("wss://streaming.example:443/channels/secret")))
        .hasToString("streaming.example:443");
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, 1001, 1011, 1012, 4001})
  void tellsTheCodeAndTextWithWhichTheServerCloses(int code) throws Exception {
    server =
        TestServer.webSockets(
            socket -> {
              socket.writeTextMessage("last");
              socket.close((short) code, "moving " + SECRET);
            });
    ClientSocket socket = open(server);

    assertThat(get(socket.closed()))
        .isEqualTo(new CloseReason(Initiator.SERVER, code, "moving ***"));
    assertThat(recorder.texts()).containsExactly("last");
    assertThat(recorder.ends).hasSize(1);
    assertThat(recorder.framesAfterTheEnd).hasValue(0);
  }

  @Test
  void tellsACloseWithoutACodeFromACloseWith1000() throws Exception {
    server =
        TestServer.webSockets(
            socket ->
                socket.textMessageHandler(
                    text -> netty(socket).writeAndFlush(new CloseWebSocketFrame())));
    ClientSocket socket = open(server);
    socket.sendText("close");

    assertThat(get(socket.closed()).code()).isEqualTo(CloseReason.NO_STATUS);
  }

  @Test
  void aResetIsTheTransportsFault() throws Exception {
    CountDownLatch received = new CountDownLatch(1);
    server =
        TestServer.webSockets(
            socket -> {
              socket.writeTextMessage("last");
              socket.textMessageHandler(text -> TestServer.reset(socket));
            });
    ClientSocket socket =
        open(
            server,
            new Recorder() {
              @Override
              public void onFrame(byte[] frame, boolean binary) {
                received.countDown();
              }
            });
    assertThat(received.await(2, TimeUnit.MINUTES)).isTrue();
    socket.sendText("die");

    CloseReason reason = get(socket.closed());

    assertThat(reason.initiator()).isEqualTo(Initiator.TRANSPORT);
    assertThat(reason.code()).isEqualTo(CloseReason.ABNORMAL);
    assertThat(reason.text()).contains("without a close frame");
  }

  @Test
  void anEndOfStreamWithoutACloseFrameIsTheTransportsFault() throws Exception {
    server =
        TestServer.webSockets(socket -> socket.textMessageHandler(text -> netty(socket).close()));
    ClientSocket socket = open(server);
    socket.sendText("die");

    assertThat(get(socket.closed()).initiator()).isEqualTo(Initiator.TRANSPORT);
  }

  @Test
  void closesWithTheCodeItIsGivenAndSaysThatItWasUs() throws Exception {
    server = TestServer.webSockets(socket -> {});
    ClientSocket socket = open(server);

    CloseReason reason = get(socket.close(1000, "done"));

    assertThat(reason).isEqualTo(new CloseReason(Initiator.US, 1000, "done"));
    ServerWebSocket peer = server.sockets().get(0);
    await().atMost(GENEROUS).until(() -> peer.closeStatusCode() != null);
    assertThat(peer.closeStatusCode()).isEqualTo((short) 1000);
    assertThat(peer.closeReason()).isEqualTo("done");
  }

  @Test
  void handsOverWhatThePeerStillSendsAfterOurClose() throws Exception {
    server =
        TestServer.webSockets(
            socket -> socket.closeHandler(v -> {}).frameHandler(frame -> answer(socket, frame)));
    ClientSocket socket = open(server);

    socket.sendText("go");
    await().atMost(GENEROUS).until(() -> recorder.frames.size() == 10);
    get(socket.close(1000, ""));

    assertThat(recorder.frames).hasSize(10);
    assertThat(recorder.framesAfterTheEnd).hasValue(0);
  }

  private static void answer(ServerWebSocket socket, WebSocketFrame frame) {
    if (frame.isText()) {
      for (int i = 0; i < 10; i++) {
        socket.writeTextMessage("answer " + i);
      }
    }
  }

  @Test
  void cutsTheConnectionWhenThePeerNeverAnswersTheClose() throws Exception {
    component.setLimits(
        new SocketLimits(Duration.ofSeconds(10), Duration.ofMillis(300), 1024 * 1024));
    CompletableFuture<Void> tcpEnded = new CompletableFuture<>();
    server = TestServer.tcp(socket -> handshakeThenSilence(socket, tcpEnded));
    ClientSocket socket = open(server);

    CloseReason reason = get(socket.close(1000, ""));

    assertThat(reason).isEqualTo(new CloseReason(Initiator.US, 1000, ""));
    tcpEnded.get(2, TimeUnit.MINUTES);
  }

  private static void handshakeThenSilence(NetSocket socket, CompletableFuture<Void> ended) {
    socket.closeHandler(v -> ended.complete(null));
    Buffer request = Buffer.buffer();
    socket.handler(
        data -> {
          request.appendBuffer(data);
          String text = request.toString();
          if (text.endsWith("\r\n\r\n")) {
            socket.write(RawHandshake.answerTo(text));
            request.setBytes(request.length() - 4, new byte[4]);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 404, 429, 503})
  void namesTheStatusOfARefusedHandshakeAndNotThePath(int status) throws Exception {
    server = TestServer.handshakes(handshake -> handshake.reject(status));
    SocketOpenException failure = openFailure(server);

    assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
    assertThat(failure.status()).hasValue(status);
    assertThat(failure)
        .hasMessage(
            "127.0.0.1:%d refused the WebSocket handshake with HTTP status %d.",
            server.port(), status);
    assertThat(recorder.ends).isEmpty();
  }

  @Test
  void passesOnWhenARefusingServerWantsToBeAskedAgain() throws Exception {
    String date = "Wed, 21 Oct 2015 07:27:30 GMT";
    String answer =
        "HTTP/1.1 429 Too Many Requests\r\nDate: %s\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
            .formatted(date);
    server = TestServer.tcp(socket -> socket.handler(data -> socket.end(Buffer.buffer(answer))));
    SocketOpenException failure = openFailure(server);
    assertThat(failure.retryAfter()).contains("7");
    assertThat(failure.date()).contains(date);
  }

  @Test
  void givesUpOnAHostThatDoesNotAnswerAtAll() throws Exception {
    component.setLimits(
        new SocketLimits(Duration.ofMillis(400), Duration.ofSeconds(5), 1024 * 1024));
    List<SocketChannel> others = new ArrayList<>();
    try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      for (int i = 0; i < 4; i++) { // nobody accepts them: the kernel drops further attempts
        SocketChannel other = SocketChannel.open();
        other.configureBlocking(false);
        other.connect(full.getLocalSocketAddress());
        others.add(other);
      }

      ClientSocket socket =
          component
              .endpoint(URI.create("ws://127.0.0.1:" + full.getLocalPort() + "/"), Map.of())
              .open(queue, recorder);

      assertThat(failure(socket.opened()).kind()).isEqualTo(Kind.TIMEOUT);
    } finally {
      for (SocketChannel other : others) {
        other.close();
      }
    }
  }

  @Test
  void givesUpOnAServerThatAcceptsAndSaysNothing() throws Exception {
    component.setLimits(
        new SocketLimits(Duration.ofMillis(400), Duration.ofSeconds(5), 1024 * 1024));
    CompletableFuture<Void> tcpEnded = new CompletableFuture<>();
    server = TestServer.tcp(socket -> socket.closeHandler(v -> tcpEnded.complete(null)));
    SocketOpenException failure = openFailure(server);

    assertThat(failure.kind()).isEqualTo(Kind.TIMEOUT);
    assertThat(failure).hasMessageContaining("within 400 ms").hasMessageNotContaining(SECRET);
    tcpEnded.get(2, TimeUnit.MINUTES);
  }

  @Test
  void refusesASecondSocketWhileTheFirstIsBeingOpened() throws Exception {
    server = TestServer.tcp(socket -> {});
    ClientSocketEndpoint endpoint = component.endpoint(address(server), Map.of());
    ClientSocket first = endpoint.open(queue, recorder);

    assertThatThrownBy(() -> endpoint.open(queue, recorder))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("still there")
        .hasMessageNotContaining(SECRET);

    first.close(1000, "");
    assertThat(failure(first.opened()).kind()).isEqualTo(Kind.ABORTED);
    assertThat(failure(first.closed()).kind()).isEqualTo(Kind.ABORTED);
    endpoint.open(queue, recorder);
    await().atMost(GENEROUS).until(() -> server.connections().size() == 2);
  }

  @Test
  void tellsGarbageFromAHandshake() throws Exception {
    server =
        TestServer.tcp(
            socket -> socket.handler(data -> socket.end(Buffer.buffer("220 smtp ready\r\n\r\n"))));
    assertThat(openFailure(server).kind()).isEqualTo(Kind.PROTOCOL);
  }

  @Test
  void tellsAConnectionThatEndsDuringTheHandshake() throws Exception {
    server = TestServer.tcp(socket -> socket.handler(data -> socket.close()));
    assertThat(openFailure(server).kind()).isEqualTo(Kind.PROTOCOL);
  }

  @Test
  void tellsThatNobodyListens() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }

    ClientSocket socket =
        component
            .endpoint(URI.create("ws://127.0.0.1:" + port + "/channels/" + SECRET), Map.of())
            .open(queue, recorder);

    SocketOpenException failure = failure(socket.opened());
    assertThat(failure.kind()).isEqualTo(Kind.UNREACHABLE);
    assertThat(failure).hasMessageContaining("127.0.0.1:" + port).hasMessageNotContaining(SECRET);
  }

  @Test
  void tellsThatTlsWasNotAgreedOn() throws Exception {
    server = TestServer.webSockets(socket -> {});
    ClientSocket socket =
        component
            .endpoint(URI.create("wss://127.0.0.1:" + server.port() + "/" + SECRET), Map.of())
            .open(queue, recorder);

    assertThat(failure(socket.opened()).kind()).isEqualTo(Kind.TLS);
  }

  @Test
  void putsFragmentsTogetherAndMarksBinaryMessages() throws Exception {
    server =
        TestServer.webSockets(
            socket -> {
              socket.writeFrame(WebSocketFrame.textFrame("{\"a\":", false));
              socket.writePing(Buffer.buffer("in between"));
              socket.writeFrame(WebSocketFrame.continuationFrame(Buffer.buffer("\"ü"), false));
              socket.writeFrame(WebSocketFrame.continuationFrame(Buffer.buffer("\"}"), true));
              socket.writeBinaryMessage(Buffer.buffer(new byte[] {0, -1, 2}));
              socket.writeTextMessage("");
              socket.close();
            });
    get(open(server).closed());

    assertThat(recorder.frames).hasSize(3);
    assertThat(recorder.frames.get(0).text()).isEqualTo("{\"a\":\"ü\"}");
    assertThat(recorder.frames.get(0).binary()).isFalse();
    assertThat(recorder.frames.get(1).bytes()).containsExactly(0, -1, 2);
    assertThat(recorder.frames.get(1).binary()).isTrue();
    assertThat(recorder.frames.get(2).bytes()).isEmpty();
  }

  @Test
  void takesAFrameOf4MiBInOnePieceAndInFragments() throws Exception {
    Buffer large = TestServer.bytes(4 * 1024 * 1024);
    server =
        TestServer.webSockets(
            socket -> {
              socket.writeFrame(WebSocketFrame.binaryFrame(large, true));
              socket.writeTextMessage(large.toString());
              socket.close();
            });
    get(open(server).closed());

    assertThat(recorder.frames).hasSize(2);
    assertThat(recorder.frames.get(0).bytes()).isEqualTo(large.getBytes());
    assertThat(recorder.frames.get(1).bytes()).isEqualTo(large.getBytes());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void closesWith1009OnAMessageThatIsTooBig(boolean inOneFrame) throws Exception {
    component.setLimits(new SocketLimits(Duration.ofSeconds(10), Duration.ofSeconds(5), 1000));
    server =
        TestServer.webSockets(
            socket -> {
              socket.writeTextMessage("before");
              if (inOneFrame) {
                socket.writeFrame(WebSocketFrame.binaryFrame(TestServer.bytes(1001), true));
              } else {
                socket.writeFrame(WebSocketFrame.binaryFrame(TestServer.bytes(600), false));
                socket.writeFrame(WebSocketFrame.continuationFrame(TestServer.bytes(401), true));
              }
            });
    ClientSocket socket = open(server);

    CloseReason reason = get(socket.closed());

    assertThat(reason.initiator()).isEqualTo(Initiator.US);
    assertThat(reason.code()).isEqualTo(CloseReason.TOO_BIG);
    assertThat(recorder.texts()).containsExactly("before");
    ServerWebSocket peer = server.sockets().get(0);
    await().atMost(GENEROUS).until(() -> peer.closeStatusCode() != null);
    assertThat(peer.closeStatusCode()).isEqualTo((short) 1009);
  }

  @Test
  void countsTheBytesOfACompressedMessageAfterInflation() throws Exception {
    component.setLimits(new SocketLimits(Duration.ofSeconds(10), Duration.ofSeconds(5), 1000));
    camel
        .getRegistry()
        .bind("options", new HttpClientOptions().setTryUsePerMessageWebSocketCompression(true));
    server =
        TestServer.webSockets(
            new HttpServerOptions().setPerMessageWebSocketCompressionSupported(true),
            socket -> {
              socket.writeTextMessage("x".repeat(1000));
              socket.writeTextMessage("x".repeat(100_000));
            });
    ClientSocket socket =
        component
            .endpoint(address(server), Map.of("clientOptions", "#options"))
            .open(queue, recorder);

    assertThat(get(socket.closed()).code()).isEqualTo(CloseReason.TOO_BIG);
    assertThat(recorder.texts()).containsExactly("x".repeat(1000));
  }

  @Test
  void keepsTheBytesOfInvalidUtf8() throws Exception {
    byte[] invalid = {'"', (byte) 0xc3, (byte) 0x28, '"'};
    server =
        TestServer.webSockets(
            socket ->
                socket.textMessageHandler(
                    text -> {
                      netty(socket).write(new TextWebSocketFrame(Unpooled.wrappedBuffer(invalid)));
                      socket.close();
                    }));
    ClientSocket socket = open(server);
    socket.sendText("go");
    get(socket.closed());

    assertThat(recorder.frames.get(0).bytes()).isEqualTo(invalid);
  }

  @Test
  void sendsTextAndFailsVisiblyWhenItCannot() throws Exception {
    AtomicReference<String> heard = new AtomicReference<>();
    server = TestServer.webSockets(socket -> socket.textMessageHandler(heard::set));
    ClientSocket socket = open(server);

    get(socket.sendText("ping"));
    await().atMost(GENEROUS).untilAsserted(() -> assertThat(heard).hasValue("ping"));

    get(socket.close(1000, ""));
    assertThatThrownBy(() -> get(socket.sendText("ping")))
        .cause()
        .hasMessageContaining("is not open")
        .hasMessageNotContaining(SECRET);
  }

  @Test
  void showsHowLongThePeerIsSilentAndEndsTheSilenceWithAnyMessage() throws Exception {
    server =
        TestServer.webSockets(
            socket -> socket.textMessageHandler(t -> socket.writeTextMessage("here")));
    ClientSocket socket = open(server);
    assertThat(socket.liveness().lastFrameNanos()).isEmpty();
    await().atMost(GENEROUS).until(() -> socket.liveness().silence().toMillis() > 20);

    socket.sendText("say something");

    await().atMost(GENEROUS).until(() -> socket.liveness().lastFrameNanos().isPresent());
    assertThat(socket.liveness().pausedSinceNanos()).isEmpty();
  }

  @Test
  void pingsAndPongsOfWhateverStandsInBetweenDoNotEndTheSilence() throws Exception {
    AtomicReference<ServerWebSocket> seen = new AtomicReference<>();
    CountDownLatch answered = new CountDownLatch(3);
    server =
        TestServer.webSockets(
            socket -> {
              socket.pongHandler(pong -> answered.countDown());
              seen.set(socket);
            });
    ClientSocket socket = open(server);
    await().atMost(GENEROUS).until(() -> seen.get() != null);
    long before = System.nanoTime();

    for (int i = 0; i < 3; i++) {
      seen.get().writePing(Buffer.buffer("alive?"));
      seen.get().writePong(Buffer.buffer("alive!"));
    }
    assertThat(answered.await(2, TimeUnit.MINUTES)).isTrue();

    Duration pinged = Duration.ofNanos(System.nanoTime() - before);
    assertThat(socket.liveness().silence()).isGreaterThanOrEqualTo(pinged);
    assertThat(socket.liveness().lastFrameNanos()).isEmpty();
  }

  @Test
  void isBehindSinceItsThreadStoodStill() throws Exception {
    CountDownLatch watched = new CountDownLatch(1);
    server =
        TestServer.handshakes(
            handshake -> {
              await().atMost(GENEROUS).until(() -> watched.getCount() == 0);
              handshake.accept();
            });
    ClientSocket socket = component.endpoint(address(server), Map.of()).open(queue, recorder);
    CompletionStage<Long> stoodStill =
        socket
            .opened()
            .thenApply(
                opened -> {
                  long begin = System.nanoTime();
                  await().until(() -> System.nanoTime() - begin > 1_500_000_000L);
                  return begin;
                });
    watched.countDown();

    await().atMost(GENEROUS).until(() -> socket.liveness().behindSinceNanos().isPresent());
    assertThat(socket.liveness().behindSinceNanos().orElseThrow() - get(stoodStill)).isNegative();
  }

  @Test
  void passesTheStockOptionsOn() throws Exception {
    AtomicReference<ServerWebSocket> seen = new AtomicReference<>();
    server = TestServer.webSockets(seen::set);
    URI address = URI.create("ws://127.0.0.1:" + server.port() + "/a%20b/c?d=e%26f");
    ClientSocketEndpoint endpoint =
        component.endpoint(
            address, Map.of("handshake.X-Tenant", "acme", "originHeaderUrl", "http://here"));
    get(endpoint.open(queue, recorder).opened());

    await().atMost(GENEROUS).until(() -> seen.get() != null);
    assertThat(seen.get().uri()).isEqualTo("/a%20b/c?d=e%26f");
    assertThat(seen.get().headers().get("X-Tenant")).isEqualTo("acme");
    assertThat(seen.get().headers().get("Origin")).isEqualTo("http://here");
  }

  @Test
  void keepsThePathOutOfTheEndpointsName() throws Exception {
    URI address = URI.create("wss://example.org/channels/" + SECRET);

    ClientSocketEndpoint endpoint = component.endpoint(address, Map.of());

    assertThat(endpoint.getEndpointUri()).doesNotContain(SECRET);
    assertThat(endpoint.toString()).doesNotContain(SECRET);
    assertThat(endpoint.getEndpointKey()).doesNotContain(SECRET);
    assertThat(endpoint.getConfiguration().getWebsocketURI())
        .isEqualTo(URI.create("wss://example.org:443/channels/" + SECRET));
  }

  @Test
  void knowsOnlyTheStockOptions() {
    assertThatThrownBy(
            () -> component.endpoint(URI.create("ws://localhost/"), Map.of("reconect", "yes")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("reconect");
  }

  private ClientSocket open(TestServer server) throws Exception {
    return open(server, recorder);
  }

  private ClientSocket open(TestServer server, SocketListener listener) throws Exception {
    ClientSocket socket = component.endpoint(address(server), Map.of()).open(queue, listener);
    get(socket.opened());
    return socket;
  }

  private SocketOpenException openFailure(TestServer server) throws Exception {
    return failure(component.endpoint(address(server), Map.of()).open(queue, recorder).opened());
  }

  private static SocketOpenException failure(CompletionStage<?> stage) throws Exception {
    try {
      get(stage);
    } catch (ExecutionException e) {
      return (SocketOpenException) e.getCause();
    }
    throw new AssertionError("No failure");
  }

  private static ChannelHandlerContext netty(ServerWebSocket socket) {
    return ((WebSocketInternal) socket).channelHandlerContext();
  }

  private static URI address(TestServer server) {
    return URI.create("ws://127.0.0.1:" + server.port() + "/channels/" + SECRET);
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(2, TimeUnit.MINUTES);
  }

  /** The least of a handshake, for servers that break the protocol afterwards. */
  private static final class RawHandshake {
    static String answerTo(String request) {
      String key =
          List.of(request.split("\r\n")).stream()
              .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("sec-websocket-key"))
              .map(line -> line.substring(line.indexOf(':') + 1).trim())
              .findFirst()
              .orElseThrow();
      return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Accept: "
          + accept(key)
          + "\r\n\r\n";
    }

    private static String accept(String key) {
      byte[] salted =
          (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII);
      return Base64.getEncoder().encodeToString(DigestUtils.sha1(salted));
    }
  }
}
