package dev.caravan.frame;

import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * Hands out ids that no two events share, however alike they are: 80 random bits, drawn anew with
 * each instance and so after each start, and a counter. Nothing of the event is in them. Those that
 * follow each other differ in their last digits only, so that a batch of records is compressed
 * well. Safe for several threads.
 */
public final class EventIds {

  private static final int RANDOM_DIGITS = 20;
  private static final int COUNTER_DIGITS = 12;

  private final String prefix;
  private final AtomicLong counter = new AtomicLong();

  /**
   * @param random must give other numbers after each start
   */
  public EventIds(RandomGenerator random) {
    HexFormat hex = HexFormat.of();
    String digits = hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong());
    prefix = digits.substring(0, RANDOM_DIGITS);
  }

  /** 32 lower-case hexadecimal digits. */
  public String next() {
    return prefix + HexFormat.of().toHexDigits(counter.getAndIncrement(), COUNTER_DIGITS);
  }
}
