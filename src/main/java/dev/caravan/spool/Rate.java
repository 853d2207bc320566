package dev.caravan.spool;

/** How fast a counter moves, smoothed over about ten seconds. */
final class Rate {

  private static final double SMOOTHING_SECONDS = 10;

  private double count;
  private long atNanos;
  private volatile double perSecond;

  Rate(double count, long nowNanos) {
    this.count = count;
    this.atNanos = nowNanos;
  }

  /** Takes note of where the counter is now; one thread calls this. */
  void update(double newCount, long nowNanos) {
    double seconds = (nowNanos - atNanos) / 1e9;
    if (seconds > 0) {
      double weight = 1 - Math.exp(-seconds / SMOOTHING_SECONDS);
      perSecond += ((newCount - count) / seconds - perSecond) * weight;
      count = newCount;
      atNanos = nowNanos;
    }
  }

  double perSecond() {
    return perSecond;
  }
}
