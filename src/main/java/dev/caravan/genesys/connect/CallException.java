package dev.caravan.genesys.connect;

import java.time.Duration;

/**
 * A call to Genesys Cloud that did not succeed. The message is a sentence for the operator and
 * holds no secret: neither token nor channel id nor query.
 */
public final class CallException extends RuntimeException {

  public enum Kind {
    /** Not reached, overloaded, failed (408, 429, 5xx) or answered oddly: worth a retry. */
    UNAVAILABLE,
    /** The token was not accepted (401): worth one retry with a new token. */
    UNAUTHORISED,
    /** What was asked for does not exist any more (404): a channel that expired or was evicted. */
    NOT_FOUND,
    /** Genesys Cloud understood and said no (400, 403, …): an operator has to change something. */
    REFUSED
  }

  /**
   * No wait is longer, whatever {@code Retry-After} says: days would be a mistake of somebody's.
   */
  public static final Duration LONGEST_WAIT = Duration.ofMinutes(15);

  private static final long serialVersionUID = 1L;

  private final Kind kind;
  private final int status;
  private final Duration retryAfter;

  private CallException(
      Kind kind, String sentence, int status, Duration retryAfter, Throwable cause) {
    super(sentence + tooLong(retryAfter), cause);
    this.kind = kind;
    this.status = status;
    this.retryAfter = retryAfter.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : retryAfter;
  }

  public static CallException unavailable(String sentence, int status, Duration retryAfter) {
    return unavailable(sentence, status, retryAfter, null);
  }

  public static CallException unavailable(
      String sentence, int status, Duration retryAfter, Throwable cause) {
    return new CallException(Kind.UNAVAILABLE, sentence, status, retryAfter, cause);
  }

  /** There was no answer. */
  public static CallException unavailable(String sentence) {
    return unavailable(sentence, 0, Duration.ZERO);
  }

  /** The answer says that all is well, and is not what was asked for. */
  public static CallException odd(String sentence) {
    return unavailable(sentence, 200, Duration.ZERO);
  }

  public static CallException unauthorised(String sentence) {
    return new CallException(Kind.UNAUTHORISED, sentence, 401, Duration.ZERO, null);
  }

  public static CallException notFound(String sentence) {
    return new CallException(Kind.NOT_FOUND, sentence, 404, Duration.ZERO, null);
  }

  public static CallException refused(String sentence, int status) {
    return refused(sentence, status, null);
  }

  public static CallException refused(String sentence, int status, Throwable cause) {
    return new CallException(Kind.REFUSED, sentence, status, Duration.ZERO, cause);
  }

  private static String tooLong(Duration asked) {
    return asked.compareTo(LONGEST_WAIT) <= 0
        ? ""
        : " It asks to be left alone for %d minutes; it is asked again after %d."
            .formatted(asked.toMinutes(), LONGEST_WAIT.toMinutes());
  }

  public Kind kind() {
    return kind;
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
