package dev.caravan.background;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Keeps work in the background going that would otherwise end in silence with its first exception
 * or error, and tells how it fares. The first failure of a row is logged, the others are counted; a
 * row ends with {@value #WELL_AFTER} runs that went well.
 *
 * <p>A failure is told by its class and place only: its message may quote a payload.
 */
public final class BackgroundTask {

  private static final System.Logger LOG = System.getLogger(BackgroundTask.class.getName());

  /** So many good runs end a row of failures: else one that fails every other time looks well. */
  static final int WELL_AFTER = 3;

  /** So many failures in a row are no accident any more. */
  static final int TROUBLED_FROM = 3;

  private final String name;
  private volatile boolean stopped;
  private volatile Optional<Schedule> schedule = Optional.empty();
  private volatile Optional<Duration> most = Optional.empty();

  /** When the run under way began, in nanoseconds; empty if none is. */
  private volatile OptionalLong began = OptionalLong.empty();

  // Guarded by this
  private long failures;
  private int inRow;
  private int goodSince;
  private String latest = "";

  /** What is done in the background. */
  @FunctionalInterface
  public interface Action {
    void run() throws Exception;
  }

  private record Schedule(ExecutorService executor, Future<?> runs) {}

  /**
   * For work that others call for: each piece goes through {@link #run}.
   *
   * @param name what it does, for log and health
   */
  public BackgroundTask(String name) {
    this.name = name;
  }

  /** Runs the action again and again, each time so long after it has ended, until it is stopped. */
  public static BackgroundTask every(
      Duration delay, String name, ScheduledExecutorService executor, Action action) {
    return every(delay, delay, name, executor, action);
  }

  /** The same, with another wait before the first run. */
  public static BackgroundTask every(
      Duration first,
      Duration delay,
      String name,
      ScheduledExecutorService executor,
      Action action) {
    BackgroundTask task = new BackgroundTask(name);
    Future<?> runs =
        executor.scheduleWithFixedDelay(
            () -> task.run(action), first.toNanos(), delay.toNanos(), TimeUnit.NANOSECONDS);
    task.schedule = Optional.of(new Schedule(executor, runs));
    return task;
  }

  /**
   * For work on one thread that others wait for: a run that has not ended by then is told by {@link
   * #trouble}.
   */
  public BackgroundTask within(Duration time) {
    most = Optional.of(time);
    return this;
  }

  /** Runs the action now; false if it failed, which is told by then. */
  public boolean run(Action action) {
    OptionalLong around = began;
    if (around.isEmpty()) {
      began = OptionalLong.of(System.nanoTime());
    }
    try {
      action.run();
      wentWell();
      return true;
    } catch (InterruptedException e) {
      // Whoever owns the thread wants it back
      Thread.currentThread().interrupt();
      return true;
    } catch (Throwable e) {
      failed(e);
      return false;
    } finally {
      began = around;
    }
  }

  private Duration runsFor() {
    OptionalLong since = began;
    return since.isEmpty()
        ? Duration.ZERO
        : Duration.ofNanos(System.nanoTime() - since.getAsLong());
  }

  private synchronized void wentWell() {
    if (inRow > 0 && ++goodSince >= WELL_AFTER) {
      LOG.log(
          Level.INFO,
          "The background task %s works again after %d failures.".formatted(name, inRow));
      inRow = 0;
    }
  }

  private synchronized void failed(Throwable why) {
    if (isOver()) {
      LOG.log(
          Level.DEBUG,
          () -> "The background task " + name + " failed while it was being stopped",
          why);
      return;
    }
    failures++;
    goodSince = 0;
    latest = words(why);
    if (++inRow == 1) {
      LOG.log(
          Level.ERROR,
          "The background task %s failed with %s. It goes on; health counts the failures."
              .formatted(name, latest));
    }
    LOG.log(Level.DEBUG, () -> "The background task " + name + " failed", why);
  }

  /** Its class and place, without its message: that may quote a payload. */
  public static String words(Throwable why) {
    StackTraceElement[] trace = why.getStackTrace();
    return why.getClass().getSimpleName() + (trace.length == 0 ? "" : " at " + trace[0]);
  }

  /** Runs no more; a run under way ends by itself. */
  public void stop() {
    stopped = true;
    schedule.ifPresent(present -> present.runs().cancel(false));
  }

  /** Whether it was stopped, or its thread was taken away by whoever owns it. */
  boolean isOver() {
    return stopped || schedule.filter(it -> it.executor().isShutdown()).isPresent();
  }

  /** How often it has failed since it began. */
  public synchronized long failures() {
    return failures;
  }

  /** Why it does not go on or fails again and again, as a sentence; empty if neither. */
  public synchronized Optional<String> trouble() {
    if (isOver()) {
      return Optional.empty();
    }
    if (schedule.filter(it -> it.runs().isDone()).isPresent()) {
      return Optional.of("The background task %s does not run any more.".formatted(name));
    }
    Duration runs = runsFor();
    if (most.filter(time -> runs.compareTo(time) > 0).isPresent()) {
      return Optional.of(
          "The background task %s has not ended for %d s, and others wait for it."
              .formatted(name, runs.toSeconds()));
    }
    return inRow < TROUBLED_FROM
        ? Optional.empty()
        : Optional.of(
            "The background task %s failed %d times in a row, most recently with %s."
                .formatted(name, inRow, latest));
  }
}
