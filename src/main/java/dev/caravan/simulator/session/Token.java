package dev.caravan.simulator.session;

import java.time.Instant;

/**
 * An access token and whose it is.
 *
 * @param number counts from 1; safe to show, where the value is not
 * @param value the secret itself
 * @param clientId the OAuth client it was issued to
 * @param expires when it ends by the simulator's clock
 */
public record Token(int number, String value, String clientId, Instant expires) {

  public boolean aliveAt(Instant now) {
    return now.isBefore(expires);
  }

  /** Without the value. */
  @Override
  public String toString() {
    return "Token[" + number + "]";
  }
}
