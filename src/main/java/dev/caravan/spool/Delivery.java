package dev.caravan.spool;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands out the records of a spool, several in flight at a time, and lets go of what was delivered.
 *
 * <p>When one fails, nothing more is handed out; once everything in flight has settled, it begins
 * again with the first that failed, after a pause. What came behind it is handed out again too,
 * even if it was delivered: else the record that failed would come after younger ones of its key
 * for good. Only records whose key differs from those of all earlier failures need no repeating.
 */
final class Delivery implements Runnable {

  private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);
  private static final int TAKE_AT_ONCE = 128;
  private static final long WAIT_MILLIS = 500;
  private static final int LONGEST_REASON = 200;

  private final Spool spool;
  private final Options options;
  private final Receiver receiver;
  private final Window window;

  private final Set<Long> deliveredAhead = new HashSet<>();
  private boolean paused;
  private boolean stopped;
  private boolean running;
  private Optional<Throwable> cause = Optional.empty();
  private long stuckAt = -1;
  private int attempts;
  private long highestHandedOut;
  private volatile Optional<String> failure = Optional.empty();

  /** How to hand out. */
  record Options(
      int inFlight,
      Duration linger,
      Duration redeliveryDelay,
      Duration maximumRedeliveryDelay,
      int maximumRedeliveries,
      String keyHeader) {

    Options {
      if (inFlight < 1) {
        throw new IllegalArgumentException(
            "The spool option inFlight must be 1 or more, but is %d.".formatted(inFlight));
      }
      if (maximumRedeliveries < -1) {
        throw new IllegalArgumentException(
            "The spool option maximumRedeliveries must be -1 (for ever), 0 or more, but is %d."
                .formatted(maximumRedeliveries));
      }
      SpoolSettings.notNegative("linger", linger);
      SpoolSettings.notNegative("redeliveryDelay", redeliveryDelay);
      SpoolSettings.notNegative("maximumRedeliveryDelay", maximumRedeliveryDelay);
    }
  }

  /** Takes one record and settles it sooner or later, from whatever thread. */
  interface Receiver {
    void receive(SpoolRecord record, boolean again, Settlement settlement);
  }

  /** Hears what became of a record that was handed out. */
  interface Settlement {
    void delivered();

    void failed(Throwable cause);
  }

  Delivery(Spool spool, Options options, Receiver receiver) {
    this.spool = spool;
    this.options = options;
    this.receiver = receiver;
    this.window =
        new Window(options.inFlight(), spool.settings().memoryBytes(), options.keyHeader());
  }

  @Override
  public void run() {
    synchronized (this) {
      running = true;
    }
    try {
      while (goOn()) {
        handOut(spool.take(TAKE_AT_ONCE, options.linger().toMillis(), WAIT_MILLIS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      synchronized (this) {
        running = false;
        notifyAll();
      }
    }
  }

  /** Waits while paused, and gets over a failure; false when it is over. */
  private boolean goOn() throws InterruptedException {
    boolean beginAgain;
    synchronized (this) {
      while (paused && !stopped) {
        wait();
      }
      while (window.hasFailed() && window.outstanding() > 0 && !stopped) {
        wait();
      }
      beginAgain = window.hasFailed() && !stopped;
    }
    if (beginAgain) {
      beginAgain();
    }
    return !isStopped();
  }

  private void handOut(List<SpoolRecord> records) throws InterruptedException {
    for (int i = 0; i < records.size(); i++) {
      SpoolRecord record = records.get(i);
      Optional<Settlement> settlement = enter(record);
      if (settlement.isEmpty()) {
        spool.rewind(records.subList(i, records.size()));
        return;
      }
      boolean again = record.sequence() <= highestHandedOut;
      if (again && deliveredAhead.remove(record.sequence())) {
        settlement.get().delivered();
        continue;
      }
      highestHandedOut = Math.max(highestHandedOut, record.sequence());
      try {
        receiver.receive(record, again, settlement.get());
      } catch (RuntimeException e) {
        settlement.get().failed(e);
      }
    }
  }

  /** Waits for a place in the window; none if nothing is to be handed out for now. */
  private synchronized Optional<Settlement> enter(SpoolRecord record) throws InterruptedException {
    while (window.isFull() && !window.hasFailed() && !paused && !stopped) {
      wait();
    }
    if (window.hasFailed() || paused || stopped) {
      return Optional.empty();
    }
    Window.Slot slot = window.add(record);
    return Optional.of(
        new Settlement() {
          @Override
          public void delivered() {
            settled(slot, Optional.empty());
          }

          @Override
          public void failed(Throwable why) {
            settled(slot, Optional.of(why));
          }
        });
  }

  private synchronized void settled(Window.Slot slot, Optional<Throwable> why) {
    if (!window.hasFailed()) {
      cause = why;
    }
    boolean wasFull = window.isFull();
    Optional<Window.Progress> progress = window.settle(slot, why.isEmpty());
    if (wasFull || window.outstanding() == 0) {
      notifyAll();
    }
    progress.ifPresent(
        done -> {
          spool.acknowledge(done.upToSequence(), done.records());
          if (failure.isPresent() && done.upToSequence() >= stuckAt) {
            recovered();
          }
        });
  }

  private void recovered() {
    LOG.info("Spool '{}': delivery works again.", spool.name());
    failure = Optional.empty();
  }

  /** All in flight have settled and one failed: go back to it. */
  private void beginAgain() throws InterruptedException {
    List<SpoolRecord> failed;
    SpoolRecord first;
    Throwable why;
    synchronized (this) {
      failed = window.failed();
      first = failed.get(0);
      deliveredAhead.addAll(window.needNotBeRepeated());
      window.clear();
      why = cause.orElseThrow();
      attempts = first.sequence() == stuckAt ? attempts + 1 : 1;
      stuckAt = first.sequence();
    }
    // What was behind an earlier failure and has not come round again is still delivered
    deliveredAhead.removeIf(sequence -> sequence < first.sequence());
    spool.rewind(failed);
    if (options.maximumRedeliveries() >= 0 && attempts > options.maximumRedeliveries()) {
      LOG.warn(
          "Spool '{}': a record failed {} times and is given up; what follows goes on.",
          spool.name(),
          attempts,
          why);
      deliveredAhead.add(first.sequence());
      spool.givenUp(first);
      return;
    }
    tell(why);
    pause(delay());
  }

  private void tell(Throwable why) {
    String reason = reason(why);
    if (failure.isEmpty()) {
      LOG.warn(
          "Spool '{}': a record could not be delivered: {}. It and what follows wait in the spool;"
              + " it is tried again every {} to {} until it works.",
          spool.name(),
          reason,
          SpoolStatus.words(options.redeliveryDelay()),
          SpoolStatus.words(options.maximumRedeliveryDelay()));
      LOG.debug("Spool '{}': the failure", spool.name(), why);
    }
    failure = Optional.of(reason + " (attempt " + attempts + ")");
  }

  /** The first sentence of the message, as it is for people; the class if there is none. */
  private static String reason(Throwable why) {
    String message = Optional.ofNullable(why.getMessage()).orElse("").strip();
    String first = message.lines().findFirst().orElse(why.getClass().getSimpleName());
    String end = first.endsWith(".") ? first.substring(0, first.length() - 1) : first;
    return end.length() > LONGEST_REASON ? end.substring(0, LONGEST_REASON) + "…" : end;
  }

  private Duration delay() {
    long millis = options.redeliveryDelay().toMillis() << Math.min(20, attempts - 1);
    return Duration.ofMillis(Math.min(millis, options.maximumRedeliveryDelay().toMillis()));
  }

  private synchronized void pause(Duration time) throws InterruptedException {
    long until = System.nanoTime() + time.toNanos();
    for (long left = time.toMillis(); left > 0 && !stopped; ) {
      wait(left);
      left = Duration.ofNanos(until - System.nanoTime()).toMillis();
    }
  }

  synchronized void pause() {
    paused = true;
    notifyAll();
  }

  synchronized void resume() {
    paused = false;
    notifyAll();
  }

  /** Hands out nothing more, and waits until what is in flight has settled, but not for ever. */
  boolean stop(Duration atMost) throws InterruptedException {
    synchronized (this) {
      stopped = true;
      notifyAll();
    }
    spool.wakeUp();
    long until = System.nanoTime() + atMost.toNanos();
    synchronized (this) {
      while ((running || window.outstanding() > 0) && System.nanoTime() < until) {
        wait(100);
      }
      return !running && window.outstanding() == 0;
    }
  }

  private synchronized boolean isStopped() {
    return stopped;
  }

  synchronized int inFlight() {
    return window.outstanding();
  }

  /** Why records are not delivered at present, if so. */
  Optional<String> failure() {
    return failure;
  }
}
