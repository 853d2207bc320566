package dev.caravan.spool;

/**
 * Why a record was not delivered, as somebody judged who knows what it was to be delivered to.
 *
 * @param kind what follows from it
 * @param what the name of what is stuck, the same for all records that are stuck for the same
 *     reason, such as {@code genesys.presence, partition 2}
 * @param sentence for people, without anything of the record's content
 * @param cause what was thrown
 */
public record Failure(Kind kind, String what, String sentence, Throwable cause) {

  /** What follows from a failure. */
  public enum Kind {
    /** It will pass: the record is tried again until it is delivered. */
    LATER,
    /** Nobody knows: the record is tried again as often as the option maximumRedeliveries says. */
    UNKNOWN,
    /** It will not pass: the record is not tried again. */
    FINAL
  }

  /** Judges what was thrown; the option {@code failureJudge} of a consumer names one. */
  @FunctionalInterface
  public interface Judge {

    /** Knows nothing, so everything may pass or not. */
    Judge NONE =
        (cause, where) -> {
          String what = cause.getClass().getSimpleName() + where;
          return new Failure(Kind.UNKNOWN, what, what, cause);
        };

    /**
     * @param cause what was thrown
     * @param where the step and the route it came from, such as {@code " at step to-kafka of route
     *     forward"}; empty if nobody knows
     */
    Failure judge(Throwable cause, String where);
  }
}
