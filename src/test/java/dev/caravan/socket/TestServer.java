package dev.caravan.socket;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.ServerWebSocketHandshake;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A real server on an ephemeral port, for WebSockets or for whatever is no WebSocket server. */
final class TestServer implements AutoCloseable {

  private final Vertx vertx = Vertx.vertx();
  private final List<ServerWebSocket> sockets = new CopyOnWriteArrayList<>();
  private final List<NetSocket> connections = new CopyOnWriteArrayList<>();
  private final int port;

  private TestServer(int port, HttpServerOptions options, Setup setup) throws Exception {
    this.port = setup.listen(this, port, options);
  }

  private interface Setup {
    int listen(TestServer server, int port, HttpServerOptions options) throws Exception;
  }

  /** Accepts every WebSocket and then does what the handler says. */
  static TestServer webSockets(Handler<ServerWebSocket> handler) throws Exception {
    return webSockets(new HttpServerOptions(), handler);
  }

  static TestServer webSockets(HttpServerOptions options, Handler<ServerWebSocket> handler)
      throws Exception {
    return new TestServer(
        0,
        options,
        (server, port, opts) ->
            await(
                    server
                        .vertx
                        .createHttpServer(opts.setHost("127.0.0.1").setPort(port))
                        .webSocketHandler(
                            socket -> {
                              server.sockets.add(socket);
                              handler.handle(socket);
                            })
                        .listen())
                .actualPort());
  }

  /** Decides about each handshake. */
  static TestServer handshakes(Handler<ServerWebSocketHandshake> handler) throws Exception {
    return new TestServer(
        0,
        new HttpServerOptions(),
        (server, port, opts) -> {
          HttpServer http = server.vertx.createHttpServer(opts.setHost("127.0.0.1").setPort(port));
          return await(
                  http.webSocketHandshakeHandler(handler)
                      .webSocketHandler(server.sockets::add)
                      .listen())
              .actualPort();
        });
  }

  /** Accepts TCP connections; what is said on them is up to the handler. */
  static TestServer tcp(Handler<NetSocket> handler) throws Exception {
    return new TestServer(
        0,
        new HttpServerOptions(),
        (server, port, opts) -> {
          NetServer net = server.vertx.createNetServer();
          net.connectHandler(
              socket -> {
                server.connections.add(socket);
                handler.handle(socket);
              });
          return await(net.listen(port, "127.0.0.1")).actualPort();
        });
  }

  int port() {
    return port;
  }

  Vertx vertx() {
    return vertx;
  }

  /** Every WebSocket accepted so far. */
  List<ServerWebSocket> sockets() {
    return sockets;
  }

  /** Every plain TCP connection accepted so far. */
  List<NetSocket> connections() {
    return connections;
  }

  /** Sends numbered text messages, as many as the socket takes at a time. */
  void sendNumbered(ServerWebSocket socket, int from, int to) {
    for (int i = from; i < to; i++) {
      socket.writeTextMessage(Integer.toString(i));
    }
  }

  void closeAll(int code) {
    sockets.forEach(socket -> socket.close((short) code));
  }

  /** A TCP connection that ends in a reset rather than in order. */
  static void reset(ServerWebSocket socket) {
    var channel =
        ((io.vertx.core.http.impl.WebSocketInternal) socket).channelHandlerContext().channel();
    channel.config().setOption(io.netty.channel.ChannelOption.SO_LINGER, 0);
    channel.unsafe().close(channel.voidPromise());
  }

  static Buffer bytes(int size) {
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) ('a' + i % 26);
    }
    return Buffer.buffer(bytes);
  }

  static <T> T await(io.vertx.core.Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(2, TimeUnit.MINUTES);
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
