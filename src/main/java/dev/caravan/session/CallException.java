package dev.caravan.session;

import java.time.Duration;

/**
 * A call to Genesys Cloud that did not succeed. The message is a sentence for the operator and
 * holds no secret: neither token nor channel id nor query.
 */
public abstract sealed class CallException extends RuntimeException
    permits UnavailableException, UnauthorisedException, NotFoundException, RefusedException {

  private static final long serialVersionUID = 1L;

  private final int status;
  private final Duration retryAfter;

  CallException(String sentence, int status, Duration retryAfter, Throwable cause) {
    super(sentence, cause);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** The HTTP status; 0 if there was no answer. */
  public int status() {
    return status;
  }

  /** How long Genesys Cloud asked us to wait; zero if it did not. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
