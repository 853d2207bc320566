package dev.caravan.genesys.connect;

import java.time.Duration;

/** Genesys Cloud could not be reached, was overloaded or failed (408, 429, 5xx): worth a retry. */
public final class UnavailableException extends CallException {

  private static final long serialVersionUID = 1L;

  public UnavailableException(String sentence, int status, Duration retryAfter) {
    this(sentence, status, retryAfter, null);
  }

  public UnavailableException(String sentence, int status, Duration retryAfter, Throwable cause) {
    super(sentence, status, retryAfter, cause);
  }
}
