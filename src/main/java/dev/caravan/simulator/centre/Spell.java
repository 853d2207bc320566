package dev.caravan.simulator.centre;

/**
 * A time during which something about an agent stayed as it was.
 *
 * @param what it was
 * @param from when it began
 * @param to when it ended; 0 if it has not
 */
public record Spell<T>(T what, long from, long to) {

  /** Whether any of it lies between these instants. */
  public boolean touches(long earliest, long latest) {
    return from < latest && (to == 0 || to > earliest);
  }
}
