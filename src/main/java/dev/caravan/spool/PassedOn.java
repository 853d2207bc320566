package dev.caravan.spool;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Receipts of records that a route has sent on to a spool: they are settled once all records that
 * have them are, and until then count as old as the first. Safe for several threads.
 */
final class PassedOn {

  /** Beyond that the oldest are settled with the first of their records. */
  static final int MOST = 50_000;

  /** It waits for room before it is appended. */
  static final long APPENDED_WITHIN_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final Map<ByteBuffer, One> all = new LinkedHashMap<>();

  /** All that was appended before is settled, but for what is here; as it was asked last. */
  private long settledUntilNanos;

  private static final class One {
    private final long settledUntilNanos;
    private long passedAtNanos;

    /** That of which it was sent on. */
    private int records = 1;

    private One(long settledUntilNanos) {
      this.settledUntilNanos = settledUntilNanos;
    }
  }

  PassedOn(long nowNanos) {
    this.settledUntilNanos = nowNanos;
  }

  /** A record more is about to have this receipt. */
  synchronized void passes(byte[] receipt, long nowNanos) {
    One one =
        all.computeIfAbsent(ByteBuffer.wrap(receipt.clone()), any -> new One(settledUntilNanos));
    one.records++;
    one.passedAtNanos = nowNanos;
    if (all.size() > MOST) {
      all.remove(all.keySet().iterator().next());
    }
  }

  /** A record of this receipt is settled; returned is whether all are. */
  synchronized boolean settled(byte[] receipt) {
    ByteBuffer key = ByteBuffer.wrap(receipt);
    One one = all.get(key);
    if (one == null) {
      return true;
    }
    one.records--;
    if (one.records == 0) {
      all.remove(key);
    }
    return one.records == 0;
  }

  /**
   * Until when all that was appended is settled, what was sent on included.
   *
   * @param spools the same as the spools tell it, each of what it has taken
   */
  synchronized long settledUntil(long spools) {
    // What a full spool has dropped is never settled
    all.values().removeIf(one -> one.passedAtNanos + APPENDED_WITHIN_NANOS - spools < 0);
    long until = spools;
    if (!all.isEmpty()) {
      long oldest = all.values().iterator().next().settledUntilNanos;
      until = oldest - until < 0 ? oldest : until;
    }
    settledUntilNanos = until;
    return until;
  }
}
