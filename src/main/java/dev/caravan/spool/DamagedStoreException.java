package dev.caravan.spool;

import java.io.IOException;

/** Says that what lies on disk is not what was written there. */
final class DamagedStoreException extends IOException {

  private static final long serialVersionUID = 1L;

  DamagedStoreException(String sentence) {
    super(sentence);
  }

  DamagedStoreException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
