package dev.caravan.socket;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.service.ServiceHelper;

/**
 * A client to drive through the scenarios of {@link StockComponentDefectsTest}: ours, or the stock
 * component.
 */
interface SocketDriver extends AutoCloseable {

  /** Returns when the socket is open. */
  void open(int port) throws Exception;

  /** Ends the socket as a stopped route would. */
  void stop() throws Exception;

  /** Why the socket ended, if it has and if the client tells. */
  Optional<CloseReason> end();

  @Override
  void close();

  static SocketDriver chosen(Consumer<String> sink) {
    return "stock".equals(System.getProperty("caravan.socket.driver"))
        ? new Stock(sink)
        : new Ours(sink);
  }

  /** This package. */
  final class Ours implements SocketDriver {
    private final DefaultCamelContext camel = new DefaultCamelContext();
    private final ClientSocketComponent component = new ClientSocketComponent(camel);
    private final FrameQueue queue = new FrameQueue(camel, "driver", QueueLimits.DEFAULT);
    private final Recorder recorder;
    private ClientSocket socket;

    Ours(Consumer<String> sink) {
      recorder =
          new Recorder() {
            @Override
            public void onFrame(byte[] frame, boolean binary) {
              sink.accept(new String(frame, StandardCharsets.UTF_8));
            }
          };
      ServiceHelper.startService(component, queue);
    }

    @Override
    public void open(int port) throws Exception {
      socket =
          component
              .endpoint(URI.create("ws://127.0.0.1:" + port + "/feed"), Map.of())
              .open(queue, recorder);
      socket.opened().toCompletableFuture().get(2, TimeUnit.MINUTES);
    }

    @Override
    public void stop() throws Exception {
      socket.close(CloseReason.NORMAL, "").toCompletableFuture().get(2, TimeUnit.MINUTES);
    }

    @Override
    public Optional<CloseReason> end() {
      return recorder.ends.stream().findFirst();
    }

    @Override
    public void close() {
      ServiceHelper.stopService(queue, component);
      camel.stop();
    }
  }

  /** {@code vertx-websocket:} as Camel ships it, consuming as a client. */
  final class Stock implements SocketDriver {
    private final DefaultCamelContext camel = new DefaultCamelContext();
    private final Consumer<String> sink;

    Stock(Consumer<String> sink) {
      this.sink = sink;
    }

    @Override
    public void open(int port) throws Exception {
      camel.addRoutes(
          new RouteBuilder() {
            @Override
            public void configure() {
              from("vertx-websocket:ws://127.0.0.1:" + port + "/feed?consumeAsClient=true")
                  .routeId("feed")
                  .process(exchange -> sink.accept(exchange.getMessage().getBody(String.class)));
            }
          });
      camel.start();
    }

    @Override
    public void stop() throws Exception {
      camel.getRouteController().stopRoute("feed");
    }

    @Override
    public Optional<CloseReason> end() {
      return Optional.empty();
    }

    @Override
    public void close() {
      camel.getShutdownStrategy().setTimeout(1);
      camel.stop();
    }
  }
}
