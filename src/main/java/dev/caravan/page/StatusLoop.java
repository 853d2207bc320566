package dev.caravan.page;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.background.BackgroundTask;
import dev.caravan.background.BackgroundThreads;
import dev.caravan.genesys.GenesysComponent;
import dev.caravan.spool.SpoolComponent;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.quarkus.main.events.BeforeStart;
import org.apache.camel.quarkus.main.events.BeforeStop;
import org.apache.camel.spi.CamelEvent;
import org.apache.camel.support.SimpleEventNotifierSupport;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * The page at {@code CARAVAN_HTTP_PORT}: looks at the bridge every two seconds, on a thread of its
 * own, and tells those who watch.
 */
@ApplicationScoped
public class StatusLoop {

  /** What is answered to whoever asks before the first look. */
  private static final String NOT_LOOKED_YET = "{}";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration EVERY = Duration.ofSeconds(2);
  private static final Duration LISTEN_EVERY = Duration.ofSeconds(30);

  private final MeterRegistry meters;
  private final Vertx vertx;
  private final Clock clock = Clock.systemUTC();
  private final boolean wanted;
  private final String host;
  private final int port;
  private final String version;

  private final History history = new History();
  private StatusReader reader;
  private Timeline timeline;
  private PageServer server;
  private Map<String, Integer> routes = Map.of();
  private long sampledAt;
  private long toldVersion = -1;
  private volatile String status = NOT_LOOKED_YET;

  public StatusLoop(
      MeterRegistry meters,
      Vertx vertx,
      @ConfigProperty(name = "caravan.page") boolean wanted,
      @ConfigProperty(name = "caravan.http.host") String host,
      @ConfigProperty(name = "caravan.http.port") int port,
      @ConfigProperty(name = "quarkus.application.version") Optional<String> version) {
    this.meters = meters;
    this.vertx = vertx;
    this.wanted = wanted;
    this.host = host;
    this.port = port;
    this.version = version.orElse("");
  }

  public void begin(@Observes BeforeStart starting) {
    if (wanted) {
      begin(starting.getCamelContext());
    }
  }

  private void begin(CamelContext context) {
    GenesysComponent genesys = context.getComponent("genesys", GenesysComponent.class);
    long now = clock.millis();
    reader = new StatusReader(context, meters, version, now);
    timeline = Timeline.open(genesys.data().resolve("timeline.json"));
    timeline.mark("STARTED", now, "The bridge started.");
    genesys.signals().listen(signal -> timeline.signal(signal, clock.millis()));
    server =
        new PageServer(
            vertx,
            host,
            port,
            Map.of(
                "/status", () -> status,
                "/timeline", () -> json(timeline.content()),
                "/charts", () -> json(history.charts())),
            () ->
                (status.equals(NOT_LOOKED_YET) ? "" : event("status", status))
                    + event("timeline", json(timeline.content())));
    ScheduledExecutorService looks =
        context.getExecutorServiceManager().newSingleThreadScheduledExecutor(this, "status-page");
    BackgroundHealthCheck health = BackgroundHealthCheck.of(context);
    health.watch(
        BackgroundTask.every(
            Duration.ZERO, LISTEN_EVERY, "offering the status page", looks, server::listen));
    health.watch(
        BackgroundTask.every(EVERY, "looking for the status page", looks, () -> look(context)));
    context
        .getManagementStrategy()
        .addEventNotifier(
            new SimpleEventNotifierSupport() {
              @Override
              public void notify(CamelEvent event) {
                // Nothing is read any more, and the data folder is not another's yet
                if (event instanceof CamelEvent.CamelContextRoutesStoppedEvent) {
                  BackgroundThreads.finish(context, looks, "looking for the status page");
                  timeline.save(clock.millis());
                }
              }
            });
  }

  public void end(@Observes BeforeStop stopping) {
    if (server != null) {
      server.close();
    }
  }

  private void look(CamelContext context) {
    long now = clock.millis();
    edits(context, now);
    timeline.look(
        now,
        context.getComponent("genesys", GenesysComponent.class).shards(),
        context.getComponent("spool", SpoolComponent.class).statuses());
    Status seen = reader.read(now);
    status = json(seen);
    server.send(event("status", status));
    if (now - sampledAt >= History.EVERY_SECONDS * 1000L) {
      sampledAt = now;
      History.Sample sample = History.Sample.of(seen);
      history.add(sample);
      server.send(event("sample", json(sample)));
    }
    if (timeline.version() != toldVersion) {
      toldVersion = timeline.version();
      server.send(event("timeline", json(timeline.content())));
    }
  }

  /** A route that is another object than at the last look was edited. */
  private void edits(CamelContext context, long now) {
    Map<String, Integer> current =
        context.getRoutes().stream()
            .collect(Collectors.toMap(Route::getId, System::identityHashCode, (one, other) -> one));
    Set<String> ids = new TreeSet<>(routes.keySet());
    ids.addAll(routes.isEmpty() ? Set.of() : current.keySet());
    for (String id : ids) {
      String what =
          !routes.containsKey(id) ? "added" : current.containsKey(id) ? "edited" : "taken away";
      if (!Objects.equals(routes.get(id), current.get(id))) {
        timeline.mark("EDITED", now, "The route %s was %s.".formatted(id, what));
      }
    }
    if (context.getStatus().isStarted()) {
      routes = current;
    }
  }

  private static String event(String name, String json) {
    return "event: " + name + "\ndata: " + json + "\n\n";
  }

  private static String json(Object any) {
    try {
      return JSON.writeValueAsString(any);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
