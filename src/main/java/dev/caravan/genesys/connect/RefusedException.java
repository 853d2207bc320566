package dev.caravan.genesys.connect;

import java.time.Duration;

/** Genesys Cloud understood and said no (400, 403, …): an operator has to change something. */
public final class RefusedException extends CallException {

  private static final long serialVersionUID = 1L;

  public RefusedException(String sentence, int status) {
    super(sentence, status, Duration.ZERO, null);
  }

  public RefusedException(String sentence, int status, Throwable cause) {
    super(sentence, status, Duration.ZERO, cause);
  }
}
