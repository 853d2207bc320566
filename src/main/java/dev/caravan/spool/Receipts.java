package dev.caravan.spool;

import dev.caravan.spool.log.LogRecord;

/**
 * Tells whoever appended a record that it is settled for good: delivered, and no earlier one of its
 * key can have it repeated, or given up.
 */
interface Receipts {

  /** Nobody wants to know. */
  Receipts NONE =
      new Receipts() {
        @Override
        public byte[] of(LogRecord record) {
          return null;
        }

        @Override
        public void settled(byte[] receipt) {
          // Nobody wants to know
        }
      };

  /** What the record is known by to whoever appended it; null if nobody wants to know. */
  byte[] of(LogRecord record);

  /** It is; must return soon. */
  void settled(byte[] receipt);
}
