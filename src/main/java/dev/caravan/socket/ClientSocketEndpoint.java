package dev.caravan.socket;

import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.impl.VertxInternal;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import java.net.URI;
import org.apache.camel.Consumer;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.component.vertx.common.VertxHelper;
import org.apache.camel.component.vertx.websocket.VertxWebsocketConfiguration;
import org.apache.camel.component.vertx.websocket.VertxWebsocketEndpoint;
import org.apache.camel.support.jsse.SSLContextParameters;

/** Opens sockets to one address, one at a time. */
public final class ClientSocketEndpoint extends VertxWebsocketEndpoint {

  private final SocketLimits limits;
  private ClientSocket last;

  ClientSocketEndpoint(
      String uri,
      ClientSocketComponent component,
      VertxWebsocketConfiguration configuration,
      SocketLimits limits) {
    super(uri, component, configuration);
    this.limits = limits;
  }

  /**
   * Begins to open a socket and returns at once; {@link ClientSocket#opened()} tells how it went.
   *
   * @throws IllegalStateException if the socket opened before has not ended: a second one to the
   *     same address could take its place on the server
   */
  public synchronized ClientSocket open(FrameQueue queue, SocketListener listener)
      throws Exception {
    URI address = getConfiguration().getWebsocketURI();
    if (last != null && !last.hasEnded()) {
      throw new IllegalStateException(
          "The socket to "
              + getServiceUrl()
              + " is still there. Close it and wait for its end before opening another.");
    }
    HttpClientOptions stockOptions = stockOptions();
    ClientSocket socket =
        new ClientSocket(
            (VertxInternal) getVertx(),
            webSocketOptions(stockOptions),
            getWebSocketConnectOptions(stockOptions),
            limits,
            new MaskedAddress(address),
            queue,
            listener);
    socket.open();
    last = socket;
    return socket;
  }

  /** The stock endpoint sends the decoded path, which is no URI once a character was escaped. */
  @Override
  protected WebSocketConnectOptions getWebSocketConnectOptions(HttpClientOptions options) {
    URI address = getConfiguration().getWebsocketURI();
    String query = address.getRawQuery();
    WebSocketConnectOptions connect = super.getWebSocketConnectOptions(options);
    connect.setURI(address.getRawPath() + (query == null ? "" : "?" + query));
    connect.setTimeout(limits.connectTimeout().toMillis());
    return connect;
  }

  @Override
  public Consumer createConsumer(Processor processor) {
    throw ownerNeeded();
  }

  @Override
  public Producer createProducer() {
    throw ownerNeeded();
  }

  private static UnsupportedOperationException ownerNeeded() {
    return new UnsupportedOperationException(
        "This endpoint is opened by the component that owns the socket. In a route use"
            + " vertx-websocket: instead.");
  }

  private HttpClientOptions stockOptions() throws Exception {
    HttpClientOptions given = getConfiguration().getClientOptions();
    HttpClientOptions options =
        given == null ? new HttpClientOptions() : new HttpClientOptions(given);
    SSLContextParameters tls = getConfiguration().getSslContextParameters();
    if (tls != null) {
      KeyCertOptions keys = options.getKeyCertOptions();
      TrustOptions trust = options.getTrustOptions();
      VertxHelper.setupSSLOptions(getCamelContext(), tls, options);
      // For what the parameters leave open the helper sets a factory of null, which Vert.x calls
      if (tls.getKeyManagers() == null) {
        options.setKeyCertOptions(keys);
      }
      if (tls.getTrustManagers() == null) {
        options.setTrustOptions(trust);
      }
    }
    return options;
  }

  /** The two option classes share their names but no constructor; what is no JSON goes by hand. */
  private WebSocketClientOptions webSocketOptions(HttpClientOptions stock) {
    int connectMillis =
        (int) Math.min(limits.connectTimeout().toMillis(), stock.getConnectTimeout());
    WebSocketClientOptions options = new WebSocketClientOptions(stock.toJson());
    options
        .setKeyCertOptions(stock.getKeyCertOptions())
        .setTrustOptions(stock.getTrustOptions())
        .setProxyOptions(stock.getProxyOptions())
        .setSslEngineOptions(stock.getSslEngineOptions())
        .setSslHandshakeTimeout(connectMillis)
        .setConnectTimeout(connectMillis);
    options
        .setTryUsePerMessageCompression(stock.getTryUsePerMessageWebSocketCompression())
        .setSendUnmaskedFrames(stock.isSendUnmaskedFrames())
        .setMaxFrameSize(limits.maxMessageBytes())
        .setMaxMessageSize(limits.maxMessageBytes())
        // ClientSocket bounds the close itself: Vert.x's timer starts only once the close is sent
        .setClosingTimeout(0);
    return options;
  }
}
