package dev.caravan.genesys.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.socket.ClientSocket;
import dev.caravan.socket.ClientSocketComponent;
import dev.caravan.socket.ClientSocketEndpoint;
import dev.caravan.socket.CloseReason;
import dev.caravan.socket.FrameQueue;
import dev.caravan.socket.QueueLimits;
import dev.caravan.socket.SocketListener;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.service.ServiceHelper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the pongs of a real socket say about its pings. */
@Timeout(300)
class SocketLinkTest {

  private static final Duration ANSWERED_WITHIN = Duration.ofMillis(200);

  private final Vertx vertx = Vertx.vertx();
  private final DefaultCamelContext camel = new DefaultCamelContext();
  private final ClientSocketComponent component = new ClientSocketComponent(camel);
  private final FrameQueue queue = new FrameQueue(camel, "link", QueueLimits.DEFAULT);
  private final AtomicInteger pings = new AtomicInteger();
  private volatile Consumer<byte[]> frames = frame -> {};

  @AfterEach
  void stop() throws Exception {
    ServiceHelper.stopService(queue, component);
    camel.stop();
    get(vertx.close().toCompletionStage());
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(2, TimeUnit.MINUTES);
  }

  private ClientSocket open(ClientSocketEndpoint endpoint) throws Exception {
    ClientSocket socket =
        endpoint.open(
            queue,
            new SocketListener() {
              @Override
              public void onFrame(byte[] frame, boolean binary) {
                frames.accept(frame);
              }

              @Override
              public void onClosed(CloseReason reason) {
                assertThat(reason.code()).isEqualTo(CloseReason.NORMAL);
              }
            });
    get(socket.opened());
    return socket;
  }

  private ClientSocketEndpoint server() throws Exception {
    ServiceHelper.startService(component, queue);
    int port =
        get(vertx
                .createHttpServer(new HttpServerOptions().setHost("127.0.0.1").setPort(0))
                .webSocketHandler(socket -> socket.textMessageHandler(ping -> pinged(socket)))
                .listen()
                .toCompletionStage())
            .actualPort();
    return component.endpoint(URI.create("ws://127.0.0.1:" + port + "/"), Map.of());
  }

  private void pinged(ServerWebSocket socket) {
    pings.incrementAndGet();
    vertx.setPeriodic(
        ANSWERED_WITHIN.toMillis() / 5,
        timer -> {
          if (!socket.isClosed()) {
            socket.writeTextMessage("an event");
          }
        });
  }

  private SocketLink link(ClientSocket socket, ClientSocketEndpoint endpoint) {
    return new SocketLink(
        socket,
        endpoint,
        queue,
        System::currentTimeMillis,
        Optional.empty(),
        () -> {},
        ANSWERED_WITHIN);
  }

  @Test
  void aPingThatCouldNotBeSentIsNotTakenForTheOneThatIsAnswered() throws Exception {
    ClientSocketEndpoint endpoint = server();
    ClientSocket socket = open(endpoint);
    SocketLink link = link(socket, endpoint);
    long before = System.currentTimeMillis();
    assertThat(link.reading().provenUntil()).isZero();
    link.ping();
    await().until(() -> pings.get() == 1);
    assertThat(link.reading().provenUntil()).isZero();
    assertThat(link.ponged()).isPresent();
    assertThat(link.reading().provenUntil()).isGreaterThanOrEqualTo(before);
    get(socket.close(CloseReason.NORMAL, ""));

    link.ping();
    link.ping();

    assertThat(link.ponged()).isEmpty();
  }

  @Test
  void whatIsToBeProvenIsAskedOnceUntilItIsAnswered() throws Exception {
    ClientSocketEndpoint endpoint = server();
    ClientSocket socket = open(endpoint);
    SocketLink link = link(socket, endpoint);

    link.prove();
    link.prove();

    assertThat(link.ponged()).isPresent();
    assertThat(link.ponged()).isEmpty();
    get(socket.close(CloseReason.NORMAL, ""));
  }

  @Test
  void aPingThatWasNeverAnsweredDelaysTheProofByNoOtherForLong() throws Exception {
    ClientSocketEndpoint endpoint = server();
    ClientSocket socket = open(endpoint);
    SocketLink link = link(socket, endpoint);
    link.prove();
    await().until(() -> pings.get() == 1);
    long asked = System.currentTimeMillis();

    await()
        .until(
            () -> {
              link.prove();
              return pings.get() == 2;
            });

    assertThat(link.ponged()).isPresent();
    assertThat(link.reading().provenUntil()).isGreaterThanOrEqualTo(asked);
    assertThat(link.ponged()).isEmpty();
    get(socket.close(CloseReason.NORMAL, ""));
  }

  @Test
  void aPingIsNotGivenUpWhileItsAnswerMayWaitBehindOtherFrames() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    frames =
        frame -> {
          try {
            goOn.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    ClientSocketEndpoint endpoint = server();
    ClientSocket socket = open(endpoint);
    SocketLink link = link(socket, endpoint);
    link.prove();
    long heldSince = System.nanoTime();
    await()
        .until(
            () ->
                socket.liveness().lastFrameNanos().orElse(heldSince) - heldSince
                    > 2 * ANSWERED_WITHIN.toNanos());
    long later = System.currentTimeMillis();

    link.prove();
    link.ping();

    assertThat(link.ponged()).isPresent();
    assertThat(link.reading().provenUntil()).isLessThan(later);
    goOn.countDown();
    get(socket.close(CloseReason.NORMAL, ""));
  }
}
