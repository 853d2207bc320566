package dev.caravan.genesys.connect;

import java.time.Duration;

/**
 * A call to Genesys Cloud that did not succeed. The message is a sentence for the operator and
 * holds no secret: neither token nor channel id nor query.
 */
public abstract sealed class CallException extends RuntimeException
    permits UnavailableException, UnauthorisedException, NotFoundException, RefusedException {

  /**
   * No wait is longer, whatever {@code Retry-After} says: days would be a mistake of somebody's.
   */
  public static final Duration LONGEST_WAIT = Duration.ofMinutes(15);

  private static final long serialVersionUID = 1L;

  private final int status;
  private final Duration retryAfter;

  CallException(String sentence, int status, Duration retryAfter, Throwable cause) {
    super(isTooLong(retryAfter) ? sentence + tooLong(retryAfter) : sentence, cause);
    this.status = status;
    this.retryAfter = isTooLong(retryAfter) ? LONGEST_WAIT : retryAfter;
  }

  private static boolean isTooLong(Duration asked) {
    return asked.compareTo(LONGEST_WAIT) > 0;
  }

  private static String tooLong(Duration asked) {
    return " It asks to be left alone for "
        + asked.toMinutes()
        + " minutes; it is asked again after "
        + LONGEST_WAIT.toMinutes()
        + ".";
  }

  /** The HTTP status; 0 if there was no answer. */
  public int status() {
    return status;
  }

  /** How long Genesys Cloud asked us to wait, within reason; zero if it did not. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
