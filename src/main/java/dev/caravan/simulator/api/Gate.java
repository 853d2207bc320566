package dev.caravan.simulator.api;

import dev.caravan.simulator.World;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.simulator.session.ApiError;
import dev.caravan.simulator.session.Token;
import dev.caravan.simulator.session.Wire;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.lang.System.Logger.Level;
import java.util.Optional;

/** What every REST call passes before it is served: correlation, token, rate limit, errors. */
public final class Gate {

  private static final System.Logger LOG = System.getLogger(Gate.class.getName());

  private final World world;
  private final RateLimiter limiter;
  private final RateLimiter ofAll;

  public Gate(World world) {
    this.world = world;
    this.limiter = new RateLimiter(world.options().limits().requestsPerMinute());
    this.ofAll = new RateLimiter(world.options().limits().requestsPerMinuteOfAll());
  }

  /** Gives the call its correlation id and the headers every answer carries. */
  public void open(RoutingContext context) {
    Call call = Call.begin(context, world.ids().uuid());
    HttpServerResponse response = context.response();
    response
        .putHeader("ININ-Correlation-Id", call.correlationId())
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache, no-store, must-revalidate");
    long came = world.clock().wallNow().toEpochMilli();
    String name = call.name();
    context.addEndHandler(
        end ->
            world
                .calls()
                .write(new CallRecord(came, name, end.succeeded() ? response.getStatusCode() : 0)));
    context.next();
  }

  /** Lets an armed fault strike. */
  public void spoil(RoutingContext context) {
    Call call = Call.of(context);
    Optional<Fault> fault = world.faults().strike(Fault.On.CALL, call.name(), call.rawName());
    if (fault.isEmpty()) {
      context.next();
      return;
    }
    switch (fault.get().effect()) {
      case STATUS -> call.answer(ApiError.of(fault.get()));
      case RESET -> Wire.reset(context.request().connection());
      case DELAY -> Wire.delay(context, fault.get().delay(), context::next);
      case LOST_ANSWER, BROKEN_ANSWER, EMPTY_LISTING, HALF_LISTING -> {
        call.spoilAnswer(fault.get().effect());
        context.next();
      }
      default -> LOG.log(Level.DEBUG, "{0} is left without an answer", call.name());
    }
  }

  /** Lets only a living token pass, and only as often as it may. */
  public void authorize(RoutingContext context) {
    Call call = Call.of(context);
    Token token = bearer(context);
    RateLimiter.Standing standing = limiter.count(token.value(), world.clock().wallNow());
    HttpServerResponse response = context.response();
    response
        .putHeader("inin-ratelimit-count", Integer.toString(standing.count()))
        .putHeader("inin-ratelimit-allowed", Integer.toString(standing.allowed()))
        .putHeader("inin-ratelimit-reset", Integer.toString(standing.resetSeconds()));
    if (standing.exceeded()) {
      throw ApiError.rateLimited(standing.resetSeconds());
    }
    // Where this one is exceeded, some of the token's own calls are left
    RateLimiter.Standing all = ofAll.count("", world.clock().wallNow());
    if (all.exceeded()) {
      throw ApiError.rateLimited(all.resetSeconds());
    }
    call.by(token, world.tokens().client(token.clientId()));
    context.next();
  }

  private Token bearer(RoutingContext context) {
    String header = context.request().getHeader(HttpHeaders.AUTHORIZATION);
    if (header == null || !header.regionMatches(true, 0, "Bearer ", 0, 7)) {
      throw ApiError.noToken();
    }
    Optional<Token> token = world.tokens().find(header.substring(7).trim());
    if (token.isEmpty()) {
      throw ApiError.usual(401);
    }
    if (!token.get().aliveAt(world.clock().now())) {
      throw ApiError.badToken(world.options().behaviour().expiredToken());
    }
    return token.get();
  }

  /** Turns what a handler threw into the answer it stands for. */
  public void failed(RoutingContext context) {
    Call call = Call.of(context);
    if (context.response().ended()) {
      return;
    }
    if (context.failure() instanceof ApiError refused) {
      call.answer(refused);
    } else if (context.statusCode() > 0 && context.statusCode() < 500) {
      call.answer(
          new ApiError(
              context.statusCode(), "bad.request", "The request was refused by the server."));
    } else {
      LOG.log(Level.WARNING, "The simulator could not serve " + call.name(), context.failure());
      call.answer(ApiError.usual(500));
    }
  }
}
