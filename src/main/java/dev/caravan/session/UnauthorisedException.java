package dev.caravan.session;

import java.time.Duration;

/** The token was not accepted (401): worth one retry with a new token. */
public final class UnauthorisedException extends CallException {

  public UnauthorisedException(String sentence) {
    super(sentence, 401, Duration.ZERO, null);
  }
}
