package dev.caravan.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.caravan.simulator.api.CallRecord;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.centre.Organization;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Fault;
import dev.caravan.simulator.fault.Scenario;
import dev.caravan.simulator.session.Channel;
import dev.caravan.simulator.session.Token;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.net.BindException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A running stand-in for Genesys Cloud: one port for login, REST API and sockets. Its methods may
 * be called from any thread but its own.
 */
public final class Simulator implements AutoCloseable {

  private static final long PATIENCE_SECONDS = 30;

  // a contact centre that works as fast as it can keeps its loop busy on purpose
  private static final VertxOptions QUIET =
      new VertxOptions()
          .setEventLoopPoolSize(1)
          .setWorkerPoolSize(1)
          .setMaxEventLoopExecuteTime(TimeUnit.SECONDS.toNanos(20));

  private final Context loop;
  private final Server server;
  private final World world;
  private final int port;

  private Simulator(Context loop, Server server, int port) {
    this.loop = loop;
    this.server = server;
    this.world = server.world();
    this.port = port;
  }

  /** Starts one and returns once it listens. */
  public static Simulator start(SimulatorOptions options) {
    return start(Scenario.of(options), Clock.systemUTC());
  }

  /** Starts one that plays a scenario. */
  public static Simulator start(Scenario scenario) {
    return start(scenario, Clock.systemUTC());
  }

  /** Starts one that plays a scenario and lives by the given clock. */
  public static Simulator start(Scenario scenario, Clock clock) {
    SimulatorOptions options = scenario.options();
    Vertx vertx = Vertx.vertx(new VertxOptions(QUIET));
    try {
      Context loop = vertx.getOrCreateContext();
      Server server = onLoop(loop, () -> Future.succeededFuture(new Server(vertx, options, clock)));
      int port = onLoop(loop, server::start);
      Simulator simulator = new Simulator(loop, server, port);
      simulator.play(scenario);
      return simulator;
    } catch (RuntimeException e) {
      vertx.close();
      if (e.getCause() instanceof BindException) {
        throw new IllegalStateException(
            "Port %d of %s is in use by another program. Name another one, or 0 for any."
                .formatted(options.port(), options.host()),
            e);
      }
      throw e;
    }
  }

  public int port() {
    return port;
  }

  /** Base address of login, API and control. */
  public String url() {
    SimulatorOptions options = world.options();
    String scheme = options.tls().wanted() ? "https://" : "http://";
    return scheme + (options.host().equals("0.0.0.0") ? "127.0.0.1" : options.host()) + ":" + port;
  }

  /** The people and queues in it. */
  public Organization organization() {
    return world.organization();
  }

  /** Makes something happen now; returns how many sockets, channels or tokens it affected. */
  public int perform(Action action) {
    return ask(() -> server.actions().perform(action));
  }

  /** Arms a scenario's faults and starts its timeline, whatever else goes on. */
  public void play(Scenario scenario) {
    tell(() -> server.actions().play(scenario));
  }

  /** Arms a fault; returns its id. */
  public int arm(Fault fault) {
    return perform(new Action.AddFault(fault));
  }

  /** Removes all faults. */
  public void disarm() {
    perform(new Action.ClearFaults());
  }

  /**
   * Sends an event of one's own to everybody subscribed to the topic; returns how many.
   *
   * @param eventBody JSON
   */
  public int emit(String topicName, String eventBody) {
    try {
      return emit(topicName, Json.MAPPER.readTree(eventBody));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "The body of an event must be JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** The same, with a body that has been read. */
  public int emit(String topicName, JsonNode eventBody) {
    return perform(new Action.Emit(topicName, eventBody, ""));
  }

  /** The latest events that were due, oldest first. */
  public List<LedgerEntry> ledger() {
    return ask(() -> world.ledger().entries(any -> true, Integer.MAX_VALUE));
  }

  /** How many events were sent on each topic. */
  public Map<String, Long> sentByTopic() {
    return ask(() -> world.ledger().sentByTopic());
  }

  /** How many events met with each outcome. */
  public Map<LedgerEntry.Outcome, Long> outcomes() {
    return ask(() -> world.ledger().outcomes());
  }

  /** The latest calls, oldest first. */
  public List<CallRecord> calls() {
    return ask(() -> world.calls().latest());
  }

  /** How many calls of each name there were. */
  public Map<String, Integer> callCounts() {
    return ask(() -> world.calls().counts());
  }

  /** How many sockets are open. */
  public int openSockets() {
    return ask(() -> world.sockets().at(Action.Target.ALL).size());
  }

  /** How many channels there are. */
  public int channels() {
    return ask(() -> world.channels().all().size());
  }

  /** How many channels an OAuth client has. */
  public int channels(String client) {
    return ask(() -> world.channels().ofClient(client).size());
  }

  /** How many sockets an OAuth client has open. */
  public int openSockets(String client) {
    return ask(() -> world.sockets().at(new Action.Target(0, client)).size());
  }

  /** All tokens and ids of channels, for tests that look where they should not be. */
  public List<String> credentials() {
    return ask(
        () ->
            Stream.concat(
                    world.tokens().all().stream().map(Token::value),
                    world.channels().all().stream().map(Channel::id))
                .toList());
  }

  @Override
  public void close() {
    tell(server::stop);
    await(world.vertx().close().toCompletionStage().toCompletableFuture());
  }

  private <T> T ask(Supplier<T> question) {
    return onLoop(loop, () -> Future.succeededFuture(question.get()));
  }

  private void tell(Runnable deed) {
    ask(
        () -> {
          deed.run();
          return true;
        });
  }

  private static <T> T onLoop(Context loop, Supplier<Future<T>> work) {
    CompletableFuture<T> done = new CompletableFuture<>();
    loop.runOnContext(
        go -> {
          try {
            work.get().onSuccess(done::complete).onFailure(done::completeExceptionally);
          } catch (RuntimeException e) {
            done.completeExceptionally(e);
          }
        });
    return await(done);
  }

  private static <T> T await(CompletableFuture<T> done) {
    try {
      return done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException known
          ? known
          : new IllegalStateException("The simulator could not do it.", e.getCause());
    } catch (TimeoutException e) {
      throw new IllegalStateException(
          "The simulator did not answer within " + PATIENCE_SECONDS + " seconds.", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while waiting for the simulator.", e);
    }
  }
}
