package dev.caravan.genesys;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.channel.Replica;
import dev.caravan.channel.gap.Gap;
import dev.caravan.channel.gap.GapLedger;
import dev.caravan.simulator.CentreSize;
import dev.caravan.simulator.Guest;
import dev.caravan.simulator.OauthClient;
import dev.caravan.simulator.Simulator;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.Traffic;
import dev.caravan.simulator.centre.Agent;
import dev.caravan.simulator.fault.Action;
import dev.caravan.simulator.fault.Scenario;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.http.HttpComponent;
import org.apache.camel.component.mock.MockComponent;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.PluginHelper;

/**
 * For tests of what is read again: the shipped routes against the stand-in, with the real ledger;
 * what would go to the spool and to the signals is kept here.
 */
public final class BackfillRoad implements AutoCloseable {

  public static final Duration PATIENCE = Duration.ofMinutes(3);

  /** The contact centre's day began so long ago. */
  static final Duration AGO = Duration.ofHours(6);

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final Simulator genesys;
  private final Properties settings = new Properties();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<String> leftOut = new ArrayList<>();
  private DefaultCamelContext context;

  public BackfillRoad(Path folder, int agents, OauthClient client) {
    this(
        folder,
        SimulatorOptions.defaults().withCentre(CentreSize.of(agents)).withClient(client),
        client);
  }

  public BackfillRoad(Path folder, SimulatorOptions settled, OauthClient client) {
    this.folder = folder;
    SimulatorOptions options = settled.withTraffic(Traffic.NONE);
    genesys = Simulator.start(Scenario.of(options), Clock.offset(Clock.systemUTC(), AGO.negated()));
    settings.putAll(
        Map.ofEntries(
            Map.entry("genesys.client.id", client.id()),
            Map.entry("genesys.client.secret", client.secret()),
            Map.entry("genesys.login.url", genesys.url()),
            Map.entry("genesys.api.url", genesys.url()),
            Map.entry("genesys.media", "*"),
            Map.entry("genesys.retry.attempts", "5"),
            Map.entry("genesys.retry.initial-delay", "20ms"),
            Map.entry("genesys.retry.maximum-delay", "100ms"),
            Map.entry("genesys.rest.requests-per-minute", "240"),
            Map.entry("genesys.listing.requests-per-minute", "160"),
            Map.entry("genesys.breaker.failure-rate", "75"),
            Map.entry("genesys.breaker.wait", "1"),
            Map.entry("genesys.backfill", "true"),
            Map.entry("genesys.backfill.requests-per-minute", "1000"),
            Map.entry("genesys.backfill.delay", "1m"),
            Map.entry("genesys.backfill.look-back", "4h"),
            Map.entry("caravan.data.dir", folder.toString())));
  }

  BackfillRoad with(String setting, String value) {
    settings.setProperty(setting, value);
    return this;
  }

  /** The route of a kind ends at once, as the shipped file offers. */
  BackfillRoad leaveOut(String kind) {
    leftOut.add(kind);
    return this;
  }

  public Simulator genesys() {
    return genesys;
  }

  SimpleMeterRegistry meters() {
    return meters;
  }

  public DefaultCamelContext context() {
    return context;
  }

  /** Lets the contact centre work until so many conversations are on record. */
  BackfillRoad work(int conversations) {
    genesys.perform(new Action.SetTraffic(true, 1_000.0));
    await()
        .atMost(PATIENCE)
        .until(
            () -> query("{\"interval\":\"" + day() + "\"}").path("totalHits").asInt(),
            hits -> hits >= conversations);
    genesys.perform(new Action.SetTraffic(false, 1.0));
    return this;
  }

  private static String day() {
    Instant now = Instant.now();
    return now.minus(Duration.ofDays(1)) + "/" + now.plus(Duration.ofDays(2));
  }

