package dev.caravan.genesys.connect;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * The one token of a client: fetched when first needed, renewed at 90 % of its life, and once more
 * when it was not accepted. However many ask at the same time, one fetch is under way and all share
 * what comes of it; a refusal is remembered for a while, so that a wrong secret never becomes a
 * storm on the login endpoint.
 */
public abstract class GenesysSession {

  /** Whoever is told to wait is told to wait for some time. */
  private static final Duration SHORTEST = Duration.ofMillis(1);

  private static final String NOT_ACCEPTED =
      "Genesys Cloud accepted neither the token (401) nor the one that replaced it. Look whether the"
          + " org restricts the addresses that may call it, and whether GENESYS_REGION is right.";

  private final Clock clock;
  private volatile Duration refusalRemembered = Duration.ofMinutes(5);

  // Guarded by this
  private Optional<Token> current = Optional.empty();
  private Optional<CompletableFuture<Token>> underWay = Optional.empty();
  private Optional<CallException> failure = Optional.empty();
  private int failures;

  /** Why a login was refused, if none succeeded since. */
  private Optional<CallException> refused = Optional.empty();

  /** Calls that accept neither the current token nor an earlier one, while no call accepts it. */
  private final Set<String> doubtful = new HashSet<>();

  /** Calls that did not accept a token, and have accepted none since; when that began. */
  private final Map<String, Instant> unaccepting = new HashMap<>();

  /** Whether any call accepted a token since all tokens were in doubt. */
  private boolean proven;

  private Instant notBefore = Instant.MIN;

  /**
   * @param clock never jumps
   */
  GenesysSession(Clock clock) {
    this.clock = clock;
  }

  /** Fetches a token, or fails with a {@link CallException}. */
  abstract Token fetch();

  /**
   * How long the login is left alone after so many failures in a row, if it does not say so;
   * whoever asks meanwhile is told how much of that is left.
   */
  abstract Duration backoff(int failures);

  /** How long refused credentials are not tried again. Default 5 minutes. */
  public void setRefusalRemembered(Duration refusalRemembered) {
    this.refusalRemembered = refusalRemembered;
  }

  /** Now, on the clock that the times of tokens come from; it never jumps. */
  Instant now() {
    return clock.instant();
  }

  /**
   * A token that is good for a while. Blocks while one is being fetched, unless the old one still
   * serves. If it cannot be renewed ahead of time, the old one serves until its end.
   */
  public Token token() {
    CompletableFuture<Token> fetch;
    boolean ours;
    Optional<Token> stillGood;
    synchronized (this) {
      Instant now = clock.instant();
      stillGood = good();
      if (stillGood.isPresent() && now.isBefore(stillGood.get().renewAt())) {
        return stillGood.get();
      }
      boolean tooSoon = now.isBefore(notBefore);
      if (tooSoon && stillGood.isEmpty()) {
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
      complete(fetch);
    }
    return outcome(fetch, stillGood);
  }

  /**
   * Forgets a token that a call did not accept, unless another one has taken its place. If the call
   * accepts neither that one nor an earlier one, the call is what is wrong: the token goes on to
   * serve others, and for a while no login is made for that call. If two calls do, or no call ever
   * accepted a token, a new token helps nobody: that is remembered like a refused login.
   *
   * @param call what was called, without ids
   */
  public synchronized void drop(Token old, String call) {
    if (!isCurrent(old)) {
      return;
    }
    Instant now = clock.instant();
    if (proven) {
      unaccepting.values().removeIf(since -> !now.isBefore(since.plus(refusalRemembered)));
    }
    boolean again = unaccepting.putIfAbsent(call, now) != null;
    if (again) {
      doubtful.add(call);
      if (proven && doubtful.size() == 1) {
        return;
      }
    }
    forget();
    if (again) {
      proven = false;
      failed(CallException.refused(NOT_ACCEPTED, 401));
    }
  }

  /**
   * Forgets a token that Genesys Cloud says is revoked, unless another one has taken its place.
   * That is a fact, and puts no call and no other token in doubt.
   */
  public synchronized void revoked(Token old) {
    if (isCurrent(old)) {
      forget();
    }
  }

  private boolean isCurrent(Token token) {
    return current.filter(known -> known == token).isPresent();
  }

  private void forget() {
    current = Optional.empty();
    doubtful.clear();
  }

  /** A call with this token was answered otherwise than that it is not accepted. */
  public synchronized void accepted(Token token, String call) {
    if (isCurrent(token)) {
      proven = true;
      doubtful.clear();
      unaccepting.remove(call);
    }
  }

  /** The current token, unless its time is over. */
  private Optional<Token> good() {
    return current.filter(token -> clock.instant().isBefore(token.expiresAt()));
  }

  synchronized Optional<Duration> life() {
    return current.map(Token::life);
  }

  /** That the token could not be renewed since the login was refused, while the old one serves. */
  synchronized Optional<String> warning() {
    Optional<Token> old = good();
    if (old.isEmpty() || refused.isEmpty()) {
      return Optional.empty();
    }
    Duration left = Duration.between(clock.instant(), old.get().expiresAt());
    return Optional.of(
        "The token cannot be renewed; the old one serves for another %d min. %s"
            .formatted(left.toMinutes(), refused.get().getMessage()));
  }

  /** Why a login was refused, if there is no token since: when it is tried again it may be away. */
  public synchronized Optional<String> refusal() {
    return refused.filter(it -> good().isEmpty()).map(CallException::getMessage);
  }

  /** Whether a login succeeds, as far as it was tried. */
  public synchronized Optional<Boolean> canLogIn() {
    return refusal().isPresent() ? Optional.of(false) : good().map(token -> true);
  }

  private void complete(CompletableFuture<Token> fetch) {
    try {
      Token fetched = fetch();
      synchronized (this) {
        current = Optional.of(fetched);
        doubtful.clear();
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
    Duration wait = why.retryAfter().isZero() ? backoff(failures) : why.retryAfter();
    if (why.kind() == CallException.Kind.REFUSED) {
      refused = failure;
      wait = refusalRemembered;
    }
    notBefore = clock.instant().plus(wait);
  }

  private Token outcome(CompletableFuture<Token> fetch, Optional<Token> stillGood) {
    try {
      return fetch.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof CallException call) {
        if (stillGood.isPresent()) {
          return stillGood.get();
        }
        synchronized (this) {
          throw again(call, Duration.between(clock.instant(), notBefore));
        }
      }
      throw e;
    }
  }

  /**
   * The same failure for whoever shares it, with a stack trace and a wait of its own. It is not the
   * cause of itself: Camel finds the innermost first.
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
