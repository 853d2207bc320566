package dev.caravan.page;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the page, all it needs, and what changes as server-sent events. It can be read only. A
 * port that is taken costs the page alone: it is tried again.
 */
final class PageServer {

  private static final Logger LOG = LoggerFactory.getLogger(PageServer.class);

  private static final String SCRIPT = "text/javascript; charset=utf-8";
  private static final String STYLE = "text/css; charset=utf-8";
  private static final String UPLOT = "/META-INF/resources/webjars/uplot/1.6.30/dist/";

  /** Nothing from elsewhere, and nothing that stands in the page itself. */
  private static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
              + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
          "X-Content-Type-Options",
          "nosniff",
          "Referrer-Policy",
          "no-referrer",
          "Cache-Control",
          "no-cache");

  static final int MOST_VIEWERS = 50;
  private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");

  private final Vertx vertx;
  private final String host;
  private final int port;
  private final Map<String, Content> contents = new HashMap<>();
  private final Map<HttpServerResponse, Context> viewers = new ConcurrentHashMap<>();
  private final Supplier<String> greeting;
  private volatile HttpServer server;
  private boolean refused;

  private record Content(String type, Supplier<Buffer> bytes) {}

  /** Answers with this JSON by path, and greets a viewer with these events. */
  PageServer(
      Vertx vertx,
      String host,
      int port,
      Map<String, Supplier<String>> answers,
      Supplier<String> greeting) {
    this.vertx = vertx;
    this.host = host;
    this.port = port;
    this.greeting = greeting;
    answers.forEach(
        (path, json) ->
            contents.put(path, new Content("application/json", () -> Buffer.buffer(json.get()))));
    asset("/", "text/html; charset=utf-8", "page.html");
    asset("/page.js", SCRIPT, "page.js");
    asset("/page.css", STYLE, "page.css");
    asset("/icon.svg", "image/svg+xml", "icon.svg");
    asset("/uplot.js", SCRIPT, UPLOT + "uPlot.iife.min.js");
    asset("/uplot.css", STYLE, UPLOT + "uPlot.min.css");
  }

  private void asset(String path, String type, String resource) {
    try (InputStream in = PageServer.class.getResourceAsStream(resource)) {
      Buffer bytes = Buffer.buffer(in.readAllBytes());
      contents.put(path, new Content(type, () -> bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Listens, unless it does. To be called again and again: a port may become free. */
  void listen() {
    if (server != null) {
      return;
    }
    HttpServer next =
        vertx
            .createHttpServer(
                new HttpServerOptions()
                    .setHost(host)
                    .setPort(port)
                    .setHttp2ClearTextEnabled(false)
                    .setMaxInitialLineLength(1024)
                    .setMaxHeaderSize(16_384)
                    .setIdleTimeout(120))
            .requestHandler(this::serve)
            .exceptionHandler(e -> LOG.debug("A connection to the status page failed", e));
    server = next;
    next.listen()
        .onSuccess(
            open -> {
              refused = false;
              LOG.info("Look at {} to see how it is.", address());
            })
        .onFailure(
            why -> {
              server = null;
              if (!refused) {
                refused = true;
                LOG.warn(
                    "There is no status page: {} port {} cannot be used ({}). All else runs. End the"
                        + " program that has it, choose another with CARAVAN_HTTP_PORT, or set"
                        + " CARAVAN_PAGE=false.",
                    host,
                    port,
                    why.getClass().getSimpleName());
              }
            });
  }

  private String address() {
    boolean everywhere = host.equals("0.0.0.0") || host.equals("127.0.0.1");
    return "http://" + (everywhere ? "localhost" : host) + ":" + port + "/";
  }

  void close() {
    toViewers(HttpServerResponse::end);
    if (server != null) {
      server.close();
    }
  }

  // ---- requests

  private void serve(HttpServerRequest request) {
    HttpServerResponse response = request.response();
    HEADERS.forEach(response::putHeader);
    if (!request.method().equals(HttpMethod.GET) && !request.method().equals(HttpMethod.HEAD)) {
      end(response.putHeader("Allow", "GET, HEAD"), 405, "This page can be read only.");
    } else if (!isMeantForThisMachine(request)) {
      end(response, 403, "Ask for localhost, or set CARAVAN_HTTP_HOST.");
    } else if (request.path().equals("/events")) {
      watch(response);
    } else if (contents.containsKey(request.path())) {
      Content content = contents.get(request.path());
      response.putHeader("Content-Type", content.type()).end(content.bytes().get());
    } else {
      end(response, 404, "There is nothing here. The page is at /");
    }
  }

  /** Else any page in a browser on this machine could read along, under a name of its own. */
  private boolean isMeantForThisMachine(HttpServerRequest request) {
    String asked = String.valueOf(request.getHeader("Host")).replaceFirst(":\\d+$", "");
    boolean onlyHere = THIS_MACHINE.contains(host) || host.equals("::1");
    return !onlyHere || THIS_MACHINE.contains(asked) || asked.equals(host);
  }

  private static void end(HttpServerResponse response, int status, String sentence) {
    response
        .setStatusCode(status)
        .putHeader("Content-Type", "text/plain; charset=utf-8")
        .end(sentence + "\n");
  }

  private void watch(HttpServerResponse response) {
    if (viewers.size() >= MOST_VIEWERS) {
      end(response, 503, "Too many look at this page at the same time.");
      return;
    }
    response.putHeader("Content-Type", "text/event-stream").setChunked(true);
    viewers.put(response, vertx.getOrCreateContext());
    response.closeHandler(gone -> viewers.remove(response));
    response.exceptionHandler(gone -> viewers.remove(response));
    response.write("retry: 2000\n\n" + greeting.get());
  }

  /** Sends an event to all who watch; one that does not keep up is left out this time. */
  void send(String event) {
    toViewers(
        response -> {
          if (!response.writeQueueFull()) {
            response.write(event);
          }
        });
  }

  /** Whoever goes away meanwhile is not among them any more. */
  private void toViewers(Consumer<HttpServerResponse> what) {
    viewers.forEach(
        (response, context) ->
            context.runOnContext(
                now -> {
                  if (!response.ended() && !response.closed()) {
                    what.accept(response);
                  }
                }));
  }
}
