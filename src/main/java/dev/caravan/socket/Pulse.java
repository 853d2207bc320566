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

  OptionalLong pausedSinceNanos() {
    return paused ? OptionalLong.of(pausedSinceNanos) : OptionalLong.empty();
  }
}
