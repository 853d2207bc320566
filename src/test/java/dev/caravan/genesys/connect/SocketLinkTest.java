package dev.caravan.genesys.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caravan.socket.ClientSocket;
import dev.caravan.socket.ClientSocketComponent;
import dev.caravan.socket.ClientSocketEndpoint;
import dev.caravan.socket.CloseReason;
import dev.caravan.socket.FrameQueue;
import dev.caravan.socket.QueueLimits;
import dev.caravan.socket.SocketListener;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.service.ServiceHelper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the pongs of a real socket say about its pings. */
@Timeout(60)
class SocketLinkTest {

  private final Vertx vertx = Vertx.vertx();
  private final DefaultCamelContext camel = new DefaultCamelContext();
  private final ClientSocketComponent component = new ClientSocketComponent(camel);
  private final FrameQueue queue = new FrameQueue(camel, "link", QueueLimits.DEFAULT);
  private final CountDownLatch pings = new CountDownLatch(1);

  @AfterEach
  void stop() throws Exception {
    ServiceHelper.stopService(queue, component);
    camel.stop();
    get(vertx.close().toCompletionStage());
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private ClientSocket open(ClientSocketEndpoint endpoint) throws Exception {
    ClientSocket socket =
        endpoint.open(
            queue,
            new SocketListener() {
              @Override
              public void onFrame(byte[] frame, boolean binary) {
                throw new IllegalStateException("The server says nothing");
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
                .webSocketHandler(socket -> socket.textMessageHandler(ping -> pings.countDown()))
                .listen()
                .toCompletionStage())
            .actualPort();
    return component.endpoint(URI.create("ws://127.0.0.1:" + port + "/"), Map.of());
  }

  @Test
  void aPingThatCouldNotBeSentIsNotTakenForTheOneThatIsAnswered() throws Exception {
    ClientSocketEndpoint endpoint = server();
    ClientSocket socket = open(endpoint);
    SocketLink link =
        new SocketLink(
            socket, endpoint, queue, System::currentTimeMillis, Optional.empty(), () -> {});
    long before = System.currentTimeMillis();
    assertThat(link.reading().provenUntil()).isZero();
    link.ping();
    assertThat(pings.await(30, TimeUnit.SECONDS)).isTrue();
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
    SocketLink link =
        new SocketLink(
            socket, endpoint, queue, System::currentTimeMillis, Optional.empty(), () -> {});

    link.prove();
    link.prove();

    assertThat(link.ponged()).isPresent();
    assertThat(link.ponged()).isEmpty();
    get(socket.close(CloseReason.NORMAL, ""));
  }
}