  /** Starts the routes; what the ledger holds is taken up. */
  public BackfillRoad start() {
    try {
      context = new DefaultCamelContext();
      context.setAutoStartup(false);
      context.getPropertiesComponent().setOverrideProperties(settings);
      context.getShutdownStrategy().setTimeout(6);
      context.getRegistry().bind("meters", meters);
      context.addComponent("spool", new MockComponent());
      GenesysComponent component = context.getComponent("genesys", GenesysComponent.class);
      component.getConfiguration().setRetryInitialDelay(Duration.ofMillis(20));
      component.getConfiguration().setRetryMaximumDelay(Duration.ofMillis(100));
      context
          .getComponent("http", HttpComponent.class)
          // As the bridge has it: retries are the routes' business
          .setAutomaticRetriesDisabled(true);
      context.start();
      for (String file : List.of("control", "backfill")) {
        PluginHelper.getRoutesLoader(context)
            .loadRoutes(
                PluginHelper.getResourceLoader(context)
                    .resolveResource("file:routes/" + file + ".camel.yaml"));
      }
      ClientRoutes.add(context);
      context.addRoutes(
          new RouteBuilder() {
            @Override
            public void configure() {
              from("genesys:signals").to("mock:signals");
            }
          });
      for (String kind : leftOut) {
        context.removeRoute("backfill-" + kind);
        context.addRoutes(
            new RouteBuilder() {
              @Override
              public void configure() {
                from("direct:backfill-" + kind).routeId("backfill-" + kind).stop();
              }
            });
      }
      context.getRouteController().startAllRoutes();
      return this;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Writes a gap of these topics to the ledger before the start, as if the bridge had been down.
   */
  BackfillRoad missed(List<String> topics, Instant from, Instant to) {
    Path gaps = folder.resolve("gaps");
    GapLedger ledger = GapLedger.open(gaps, Clock.fixed(from, java.time.ZoneOffset.UTC));
    Replica replica = new Replica("test", 0, 0);
    ledger.reading(replica, from, topics, "start");
    ledger.blind(replica, from.plus(GapLedger.UNDER_WAY), "dropped");
    ledger.reading(replica, to, topics, "start");
    ledger.finished(replica, "stop");
    return this;
  }

  /** Gaps that are not done with, as a next start would find them. */
  List<Gap> notBackfilled() {
    return GapLedger.open(folder.resolve("gaps"), Clock.systemUTC()).notBackfilled();
  }

  void awaitSettled() {
    await().atMost(PATIENCE).until(() -> notBackfilled().isEmpty());
  }

  public List<String> users() {
    return genesys.organization().agents().stream().map(Agent::id).toList();
  }

  // ---- what came of it

  List<Message> records() {
    return messages("spool:events");
  }

  List<Message> records(String stream) {
    return records().stream()
        .filter(record -> stream.equals(record.getHeader(GenesysConstants.STREAM)))
        .toList();
  }

  static JsonNode json(Message message) {
    try {
      return JSON.readTree(message.getBody(byte[].class));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<JsonNode> outcomes() {
    return messages("mock:signals").stream()
        .filter(signal -> "dev.caravan.signal.BACKFILLED".equals(signal.getHeader("ce_type")))
        .map(BackfillRoad::json)
        .toList();
  }

  JsonNode awaitOutcome() {
    await().atMost(PATIENCE).until(() -> !outcomes().isEmpty());
    return outcomes().get(0);
  }

  private List<Message> messages(String endpoint) {
    MockEndpoint mock = context.getEndpoint(endpoint, MockEndpoint.class);
    List<Message> messages = new ArrayList<>();
    for (Exchange exchange : List.copyOf(mock.getReceivedExchanges())) {
      messages.add(exchange.getMessage());
    }
    return messages;
  }

  // ---- what the stand-in itself tells

  JsonNode query(String body) {
    return new Guest(genesys)
        .login()
        .post("/api/v2/analytics/conversations/details/query", body)
        .body();
  }

  JsonNode get(String path) {
    return new Guest(genesys).login().get(path).body();
  }

  /** Stops the bridge's half. */
  void stop() {
    if (context != null) {
      context.stop();
    }
  }

  @Override
  public void close() {
    stop();
    genesys.close();
  }
}
