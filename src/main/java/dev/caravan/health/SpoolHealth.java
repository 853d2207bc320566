package dev.caravan.health;

import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.background.BackgroundTask;
import dev.caravan.genesys.GenesysComponent;
import dev.caravan.genesys.Signal;
import dev.caravan.health.ConditionHealthCheck.Condition;
import dev.caravan.spool.SpoolComponent;
import dev.caravan.spool.SpoolConstants;
import dev.caravan.spool.SpoolEvent;
import dev.caravan.spool.SpoolStatus;
import dev.caravan.spool.log.SegmentedLog;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.apache.camel.CamelContext;
import org.apache.camel.health.HealthCheckRegistry;
import org.apache.camel.quarkus.main.events.BeforeStart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells how the spools are: a line in the log when one begins or ends to fill, meters, and a signal
 * for whatever costs events or endangers them.
 */
@ApplicationScoped
public class SpoolHealth {

  private static final Logger LOG = LoggerFactory.getLogger(SpoolHealth.class);
  private static final int EVERY_SECONDS = 2;
  private static final Duration CATCHING_UP_AFTER = Duration.ofSeconds(5);

  private static final String DAMAGED = "spool-damaged";

  /** Of each spool. */
  private static final List<Meter> METERS =
      List.of(
          new Meter("caravan.spool.records", "Records that wait", SpoolStatus::records),
          new Meter(
              "caravan.spool.bytes", "Bytes of the records kept", status -> status.space().bytes()),
          new Meter(
              "caravan.spool.max.bytes",
              "Bytes there is room for",
              status -> status.space().maxBytes()),
          new Meter(
              "caravan.spool.file.bytes", "Bytes on disk", status -> status.space().fileBytes()),
          new Meter(
              "caravan.spool.oldest.seconds",
              "Age of the oldest record that waits",
              status -> status.oldest().toMillis() / 1000.0),
          new Meter(
              "caravan.spool.in.flight",
              "Handed out, no outcome yet",
              status -> status.taking().inFlight()),
          new Meter(
              "caravan.spool.append.rate",
              "Records appended a second",
              status -> status.rates().appended()),
          new Meter(
              "caravan.spool.drain.rate",
              "Records acknowledged a second",
              status -> status.rates().acknowledged()),
          new Meter(
              "caravan.spool.parked",
              "Records that cannot be delivered for now while others flow",
              SpoolStatus::parkedRecords),
          new Meter(
              "caravan.spool.dropped", "Records dropped", status -> status.counts().dropped()),
          new Meter(
              "caravan.spool.lost", "Records lost to damage", status -> status.counts().lost()),
          new Meter(
              "caravan.spool.full.events",
              "Times it became full",
              status -> status.counts().full()));

  private record Meter(String name, String description, ToDoubleFunction<SpoolStatus> value) {}

  private final MeterRegistry meters;
  private final Set<String> metered = new HashSet<>();
  private final Set<String> spooling = new HashSet<>();
  private final Set<String> abandoned = new HashSet<>();

  public SpoolHealth(MeterRegistry meters) {
    this.meters = meters;
  }

  public void begin(@Observes BeforeStart starting) {
    begin(starting.getCamelContext());
  }

  public void begin(CamelContext context) {
    SpoolComponent spools = context.getComponent("spool", SpoolComponent.class);
    GenesysComponent genesys = context.getComponent("genesys", GenesysComponent.class);
    spools.addListener(
        event -> {
          if (event instanceof SpoolEvent.Letter) {
            return;
          }
          genesys.signals().publish(signal(event));
          lost(event, genesys);
        });
    genesys.uncommittedFor(spools::uncommittedFor);
    if (context.resolvePropertyPlaceholders("{{caravan.standby:0}}").equals("1")) {
      genesys.settlesBy(
          new GenesysComponent.Settling(SpoolConstants.RECEIPT, spools::unsettledFor));
      spools.addReceiptListener(genesys::settled);
    }
    HealthCheckRegistry.get(context)
        .register(new ConditionHealthCheck("spools", () -> condition(spools.statuses())));
    BackgroundHealthCheck.of(context)
        .watch(
            BackgroundTask.every(
                Duration.ofSeconds(EVERY_SECONDS),
                "watching the spools",
                context
                    .getExecutorServiceManager()
                    .newSingleThreadScheduledExecutor(this, "spool-watch"),
                () -> spools.statuses().forEach(status -> look(spools, status))));
  }

  /** Spooling while Kafka is away is no reason to be taken out of service. */
  static Condition condition(List<SpoolStatus> spools) {
    List<String> problems = new ArrayList<>();
    List<String> degraded = new ArrayList<>();
    Map<String, Object> states = new TreeMap<>();
    for (SpoolStatus spool : spools) {
      String sentence = "Spool %s: %s.".formatted(spool.name(), spool.sentence());
      states.put("spool." + spool.name(), spool.sentence());
      if (spool.inDanger()) {
        problems.add(sentence);
      } else if (spool.spooling() || !spool.parked().isEmpty()) {
        degraded.add(sentence);
      }
    }
    // A full spool may pass by itself, a failing disk does not: the sentence says which it is
    return new Condition("", problems, degraded, states);
  }

