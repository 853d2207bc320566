package dev.caravan.genesys.connect;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.IntFunction;

/**
 * The one token of a client: fetched when first needed, renewed at 90 % of its life, and once more
 * when it was not accepted. However many ask at the same time, one fetch is under way and all share
 * what comes of it; a refusal is remembered for a while, so that a wrong secret never becomes a
 * storm on the login endpoint.
 */
public final class GenesysSession {

  /** Whoever is told to wait is told to wait for some time. */
  private static final Duration SHORTEST = Duration.ofMillis(1);

  private static final int UNAUTHORISED = 401;
  private static final String NOT_ACCEPTED =
      "Genesys Cloud accepted neither the token (401) nor the one that replaced it. Look whether the"
          + " org restricts the addresses that may call it, and whether GENESYS_REGION is right.";

  /** Fetches a token; throws a {@link CallException} if that does not succeed. */
  @FunctionalInterface
  public interface TokenSource {
    Token fetch();
  }

  private final TokenSource source;
  private final Clock clock;
  private final Duration refusalRemembered;
  private final IntFunction<Duration> waits;

  // Guarded by this
  private Optional<Token> current = Optional.empty();
  private Optional<CompletableFuture<Token>> underWay = Optional.empty();
  private Optional<CallException> failure = Optional.empty();
  private int failures;

  /** Why a login was refused, if none succeeded since. */
  private Optional<CallException> refused = Optional.empty();

  /** Whether a token was not accepted, and none was since. */
  private boolean doubted;

  private Instant notBefore = Instant.MIN;

  /**
   * @param source fetches a token
   * @param clock never jumps
   * @param refusalRemembered how long a refusal is answered from memory
   * @param waits how long the login endpoint is left alone after so many failures in a row, if it
   *     does not say so itself; whoever asks meanwhile is told how much of that is left
   */
  public GenesysSession(
      TokenSource source, Clock clock, Duration refusalRemembered, IntFunction<Duration> waits) {
    this.source = source;
    this.clock = clock;
    this.refusalRemembered = refusalRemembered;
    this.waits = waits;
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
      if (tooSoon
          && (stillGood.isEmpty()
              || failure.filter(it -> it.kind() == CallException.Kind.REFUSED).isPresent())) {
        throw again(failure.orElseThrow(), Duration.between(now, notBefore));
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

  /**
   * Forgets a token that was not accepted, unless another one has taken its place. If it took the
   * place of one that was not accepted either, the token is not what is wrong: that is remembered
   * like a refused login.
   */
  public synchronized void drop(Token old) {
    if (current.filter(token -> token == old).isEmpty()) {
      return;
    }
    current = Optional.empty();
    if (doubted) {
      failed(CallException.refused(NOT_ACCEPTED, UNAUTHORISED));
    }
    doubted = true;
  }

  /** A call with this token was answered otherwise than that it is not accepted. */
  public synchronized void accepted(Token token) {
    if (current.filter(known -> known == token).isPresent()) {
      doubted = false;
    }
  }

  /**
   * Why a login was refused, if there is no token since: that the login endpoint is away when it is
   * tried again says nothing else.
   */
  synchronized Optional<String> refusal() {
    return refused
        .filter(
            it -> current.filter(token -> clock.instant().isBefore(token.expiresAt())).isEmpty())
        .map(CallException::getMessage);
  }

  /** Whether a login succeeds, as far as it was tried. */
  synchronized Optional<Boolean> canLogIn() {
    return refusal().isPresent()
        ? Optional.of(false)
        : current.filter(token -> clock.instant().isBefore(token.expiresAt())).map(token -> true);
  }

  private void fetch(CompletableFuture<Token> fetch) {
    try {
      Token fetched = source.fetch();
      synchronized (this) {
        current = Optional.of(fetched);
        failure = Optional.empty();
        refused = Optional.empty();
        failures = 0;
        notBefore = Instant.MIN;
        underWay = Optional.empty();
      }
      fetch.complete(fetched);
    } catch (RuntimeException | Error e) {
      synchronized (this) {
        failed(
            e instanceof CallException call
                ? call
                : CallException.unavailable(
                    "The login failed (" + e.getClass().getSimpleName() + ").",
                    0,
                    Duration.ZERO,
                    e));
        underWay = Optional.empty();
      }
      fetch.completeExceptionally(e);
    }
  }

  private void failed(CallException why) {
    failures++;
    failure = Optional.of(why);
    if (why.kind() == CallException.Kind.REFUSED) {
      refused = failure;
    }
    Duration wait =
        why.kind() == CallException.Kind.REFUSED
            ? refusalRemembered
            : why.retryAfter().isZero() ? waits.apply(failures) : why.retryAfter();
    notBefore = clock.instant().plus(wait);
  }

  private Token outcome(CompletableFuture<Token> fetch, Optional<Token> stillGood) {
    try {
      return fetch.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof CallException call) {
        if (call.kind() == CallException.Kind.UNAVAILABLE && stillGood.isPresent()) {
          return stillGood.get();
        }
        throw again(call, left());
      }
      throw e;
    }
  }

  private synchronized Duration left() {
    return Duration.between(clock.instant(), notBefore);
  }

  /**
   * The same failure for whoever shares it, each with a stack trace of its own. It is not the cause
   * of itself: Camel finds the innermost first, and that one does not know how long to wait.
   */
  private static CallException again(CallException failure, Duration wait) {
    return failure.kind() == CallException.Kind.REFUSED
        ? CallException.refused(failure.getMessage(), failure.status(), failure.getCause())
        : CallException.unavailable(
            failure.getMessage(),
            failure.status(),
            wait.compareTo(SHORTEST) < 0 ? SHORTEST : wait,
            failure.getCause());
  }
}
