package dev.caravan.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.socket.CloseReason.Initiator;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.time.Duration;
import java.util.List;
import java.util.Vector;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * What ails camel-vertx-websocket as a client, and that it is cured here.
 *
 * <p>Every scenario fails on the stock component of Camel 4.17.0. To see it:
 *
 * <pre>
 * {@code mvn test -Dtests.later= -Dtest=StockComponentDefectsTest -Dcaravan.socket.driver=stock}
 * </pre>
 */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class StockComponentDefectsTest {

  private static final Duration GENEROUS = Duration.ofMinutes(2);

  private final List<String> received = new Vector<>();

  @Test
  void keepsTheOrderOfTheSocket() throws Exception {
    try (TestServer server = TestServer.webSockets(socket -> {});
        SocketDriver driver = SocketDriver.chosen(received::add)) {
      driver.open(server.port());
      await().atMost(GENEROUS).until(() -> server.sockets().size() == 1);
      ServerWebSocket socket = server.sockets().get(0);

      for (int burst = 0; burst < 30; burst++) {
        int from = burst * 200;
        server.sendNumbered(socket, from, from + 200);
        await().atMost(GENEROUS).until(() -> received.size() > from);
      }

      await().atMost(GENEROUS).until(() -> received.size() >= 6000);
      assertThat(received).isEqualTo(numbers(6000));
    }
  }

  @Test
  void losesNothingOfABurstRightAfterTheHandshake() throws Exception {
    for (int attempt = 1; attempt <= 20; attempt++) {
      received.clear();
      try (TestServer server =
              TestServer.webSockets(
                  socket -> {
                    for (int i = 0; i < 300; i++) {
                      socket.writeTextMessage(Integer.toString(i));
                    }
                  });
          SocketDriver driver = SocketDriver.chosen(received::add)) {
        driver.open(server.port());

        await("all of attempt " + attempt)
            .atMost(GENEROUS)
            .untilAsserted(() -> assertThat(received).hasSize(300));
        assertThat(received).containsExactlyInAnyOrderElementsOf(numbers(300));
      }
    }
  }

  @Test
  void opensNoSocketThatNobodyAskedFor() throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    AtomicBoolean blackHole = new AtomicBoolean();
    try (TestServer server =
            TestServer.handshakes(
                handshake -> {
                  attempts.incrementAndGet();
                  if (!blackHole.getAndSet(true)) {
                    handshake.accept();
                  }
                });
        SocketDriver driver = SocketDriver.chosen(received::add)) {
      driver.open(server.port());
      await().atMost(GENEROUS).until(() -> server.sockets().size() == 1);

      server.closeAll(1001);

      await()
          .during(Duration.ofSeconds(4))
          .atMost(GENEROUS)
          .failFast("a socket that nobody asked for", () -> attempts.get() > 1)
          .until(() -> attempts.get() == 1);
    }
  }

  @Test
  void tellsWhoClosedAndWithWhichCode() throws Exception {
    try (TestServer server =
            TestServer.webSockets(socket -> socket.writeTextMessage("hello").onComplete(v -> {}));
        SocketDriver driver = SocketDriver.chosen(received::add)) {
      driver.open(server.port());
      await().atMost(GENEROUS).until(() -> received.size() == 1);

      server.sockets().get(0).close((short) 1012, "restarting");

      await()
          .atMost(GENEROUS)
          .untilAsserted(
              () ->
                  assertThat(driver.end())
                      .contains(new CloseReason(Initiator.SERVER, 1012, "restarting")));
    }
  }

  @Test
  void holdsTheServerBackWhileTheConsumerIsSlow() throws Exception {
    int messages = 4000;
    String padding = "x".repeat(16 * 1024);
    AtomicInteger sent = new AtomicInteger();
    CountDownLatch slowness = new CountDownLatch(1);
    try (TestServer server =
            TestServer.webSockets(
                socket -> {
                  socket.drainHandler(v -> fill(socket, sent, messages, padding));
                  fill(socket, sent, messages, padding);
                });
        SocketDriver driver =
            SocketDriver.chosen(
                text -> {
                  awaitQuietly(slowness);
                  received.add(text.substring(0, text.indexOf(' ')));
                })) {
      driver.open(server.port());

      AtomicInteger before = new AtomicInteger(-1);
      await()
          .pollInterval(Duration.ofSeconds(1))
          .atMost(GENEROUS)
          .until(() -> before.getAndSet(sent.get()) == sent.get());
      assertThat(sent).hasValueLessThan(messages);

      slowness.countDown();
      await().atMost(GENEROUS).until(() -> received.size() >= messages);
      assertThat(received).isEqualTo(numbers(messages));
    }
  }

  @Test
  void closesWith1000WhenStopped() throws Exception {
    try (TestServer server = TestServer.webSockets(socket -> {});
        SocketDriver driver = SocketDriver.chosen(received::add)) {
      driver.open(server.port());
      await().atMost(GENEROUS).until(() -> server.sockets().size() == 1);

      driver.stop();

      await()
          .atMost(GENEROUS)
          .untilAsserted(
              () -> assertThat(server.sockets().get(0).closeStatusCode()).isEqualTo((short) 1000));
    }
  }

  @Test
  void refusesAMessageThatIsTooBigAloud() throws Exception {
    try (TestServer server =
            TestServer.webSockets(
                socket -> {
                  for (int mebibyte = 0; mebibyte < 9; mebibyte++) {
                    sendMebibyte(socket, mebibyte == 0, mebibyte == 8);
                  }
                });
        SocketDriver driver = SocketDriver.chosen(received::add)) {
      driver.open(server.port());

      await()
          .atMost(GENEROUS)
          .untilAsserted(
              () -> assertThat(server.sockets().get(0).closeStatusCode()).isEqualTo((short) 1009));
      assertThat(received).isEmpty();
    }
  }

  private static void sendMebibyte(ServerWebSocket socket, boolean first, boolean last) {
    for (int part = 0; part < 32; part++) {
      boolean end = last && part == 31;
      socket.writeFrame(
          first && part == 0
              ? WebSocketFrame.textFrame(TestServer.bytes(32 * 1024).toString(), end)
              : WebSocketFrame.continuationFrame(TestServer.bytes(32 * 1024), end));
    }
  }

  private static void fill(
      ServerWebSocket socket, AtomicInteger sent, int messages, String padding) {
    while (sent.get() < messages && !socket.isClosed() && !socket.writeQueueFull()) {
      socket.writeTextMessage(sent.getAndIncrement() + " " + padding);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await(4, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static List<String> numbers(int count) {
    return IntStream.range(0, count).mapToObj(Integer::toString).toList();
  }
}
