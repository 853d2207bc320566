package dev.caravan.genesys;

import dev.caravan.background.BackgroundTask;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes signals from the notifications consumer to whoever reads {@code genesys:signals}, on the
 * reader's own thread: while Kafka is away the reader may block, and whoever decides about channels
 * must not. Signals wait, up to {@value #MOST_WAITING}; the oldest goes first.
 */
public final class Signals {

  private static final Logger LOG = LoggerFactory.getLogger(Signals.class);
  private static final int MOST_WAITING = 1_000;

  private final BackgroundTask task = new BackgroundTask("passing signals on");

  private final List<Consumer<Signal>> listeners = new CopyOnWriteArrayList<>();

  // Guarded by this
  private final ArrayDeque<Signal> waiting = new ArrayDeque<>();
  private Optional<Reader> reader = Optional.empty();
  private int forgotten;

  private static final class Reader {
    private final Consumer<Signal> by;
    private final Executor on;
    private boolean busy;

    Reader(Consumer<Signal> by, Executor on) {
      this.by = by;
      this.on = on;
    }
  }

  BackgroundTask task() {
    return task;
  }

  /**
   * Adds somebody who hears of each signal as it is published, on the thread of whoever does: it
   * must return at once. A gap that is told again is heard of again.
   */
  public void listen(Consumer<Signal> listener) {
    listeners.add(listener);
  }

  public void publish(Signal signal) {
    listeners.forEach(listener -> listener.accept(signal));
    synchronized (this) {
      if (signal.gap() != null && waiting.contains(signal)) {
        return;
      }
      if (waiting.size() == MOST_WAITING) {
        waiting.removeFirst();
        forgotten++;
      }
      waiting.addLast(signal);
      reader.ifPresent(this::wake);
    }
  }

  /** From now on signals go there, those that wait first. */
  synchronized void read(Consumer<Signal> by, Executor on) {
    Reader next = new Reader(by, on);
    reader = Optional.of(next);
    wake(next);
  }

  synchronized void readNoMore() {
    reader = Optional.empty();
  }

  private void wake(Reader who) {
    if (who.busy || waiting.isEmpty()) {
      return;
    }
    who.busy = true;
    try {
      who.on.execute(() -> passOn(who));
    } catch (RejectedExecutionException e) {
      who.busy = false;
      LOG.debug("Signals wait: their reader is stopping");
    }
  }

  private void passOn(Reader who) {
    for (Optional<Signal> next = take(who); next.isPresent(); next = take(who)) {
      Signal signal = next.get();
      task.run(() -> who.by.accept(signal));
    }
  }

  private synchronized Optional<Signal> take(Reader who) {
    if (forgotten > 0) {
      LOG.warn("{} signals were forgotten: Kafka did not take them in time.", forgotten);
      forgotten = 0;
    }
    Optional<Signal> next =
        reader.filter(current -> current == who).map(current -> waiting.pollFirst());
    who.busy = next.isPresent();
    return next;
  }
}
