package dev.caravan.socket;

import java.time.Duration;
import java.util.OptionalLong;

/** Tells the peer's silence from our own: when a socket was read, and since when it is paused. */
final class Pulse {

  private volatile boolean opened;
  private volatile boolean heard;
  private volatile long lastFrameNanos;
  private volatile long readingSinceNanos;
  private volatile boolean paused;
  private volatile long pausedSinceNanos;

  /**
   * Since when the peer may have sent what we have not read: from the first pause until somebody
   * knows better.
   */
  private volatile long behindSinceNanos;

  private volatile boolean behind;

  void reading() {
    readingSinceNanos = System.nanoTime();
    opened = true;
    paused = false;
  }

  void frame() {
    lastFrameNanos = System.nanoTime();
    heard = true;
  }

  void paused() {
    if (!paused) {
      pausedSinceNanos = System.nanoTime();
      paused = true;
      if (!behind) {
        behindSinceNanos = pausedSinceNanos;
        behind = true;
      }
    }
  }

  Duration silence() {
    if (!opened || paused) {
      return Duration.ZERO;
    }
    long since = readingSinceNanos;
    long frame = lastFrameNanos;
    boolean frameIsLater = heard && frame - since > 0;
    return Duration.ofNanos(System.nanoTime() - (frameIsLater ? frame : since));
  }

  OptionalLong lastFrameNanos() {
    return heard ? OptionalLong.of(lastFrameNanos) : OptionalLong.empty();
  }

  OptionalLong behindSinceNanos() {
    return behind ? OptionalLong.of(behindSinceNanos) : OptionalLong.empty();
  }

  /** All that was sent before this was read; what was sent since, only if nothing is held. */
  void caughtUp(long sentNanos) {
    if (paused || pausedSinceNanos - sentNanos > 0) {
      behindSinceNanos = sentNanos;
    } else {
      behind = false;
    }
  }

  OptionalLong pausedSinceNanos() {
    return paused ? OptionalLong.of(pausedSinceNanos) : OptionalLong.empty();
  }
}
