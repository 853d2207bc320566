package dev.caravan.settings;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.Test;

/** Brokers that answer, with TLS and without, are those of the integration tests. */
class PlainListenerTest {

  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  @Test
  void aPortWithTlsIsToldAlsoBehindAServerThatDoesNotAnswer() throws Exception {
    try (SSLServerSocket server =
        (SSLServerSocket)
            SSLContext.getDefault().getServerSocketFactory().createServerSocket(0, 5, HERE)) {
      CompletableFuture<Void> served = CompletableFuture.runAsync(() -> shakeHands(server));

      assertThatThrownBy(
              () ->
                  PlainListener.look(
                      Map.of(
                          "bootstrap.servers",
                          "127.0.0.1:9,127.0.0.1:" + server.getLocalPort(),
                          "security.protocol",
                          "SASL_PLAINTEXT")))
          .isInstanceOf(KafkaException.class)
          .hasMessage(
              "127.0.0.1:%d speaks TLS, and KAFKA_SECURITY_PROTOCOL is SASL_PLAINTEXT, which is without TLS",
              server.getLocalPort());
      served.join();
    }
  }

  private static void shakeHands(SSLServerSocket server) {
    try (SSLSocket socket = (SSLSocket) server.accept()) {
      socket.startHandshake();
    } catch (IOException noTlsOfTheOther) {
      // As it has to be
    }
  }

  @Test
  void aPortWithHttpIsToldAlthoughItAwaitsTheEndOfALine() throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(HERE, 0), 5);
    server.start();
    try {
      assertThatThrownBy(
              () ->
                  PlainListener.look(
                      Map.of("bootstrap.servers", "127.0.0.1:" + server.getAddress().getPort())))
          .isInstanceOf(KafkaException.class)
          .hasMessageContaining("speaks HTTP, and KAFKA_SECURITY_PROTOCOL is PLAINTEXT");
    } finally {
      server.stop(0);
    }
  }
}
