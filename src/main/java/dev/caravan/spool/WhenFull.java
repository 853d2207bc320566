package dev.caravan.spool;

/** What a spool does with a record for which there is no room. */
public enum WhenFull {
  /** The exchange waits until there is room, or until {@code blockTimeout} is over. */
  BLOCK,
  /** The oldest records make room; how many were lost is counted and reported. */
  DROP_OLDEST
}
