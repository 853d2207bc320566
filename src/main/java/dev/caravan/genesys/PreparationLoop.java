package dev.caravan.genesys;

import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.background.BackgroundTask;
import dev.caravan.channel.Attempts;
import dev.caravan.channel.ShardStatus.Health;
import dev.caravan.topic.Plan;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.camel.CamelContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the {@link Preparation} for as long as that is this instance's to do: always if it is alone,
 * and in terms if several share an organisation. Comes back to it when it failed or is to be
 * refreshed. Its failures are remembered over a restart, so that restarts do not make attempts more
 * frequent.
 */
final class PreparationLoop {

  private static final Logger LOG = LoggerFactory.getLogger(PreparationLoop.class);

  /** How soon to try again when the process ended during the attempt. */
  private static final long AFTER_CRASH_MILLIS = 2_000;

  /** How soon to try again after an unexpected failure. */
  static final long AFTER_FAILURE_MILLIS = 30_000;

  private final BackgroundHealthCheck health;
  private final Preparation preparation;
  private final GapRecorder gaps;
  private final ScheduledExecutorService control;
  private final Executor background;
  private final LongSupplier clock;
  private final Supplier<String> mistake;
  private final BiConsumer<Plan, Boolean> reads;
  private final BooleanSupplier running;
  private final Duration most;
  private volatile Term term;
  private volatile boolean leading;

  /**
   * @param background for the runs, which may take long
   * @param mistake a setting that cannot work, as a sentence; empty if there is none
   * @param reads takes what is to be read, and whether that is all: the ledger hears of the whole
   *     only, as until then each topic may be wanted
   * @param most the longest that the first run may wait for its turn
   */
  PreparationLoop(
      CamelContext context,
      Preparation preparation,
      GapRecorder gaps,
      ScheduledExecutorService control,
      Executor background,
      LongSupplier clock,
      Supplier<String> mistake,
      BiConsumer<Plan, Boolean> reads,
      BooleanSupplier running,
      Duration most) {
    this.health = BackgroundHealthCheck.of(context);
    this.preparation = preparation;
    this.gaps = gaps;
    this.control = control;
    this.background = background;
    this.clock = clock;
    this.mistake = mistake;
    this.reads = reads;
    this.running = running;
    this.most = most;
    this.term = begin();
  }

  private Term begin() {
    Term begun = new Term();
    health.watch(begun.task);
    return begun;
  }

  void start() {
    leading = true;
    term.start();
  }

  /** It does in the place of another, whose plan it goes on from, or does not any more. */
  void lead(Optional<Plan> goesOnFrom) {
    term.over = true;
    leading = goesOnFrom.isPresent();
    goesOnFrom.ifPresent(
        plan -> {
          term.task.stop();
          term = begin();
          Term begins = term;
          // What was begun in an earlier term may have to end first
          background.execute(
              () -> {
                preparation.goOnFrom(plan);
                begins.start();
              });
        });
  }

  void stop() {
    term.task.stop();
    leading = false;
  }

  /** Has what is known dealt anew. Runs on the background: it asks who can log in. */
  void dealAnew() {
    term.dealAnew();
  }

  BackgroundTask task() {
    return term.task;
  }

  /** Whether it is this instance's to find out, and Genesys Cloud is not reached. */
  boolean isUnavailable() {
    return leading && preparation.unavailable();
  }

  /**
   * What keeps topics from being read, as far as it is for this instance of several to find out.
   *
   * @param readOn whether what was planned before is read all the same
   */
  Optional<NotificationsHealthCheck.Problem> problem(boolean readOn) {
    return preparation
        .problem()
        .filter(it -> leading)
        .filter(it -> !readOn || preparation.planned() || it.health() == Health.BROKEN);
  }

  /** The time in which this instance finds out, without another in between. */
  private final class Term {

    private final BackgroundTask task = new BackgroundTask("finding out what to subscribe");
    private volatile boolean over;

    private boolean runs() {
      return !over && running.getAsBoolean();
    }

    private void read(Plan plan, boolean whole) {
      if (!over) {
        reads.accept(plan, whole);
      }
    }

    /** In the midst of failures the first run after a restart waits for its turn. */
    private void start() {
      long now = clock.getAsLong();
      Attempts earlier = gaps.earlier(gaps.preparation(), now);
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

    private void dealAnew() {
      task.run(
          () -> {
            if (runs() && preparation.dealAnew()) {
              // Of another's plan it is not known whether it is all
              boolean whole = preparation.planned();
              preparation.tell(plan -> read(plan, whole));
            }
          });
    }

    private void orAgain(int attempt, BackgroundTask.Action action) {
      if (!task.run(action) && runs()) {
        schedule(attempt + 1, AFTER_FAILURE_MILLIS);
      }
    }

    private void remember(Attempts attempts) {
      gaps.attempts(gaps.preparation(), attempts);
    }

    private void prepare(int attempt) {
      if (!preparation.planned()) {
        remember(new Attempts(attempt, clock.getAsLong() + AFTER_CRASH_MILLIS));
      }
      Preparation.Outcome outcome = preparation.run(mistake.get(), plan -> read(plan, false));
      if (outcome.plan().isPresent()) {
        preparation.tell(plan -> read(plan, true));
      }
      long again = outcome.again().map(Duration::toMillis).orElse(0L);
      boolean planned = preparation.planned();
      remember(planned ? Attempts.NONE : new Attempts(attempt, clock.getAsLong() + again));
      if (runs() && again > 0) {
        schedule(planned ? 1 : attempt + 1, again);
      }
    }
  }
}
