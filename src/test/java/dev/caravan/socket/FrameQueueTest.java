package dev.caravan.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.caravan.socket.CloseReason.Initiator;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.impl.WebSocketInternal;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.service.ServiceHelper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What happens between the sockets and a listener that is slower than they are. */
@Tag("slow")
class FrameQueueTest {

  private static final Duration GENEROUS = Duration.ofMinutes(2);
  private static final Duration SHORT_DRAIN = Duration.ofMillis(500);

  private final DefaultCamelContext camel = new DefaultCamelContext();
  private final ClientSocketComponent component = new ClientSocketComponent(camel);
  private final Semaphore permits = new Semaphore(0);
  private FrameQueue queue = queue(new QueueLimits(4, 1024 * 1024, Duration.ofSeconds(30)));

  /** Handles a frame only when it gets a permit. */
  private class Slow extends Recorder {
    @Override
    public void onFrame(byte[] frame, boolean binary) {
      permits.acquireUninterruptibly();
      super.onFrame(frame, binary);
    }
  }

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
    permits.release(1_000_000);
    ServiceHelper.stopService(queue, component);
    camel.stop();
  }

  @Test
  void pausesASocketWhenFullAndResumesItWhenHalfEmpty() throws Exception {
    Slow listener = new Slow();
    server = TestServer.webSockets(socket -> {});
    ClientSocket socket = open(server, listener);
    send(server, 0, 0, 4);

    await().atMost(GENEROUS).until(() -> socket.liveness().pausedSinceNanos().isPresent());
    assertThat(socket.liveness().silence()).isZero();
    assertThat(queue.frames()).isEqualTo(4);
    permits.release();
    await().atMost(GENEROUS).until(() -> listener.frames.size() == 1);
    assertThat(socket.liveness().pausedSinceNanos()).isPresent();

    permits.release();

    await().atMost(GENEROUS).until(() -> socket.liveness().pausedSinceNanos().isEmpty());
  }

  @Test
  void losesNothingAndKeepsTheOrderThroughManyPauses() throws Exception {
    Slow listener = new Slow();
    server = TestServer.webSockets(socket -> {});
    ClientSocket socket = open(server, listener);
    send(server, 0, 0, 2000);
    await().atMost(GENEROUS).until(() -> socket.liveness().pausedSinceNanos().isPresent());

    for (int i = 1; i <= 20; i++) {
      permits.release(100);
      int handled = i * 100;
      await().atMost(GENEROUS).until(() -> listener.frames.size() >= handled);
    }

    await().atMost(GENEROUS).until(() -> listener.frames.size() == 2000);
    assertThat(listener.texts()).isEqualTo(numbers(2000));
  }

  @Test
  void holdsNoMoreBytesThanItsLimitAndWhatWasBeingRead() throws Exception {
    ServiceHelper.stopService(queue);
    queue = queue(new QueueLimits(1000, 100_000, SHORT_DRAIN));
    ServiceHelper.startService(queue);
    Slow listener = new Slow();
    server = TestServer.webSockets(socket -> {});
    ClientSocket socket = open(server, listener);

    ServerWebSocket peer = server.sockets().get(0);
    for (int i = 0; i < 100; i++) {
      peer.writeTextMessage(TestServer.bytes(30_000).toString());
    }

    await().atMost(GENEROUS).until(() -> socket.liveness().pausedSinceNanos().isPresent());
    assertThat(queue.frames()).isEqualTo(4);
    permits.release(100);
    await().atMost(GENEROUS).until(() -> listener.frames.size() == 100);
  }

  @Test
  void pausesEverySocketThatFeedsIt() throws Exception {
    Slow listener = new Slow();
    server = TestServer.webSockets(socket -> {});
    ClientSocket predecessor = open(server, listener);
    ClientSocket successor = open(server, listener);

    send(server, 0, 0, 100);
    send(server, 1, 0, 100);
    await().atMost(GENEROUS).until(() -> predecessor.liveness().pausedSinceNanos().isPresent());
    await().atMost(GENEROUS).until(() -> successor.liveness().pausedSinceNanos().isPresent());

    permits.release(200);
    await().atMost(GENEROUS).until(() -> listener.frames.size() == 200);
    await().atMost(GENEROUS).until(() -> predecessor.liveness().pausedSinceNanos().isEmpty());
    await().atMost(GENEROUS).until(() -> successor.liveness().pausedSinceNanos().isEmpty());
  }

  @Test
  void handsOverWhatWasReadDuringAPauseThoughTheConnectionIsLost() throws Exception {
    Slow listener = new Slow();
    server =
        TestServer.webSockets(
            socket ->
                socket.textMessageHandler(
                    text -> {
                      for (int i = 0; i < 11; i++) {
                        socket.writeTextMessage(Integer.toString(i));
                      }
                      socket
                          .writeTextMessage("11")
                          .onComplete(
                              v -> ((WebSocketInternal) socket).channelHandlerContext().close());
                    }));
    ClientSocket socket = open(server, listener);
    socket.sendText("go");
    await().atMost(GENEROUS).until(() -> socket.liveness().pausedSinceNanos().isPresent());

    permits.release(12);

    assertThat(get(socket.closed()).initiator()).isEqualTo(Initiator.TRANSPORT);
    assertThat(listener.texts()).isEqualTo(numbers(12));
    assertThat(listener.framesAfterTheEnd).hasValue(0);
  }

  @Test
  void handsOverWhatTheServerSentBeforeItClosedDuringAPause() throws Exception {
    Slow listener = new Slow();
    server =
        TestServer.webSockets(
            socket -> {
              for (int i = 0; i < 500; i++) {
                socket.writeTextMessage(Integer.toString(i));
              }
              socket.close((short) 1001, "bye");
            });
    ClientSocket socket = open(server, listener);
    await().atMost(GENEROUS).until(() -> socket.liveness().pausedSinceNanos().isPresent());

    permits.release(500);

    assertThat(get(socket.closed())).isEqualTo(new CloseReason(Initiator.SERVER, 1001, "bye"));
    assertThat(listener.texts()).isEqualTo(numbers(500));
    assertThat(listener.ends).hasSize(1);
  }

  @Test
  void stopClosesWith1000AndHandsOverWhatWasRead() throws Exception {
    Slow listener = new Slow();
    server = TestServer.webSockets(socket -> {});
    ClientSocket socket = open(server, listener);
    send(server, 0, 0, 3);
    await().atMost(GENEROUS).until(() -> queue.frames() == 3);

    CompletableFuture<Void> stopped = CompletableFuture.runAsync(queue::stop);
    ServerWebSocket peer = server.sockets().get(0);
    await().atMost(GENEROUS).until(() -> peer.closeStatusCode() != null);
    assertThat(peer.closeStatusCode()).isEqualTo((short) 1000);
    assertThat(stopped).isNotDone();
    permits.release(3);

    stopped.get(2, TimeUnit.MINUTES);
    assertThat(listener.texts()).isEqualTo(numbers(3));
    assertThat(listener.ends).containsExactly(new CloseReason(Initiator.US, 1000, ""));
    assertThat(get(socket.closed()).initiator()).isEqualTo(Initiator.US);
  }

  @Test
  void stopDoesNotWaitForEverForAListenerThatIsStuck() throws Exception {
    ServiceHelper.stopService(queue);
    queue = queue(new QueueLimits(4, 1024 * 1024, SHORT_DRAIN));
    ServiceHelper.startService(queue);
    Slow listener = new Slow();
    server = TestServer.webSockets(socket -> {});
    open(server, listener);
    send(server, 0, 0, 100);
    await().atMost(GENEROUS).until(() -> queue.frames() >= 4);

    CompletableFuture.runAsync(queue::stop).get(2, TimeUnit.MINUTES);

    assertThat(listener.frames).isEmpty();
  }

  /** As when a route waits for a step of its own to stop it, until Camel gives that up. */
  @Test
  void handsOverWhatWasReadAndEndsThoughWhoeverStopsItIsInterrupted() throws Exception {
    AtomicReference<Thread> thread = new AtomicReference<>();
    Slow listener =
        new Slow() {
          @Override
          public void onFrame(byte[] frame, boolean binary) {
            thread.set(Thread.currentThread());
            super.onFrame(frame, binary);
          }
        };
    server = TestServer.webSockets(socket -> {});
    open(server, listener);
    send(server, 0, 0, 3);
    await().atMost(GENEROUS).until(() -> queue.frames() == 3 && thread.get() != null);

    Thread stopping = new Thread(() -> queue.stop());
    stopping.start();
    ServerWebSocket peer = server.sockets().get(0);
    await().atMost(GENEROUS).until(() -> peer.closeStatusCode() != null);
    stopping.interrupt();
    stopping.join(GENEROUS.toMillis());
    permits.release(3);

    await().atMost(GENEROUS).until(() -> !thread.get().isAlive());
    assertThat(listener.texts()).isEqualTo(numbers(3));
  }

  @Test
  void takesNoSocketWhenItDoesNotRun() {
    ServiceHelper.stopService(queue);

    assertThatThrownBy(
            () ->
                component
                    .endpoint(URI.create("ws://127.0.0.1:9/"), Map.of())
                    .open(queue, new Recorder()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("not running");
  }

  @Test
  void goesOnAfterAListenerThatFails() throws Exception {
    Recorder listener =
        new Recorder() {
          @Override
          public void onFrame(byte[] frame, boolean binary) {
            super.onFrame(frame, binary);
            if (frames.size() == 1) {
              throw new IllegalStateException("thrown on purpose");
            }
            if (frames.size() == 2) {
              throw new StackOverflowError("thrown on purpose");
            }
            if (frames.size() == 3) {
              Thread.currentThread().interrupt();
            }
          }
        };
    server = TestServer.webSockets(socket -> {});
    open(server, listener);
    send(server, 0, 0, 3);
    await().atMost(GENEROUS).until(() -> listener.frames.size() == 3);
    send(server, 0, 3, 4);

    await().atMost(GENEROUS).until(() -> listener.frames.size() == 4);
  }

  @Test
  void handsNoFrameOverWhileAListenersInterruptIsPending() throws Exception {
    List<Boolean> interrupted = new CopyOnWriteArrayList<>();
    Slow listener =
        new Slow() {
          @Override
          public void onFrame(byte[] frame, boolean binary) {
            super.onFrame(frame, binary);
            interrupted.add(Thread.currentThread().isInterrupted());
            Thread.currentThread().interrupt();
          }
        };
    server = TestServer.webSockets(socket -> {});
    open(server, listener);
    send(server, 0, 0, 4);
    await().atMost(GENEROUS).until(() -> queue.frames() == 4);
    permits.release(4);

    await().atMost(GENEROUS).until(() -> interrupted.size() == 4);
    assertThat(interrupted).containsOnly(false);
  }

  @Test
  void goesOnAfterASocketThatCannotBePausedNorResumed() throws Exception {
    Slow listener = new Slow();
    server = TestServer.webSockets(socket -> {});
    open(server, listener);
    send(server, 0, 0, 1);
    await().atMost(GENEROUS).until(() -> queue.frames() == 1);

    // Stands for a socket of which every call fails
    queue.offer(null, new byte[1], false);
    queue.offer(null, new byte[1], false);
    assertThatThrownBy(() -> queue.offer(null, new byte[1], false))
        .isInstanceOf(NullPointerException.class);
    permits.release(4);
    await().atMost(GENEROUS).until(() -> listener.frames.size() == 1);
    send(server, 0, 1, 4);

    await().atMost(GENEROUS).until(() -> listener.frames.size() == 4);
    assertThat(queue.frames()).isZero();
  }

  @Test
  void letsTheListenerOpenTheNextSocketWhenOneHasEnded() throws Exception {
    AtomicReference<ClientSocket> second = new AtomicReference<>();
    server = TestServer.webSockets(socket -> {});
    ClientSocketEndpoint endpoint = component.endpoint(address(server), Map.of());
    Recorder next = new Recorder();
    Recorder first =
        new Recorder() {
          @Override
          public void onClosed(CloseReason reason) {
            super.onClosed(reason);
            try {
              second.set(endpoint.open(queue, next));
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          }
        };
    get(endpoint.open(queue, first).opened());
    await().atMost(GENEROUS).until(() -> server.sockets().size() == 1);

    server.closeAll(1001);

    await().atMost(GENEROUS).until(() -> server.sockets().size() == 2);
    get(second.get().opened());
  }

  @Test
  void namesItsThread() throws Exception {
    AtomicReference<String> thread = new AtomicReference<>();
    server = TestServer.webSockets(socket -> socket.writeTextMessage("hello"));
    open(
        server,
        new Recorder() {
          @Override
          public void onFrame(byte[] frame, boolean binary) {
            thread.set(Thread.currentThread().getName());
          }
        });

    await().atMost(GENEROUS).untilAsserted(() -> assertThat(thread.get()).contains("test-queue"));
  }

  private FrameQueue queue(QueueLimits limits) {
    return new FrameQueue(camel, "test-queue", limits);
  }

  private ClientSocket open(TestServer server, SocketListener listener) throws Exception {
    int before = server.sockets().size();
    ClientSocket socket = component.endpoint(address(server), Map.of()).open(queue, listener);
    get(socket.opened());
    await().atMost(GENEROUS).until(() -> server.sockets().size() > before);
    return socket;
  }

  private static void send(TestServer server, int socket, int from, int to) {
    server.sendNumbered(server.sockets().get(socket), from, to);
  }

  private static URI address(TestServer server) {
    return URI.create("ws://127.0.0.1:" + server.port() + "/feed");
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(2, TimeUnit.MINUTES);
  }

  private static List<String> numbers(int count) {
    return IntStream.range(0, count).mapToObj(Integer::toString).toList();
  }
}
