package dev.caravan.simulator;

import dev.caravan.simulator.api.AvailableTopics;
import dev.caravan.simulator.api.Call;
import dev.caravan.simulator.api.ConversationsApi;
import dev.caravan.simulator.api.Description;
import dev.caravan.simulator.api.DirectoryApi;
import dev.caravan.simulator.api.Gate;
import dev.caravan.simulator.api.NotificationsApi;
import dev.caravan.simulator.api.OauthApi;
import dev.caravan.simulator.api.ObservationsApi;
import dev.caravan.simulator.api.PeopleApi;
import dev.caravan.simulator.api.Routes;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.session.ApiError;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PfxOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.BodyHandler;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;

/** Listens, and routes every call to the part that serves it. */
public final class Server {

  private static final System.Logger LOG = System.getLogger(Server.class.getName());
  private static final int LONGEST_FRAME = 4 << 20;
  private static final long LONGEST_BODY = 8 << 20;
  private static final int LONGEST_LINE = 64 << 10;
  private static final long SWEEP_MILLIS = 250;

  private final World world;
  private final ActionRunner actions;
  private final TrafficGenerator generator;
  private final Router router;
  private HttpServer http;
  private int port;

  public Server(Vertx vertx, SimulatorOptions options, Clock wall) {
    world = World.create(vertx, options, new SimulatorClock(wall, options.timeScale()));
    generator = new TrafficGenerator(world);
    actions = new ActionRunner(this, generator);
    port = options.port();
    router = routes();
  }

  private Router routes() {
    Gate gate = new Gate(world);
    Router all = Router.router(world.vertx());
    all.get("/channels/:id").handler(world.sockets()::handshake);
    all.route().handler(gate::open).failureHandler(gate::failed);
    all.route("/oauth/*").handler(gate::spoil);
    all.route("/api/*").handler(gate::spoil);
    all.route("/api/*").handler(gate::authorize);
    all.route().handler(BodyHandler.create(false).setBodyLimit(LONGEST_BODY));
    Routes routes = new Routes(all);
    new OauthApi(world).mount(routes);
    new NotificationsApi(world).mount(routes);
    new AvailableTopics(world.rules()).mount(routes);
    PeopleApi people = new PeopleApi(world);
    people.mount(routes);
    new DirectoryApi(world, people).mount(routes);
    new ConversationsApi(world).mount(routes);
    new ObservationsApi(world).mount(routes);
    Description.mount(routes);
    new ControlApi(world, actions).mount(routes);
    all.route().handler(context -> Call.of(context).answer(ApiError.notFound()));
    return all;
  }

  private HttpServerOptions httpOptions() {
    SimulatorOptions options = world.options();
    HttpServerOptions listening =
        new HttpServerOptions()
            .setHost(options.host())
            .setPort(port)
            .setReuseAddress(true)
            // Faults befall connections, which calls would share by HTTP/2; Java's own client asks
            // for it
            .setHttp2ClearTextEnabled(false)
            .setMaxInitialLineLength(LONGEST_LINE)
            .setMaxWebSocketFrameSize(LONGEST_FRAME)
            .setMaxWebSocketMessageSize(LONGEST_FRAME)
            .setPerMessageWebSocketCompressionSupported(options.behaviour().compression())
            .setPerFrameWebSocketCompressionSupported(options.behaviour().compression())
            .setTcpNoDelay(true);
    if (options.tls().wanted()) {
      listening
          .setSsl(true)
          .setKeyCertOptions(
              new PfxOptions()
                  .setPath(options.tls().keyStore())
                  .setPassword(options.tls().password()));
    }
    return listening;
  }

  /** Starts to listen and to work; gives the port. */
  Future<Integer> start() {
    return listen()
        .map(
            actualPort -> {
              world.vertx().setPeriodic(SWEEP_MILLIS, tick -> actions.sweep());
              generator.work(world.options().traffic());
              return actualPort;
            });
  }

  private Future<Integer> listen() {
    http = world.vertx().createHttpServer(httpOptions()).requestHandler(router);
    return http.listen()
        .map(
            listening -> {
              port = listening.actualPort();
              return port;
            });
  }

  /** Resets all connections and refuses new ones for a while. */
  void outage(Duration length) {
    world.sockets().at(Action.Target.ALL).forEach(world.sockets()::reset);
    http.close();
    world
        .vertx()
        .setTimer(
            Math.max(1, length.toMillis()),
            due ->
                listen()
                    .onFailure(
                        failure ->
                            LOG.log(Level.WARNING, "The simulator cannot listen again", failure)));
  }

  /** Stops what goes on by itself, so that the loop can come to its end. */
  void stop() {
    generator.stop();
  }

  public Router router() {
    return router;
  }

  World world() {
    return world;
  }

  ActionRunner actions() {
    return actions;
  }
}
