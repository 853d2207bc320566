package dev.caravan.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.centre.Organization;
import dev.caravan.simulator.centre.SimpleDay;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PfxOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.BodyHandler;
import java.time.Clock;

/** Puts the parts together and listens; everything in it lives on one event loop. */
final class Server {

  private static final int LONGEST_FRAME = 4 << 20;
  private static final long LONGEST_BODY = 2 << 20;
  private static final long SWEEP_MILLIS = 250;
  private static final long STEP_MILLIS = 200;

  private final Vertx vertx;
  private final SimulatorOptions options;
  private final SimulatorClock clock;
  private final Organization organization;
  private final Ids ids;
  private final Tokens tokens;
  private final Subscriptions subscriptions = new Subscriptions();
  private final Ledger ledger = new Ledger(Ledger.DEFAULT_CAPACITY);
  private final ChannelKeeper keeper;
  private final Sockets sockets;
  private final Ending ending;
  private final Publisher publisher;
  private final HttpServer http;

  Server(Vertx vertx, SimulatorOptions options, Clock wall) {
    this.vertx = vertx;
    this.options = options;
    clock = new SimulatorClock(wall, options.timeScale());
    organization =
        new Organization(options.seed(), options.centre().agents(), options.centre().queues());
    ids = new Ids(options.seed());
    tokens = new Tokens(ids);
    Channels channels = new Channels(ids, options.limits());
    keeper = new ChannelKeeper(clock, channels, tokens, subscriptions, options.behaviour());
    sockets = new Sockets(vertx, options, keeper);
    ending = new Ending(sockets, ids, options.behaviour(), organization.id());
    publisher = new Publisher(subscriptions, sockets, ledger, clock, options.behaviour());
    http = vertx.createHttpServer(httpOptions()).requestHandler(routes());
  }

  private Router routes() {
    OauthApi oauth = new OauthApi(options.clients(), tokens, clock, options.limits());
    Gate gate =
        new Gate(
            ids,
            tokens,
            clock,
            new RateLimiter(options.limits().requestsPerMinute()),
            options.behaviour());
    Subscriber subscriber = new Subscriber(keeper, new TopicRules(), oauth, options.limits());
    Router router = Router.router(vertx);
    router.get("/channels/:id").handler(sockets::handshake);
    router.route().handler(gate::open).failureHandler(gate::failed);
    router.route("/api/*").handler(gate::authorize);
    router.route().handler(BodyHandler.create(false).setBodyLimit(LONGEST_BODY));
    router.post("/oauth/token").handler(oauth::token);
    new NotificationsApi(keeper, subscriber, ending, clock, options).mount(router);
    new DirectoryApi(organization).mount(router);
    router.route().handler(context -> Call.of(context).answer(ApiError.notFound()));
    return router;
  }

  private HttpServerOptions httpOptions() {
    HttpServerOptions http =
        new HttpServerOptions()
            .setHost(options.host())
            .setPort(options.port())
            .setMaxWebSocketFrameSize(LONGEST_FRAME)
            .setMaxWebSocketMessageSize(LONGEST_FRAME)
            .setPerMessageWebSocketCompressionSupported(options.behaviour().compression())
            .setPerFrameWebSocketCompressionSupported(options.behaviour().compression())
            .setTcpNoDelay(true);
    if (options.tls().wanted()) {
      http.setSsl(true)
          .setKeyCertOptions(
              new PfxOptions()
                  .setPath(options.tls().keyStore())
                  .setPassword(options.tls().password()));
    }
    return http;
  }

  Future<Integer> listen() {
    return http.listen()
        .map(
            listening -> {
              vertx.setPeriodic(SWEEP_MILLIS, tick -> sweep());
              work();
              return listening.actualPort();
            });
  }

  private void work() {
    if (!options.traffic().on()) {
      return;
    }
    SimpleDay day =
        new SimpleDay(
            organization,
            options.seed(),
            (topic, body, correlation) -> {
              if (publisher.heard(topic)) {
                publisher.publish(topic, Json.bytes(body), correlation);
              }
            });
    vertx.setPeriodic(STEP_MILLIS, tick -> day.next(clock.now()));
  }

  private void sweep() {
    keeper.removeEnded().forEach(ending::expired);
  }

  SimulatorClock clock() {
    return clock;
  }

  Organization organization() {
    return organization;
  }

  int emit(String topicName, JsonNode eventBody) {
    return publisher.publish(topicName, Json.bytes(eventBody), ids.uuid());
  }

  Ledger ledger() {
    return ledger;
  }

  Sockets sockets() {
    return sockets;
  }
}
