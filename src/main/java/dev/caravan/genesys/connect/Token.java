package dev.caravan.genesys.connect;

import java.time.Duration;
import java.time.Instant;

/**
 * An OAuth access token. Its text never shows the value.
 *
 * @param value the bearer token itself: a secret
 * @param issuedAt when it was fetched
 * @param life how long it is good for
 */
public record Token(String value, Instant issuedAt, Duration life) {

  private static final double USED_UP = 0.9;

  /** When it is due to be renewed: at 90 % of its life. */
  public Instant renewAt() {
    return issuedAt.plusMillis((long) (life.toMillis() * USED_UP));
  }

  /** When it is no longer accepted. */
  public Instant expiresAt() {
    return issuedAt.plus(life);
  }

  @Override
  public String toString() {
    return "Token[issuedAt=" + issuedAt + ", life=" + life + "]";
  }
}
