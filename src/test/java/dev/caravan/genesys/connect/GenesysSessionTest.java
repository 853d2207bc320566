package dev.caravan.genesys.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.caravan.background.SteadyClock;
import dev.caravan.testing.MutableClock;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.camel.util.ObjectHelper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class GenesysSessionTest {

  private static final Duration DAY = Duration.ofDays(1);
  private static final int MANY = 16;

  private final MutableClock clock = new MutableClock();
  private final Login login = new Login();
  private final GenesysSession session = session(login::fetch, clock);

  private static GenesysSession session(Supplier<Token> login, Clock clock) {
    return new GenesysSession(clock) {
      @Override
      Token fetch() {
        return login.get();
      }

      @Override
      Duration backoff(int failures) {
        return Duration.ofSeconds(failures);
      }
    };
  }

  /** A login endpoint that counts, and does what it is told. */
  private final class Login {
    private final AtomicInteger calls = new AtomicInteger();
    private volatile CallException failure;
    private volatile CountDownLatch gate = new CountDownLatch(0);

    Token fetch() {
      int call = calls.incrementAndGet();
      try {
        if (!gate.await(30, TimeUnit.SECONDS)) {
          throw new IllegalStateException("The gate was never opened");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw CallException.unavailable("Interrupted.");
      }
      if (failure != null) {
        throw failure;
      }
      return new Token("secret-" + call, clock.instant(), DAY);
    }
  }

  private static CallException unavailable(Duration retryAfter) {
    return CallException.unavailable("Genesys Cloud answered 503.", 503, retryAfter);
  }

  @Test
  void aTokenIsFetchedOnceAndThenServedFromMemory() {
    Token first = session.token();
    clock.pass(Duration.ofHours(21));

    assertThat(session.token()).isSameAs(first);
    assertThat(login.calls).hasValue(1);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 1})
  void aWallClockThatIsSetAnHourChangesNothing(long hours) {
    MutableClock wall = new MutableClock();
    AtomicLong nanos = new AtomicLong();
    SteadyClock steady = new SteadyClock(wall::millis, nanos::get);
    List<CallException> failures = new ArrayList<>();
    AtomicInteger calls = new AtomicInteger();
    GenesysSession lasting =
        session(
            () -> {
              calls.incrementAndGet();
              if (!failures.isEmpty()) {
                throw failures.remove(0);
              }
              return new Token("secret", steady.instant(), Duration.ofMinutes(100));
            },
            steady);
    failures.add(unavailable(Duration.ofSeconds(3)));
    assertThatThrownBy(lasting::token)
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAVAILABLE);

    wall.pass(Duration.ofHours(hours));
    nanos.addAndGet(Duration.ofSeconds(3).toNanos() - 1);
    assertThatThrownBy(lasting::token)
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAVAILABLE);
    nanos.incrementAndGet();
    lasting.token();
    assertThat(calls).hasValue(2);

    wall.pass(Duration.ofHours(hours));
    nanos.addAndGet(Duration.ofMinutes(90).toNanos() - 1);
    lasting.token();
    assertThat(calls).hasValue(2);
    nanos.incrementAndGet();
    lasting.token();
    assertThat(calls).hasValue(3);
  }

  @Test
  void itIsRenewedAtNinetyPercentOfItsLife() {
    Token first = session.token();
    clock.pass(DAY.multipliedBy(9).dividedBy(10).minusMillis(1));
    assertThat(session.token()).isSameAs(first);

    clock.pass(Duration.ofMillis(1));

    assertThat(session.token().value()).isEqualTo("secret-2");
  }

  @Test
  void howeverManyAskOneFetchIsUnderWay() throws Exception {
    login.gate = new CountDownLatch(1);
    try (Crowd crowd = new Crowd()) {
      crowd.awaitBlocked();

      login.gate.countDown();

      for (Future<Token> token : crowd.answers) {
        assertThat(token.get().value()).isEqualTo("secret-1");
      }
      assertThat(login.calls).hasValue(1);
    }
  }

  @Test
  void whoWaitsForAFetchSharesItsFailure() throws Exception {
    login.gate = new CountDownLatch(1);
    login.failure = unavailable(Duration.ofSeconds(42));
    try (Crowd crowd = new Crowd()) {
      crowd.awaitBlocked();

      login.gate.countDown();

      for (Future<Token> token : crowd.answers) {
        assertThatExceptionOfType(ExecutionException.class)
            .isThrownBy(token::get)
            .havingCause()
            .isInstanceOfSatisfying(
                CallException.class,
                e -> {
                  assertThat(e.kind()).isEqualTo(CallException.Kind.UNAVAILABLE);
                  assertThat(e.retryAfter()).isEqualTo(Duration.ofSeconds(42));
                });
      }
      assertThat(login.calls).hasValue(1);
    }
  }

  @Test
  void theOldTokenServesTheOthersWhileOneRenewsIt() throws Exception {
    Token old = session.token();
    clock.pass(Duration.ofHours(22));
    login.gate = new CountDownLatch(1);
    ExecutorService one = Executors.newSingleThreadExecutor();
    try {
      Future<Token> renewing = one.submit(session::token);
      await().until(() -> login.calls.get() == 2);

      assertThat(session.token()).isSameAs(old);

      login.gate.countDown();
      assertThat(renewing.get().value()).isEqualTo("secret-2");
      assertThat(session.token().value()).isEqualTo("secret-2");
    } finally {
      one.shutdownNow();
    }
  }

  @Test
  void theOldTokenServesUntilItsEndWhileRenewalIsUnavailable() {
    Token old = session.token();
    clock.pass(Duration.ofHours(22));
    login.failure = unavailable(Duration.ZERO);

    assertThat(session.token()).isSameAs(old);
    clock.pass(Duration.ofHours(2));

    assertThatExceptionOfType(CallException.class)
        .isThrownBy(session::token)
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAVAILABLE);
  }

  @Test
  void aRenewalThatFailedIsNotTriedAtEveryCall() {
    session.token();
    clock.pass(Duration.ofHours(22));
    login.failure = unavailable(Duration.ofSeconds(90));
    for (int i = 0; i < 10; i++) {
      session.token();
    }
    assertThat(login.calls).hasValue(2);

    clock.pass(Duration.ofSeconds(90));
    login.failure = null;

    assertThat(session.token().value()).isEqualTo("secret-3");
  }

  @Test
  void aTokenThatWasNotAcceptedIsReplacedOnceHoweverManySaySo() {
    Token old = session.token();

    session.drop(old, "GET /users");
    Token next = session.token();
    session.drop(old, "GET /users");

    assertThat(session.token()).isSameAs(next);
    assertThat(login.calls).hasValue(2);
  }

  @Test
  void aTokenThatIsNotAcceptedEitherIsNotReplacedAgainForAWhile() {
    session.drop(session.token(), "GET /users");
    session.drop(session.token(), "GET /users");

    assertThatExceptionOfType(CallException.class)
        .isThrownBy(session::token)
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.REFUSED)
        .withMessageContaining("nor the one that replaced it");
    clock.pass(Duration.ofMinutes(5));
    session.drop(session.token(), "GET /users");
    assertThatExceptionOfType(CallException.class)
        .isThrownBy(session::token)
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.REFUSED);
    assertThat(login.calls).hasValue(3);
  }

  @Test
  void aTokenThatWasAcceptedIsReplacedAtOnceHoweverItsPredecessorEnded() {
    session.drop(session.token(), "GET /users");
    session.accepted(session.token(), "GET /users");
    session.drop(session.token(), "GET /users");

    assertThat(session.token().value()).isEqualTo("secret-3");
  }

  @Test
  void aRefusalIsAnsweredFromMemoryForAWhile() {
    login.failure = CallException.refused("Wrong secret.", 400);
    for (int i = 0; i < 10; i++) {
      assertThatExceptionOfType(CallException.class)
          .isThrownBy(session::token)
          .hasFieldOrPropertyWithValue("kind", CallException.Kind.REFUSED)
          .withMessage("Wrong secret.")
          .satisfies(e -> assertThat(e.status()).isEqualTo(400));
    }
    assertThat(login.calls).hasValue(1);

    clock.pass(Duration.ofMinutes(5));
    login.failure = null;

    assertThat(session.token().value()).isEqualTo("secret-2");
  }

  @Test
  void theOldTokenServesUntilItsEndIfRenewalIsRefusedAndThatIsTold() {
    Token old = session.token();
    clock.pass(Duration.ofHours(22));
    login.failure = CallException.refused("Wrong secret.", 400);

    assertThat(session.token()).isSameAs(old);
    assertThat(session.token()).isSameAs(old);
    assertThat(login.calls).as("of the login no more is asked for a while").hasValue(2);
    assertThat(session.refusal()).isEmpty();
    assertThat(session.warning())
        .contains(
            "The token cannot be renewed; the old one serves for another 120 min. Wrong secret.");

    clock.pass(Duration.ofMinutes(5));
    login.failure = null;
    assertThat(session.token().value()).isEqualTo("secret-3");
    assertThat(session.warning()).isEmpty();

    clock.pass(Duration.ofHours(22));
    login.failure = CallException.refused("Wrong secret.", 400);
    session.token();
    clock.pass(Duration.ofHours(2));
    assertThatExceptionOfType(CallException.class)
        .isThrownBy(session::token)
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.REFUSED);
    assertThat(session.refusal()).contains("Wrong secret.");
    assertThat(session.warning()).isEmpty();
  }

  @Test
  void aCallThatAcceptsNoTokenAtAllKeepsNobodyElseFromCalling() {
    session.accepted(session.token(), "GET /channels");

    session.drop(session.token(), "GET /users");
    Token next = session.token();
    for (int i = 0; i < 10; i++) {
      session.drop(next, "GET /users");
      assertThat(session.token()).isSameAs(next);
      session.accepted(next, "GET /channels");
    }
    assertThat(login.calls).as("one login for it").hasValue(2);

    clock.pass(Duration.ofMinutes(5));
    session.drop(next, "GET /users");
    assertThat(session.token().value()).as("the token may be what is wrong").isEqualTo("secret-3");
  }

  @Test
  void aTokenThatTwoCallsDoNotAcceptNorTheOneBeforeIsWhatIsWrong() {
    session.accepted(session.token(), "GET /channels");

    session.drop(session.token(), "GET /users");
    session.drop(session.token(), "GET /users");
    session.drop(session.token(), "GET /channels");
    session.drop(session.token(), "GET /users");
    session.drop(session.token(), "GET /channels");

    assertThatExceptionOfType(CallException.class)
        .isThrownBy(session::token)
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.REFUSED);
    assertThat(login.calls).hasValue(3);
    clock.pass(Duration.ofMinutes(5));
    session.drop(session.token(), "GET /channels");
    assertThatExceptionOfType(CallException.class)
        .isThrownBy(session::token)
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.REFUSED);
    assertThat(login.calls).hasValue(4);
  }

  @Test
  void aTokenThatIsRevokedSoonAfterTheLastIsReplacedAtOnce() {
    session.accepted(session.token(), "POST /channels");

    session.revoked(session.token());
    session.accepted(session.token(), "POST /channels");
    clock.pass(Duration.ofMinutes(4));
    session.revoked(session.token());
    session.drop(session.token(), "POST /channels");

    assertThat(session.token().value()).isEqualTo("secret-4");
  }

  @Test
  void aRevokedTokenIsReplacedAtOnceThoughACallAcceptsNone() {
    session.accepted(session.token(), "POST /channels");
    session.drop(session.token(), "GET /users");
    session.accepted(session.token(), "POST /channels");
    session.drop(session.token(), "GET /users");

    session.drop(session.token(), "POST /channels");
    assertThat(session.token().value()).isEqualTo("secret-3");
    session.drop(session.token(), "GET /users");
    session.accepted(session.token(), "POST /channels");

    assertThat(session.token().value()).isEqualTo("secret-3");
  }

  @Test
  void aRefusedLoginStaysRefusedUntilOneSucceedsHoweverLongTheLoginEndpointIsAway() {
    login.failure = CallException.refused("Wrong secret.", 400);
    assertThatThrownBy(session::token);
    clock.pass(Duration.ofMinutes(5));
    login.failure = unavailable(Duration.ofSeconds(3));

    assertThatThrownBy(session::token)
        .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAVAILABLE);

    assertThat(session.refusal()).contains("Wrong secret.");
    clock.pass(Duration.ofSeconds(3));
    login.failure = null;
    session.token();
    assertThat(session.refusal()).isEmpty();
    clock.pass(DAY);
    assertThat(session.refusal()).as("what was before a login does not count").isEmpty();
  }

  @Test
  void whoeverAsksAfterAFailureIsToldHowLongToWaitAndTheLoginIsLeftAlone() {
    login.failure = unavailable(Duration.ZERO);
    for (int i = 0; i < 10; i++) {
      assertThatExceptionOfType(CallException.class)
          .isThrownBy(session::token)
          .hasFieldOrPropertyWithValue("kind", CallException.Kind.UNAVAILABLE)
          .satisfies(e -> assertThat(e.retryAfter()).isEqualTo(Duration.ofSeconds(1)))
          .satisfies(
              e -> assertThat(ObjectHelper.getException(CallException.class, e)).isSameAs(e));
    }
    assertThat(login.calls).hasValue(1);

    clock.pass(Duration.ofSeconds(1));
    login.failure = null;

    assertThat(session.token().value()).isEqualTo("secret-2");
  }

  @Test
  void noTextShowsTheToken() {
    assertThat(session.token().toString()).doesNotContain("secret");
  }

  /** Many threads that ask for the token at the same time. */
  private final class Crowd implements AutoCloseable {
    private final List<Thread> threads = new ArrayList<>();
    private final ExecutorService executor =
        Executors.newFixedThreadPool(
            MANY,
            task -> {
              Thread thread = new Thread(task);
              threads.add(thread);
              return thread;
            });
    private final List<Future<Token>> answers = new ArrayList<>();

    Crowd() {
      for (int i = 0; i < MANY; i++) {
        answers.add(executor.submit(session::token));
      }
    }

    void awaitBlocked() {
      await()
          .until(
              () ->
                  threads.stream()
                      .map(Thread::getState)
                      .allMatch(
                          state ->
                              state == Thread.State.WAITING
                                  || state == Thread.State.TIMED_WAITING));
      await().until(() -> login.calls.get() == 1);
    }

    @Override
    public void close() {
      executor.shutdownNow();
    }
  }
}
