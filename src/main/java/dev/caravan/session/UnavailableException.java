package dev.caravan.session;

import java.time.Duration;

/** Genesys Cloud could not be reached, was overloaded or failed (408, 429, 5xx): worth a retry. */
public final class UnavailableException extends CallException {

  public UnavailableException(String sentence, int status, Duration retryAfter) {
    super(sentence, status, retryAfter, null);
  }
}
