package dev.caravan.socket;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.component.vertx.websocket.VertxWebsocketComponent;
import org.apache.camel.component.vertx.websocket.VertxWebsocketConfiguration;
import org.apache.camel.component.vertx.websocket.VertxWebsocketEndpointConfigurer;
import org.apache.camel.spi.PropertyConfigurer;

/**
 * Makes endpoints for WebSocket servers; camel-vertx-websocket for programs that own their sockets.
 *
 * <p>It has no scheme: a socket that never reconnects by itself needs an owner that decides what
 * follows its end, and such an owner is another component.
 *
 * <p>The options are those of {@code vertx-websocket:}, among them {@code handshake.*}, {@code
 * clientSubProtocols}, {@code sslContextParameters=#bean}, {@code clientOptions=#bean}, {@code
 * allowOriginHeader} and {@code originHeaderUrl}. Compression is not offered to the server unless
 * {@code clientOptions} say so.
 */
public final class ClientSocketComponent extends VertxWebsocketComponent {

  private final PropertyConfigurer endpointOptions = new VertxWebsocketEndpointConfigurer();
  private SocketLimits limits = SocketLimits.DEFAULT;

  public ClientSocketComponent(CamelContext camelContext) {
    setCamelContext(camelContext);
  }

  public SocketLimits getLimits() {
    return limits;
  }

  /** Limits of the sockets opened through endpoints made from now on. */
  public void setLimits(SocketLimits limits) {
    this.limits = limits;
  }

  /**
   * An endpoint for one address. The address is kept out of the endpoint's URI, which ends up in
   * logs and tools, and its query is left to the server: no part of it is taken for an option.
   *
   * @param address {@code ws} or {@code wss}; without a port it is 80 or 443
   * @param options options of {@code vertx-websocket:}; an unknown one is an error
   */
  public ClientSocketEndpoint endpoint(URI address, Map<String, Object> options) throws Exception {
    URI server = withPort(address);
    String serverOnly = server.getScheme() + "://" + server.getHost() + ":" + server.getPort();
    Map<String, Object> remaining = new LinkedHashMap<>(options);

    ClientSocketEndpoint endpoint =
        (ClientSocketEndpoint) createEndpoint("client-socket:" + serverOnly, serverOnly, remaining);

    if (!remaining.isEmpty()) {
      throw new IllegalArgumentException(
          "Unknown WebSocket option %s for %s: use the options of Camel's vertx-websocket component."
              .formatted(String.join(", ", remaining.keySet()), serverOnly));
    }
    endpoint.setCamelContext(getCamelContext());
    endpoint.getConfiguration().setWebsocketURI(server);
    return endpoint;
  }

  @Override
  protected ClientSocketEndpoint createEndpointInstance(
      String uri, VertxWebsocketConfiguration configuration) {
    return new ClientSocketEndpoint(uri, this, configuration, limits);
  }

  @Override
  public PropertyConfigurer getEndpointPropertyConfigurer() {
    return endpointOptions;
  }

  /** The stock component falls back to its default <em>server</em> port. */
  private static URI withPort(URI address) throws URISyntaxException {
    boolean tls = "wss".equals(address.getScheme());
    if (!tls && !"ws".equals(address.getScheme()) || address.getHost() == null) {
      throw new IllegalArgumentException(
          "A WebSocket address starts with ws://host or wss://host; got scheme %s and host %s"
              .formatted(address.getScheme(), address.getHost()));
    }
    int port = address.getPort() != -1 ? address.getPort() : tls ? 443 : 80;
    String path = address.getRawPath().isEmpty() ? "/" : address.getRawPath();
    String query = address.getRawQuery() == null ? "" : "?" + address.getRawQuery();
    return new URI(address.getScheme() + "://" + address.getHost() + ":" + port + path + query);
  }
}
