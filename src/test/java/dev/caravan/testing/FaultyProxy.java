package dev.caravan.testing;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A network that fails on command: passes TCP connections on to a server of this machine, and
 * loses, cuts or delays what goes through them.
 */
public final class FaultyProxy implements AutoCloseable {

  /** Where bytes go. */
  public enum Direction {
    TO_CLIENT,
    TO_SERVER
  }

  private static final int HALF = 2;

  private final Vertx vertx = Vertx.vertx();
  private final NetClient client = vertx.createNetClient();

  /** The open connections, with the directions in which they are dead. */
  private final Map<NetSocket, Set<Direction>> guests = new ConcurrentHashMap<>();

  private final int port;
  private volatile int target;
  private volatile boolean cutNext;
  private volatile long delayMillis;
  private volatile long lagMillis;

  private FaultyProxy() {
    // Lingering for 0 s: closing is a reset
    this.port =
        await(
                vertx
                    .createNetServer(
                        new NetServerOptions().setHost("127.0.0.1").setPort(0).setSoLinger(0))
                    .connectHandler(this::accept)
                    .listen())
            .actualPort();
  }

  /** Listens; passes nothing on until it is told where to. */
  public static FaultyProxy start() {
    return new FaultyProxy();
  }

  /** The server behind it. */
  public FaultyProxy to(int serverPort) {
    target = serverPort;
    return this;
  }

  public int port() {
    return port;
  }

  // ---- what goes wrong

  /**
   * What is sent this way on the connections that are open now arrives nowhere, and they stay open.
   * New ones work.
   */
  public void swallow(Direction way) {
    guests.values().forEach(dead -> dead.add(way));
  }

  /** The next bytes for the client arrive by half, then the connection is reset. */
  public void cutNext() {
    cutNext = true;
  }

  /** All connections that are open now are closed. */
  public void cut() {
    guests.keySet().forEach(NetSocket::close);
  }

  /** New connections wait this long before anything is passed on. */
  public void delay(long millis) {
    delayMillis = millis;
  }

  /** All that is sent arrives so much later, each way, as over a long distance. */
  public FaultyProxy lag(long millis) {
    lagMillis = millis;
    return this;
  }

  // ---- what goes through

  private void accept(NetSocket guest) {
    guest.pause();
    guests.put(guest, ConcurrentHashMap.newKeySet());
    guest.exceptionHandler(failure -> guest.close());
    vertx.setTimer(Math.max(1, delayMillis), timer -> connect(guest));
  }

  private void connect(NetSocket guest) {
    client
        .connect(target, "127.0.0.1")
        .onFailure(failure -> guest.close())
        .onSuccess(
            server -> {
              server.handler(bytes -> afterLag(() -> toClient(guest, bytes)));
              guest.handler(
                  bytes ->
                      afterLag(
                          () -> {
                            if (passes(guest, Direction.TO_SERVER)) {
                              server.write(bytes);
                            }
                          }));
              server.exceptionHandler(failure -> server.close());
              guest.closeHandler(
                  gone -> {
                    guests.remove(guest);
                    server.close();
                  });
              server.closeHandler(
                  gone -> {
                    if (passes(guest, Direction.TO_CLIENT)) {
                      guest.close();
                    }
                  });
              guest.resume();
            });
  }

  private void afterLag(Runnable passOn) {
    if (lagMillis == 0) {
      passOn.run();
    } else {
      vertx.setTimer(lagMillis, timer -> passOn.run());
    }
  }

  private void toClient(NetSocket guest, Buffer bytes) {
    if (!passes(guest, Direction.TO_CLIENT)) {
      return;
    }
    if (cutNext) {
      cutNext = false;
      guest.write(bytes.getBuffer(0, bytes.length() / HALF)).onComplete(sent -> guest.close());
      guests.remove(guest);
      return;
    }
    guest.write(bytes);
  }

  private boolean passes(NetSocket guest, Direction way) {
    Set<Direction> dead = guests.get(guest);
    return dead != null && !dead.contains(way);
  }

  private static <T> T await(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(2, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (java.util.concurrent.ExecutionException | TimeoutException e) {
      throw new IllegalStateException("The proxy does not listen", e);
    }
  }

  @Override
  public void close() {
    await(vertx.close());
  }
}
