package dev.caravan.channel.gap;

import java.time.Instant;

/**
 * What attempts to reach Genesys Cloud came to, so that a restart does not make them more frequent.
 *
 * @param failures failures that still count
 * @param notBefore when the next attempt is due
 */
public record Attempts(int failures, Instant notBefore) {

  /** Nothing failed. */
  public static final Attempts NONE = new Attempts(0, Instant.EPOCH);
}
