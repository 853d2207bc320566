package dev.caravan.genesys.connect;

import java.time.Duration;

/** The token was not accepted (401): worth one retry with a new token. */
public final class UnauthorisedException extends CallException {

  private static final long serialVersionUID = 1L;

  public UnauthorisedException(String sentence) {
    super(sentence, 401, Duration.ZERO, null);
  }
}
