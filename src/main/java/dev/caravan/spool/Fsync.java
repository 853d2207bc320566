package dev.caravan.spool;

/** When a spool asks the operating system to put what it wrote onto the medium itself. */
public enum Fsync {
  /** Never: records survive the death of the process, but a power cut may take the last seconds. */
  NEVER,
  /** After every commit: records survive a power cut too, at the price of the disk's latency. */
  COMMIT
}
