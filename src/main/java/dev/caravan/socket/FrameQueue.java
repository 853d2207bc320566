package dev.caravan.socket;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.camel.CamelContext;
import org.apache.camel.support.service.ServiceSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries frames from the event loops of one or more sockets to their listeners, on one thread, in
 * the order in which they were read.
 *
 * <p>It is bounded: when it is full, every socket that brings another frame is paused, and all are
 * resumed when it is half empty. Nothing is dropped; the server's send buffer fills instead.
 */
public final class FrameQueue extends ServiceSupport {

  private static final Logger LOG = LoggerFactory.getLogger(FrameQueue.class);

  /** One thing that happened to a socket: a frame, or its end if {@code end} is not null. */
  private record Item(
      ClientSocket socket, byte[] frame, boolean binary, CloseReason end, long nanos) {
    int bytes() {
      return end == null ? frame.length : 0;
    }
  }

  private final CamelContext camelContext;
  private final String name;
  private final QueueLimits limits;

  // Guarded by this
  private final Set<ClientSocket> attached = new HashSet<>();
  private final Set<ClientSocket> paused = new HashSet<>();
  private ArrayDeque<Item> waiting = new ArrayDeque<>();
  private boolean consumerSleeps;
  private boolean accepting;
  private boolean draining;
  private Optional<Item> inHand = Optional.empty();
  private int frames;
  private long bytes;

  private ExecutorService executor;

  /** What is left is not handed over any more: an interrupt is meant for this thread. */
  private volatile boolean givenUp;

  // Touched by the queue's thread only
  private boolean wasInterrupted;

  public FrameQueue(CamelContext camelContext, String name, QueueLimits limits) {
    this.camelContext = camelContext;
    this.name = name;
    this.limits = limits;
  }

  /** Frames that wait or are being handled. */
  public synchronized int frames() {
    return frames;
  }

  /** When the oldest frame was read that waits or is being handled; empty if there is none. */
  public synchronized OptionalLong oldestNanos() {
    return inHand.or(() -> Optional.ofNullable(waiting.peek())).stream()
        .mapToLong(Item::nanos)
        .findFirst();
  }

  // ---- the sockets' side

  synchronized void attach(ClientSocket socket) {
    if (!accepting) {
      throw new IllegalStateException(
          "Frame queue " + name + " is not running. Start it before opening a socket.");
    }
    attached.add(socket);
  }

  synchronized void detach(ClientSocket socket) {
    attached.remove(socket);
    paused.remove(socket);
  }

  void offer(ClientSocket socket, byte[] frame, boolean binary) {
    add(new Item(socket, frame, binary, null, System.nanoTime()));
  }

  void offerEnd(ClientSocket socket, CloseReason reason) {
    add(new Item(socket, null, false, reason, System.nanoTime()));
  }

  private synchronized void add(Item item) {
    waiting.add(item);
    frames++;
    bytes += item.bytes();
    if (item.end == null && (frames >= limits.frames() || bytes >= limits.bytes())) {
      pause(item.socket);
    }
    if (consumerSleeps) {
      consumerSleeps = false;
      notifyAll();
    }
  }

  /** Under the lock, so that no resume can overtake it. */
  private void pause(ClientSocket socket) {
    paused.add(socket);
    socket.pauseReading();
  }

  // ---- the listeners' side

  /** Whatever fails, the queue goes on: with it all sockets of a shard would stand still. */
  private void run() {
    ArrayDeque<Item> batch = new ArrayDeque<>();
    while (true) {
      try {
        if (batch.isEmpty()) {
          batch = next(batch);
        }
        if (batch.isEmpty()) {
          return;
        }
        handOverOne(batch);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        if (isToldToEnd()) {
          return;
        }
      } catch (Throwable e) {
        LOG.error("Frame queue {} failed and goes on. This is a programming error.", name, e);
      }
    }
  }

  private void handOverOne(ArrayDeque<Item> batch) {
    Item item = batch.remove();
    try {
      handOver(item);
    } finally {
      done(item, Optional.ofNullable(batch.peek()));
      isToldToEnd();
    }
  }

