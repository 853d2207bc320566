package dev.caravan.spool.log;

import java.io.IOException;

/** Another process has the log open, so this one must not. */
public final class LogInUseException extends IOException {

  private static final long serialVersionUID = 1L;

  LogInUseException(String message) {
    super(message);
  }
}