  private void look(SpoolComponent spools, SpoolStatus status) {
    if (metered.add(status.name())) {
      meter(spools, status.name());
    }
    Optional<Duration> untaken = status.taking().untaken();
    if (untaken.isPresent()) {
      // Nothing that Kafka could be blamed for, nor for what is caught up afterwards
      if (status.waits() && untaken.get().compareTo(CATCHING_UP_AFTER) >= 0) {
        spooling.add(status.name());
      }
      if (status.abandoned() && status.waits() && abandoned.add(status.name())) {
        LOG.error(
            "Spool {}: {}. What arrives is kept on disk until there is such a route. Put it back"
                + " into the folder with the routes.",
            status.name(),
            status.sentence());
      }
      return;
    }
    if (abandoned.remove(status.name())) {
      LOG.info("Spool {}: a route takes from it again, {}.", status.name(), status.sentence());
    }
    if (status.spooling() && spooling.add(status.name())) {
      LOG.warn(
          "Spool {}: {}. What arrives is kept on disk until {}",
          status.name(),
          status.sentence(),
          status.taking().stepHangs()
              ? "the step returns. Look at what it waits for."
              : "Kafka takes it. Check KAFKA_BOOTSTRAP_SERVERS (%s), the brokers and the rights of the"
                      .formatted(
                          spools
                              .getCamelContext()
                              .resolvePropertyPlaceholders("{{kafka.bootstrap.servers:}}"))
                  + " bridge's user.");
    } else if (!status.spooling() && spooling.remove(status.name())) {
      LOG.info("Spool {}: caught up, {}.", status.name(), status.sentence());
    }
  }

  private void meter(SpoolComponent spools, String spool) {
    METERS.forEach(
        meter ->
            Gauge.builder(
                    meter.name(),
                    spools,
                    all ->
                        all.statuses().stream()
                            .filter(status -> status.name().equals(spool))
                            .mapToDouble(meter.value())
                            .findFirst()
                            .orElse(0))
                .description(meter.description())
                .tag("spool", spool)
                .strongReference(true)
                .register(meters));
  }

  private static Signal signal(SpoolEvent event) {
    String spool = "Spool " + event.spool();
    if (event instanceof SpoolEvent.Full full) {
      return moment("SPOOL_FULL", spool + " is full: " + full.bytes() + " bytes wait for Kafka.");
    } else if (event instanceof SpoolEvent.Relieved) {
      return moment("SPOOL_RELIEVED", spool + " has room again.");
    } else if (event instanceof SpoolEvent.Dropped dropped) {
      return Signal.of("SPOOL_DROPPED")
          .cause(cause(dropped))
          .from(dropped.oldest())
          .to(dropped.newest())
          .count(dropped.records())
          .sentence(
              spool + " dropped " + dropped.records() + " events that were read in this interval.");
    } else if (event instanceof SpoolEvent.Damaged damaged) {
      Signal.Draft damage = Signal.of("SPOOL_DAMAGED").cause(DAMAGED).count(damaged.lost());
      after(damaged).ifPresent(damage::from);
      before(damaged).ifPresent(damage::to);
      return damage.sentence(
          "A file of " + spool + " was damaged: " + damaged.lost() + " events are lost.");
    } else if (event instanceof SpoolEvent.Replayed replayed) {
      Signal.Draft replay =
          Signal.of("REPLAYED").from(replayed.since()).to(now()).count(replayed.records());
      if (!replayed.complete()) {
        replay.cause("ended-early");
      }
      return replay.sentence(
          spool + " sent " + replayed.records() + " events again that were read in this interval.");
    } else if (event instanceof SpoolEvent.StoreFailing failing) {
      return moment("SPOOL_FAILING", spool + " cannot be written: " + failing.sentence());
    }
    return moment("SPOOL_WORKING", spool + " can be written again.");
  }

  /** Events that were read and will not reach Kafka are as missing as those that were not read. */
  private static void lost(SpoolEvent event, GenesysComponent genesys) {
    if (event instanceof SpoolEvent.Dropped dropped) {
      genesys.lost(cause(dropped), dropped.oldest(), dropped.newest(), dropped.records());
    } else if (event instanceof SpoolEvent.Damaged damaged) {
      Instant after = after(damaged).orElseGet(SpoolHealth::now);
      genesys.lost(DAMAGED, after, before(damaged).orElse(after), damaged.lost());
    }
  }

  private static String cause(SpoolEvent.Dropped dropped) {
    return "spool-" + dropped.reason().name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static Optional<Instant> after(SpoolEvent.Damaged damaged) {
    return damaged.holes().stream()
        .map(SegmentedLog.Hole::after)
        .filter(SpoolHealth::isKnown)
        .min(Instant::compareTo);
  }

  private static Optional<Instant> before(SpoolEvent.Damaged damaged) {
    return damaged.holes().stream()
        .map(SegmentedLog.Hole::before)
        .filter(SpoolHealth::isKnown)
        .max(Instant::compareTo);
  }

  private static boolean isKnown(Instant moment) {
    return !moment.equals(Instant.EPOCH);
  }

  private static Signal moment(String type, String sentence) {
    Instant now = now();
    return Signal.of(type).from(now).to(now).sentence(sentence);
  }

  /** As exact as all other times on record. */
  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS);
  }
}
