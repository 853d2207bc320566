package dev.caravan.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.socket.SocketOpenException.Kind;
import dev.caravan.testing.Certificates;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PfxOptions;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.jsse.KeyStoreParameters;
import org.apache.camel.support.jsse.SSLContextParameters;
import org.apache.camel.support.jsse.TrustManagersParameters;
import org.apache.camel.support.service.ServiceHelper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That TLS is configured as the stock component's is, and that trust is never assumed. */
@Tag("slow")
class TlsTest {

  @TempDir static Path folder;
  private static Path keyStore;

  private final DefaultCamelContext camel = new DefaultCamelContext();
  private final ClientSocketComponent component = new ClientSocketComponent(camel);
  private final FrameQueue queue = new FrameQueue(camel, "tls", QueueLimits.DEFAULT);

  @BeforeAll
  static void makeACertificateForLocalhost() throws Exception {
    keyStore = new Certificates(folder).of("server", "-ext", "san=dns:localhost");
  }

  @BeforeEach
  void start() {
    ServiceHelper.startService(component, queue);
  }

  @AfterEach
  void stop() {
    ServiceHelper.stopService(queue, component);
    camel.stop();
  }

  @Test
  void doesNotTrustAnUnknownCertificate() throws Exception {
    try (TestServer server = tlsServer()) {
      CompletionStage<Void> opened = open(server, "localhost", Map.of());

      assertThatThrownBy(() -> get(opened))
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOfSatisfying(
              SocketOpenException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TLS))
          .hasMessageContainingAll(
              "No TLS connection to localhost:" + server.port(), "GENESYS_CA_FILE");
    }
  }

  @Test
  void trustsWhatTheSslContextParametersSay() throws Exception {
    camel.getRegistry().bind("trust", trust());
    try (TestServer server = tlsServer()) {
      get(open(server, "localhost", Map.of("sslContextParameters", "#trust")));
    }
  }

  @Test
  void trustsWhatTheGlobalSslContextParametersSay() throws Exception {
    camel.setSSLContextParameters(trust());
    component.setUseGlobalSslContextParameters(true);
    try (TestServer server = tlsServer()) {
      get(open(server, "localhost", Map.of()));
    }
  }

  @Test
  void checksTheHostName() throws Exception {
    camel.getRegistry().bind("trust", trust());
    try (TestServer server = tlsServer()) {
      CompletionStage<Void> opened =
          open(server, "127.0.0.1", Map.of("sslContextParameters", "#trust"));

      assertThatThrownBy(() -> get(opened))
          .cause()
          .isInstanceOfSatisfying(
              SocketOpenException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TLS));
    }
  }

  @Test
  void takesTheClientOptionsBean() throws Exception {
    HttpClientOptions options =
        new HttpClientOptions()
            .setTrustOptions(
                new PfxOptions().setPath(keyStore.toString()).setPassword(Certificates.PASSWORD))
            .setVerifyHost(false);
    camel.getRegistry().bind("options", options);
    try (TestServer server = tlsServer()) {
      get(open(server, "127.0.0.1", Map.of("clientOptions", "#options")));
    }
  }

  private CompletionStage<Void> open(TestServer server, String host, Map<String, Object> options)
      throws Exception {
    URI address = URI.create("wss://" + host + ":" + server.port() + "/feed");
    return component.endpoint(address, options).open(queue, new Recorder()).opened();
  }

  private static TestServer tlsServer() throws Exception {
    PfxOptions key =
        new PfxOptions().setPath(keyStore.toString()).setPassword(Certificates.PASSWORD);
    return TestServer.webSockets(
        new HttpServerOptions().setSsl(true).setKeyCertOptions(key), socket -> {});
  }

  private static SSLContextParameters trust() {
    KeyStoreParameters store = new KeyStoreParameters();
    store.setResource("file:" + keyStore);
    store.setPassword(Certificates.PASSWORD);
    TrustManagersParameters managers = new TrustManagersParameters();
    managers.setKeyStore(store);
    SSLContextParameters parameters = new SSLContextParameters();
    parameters.setTrustManagers(managers);
    return parameters;
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(2, TimeUnit.MINUTES);
  }
}