  /**
   * Whether whoever stops the queue has interrupted this thread. If it was a listener, the next
   * frames must not be handed over to be interrupted, too.
   */
  private boolean isToldToEnd() {
    if (!givenUp && Thread.interrupted() && !wasInterrupted) {
      wasInterrupted = true;
      LOG.warn(
          "A listener of frame queue {} left its thread interrupted; the frame queue goes on."
              + " Further interrupts are not logged.",
          name);
    }
    return givenUp;
  }

  /** All that waits, in exchange for an empty queue; empty only when the queue has been drained. */
  private synchronized ArrayDeque<Item> next(ArrayDeque<Item> empty) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    while (waiting.isEmpty() && !draining) {
      consumerSleeps = true;
      wait();
    }
    consumerSleeps = false;
    ArrayDeque<Item> batch = waiting;
    inHand = Optional.ofNullable(batch.peek());
    waiting = empty;
    return batch;
  }

  private void handOver(Item item) {
    try {
      if (item.end == null) {
        item.socket.handOver(item.frame, item.binary);
      } else {
        detach(item.socket);
        item.socket.handOver(item.end);
      }
    } catch (Throwable e) { // one frame must not stop all that follow, whatever it does
      LOG.error(
          "A listener of frame queue {} failed and did not handle it. What it was given counts as"
              + " handled; the frame queue goes on. This is a programming error: please report it.",
          name,
          e);
    }
  }

  private synchronized void done(Item item, Optional<Item> next) {
    inHand = next;
    frames--;
    bytes -= item.bytes();
    if (!paused.isEmpty() && frames <= limits.frames() / 2 && bytes <= limits.bytes() / 2) {
      List<ClientSocket> resumed = new ArrayList<>(paused);
      paused.clear();
      resumed.forEach(this::resume);
    }
  }

  /** One that cannot be resumed, as its event loop is gone, must not keep the others paused. */
  private void resume(ClientSocket socket) {
    try {
      socket.resumeReading();
    } catch (RuntimeException e) {
      LOG.warn("A socket of frame queue {} cannot be read on", name, e);
    }
  }

  // ---- life

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    synchronized (this) {
      accepting = true;
      draining = false;
      givenUp = false;
    }
    executor = camelContext.getExecutorServiceManager().newSingleThreadExecutor(this, name);
    executor.execute(this::run);
  }

  /** Closes the sockets with 1000, hands over what was read, and ends; all within the limit. */
  @Override
  protected void doStop() throws Exception {
    long deadline = System.nanoTime() + limits.drainTimeout().toNanos();
    try {
      closeSockets(deadline);
    } finally {
      // Interrupted or not: the thread hands over what is left, and ends
      synchronized (this) {
        draining = true;
        notifyAll();
      }
      executor.shutdown();
    }
    long left = Math.max(0, deadline - System.nanoTime());
    if (!executor.awaitTermination(left, TimeUnit.NANOSECONDS)) {
      LOG.warn(
          "Frame queue {} stops with {} frames read but not handled within {} ms: what is not handled when"
              + " the process ends is lost. The listener is too slow or stuck; see what it waits"
              + " for.",
          name,
          frames(),
          limits.drainTimeout().toMillis());
    }
    givenUp = true;
    camelContext.getExecutorServiceManager().shutdownNow(executor);
    super.doStop();
  }

  private void closeSockets(long deadline) throws InterruptedException {
    List<ClientSocket> sockets;
    synchronized (this) {
      accepting = false;
      sockets = new ArrayList<>(attached);
    }
    CompletableFuture<?>[] ends =
        sockets.stream()
            .map(socket -> socket.close(CloseReason.NORMAL, "").toCompletableFuture())
            .toArray(CompletableFuture[]::new);
    try {
      CompletableFuture.allOf(ends)
          .get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      LOG.debug("A socket of frame queue {} had not been open when it stopped", name, e);
    } catch (TimeoutException e) {
      LOG.debug("Not every socket of frame queue {} ended in time", name, e);
    }
  }
}
