package dev.caravan.simulator;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What every REST call passes before it is served: correlation, token, rate limit, errors. */
final class Gate {

  private static final Logger LOG = LoggerFactory.getLogger(Gate.class);

  private final Ids ids;
  private final Tokens tokens;
  private final SimulatorClock clock;
  private final RateLimiter limiter;
  private final Behaviour behaviour;

  Gate(Ids ids, Tokens tokens, SimulatorClock clock, RateLimiter limiter, Behaviour behaviour) {
    this.ids = ids;
    this.tokens = tokens;
    this.clock = clock;
    this.limiter = limiter;
    this.behaviour = behaviour;
  }

  /** Gives the call its correlation id and the headers every answer carries. */
  void open(RoutingContext context) {
    Call call = Call.begin(context, ids.uuid());
    context
        .response()
        .putHeader("ININ-Correlation-Id", call.correlationId())
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache, no-store, must-revalidate");
    context.next();
  }

  /** Lets only a living token pass, and only as often as it may. */
  void authorize(RoutingContext context) {
    Call call = Call.of(context);
    Token token = bearer(context);
    RateLimiter.Standing standing = limiter.count(token.value(), clock.wallNow());
    HttpServerResponse response = context.response();
    response
        .putHeader("inin-ratelimit-count", Integer.toString(standing.count()))
        .putHeader("inin-ratelimit-allowed", Integer.toString(standing.allowed()))
        .putHeader("inin-ratelimit-reset", Integer.toString(standing.resetSeconds()));
    if (standing.exceeded()) {
      call.answer(ApiError.rateLimited(standing.resetSeconds()));
      return;
    }
    call.by(token);
    context.next();
  }

  private Token bearer(RoutingContext context) {
    String header = context.request().getHeader(HttpHeaders.AUTHORIZATION);
    if (header == null || !header.regionMatches(true, 0, "Bearer ", 0, 7)) {
      throw ApiError.noToken().thrown();
    }
    Optional<Token> token = tokens.find(header.substring(7).trim());
    if (token.isEmpty()) {
      throw ApiError.badToken("bad.credentials").thrown();
    }
    if (!token.get().aliveAt(clock.now())) {
      throw ApiError.badToken(behaviour.expiredToken()).thrown();
    }
    return token.get();
  }

  /** Turns what a handler threw into the answer it stands for. */
  void failed(RoutingContext context) {
    Call call = Call.of(context);
    if (context.response().ended()) {
      return;
    }
    if (context.failure() instanceof ApiException refused) {
      call.answer(refused.error());
    } else if (context.statusCode() > 0 && context.statusCode() < 500) {
      call.answer(
          new ApiError(
              context.statusCode(), "bad.request", "The request was refused by the server."));
    } else {
      LOG.warn("The simulator could not serve {}", call.name(), context.failure());
      call.answer(
          new ApiError(
              500,
              "internal.server.error",
              "The server encountered an unexpected condition which prevented it from fulfilling"
                  + " the request."));
    }
  }
}
