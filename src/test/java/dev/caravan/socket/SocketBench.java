package dev.caravan.socket;

import com.sun.management.ThreadMXBean;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.service.ServiceHelper;

/**
 * Measures what the way from the network to the listener costs, with the server in the same JVM.
 *
 * <pre>{@code
 * mvn test-compile && java -cp "target/classes:target/test-classes:$(cat target/broker.classpath)" \
 *     dev.caravan.socket.SocketBench [frames] [bytes a frame] [frames a second, 0: as many as go]
 * }</pre>
 */
final class SocketBench {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final int frameBytes;
  private final int framesPerSecond;
  private long toSend;
  private volatile CloseReason end;

  private SocketBench(int frameBytes, int framesPerSecond) {
    this.frameBytes = frameBytes;
    this.framesPerSecond = framesPerSecond;
  }

  public static void main(String[] args) throws Exception {
    int frames = args.length > 0 ? Integer.parseInt(args[0]) : 1_000_000;
    int frameBytes = args.length > 1 ? Integer.parseInt(args[1]) : 3_600;
    int framesPerSecond = args.length > 2 ? Integer.parseInt(args[2]) : 0;
    SocketBench bench = new SocketBench(frameBytes, framesPerSecond);
    bench.run(Math.min(frames, 300_000)); // warm-up
    for (int round = 0; round < 3; round++) {
      bench.run(frames);
    }
  }

  private void run(int frames) throws Exception {
    toSend = frames;
    Buffer frame = TestServer.bytes(frameBytes);
    DefaultCamelContext camel = new DefaultCamelContext();
    ClientSocketComponent component = new ClientSocketComponent(camel);
    component.setVertxOptions(new VertxOptions().setEventLoopPoolSize(1));
    FrameQueue queue = new FrameQueue(camel, "bench", QueueLimits.DEFAULT);
    ServiceHelper.startService(component, queue);
    Cost eventLoop = new Cost();
    Cost consumer = new Cost();
    component.getVertx().runOnContext(v -> eventLoop.thread = Thread.currentThread().getId());

    CountDownLatch all = new CountDownLatch(frames);
    AtomicLong bytes = new AtomicLong();
    SocketListener listener =
        new SocketListener() {
          @Override
          public void onFrame(byte[] received, boolean binary) {
            if (consumer.thread == 0) {
              consumer.thread = Thread.currentThread().getId();
              consumer.begin();
              eventLoop.begin();
            }
            bytes.lazySet(bytes.get() + received.length);
            all.countDown();
          }

          @Override
          public void onClosed(CloseReason reason) {
            end = reason;
          }
        };
    try (TestServer server = TestServer.webSockets(socket -> feed(socket, frame))) {
      long start = System.nanoTime();
      ClientSocket socket =
          component
              .endpoint(URI.create("ws://127.0.0.1:" + server.port() + "/bench"), Map.of())
              .open(queue, listener);
      if (!all.await(10, TimeUnit.MINUTES)) {
        throw new IllegalStateException("Not all frames arrived in ten minutes; end: " + end);
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          Locale.ROOT,
          "%,.0f frames/s of %d bytes; CPU a frame: event loop %.2f us, queue %.2f us;"
              + " allocated a frame: event loop %d, queue %d bytes; paused %d ms of %.0f%n",
          frames / seconds,
          bytes.get() / frames,
          eventLoop.micros() / frames,
          consumer.micros() / frames,
          eventLoop.allocated() / frames,
          consumer.allocated() / frames,
          queue.pausedTotal().toMillis(),
          seconds * 1000);
      socket.close(CloseReason.NORMAL, "").toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
    ServiceHelper.stopService(queue, component);
    camel.stop();
  }

  /** Sends as fast as the socket takes it, or so many each 10 ms. */
  private void feed(ServerWebSocket socket, Buffer frame) {
    if (framesPerSecond == 0) {
      socket.setWriteQueueMaxSize(1024 * 1024);
      socket.drainHandler(v -> fill(socket, frame));
      fill(socket, frame);
    } else {
      Vertx vertx = Vertx.currentContext().owner();
      vertx.setPeriodic(
          10,
          id -> {
            for (int i = 0; i < framesPerSecond / 100 && toSend > 0; i++, toSend--) {
              socket.writeFrame(text(frame));
            }
          });
    }
  }

  private void fill(ServerWebSocket socket, Buffer frame) {
    while (toSend > 0 && !socket.writeQueueFull()) {
      socket.writeFrame(text(frame));
      toSend--;
    }
  }

  private static WebSocketFrame text(Buffer frame) {
    return WebSocketFrame.binaryFrame(frame, true);
  }

  /** What one thread used since {@link #begin()}. */
  private static final class Cost {
    private volatile long thread;
    private long cpuNanos;
    private long allocatedBytes;

    void begin() {
      cpuNanos = THREADS.getThreadCpuTime(thread);
      allocatedBytes = THREADS.getThreadAllocatedBytes(thread);
    }

    double micros() {
      return (THREADS.getThreadCpuTime(thread) - cpuNanos) / 1e3;
    }

    long allocated() {
      return THREADS.getThreadAllocatedBytes(thread) - allocatedBytes;
    }
  }
}
