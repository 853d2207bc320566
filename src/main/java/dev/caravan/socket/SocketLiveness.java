package dev.caravan.socket;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Tells the peer's silence from our own: when a socket was read, since when it is paused, and
 * whether what is read now may have come long ago, because nothing was read meanwhile. Instants are
 * those of {@link System#nanoTime()}.
 */
public final class SocketLiveness {

  /** How often the event loop is to show that it runs. */
  static final long BEAT_MILLIS = 500;

  /**
   * What is read when the event loop has not run for longer may have waited for it: its thread had
   * other things to do, the process stood still while the kernel went on receiving, or the machine
   * slept.
   */
  private static final long LATE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final LongSupplier nanos;
  private final LongSupplier wallMillis;

  // Touched by the event loop only
  private long beatNanos;
  private long beatWallMillis;

  private volatile boolean opened;
  private volatile boolean heard;
  private volatile long lastFrameNanos;
  private volatile long readingSinceNanos;
  private volatile boolean paused;
  private volatile long pausedSinceNanos;

  private volatile long behindSinceNanos;
  private volatile boolean behind;

  /** When something last kept what had come from being read. Guarded by this. */
  private long heldNanos;

  SocketLiveness() {
    this(System::nanoTime, System::currentTimeMillis);
  }

  /**
   * @param nanos may stand still while the machine sleeps
   * @param wallMillis goes on meanwhile
   */
  SocketLiveness(LongSupplier nanos, LongSupplier wallMillis) {
    this.nanos = nanos;
    this.wallMillis = wallMillis;
  }

  /** The socket is open: the event loop begins to read it. */
  void open() {
    beatNanos = nanos.getAsLong();
    beatWallMillis = wallMillis.getAsLong();
    opened = true;
    held(beatNanos);
    reading();
  }

  void reading() {
    readingSinceNanos = nanos.getAsLong();
    paused = false;
  }

  void frame() {
    beat();
    lastFrameNanos = beatNanos;
    heard = true;
  }

  /** The event loop runs; a wall clock that is set forward looks like a sleep and does no harm. */
  void beat() {
    long now = nanos.getAsLong();
    long wall = wallMillis.getAsLong();
    long asleep = TimeUnit.MILLISECONDS.toNanos(wall - beatWallMillis);
    if (opened && Math.max(now - beatNanos, asleep) > LATE_NANOS) {
      held(beatNanos, now);
    }
    beatNanos = now;
    beatWallMillis = wall;
  }

  void paused() {
    if (!paused) {
      pausedSinceNanos = nanos.getAsLong();
      paused = true;
      held(pausedSinceNanos, pausedSinceNanos);
    }
  }

  private synchronized void held(long until) {
    heldNanos = until;
  }

  private synchronized void held(long since, long until) {
    held(until);
    if (!behind) {
      behindSinceNanos = since;
      behind = true;
    }
  }

  /**
   * How long the peer has had nothing to say although it could: what a watchdog asks. Zero while
   * the socket is not open or is paused by backpressure, since that silence is ours. Pings and
   * pongs of the protocol end no silence.
   */
  public Duration silence() {
    if (!opened || paused) {
      return Duration.ZERO;
    }
    long since = readingSinceNanos;
    long frame = lastFrameNanos;
    boolean frameIsLater = heard && frame - since > 0;
    return Duration.ofNanos(nanos.getAsLong() - (frameIsLater ? frame : since));
  }

  /** When the last data frame was read. */
  public OptionalLong lastFrameNanos() {
    return heard ? OptionalLong.of(lastFrameNanos) : OptionalLong.empty();
  }

  /**
   * Since when the peer may have sent what was not read, because backpressure kept it waiting or
   * the event loop did not run; until {@link #caughtUp}.
   */
  public OptionalLong behindSinceNanos() {
    return behind ? OptionalLong.of(behindSinceNanos) : OptionalLong.empty();
  }

  /** All that was sent before this was read; what was sent since, only if nothing is held. */
  public synchronized void caughtUp(long sentNanos) {
    if (paused || heldNanos - sentNanos > 0) {
      behindSinceNanos = sentNanos;
    } else {
      behind = false;
    }
  }

  /** Since when nothing has kept what came from being read, unless it is paused. */
  public synchronized long readFreelySinceNanos() {
    long reading = readingSinceNanos;
    return heldNanos - reading > 0 ? heldNanos : reading;
  }

  /** Since when backpressure keeps the socket from being read, if it does now. */
  public OptionalLong pausedSinceNanos() {
    return paused ? OptionalLong.of(pausedSinceNanos) : OptionalLong.empty();
  }
}
