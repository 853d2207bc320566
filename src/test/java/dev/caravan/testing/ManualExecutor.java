package dev.caravan.testing;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A scheduled executor whose time is turned by hand; tasks run on the thread that turns it. */
public final class ManualExecutor extends AbstractExecutorService
    implements ScheduledExecutorService {

  private final PriorityQueue<Task<?>> tasks =
      new PriorityQueue<>(
          Comparator.comparingLong((Task<?> task) -> task.at)
              .thenComparingLong(task -> task.order));
  private long now;
  private long orders;
  private boolean shutdown;

  public ManualExecutor(long now) {
    this.now = now;
  }

  private final class Task<V> extends FutureTask<V> implements ScheduledFuture<V> {
    private final long at;
    private final long order = orders++;

    Task(Callable<V> what, long at) {
      super(what);
      this.at = at;
    }

    @Override
    public long getDelay(TimeUnit unit) {
      return unit.convert(at - now, TimeUnit.MILLISECONDS);
    }

    @Override
    public int compareTo(Delayed other) {
      return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
    }
  }

  public long now() {
    return now;
  }

  /** Tasks that are still to be run. */
  public long waiting() {
    return tasks.stream().filter(task -> !task.isCancelled()).count();
  }

  /** Runs what is due now. */
  public void settle() {
    pass(Duration.ZERO);
  }

  /** Turns the time and runs what becomes due, in order. */
  public void pass(Duration time) {
    long end = now + time.toMillis();
    while (!tasks.isEmpty() && tasks.peek().at <= end) {
      Task<?> task = tasks.poll();
      now = Math.max(now, task.at);
      if (!task.isCancelled()) {
        task.run();
        rethrow(task);
      }
    }
    now = end;
  }

  /** Turns the time while the thread stands still: what becomes due waits. */
  public void hang(Duration time) {
    now += time.toMillis();
  }

  private static void rethrow(Task<?> task) {
    try {
      task.get();
    } catch (Exception e) {
      throw new AssertionError("A task failed", e);
    }
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> what, long delay, TimeUnit unit) {
    if (shutdown) {
      throw new RejectedExecutionException("shut down");
    }
    Task<V> task = new Task<>(what, now + unit.toMillis(delay));
    tasks.add(task);
    return task;
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable what, long delay, TimeUnit unit) {
    return schedule(
        () -> {
          what.run();
          return null;
        },
        delay,
        unit);
  }

  @Override
  public void execute(Runnable what) {
    schedule(what, 0, TimeUnit.MILLISECONDS);
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable what, long initialDelay, long period, TimeUnit unit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable what, long initialDelay, long delay, TimeUnit unit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void shutdown() {
    shutdown = true;
  }

  @Override
  public List<Runnable> shutdownNow() {
    shutdown = true;
    tasks.clear();
    return List.of();
  }

  @Override
  public boolean isShutdown() {
    return shutdown;
  }

  @Override
  public boolean isTerminated() {
    return shutdown;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return shutdown;
  }
}
