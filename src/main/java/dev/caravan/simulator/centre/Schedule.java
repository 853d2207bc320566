package dev.caravan.simulator.centre;

import java.util.Comparator;
import java.util.PriorityQueue;

/** What will happen when. Of two things due at once, the one planned first happens first. */
final class Schedule {

  private record Entry(long atMillis, long order, Runnable deed) {}

  private final PriorityQueue<Entry> entries =
      new PriorityQueue<>(
          Comparator.comparingLong(Entry::atMillis).thenComparingLong(Entry::order));
  private long now;
  private long planned;

  Schedule(long startMillis) {
    now = startMillis;
  }

  long now() {
    return now;
  }

  void in(long millis, Runnable deed) {
    entries.add(new Entry(now + Math.max(0, millis), ++planned, deed));
  }

  /** Lets everything happen that is due until then, but no more than so many things at once. */
  boolean runUntil(long untilMillis, int most) {
    for (int i = 0; i < most; i++) {
      if (entries.isEmpty() || entries.peek().atMillis() > untilMillis) {
        now = Math.max(now, untilMillis);
        return true;
      }
      runNext();
    }
    return false;
  }

  /** Lets the next thing happen, whenever it is due. */
  void runNext() {
    Entry next = entries.remove();
    now = next.atMillis();
    next.deed().run();
  }

  int size() {
    return entries.size();
  }
}
