package dev.caravan.session;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The one token of a client: fetched when first needed, renewed at 90 % of its life, and once more
 * when it was not accepted. However many ask at the same time, one fetch is under way; a refusal is
 * remembered for a while, so that a wrong secret never becomes a storm on the login endpoint.
 */
public final class GenesysSession {

  /** Fetches a token; throws a {@link CallException} if that does not succeed. */
  @FunctionalInterface
  public interface TokenSource {
    Token fetch();
  }

  private final TokenSource source;
  private final Clock clock;
  private final Duration refusalRemembered;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile Token current;
  private RefusedException refusal;
  private Instant refusedUntil = Instant.MIN;

  /**
   * @param source fetches a token
   * @param clock tells the time
   * @param refusalRemembered how long a refusal is answered from memory
   */
  public GenesysSession(TokenSource source, Clock clock, Duration refusalRemembered) {
    this.source = source;
    this.clock = clock;
    this.refusalRemembered = refusalRemembered;
  }

  /**
   * A token that is good for a while. Blocks while one is being fetched. If it cannot be renewed
   * ahead of time because Genesys Cloud is not available, the old one serves until its end.
   */
  public Token token() {
    Token token = current;
    if (token != null && clock.instant().isBefore(token.renewAt())) {
      return token;
    }
    try {
      return renew(token);
    } catch (UnavailableException e) {
      if (token != null && clock.instant().isBefore(token.expiresAt())) {
        return token;
      }
      throw e;
    }
  }

  /**
   * Replaces a token that was not accepted or is used up. Whoever comes second gets the token that
   * the first one fetched.
   *
   * @param old the token to replace; null if there was none
   */
  public Token renew(Token old) {
    lock.lock();
    try {
      if (current != null && current != old) {
        return current;
      }
      if (refusal != null && clock.instant().isBefore(refusedUntil)) {
        throw new RefusedException(refusal.getMessage(), refusal.status(), refusal);
      }
      current = source.fetch();
      refusal = null;
      return current;
    } catch (RefusedException e) {
      if (e != refusal && e.getCause() != refusal) {
        refusal = e;
        refusedUntil = clock.instant().plus(refusalRemembered);
      }
      throw e;
    } finally {
      lock.unlock();
    }
  }

  /** Forgets a token that was not accepted, unless another one has taken its place. */
  public void drop(Token old) {
    lock.lock();
    try {
      if (current == old) {
        current = null;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Forgets the token, whichever it is. */
  public void dropCurrent() {
    lock.lock();
    try {
      current = null;
    } finally {
      lock.unlock();
    }
  }
}
