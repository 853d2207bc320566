package dev.caravan.spool;

import java.io.IOException;

/** Another process has the spool open, so this one must not. */
public final class SpoolInUseException extends IOException {

  private static final long serialVersionUID = 1L;

  SpoolInUseException(String message) {
    super(message);
  }
}
