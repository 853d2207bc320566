package dev.caravan.session;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * The one token of a client: fetched when first needed, renewed at 90 % of its life, and once more
 * when it was not accepted. However many ask at the same time, one fetch is under way and all share
 * what comes of it; a refusal is remembered for a while, so that a wrong secret never becomes a
 * storm on the login endpoint.
 */
public final class GenesysSession {

  /** How long a token that still serves is left alone after it could not be renewed. */
  private static final Duration RENEW_AGAIN = Duration.ofSeconds(30);

  /** Fetches a token; throws a {@link CallException} if that does not succeed. */
  @FunctionalInterface
  public interface TokenSource {
    Token fetch();
  }

  private final TokenSource source;
  private final Clock clock;
  private final Duration refusalRemembered;

  // Guarded by this
  private Optional<Token> current = Optional.empty();
  private Optional<CompletableFuture<Token>> underWay = Optional.empty();
  private Optional<RefusedException> refusal = Optional.empty();
  private Instant notBefore = Instant.MIN;

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
   * A token that is good for a while. Blocks while one is being fetched, unless the old one still
   * serves. If it cannot be renewed ahead of time because Genesys Cloud is not available, the old
   * one serves until its end.
   */
  public Token token() {
    CompletableFuture<Token> fetch;
    boolean ours;
    Optional<Token> stillGood;
    synchronized (this) {
      Instant now = clock.instant();
      stillGood = current.filter(token -> now.isBefore(token.expiresAt()));
      if (stillGood.isPresent() && now.isBefore(stillGood.get().renewAt())) {
        return stillGood.get();
      }
      boolean tooSoon = now.isBefore(notBefore);
      if (refusal.isPresent() && tooSoon) {
        throw again(refusal.get());
      }
      if (stillGood.isPresent() && (underWay.isPresent() || tooSoon)) {
        return stillGood.get();
      }
      ours = underWay.isEmpty();
      fetch = underWay.orElseGet(CompletableFuture::new);
      underWay = Optional.of(fetch);
    }
    if (ours) {
      fetch(fetch);
    }
    return outcome(fetch, stillGood);
  }

  /** Forgets a token that was not accepted, unless another one has taken its place. */
  public synchronized void drop(Token old) {
    current = current.filter(token -> token != old);
  }

  private void fetch(CompletableFuture<Token> fetch) {
    try {
      Token fetched = source.fetch();
      synchronized (this) {
        current = Optional.of(fetched);
        refusal = Optional.empty();
        notBefore = Instant.MIN;
        underWay = Optional.empty();
      }
      fetch.complete(fetched);
    } catch (RuntimeException | Error e) {
      synchronized (this) {
        failed(e);
        underWay = Optional.empty();
      }
      fetch.completeExceptionally(e);
    }
  }

  private void failed(Throwable failure) {
    if (failure instanceof RefusedException refused) {
      refusal = Optional.of(refused);
      notBefore = clock.instant().plus(refusalRemembered);
    } else {
      Duration asked = failure instanceof CallException call ? call.retryAfter() : Duration.ZERO;
      refusal = Optional.empty();
      notBefore = clock.instant().plus(asked.compareTo(RENEW_AGAIN) > 0 ? asked : RENEW_AGAIN);
    }
  }

  private static Token outcome(CompletableFuture<Token> fetch, Optional<Token> stillGood) {
    try {
      return fetch.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof UnavailableException && stillGood.isPresent()) {
        return stillGood.get();
      }
      if (e.getCause() instanceof CallException call) {
        throw again(call);
      }
      throw e;
    }
  }

  /** The same failure for whoever shares it, each with a stack trace of its own. */
  private static CallException again(CallException failure) {
    return failure instanceof UnavailableException unavailable
        ? new UnavailableException(
            failure.getMessage(), failure.status(), failure.retryAfter(), unavailable)
        : new RefusedException(failure.getMessage(), failure.status(), failure);
  }
}
