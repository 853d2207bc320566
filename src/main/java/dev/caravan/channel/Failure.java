package dev.caravan.channel;

import java.time.Duration;

/**
 * Why a channel could not be opened.
 *
 * @param kind what follows from it
 * @param sentence what to tell the person who must act
 * @param retryAfter how long Genesys Cloud asked us to wait; zero if it did not
 * @param attempts how many attempts were made, for the backoff; 0 if it did not come to one
 * @param reached how far it came, for the {@link AttemptBudget}
 */
public record Failure(
    Kind kind, String sentence, Duration retryAfter, int attempts, Reached reached) {

  public Failure(Kind kind, String sentence, Duration retryAfter, int attempts) {
    this(kind, sentence, retryAfter, attempts, Reached.UNKNOWN);
  }

  /** What follows from a failure. */
  public enum Kind {
    /** Not reachable, overloaded, or an error on their side: try again with backoff. */
    UNAVAILABLE,
    /** The channel is not known any more (404): open a new one. */
    CHANNEL_GONE,
    /** Credentials or permissions are refused: an operator must act; retry slowly. */
    REFUSED
  }

  /** What is known about how far an attempt came. */
  public enum Reached {
    /** Nobody heard of it. */
    NOBODY,
    /** It was heard of, and no channel was made. */
    NO_CHANNEL,
    /** A channel may have been made. */
    UNKNOWN
  }

  /** The same if nobody was asked for a channel. */
  public Failure withoutAttempt() {
    return new Failure(kind, sentence, retryAfter, 0, Reached.NOBODY);
  }

  public Failure reaching(Reached how) {
    return new Failure(kind, sentence, retryAfter, attempts, how);
  }

  /** A failure that may pass by itself. */
  public static Failure unavailable(String sentence) {
    return new Failure(Kind.UNAVAILABLE, sentence, Duration.ZERO, 1);
  }

  /** A failure that an operator has to mend. */
  public static Failure refused(String sentence) {
    return new Failure(Kind.REFUSED, sentence, Duration.ZERO, 1);
  }
}
