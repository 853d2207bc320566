package dev.caravan.genesys;

import dev.caravan.background.BackgroundTask;
import dev.caravan.channel.Attempts;
import dev.caravan.topic.Plan;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the {@link Preparation} and comes back to it when it failed or is to be refreshed. Its
 * failures are remembered over a restart, so that restarts do not make attempts more frequent.
 */
final class PreparationLoop {

  private static final Logger LOG = LoggerFactory.getLogger(PreparationLoop.class);

  /** How soon to try again when the process ended during the attempt. */
  private static final long AFTER_CRASH_MILLIS = 2_000;

  /** How soon to try again after what nobody foresaw. */
  static final long AFTER_FAILURE_MILLIS = 30_000;

  private final BackgroundTask task = new BackgroundTask("finding out what to subscribe");
  private final Preparation preparation;
  private final GapRecorder gaps;
  private final Reader reader;
  private final ScheduledExecutorService control;
  private final Executor background;
  private final LongSupplier clock;

  /**
   * For whom it is done.
   *
   * @param mistake a setting that cannot work, as a sentence; empty if there is none
   * @param readFirst takes what is to be read in any case, before all is known
   * @param read takes what is to be read
   * @param running whether it still wants to
   */
  record Reader(
      Supplier<String> mistake,
      Consumer<Plan> readFirst,
      Consumer<Plan> read,
      BooleanSupplier running) {}

  /**
   * @param control for the time between two runs
   * @param background for the runs, which may take long
   * @param clock milliseconds that never jump
   */
  PreparationLoop(
      Preparation preparation,
      GapRecorder gaps,
      Reader reader,
      ScheduledExecutorService control,
      Executor background,
      LongSupplier clock) {
    this.preparation = preparation;
    this.gaps = gaps;
    this.reader = reader;
    this.control = control;
    this.background = background;
    this.clock = clock;
  }

  /**
   * In the midst of failures the first run after a restart waits for its turn.
   *
   * @param most the longest it may wait
   */
  void start(Duration most) {
    long now = clock.getAsLong();
    Attempts earlier = gaps.earlierPreparation(now);
    long wait = Math.min(Math.max(0, earlier.notBefore() - now), most.toMillis());
    if (wait >= 1_000) {
      LOG.info(
          "Finding out what to subscribe failed before the restart; the next attempt is in {} s.",
          wait / 1_000);
    }
    schedule(earlier.failures() + 1, wait);
  }

  private void schedule(int attempt, long wait) {
    try {
      control.schedule(() -> handOver(attempt), wait, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOG.debug("Not prepared again: the consumer is stopping");
    }
  }

  private void handOver(int attempt) {
    try {
      background.execute(() -> orAgain(attempt, () -> prepare(attempt)));
    } catch (RuntimeException | Error e) {
      // No thread to be had, or the consumer is stopping
      orAgain(
          attempt,
          () -> {
            throw e;
          });
    }
  }

  /** Has what is known dealt anew. Runs on the background: it asks who can log in. */
  void dealAnew() {
    task.run(
        () -> {
          if (reader.running().getAsBoolean() && preparation.dealAnew()) {
            // Of another's plan it is not known whether it is all
            preparation.tell(preparation.planned() ? reader.read() : reader.readFirst());
          }
        });
  }

  /** For health. */
  BackgroundTask task() {
    return task;
  }

  void stop() {
    task.stop();
  }

  private void orAgain(int attempt, BackgroundTask.Action action) {
    if (!task.run(action) && reader.running().getAsBoolean()) {
      schedule(attempt + 1, AFTER_FAILURE_MILLIS);
    }
  }

  private void prepare(int attempt) {
    if (!preparation.planned()) {
      gaps.preparation(new Attempts(attempt, clock.getAsLong() + AFTER_CRASH_MILLIS));
    }
    Preparation.Outcome outcome = preparation.run(reader.mistake().get(), reader.readFirst());
    if (outcome.plan().isPresent()) {
      preparation.tell(reader.read());
    }
    long again = outcome.again().map(Duration::toMillis).orElse(0L);
    boolean planned = preparation.planned();
    gaps.preparation(planned ? Attempts.NONE : new Attempts(attempt, clock.getAsLong() + again));
    if (reader.running().getAsBoolean() && again > 0) {
      schedule(planned ? 1 : attempt + 1, again);
    }
  }
}
