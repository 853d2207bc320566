package dev.caravan.spool;

import dev.caravan.spool.log.LogRecord;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Sends what was acknowledged and kept through its spool again: marked as such, metered, and giving
 * way to what is new.
 *
 * <p>Each record is appended once more behind what waits. So the route that takes out of the spool
 * sees one stream, the order of what is new stays as it is, and a failing or stopped route costs a
 * replay nothing either.
 */
public final class Replay {

  /** How often it goes on. */
  static final Duration STEP = Duration.ofMillis(50);

  /** When more records wait, nothing is added to them: so much may come before what is new. */
  private static final long WAITING_AT_MOST = 500;

  private final Spool spool;
  private final Instant since;
  private final double perStep;
  private final long upTo;
  private final Deque<LogRecord> read = new ArrayDeque<>();
  private final AtomicBoolean cancelled = new AtomicBoolean();

  private Optional<Long> next;
  private boolean begun;
  private double allowance;
  private long settledFrom;
  private volatile Progress progress = new Progress(State.SENDING, 0, 0, Optional.empty());

  /** Where a replay stands. */
  public enum State {
    /** Records are read and appended again. */
    SENDING,
    /** All are appended; the last ones are not acknowledged yet. */
    SETTLING,
    /** All are acknowledged. */
    DONE,
    /** It was told to stop, or the spool was closed. */
    CANCELLED;

    /** Whether nothing more will come. */
    public boolean isOver() {
      return this == DONE || this == CANCELLED;
    }
  }

  /**
   * How far it has come.
   *
   * @param sent records appended again; acknowledged again, too, once it is {@link State#DONE}
   * @param gone records that made room for others before it was their turn
   * @param reached when the record that was sent last had first been appended
   */
  public record Progress(State state, long sent, long gone, Optional<Instant> reached) {}

  Replay(Spool spool, Instant since, int perSecond) throws IOException {
    if (perSecond < 1) {
      throw new IllegalArgumentException(
          "A replay sends one record a second at least, not %d.".formatted(perSecond));
    }
    this.spool = spool;
    // Records know no finer time, and those of the same millisecond count as since then
    this.since = since.truncatedTo(ChronoUnit.MILLIS);
    this.perStep = perSecond * (STEP.toMillis() / 1000.0);
    this.upTo = spool.replayableUpTo();
    this.next = spool.firstSince(since);
  }

  /** How far it has come; may be asked at any time. */
  public Progress progress() {
    return progress;
  }

  /** Sends no more; what was appended again goes its way. */
  public void cancel() {
    cancelled.set(true);
  }

  /** Sends as many as the rate allows for one step. For one thread, with {@link #STEP} between. */
  void step() throws IOException {
    try {
      switch (progress.state()) {
        case SENDING -> send();
        case SETTLING -> settle();
        default -> {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      cancel();
    } catch (IllegalStateException closed) {
      cancel();
    }
    if (cancelled.get() && !progress.state().isOver()) {
      enter(State.CANCELLED);
    }
  }

  private void send() throws IOException, InterruptedException {
    // What was not used up while something else went first is not made up for
    allowance = Math.min(allowance, 1) + perStep;
    while (allowance >= 1 && !cancelled.get() && spool.waiting() < WAITING_AT_MOST) {
      Optional<LogRecord> record = nextRecord();
      if (record.isEmpty()) {
        return;
      }
      append(record.get());
      // Only now: what could not be appended is tried again with the next step
      read.removeFirst();
      allowance--;
    }
  }

  private void append(LogRecord record) throws InterruptedException {
    // It was told to be settled before
    spool.append(
        record.bodyOrNull(),
        record.headers().without(SpoolConstants.RECEIPT).with(SpoolConstants.REPLAYED, true));
    reached(progress.state(), 1, 0, Optional.of(record.appendedAt()));
  }

  private void reached(State state, long sent, long gone, Optional<Instant> when) {
    progress = new Progress(state, progress.sent() + sent, progress.gone() + gone, when);
  }

  /** Empty if the end was reached. */
  private Optional<LogRecord> nextRecord() throws IOException {
    while (read.isEmpty()) {
      if (next.isEmpty() || next.get() > upTo) {
        settledFrom = spool.lastAppended();
        enter(State.SETTLING);
        return Optional.empty();
      }
      take(spool.read(next.get()));
    }
    return Optional.of(read.getFirst());
  }

  private void take(List<LogRecord> records) {
    long expected = next.orElseThrow();
    long first = records.isEmpty() ? Long.MAX_VALUE : records.get(0).sequence();
    long missing = Math.min(first, upTo + 1) - expected;
    if (begun && missing > 0) {
      reached(progress.state(), 0, missing, progress.reached());
    }
    begun = true;
    records.stream()
        .filter(record -> record.sequence() <= upTo && !record.appendedAt().isBefore(since))
        // What was sent again is not sent yet again, else each replay would double the next
        .filter(record -> record.headers().text(SpoolConstants.REPLAYED).isEmpty())
        .forEach(read::addLast);
    next =
        Optional.of(records.isEmpty() ? upTo + 1 : records.get(records.size() - 1).sequence() + 1);
  }

  private void settle() {
    if (spool.acknowledged() >= settledFrom) {
      enter(State.DONE);
    }
  }

  private void enter(State state) {
    reached(state, 0, 0, progress.reached());
    if (state.isOver() && progress.sent() > 0) {
      spool.report(
          new SpoolEvent.Replayed(
              spool.name(), since, progress.sent(), progress.gone(), state == State.DONE));
    }
  }
}
