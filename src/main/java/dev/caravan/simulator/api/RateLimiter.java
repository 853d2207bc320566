package dev.caravan.simulator.api;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** Counts calls per key in windows of a minute, as the {@code inin-ratelimit-*} headers tell. */
public final class RateLimiter {

  private static final Duration WINDOW = Duration.ofMinutes(1);
  private static final int REMEMBERED = 10_000;

  /**
   * Where a key stands after a call.
   *
   * @param count calls in this window, this one included
   * @param allowed how many are; 0 for no limit
   * @param resetSeconds until the window ends, at least 1
   */
  public record Standing(int count, int allowed, int resetSeconds) {

    public boolean exceeded() {
      return allowed > 0 && count > allowed;
    }
  }

  private static final class Window {
    private final Instant end;
    private int count;

    private Window(Instant end) {
      this.end = end;
    }
  }

  private final Map<String, Window> windows = new LinkedHashMap<>();
  private final int allowed;

  public RateLimiter(int allowedPerMinute) {
    this.allowed = allowedPerMinute;
  }

  public Standing count(String key, Instant now) {
    Window window = windows.get(key);
    if (window == null || !now.isBefore(window.end)) {
      windows.remove(key);
      window = new Window(now.plus(WINDOW));
      windows.put(key, window);
      if (windows.size() > REMEMBERED) {
        windows.remove(windows.keySet().iterator().next());
      }
    }
    window.count++;
    long millis = Duration.between(now, window.end).toMillis();
    return new Standing(window.count, allowed, (int) Math.max(1, (millis + 999) / 1000));
  }
}
