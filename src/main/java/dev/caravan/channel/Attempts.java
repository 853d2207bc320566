package dev.caravan.channel;

/**
 * What a replica's attempts to open a channel came to, for the time after a restart: a bridge that
 * is restarted in a loop must not ask more often than one that runs on.
 *
 * @param failures failures that still count
 * @param notBefore when the next attempt is due if the one that is under way comes to nothing, in
 *     milliseconds: of the machine's clock, in the ledger of gaps of the wall clock; 0 if none is
 *     needed
 */
public record Attempts(int failures, long notBefore) {

  /** Nothing to make up for. */
  public static final Attempts NONE = new Attempts(0, 0);

  static Attempts of(ShardState state, Timings timings) {
    int failures = state.backoff().failures();
    return state
        .successor()
        .map(
            next ->
                next.phase() == Phase.NEW
                    ? new Attempts(failures, next.openAt())
                    : new Attempts(
                        failures + 1,
                        next.openAt() + Backoff.after(failures + 1).capMillis(timings)))
        .orElse(new Attempts(failures, 0));
  }
}
