package dev.caravan.testing;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.PfxOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A company's proxy: the only way to servers whose names nobody else knows. It tunnels what comes
 * with the method CONNECT, for those who log in. Of some servers it opens TLS: then it reads what
 * is sent, and shows a certificate of its own instead of the server's.
 */
public final class ConnectProxy implements AutoCloseable {

  private static final int PROXY_AUTHENTICATION_REQUIRED = 407;

  private final Vertx vertx = Vertx.vertx();
  private final NetClient client = vertx.createNetClient();
  private final List<String> tunnels = new CopyOnWriteArrayList<>();
  private final HttpServer server;
  private final String expected;
  private final int target;
  private Predicate<String> opens = tunnel -> false;
  private int inside;

  private ConnectProxy(String user, String password, int target) {
    this.expected =
        "Basic "
            + Base64.getEncoder()
                .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    this.target = target;
    this.server =
        await(vertx.createHttpServer().requestHandler(this::tunnel).listen(0, "127.0.0.1"));
  }

  /**
   * @param target the port of this machine where all of the names lead
   */
  public static ConnectProxy start(String user, String password, int target) {
    return new ConnectProxy(user, password, target);
  }

  /**
   * Opens TLS from now on.
   *
   * @param store its certificate and key
   * @param which of the servers, by name and port
   */
  public ConnectProxy opening(Path store, Predicate<String> which) {
    PfxOptions key = new PfxOptions().setPath(store.toString()).setPassword(Certificates.PASSWORD);
    NetClient onwards =
        vertx.createNetClient(
            new NetClientOptions()
                .setSsl(true)
                .setTrustAll(true)
                .setHostnameVerificationAlgorithm(""));
    inside =
        await(
                vertx
                    .createNetServer(new NetServerOptions().setSsl(true).setKeyCertOptions(key))
                    .connectHandler(
                        before -> {
                          before.pause();
                          onwards
                              .connect(target, "127.0.0.1")
                              .onFailure(gone -> before.close())
                              .onSuccess(behind -> join(before, behind));
                        })
                    .listen(0, "127.0.0.1"))
            .actualPort();
    opens = which;
    return this;
  }

  public int port() {
    return server.actualPort();
  }

  /** Name and port of each server that somebody was let through to. */
  public List<String> tunnels() {
    return List.copyOf(tunnels);
  }

  private void tunnel(HttpServerRequest request) {
    if (!expected.equals(request.getHeader("Proxy-Authorization"))) {
      request
          .response()
          .setStatusCode(PROXY_AUTHENTICATION_REQUIRED)
          .putHeader("Proxy-Authenticate", "Basic realm=\"company\"")
          .end();
      return;
    }
    if (request.method() != HttpMethod.CONNECT) {
      request.response().setStatusCode(405).end();
      return;
    }
    request.pause();
    client
        .connect(opens.test(request.uri()) ? inside : target, "127.0.0.1")
        .onFailure(gone -> request.response().setStatusCode(502).end())
        .onSuccess(
            behind -> {
              tunnels.add(request.uri());
              behind.pause();
              request.toNetSocket().onSuccess(before -> join(before, behind));
            });
  }

  private static void join(NetSocket before, NetSocket behind) {
    before.pipeTo(behind);
    behind.pipeTo(before);
    before.resume();
    behind.resume();
  }

  @Override
  public void close() {
    await(vertx.close());
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().orTimeout(2, TimeUnit.MINUTES).join();
  }
}
