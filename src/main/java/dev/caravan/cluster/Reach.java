package dev.caravan.cluster;

/** Whether an instance reaches Genesys Cloud. */
public enum Reach {
  /** It has nothing to read, or has not failed to for long. */
  UNKNOWN,
  /** It reads. */
  YES,
  /** It is to read, and has read nothing for long. */
  NO
}
