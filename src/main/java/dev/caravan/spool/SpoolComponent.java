package dev.caravan.spool;

import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.background.BackgroundTask;
import dev.caravan.background.FailedStep;
import dev.caravan.background.NumberOptions;
import dev.caravan.spool.log.LogRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.camel.Endpoint;
import org.apache.camel.builder.ThreadPoolProfileBuilder;
import org.apache.camel.spi.Metadata;
import org.apache.camel.spi.PropertyConfigurer;
import org.apache.camel.spi.annotations.Component;
import org.apache.camel.support.HealthCheckComponent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns the spools of a Camel context, one for each name: they are opened when the first route needs
 * them and outlive the routes, so that a route can be replaced without losing or reordering
 * anything.
 */
@Component("spool")
public class SpoolComponent extends HealthCheckComponent {

  private static final Logger LOG = LoggerFactory.getLogger(SpoolComponent.class);

  private final Map<String, Open> spools = new ConcurrentSkipListMap<>();
  private final Map<String, Replaying> replays = new HashMap<>();
  private final Map<String, SpoolConfiguration> asked = new ConcurrentHashMap<>();
  private final List<Consumer<SpoolEvent>> listeners = new CopyOnWriteArrayList<>();
  private final List<Consumer<byte[]>> receiptListeners = new CopyOnWriteArrayList<>();

  private Optional<Left> left = Optional.empty();

  private final PassedOn passedOn = new PassedOn(Spool.Time.SYSTEM.nanos().getAsLong());

  /** The options that all spools have unless their endpoints say otherwise. */
  @Metadata(description = "The options that all spools have unless their endpoints say otherwise.")
  private SpoolConfiguration configuration = new SpoolConfiguration();

  /** How files are named that lie beside those of a spool. */
  private static final String OF_FILES = "(.*)\\.(parked|parked-marks|checkpoint|mv)$";

  /** An exchange that goes on for long, such as the next pages of a listing, is not alone. */
  private static final int COMPLETIONS = 4;

  private record Open(Spool spool, ScheduledExecutorService writer, ExecutorService completions) {}

  /** What waits in spools that no route had opened by then. */
  private record Left(long sinceNanos, List<SpoolGlance> spools) {}

  private record Replaying(Replay replay, ScheduledExecutorService executor) {}

  @Override
  public PropertyConfigurer getComponentPropertyConfigurer() {
    return NumberOptions.of(super.getComponentPropertyConfigurer());
  }

  @Override
  public PropertyConfigurer getEndpointPropertyConfigurer() {
    return NumberOptions.of(super.getEndpointPropertyConfigurer());
  }

  @Override
  protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters)
      throws Exception {
    if (!remaining.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
      throw new IllegalArgumentException(
          ("'%s' cannot be the name of a spool: it also names files, so it must be made of letters,"
                  + " digits, dots, dashes and underscores.")
              .formatted(remaining));
    }
    if (remaining.matches(OF_FILES)) {
      throw new IllegalArgumentException(
          ("'%s' cannot be the name of a spool: it names files of the spool '%s'. Take one without"
                  + " this ending.")
              .formatted(remaining, remaining.replaceFirst(OF_FILES, "$1")));
    }
    SpoolConfiguration own = configuration.copy();
    SpoolEndpoint endpoint = new SpoolEndpoint(uri, this, remaining, own);
    setProperties(endpoint, parameters);
    own.check();
    if (!own.shared().equals(configuration.shared())) {
      asked.putIfAbsent(remaining, own);
    }
    return endpoint;
  }

  /** The spool of this name, opened if it is not yet. */
  synchronized Spool open(String name, SpoolConfiguration options) throws IOException {
    Open open = spools.get(name);
    if (open == null) {
      open = openNow(name, asked.getOrDefault(name, options));
      spools.put(name, open);
    }
    Spool spool = open.spool();
    if (!options.shared().equals(spool.options().shared())
        && !options.shared().equals(configuration.shared())) {
      throw new IllegalArgumentException(
          ("The spool '%s' is already open with other options: %s. Give all its endpoints the"
                  + " same ones, or set them once for the component.")
              .formatted(name, spool.options().difference(options)));
    }
    return spool;
  }

  private Open openNow(String name, SpoolConfiguration options) throws IOException {
    var executors = getCamelContext().getExecutorServiceManager();
    ScheduledExecutorService writer =
        executors.newSingleThreadScheduledExecutor(this, "Spool-" + name);
    ExecutorService completions =
        executors.newThreadPool(
            this,
            "SpoolCompletions-" + name,
            new ThreadPoolProfileBuilder("spool-completions")
                .poolSize(COMPLETIONS)
                .maxPoolSize(COMPLETIONS)
                // No more than the spool has room for; a full queue would run them on the writer
                .maxQueueSize(Integer.MAX_VALUE)
                .build());
    try {
      Spool spool = Spool.open(name, options, Spool.Time.SYSTEM, writer, this::tellListeners);
      BackgroundHealthCheck.of(getCamelContext()).watch(spool.commits());
      return new Open(spool, writer, completions);
    } catch (IOException | RuntimeException | Error e) {
      executors.shutdownNow(writer);
      executors.shutdownNow(completions);
      throw e;
    }
  }

  /** Where exchanges go on that waited for a commit, so that they do not hold up the next. */
  synchronized ExecutorService completions(String name) {
    return spools.get(name).completions();
  }

  void tellListeners(SpoolEvent event) {
    listeners.forEach(listener -> listener.accept(event));
  }

  /**
   * Adds somebody who hears what happens to the spools, on their own threads: it must return soon.
   */
  public void addListener(Consumer<SpoolEvent> listener) {
    listeners.add(Objects.requireNonNull(listener));
  }

  /**
   * Adds somebody who is told the {@link SpoolConstants#RECEIPT} of each record that has one, once
   * it is settled for good: delivered, or given up. If the route of a spool has sent a record on to
   * another spool, or to its dead letters there, it is told once that one is settled, too. It is
   * told on the threads of the spools, in order within a key, and must return soon.
   */
  public void addReceiptListener(Consumer<byte[]> listener) {
    receiptListeners.add(Objects.requireNonNull(listener));
  }

  /** A record more is about to have the receipt of one that is handed out. */
  void passesOn(byte[] receipt) {
    passedOn.passes(receipt, Spool.Time.SYSTEM.nanos().getAsLong());
  }

  /** What the record is known by to whoever appended it; null if nobody wants to know. */
  byte[] receiptOf(LogRecord record) {
    return receiptListeners.isEmpty()
        ? null
        : record.headers().bytes(SpoolConstants.RECEIPT).orElse(null);
  }

  /** A record of this receipt is settled for good. */
  void settled(byte[] receipt) {
    if (passedOn.settled(receipt)) {
      receiptListeners.forEach(listener -> listener.accept(receipt));
    }
  }

  /**
   * How all spools are doing: those that are open and, once the routes have started, those on disk
   * in which something waits and that no route has opened.
   */
  public synchronized List<SpoolStatus> statuses() {
    List<SpoolStatus> all = new ArrayList<>();
    spools.values().forEach(open -> all.add(open.spool().status()));
    if (getCamelContext().isStarted()) {
      unopened().forEach(all::add);
    }
    return all;
  }

  /** What nobody has open does not change, but for a user who removes it. */
  private Stream<SpoolStatus> unopened() {
    long now = Spool.Time.SYSTEM.nanos().getAsLong();
    Path directory = configuration.directoryPath();
    if (left.isEmpty()) {
      left = Optional.of(new Left(now, leftIn(directory)));
    }
    Duration untaken = Duration.ofNanos(now - left.get().sinceNanos());
    return left.get().spools().stream()
        .filter(spool -> !spools.containsKey(spool.name()))
        .filter(spool -> Files.exists(directory.resolve(spool.name() + Spool.CHECKPOINT)))
        .map(spool -> spool.status(configuration, untaken));
  }

  private List<SpoolGlance> leftIn(Path directory) {
    if (!Files.isReadable(directory)) {
      // Not there yet; or health says that the data folder cannot be used
      return List.of();
    }
    try {
      return SpoolGlance.at(directory, name -> !spools.containsKey(name)).stream()
          .filter(spool -> !spool.inUse() && spool.waits())
          .toList();
    } catch (IOException e) {
      LOG.error(
          "What waits in spools that no route opens cannot be told, as {} cannot be read: {}.",
          directory,
          e.toString());
      return List.of();
    }
  }

  /**
   * For how long what the spools have taken may have been in memory only: should the process end,
   * that is lost. Who asks, every second, does not wait while a spool is opened.
   */
  public Duration uncommittedFor() {
    return longest(Spool::uncommittedFor);
  }

  private Duration longest(Function<Spool, Duration> time) {
    return spools.values().stream()
        .map(open -> time.apply(open.spool()))
        .max(Comparator.naturalOrder())
        .orElse(Duration.ZERO);
  }

  /**
   * For how long what the spools have taken may not be settled yet: all that was appended before is
   * delivered or given up. Who asks does so every second.
   */
  public Duration unsettledFor() {
    long now = Spool.Time.SYSTEM.nanos().getAsLong();
    Duration spooled = longest(Spool::unsettledFor);
    // Only now: what has gone from one spool to another in between is there
    return Duration.ofNanos(now - passedOn.settledUntil(now - spooled.toNanos()));
  }

  /**
   * Sends again, through the spool of this name, what was acknowledged and kept.
   *
   * @throws IllegalStateException if another replay of this spool is not over yet
   */
  public synchronized Replay replay(String name, Instant since, int perSecond) throws IOException {
    Replaying before = replays.get(name);
    if (before != null && !before.replay().progress().state().isOver()) {
      throw new IllegalStateException(
          "The spool '%s' is being replayed already. Wait for its end.".formatted(name));
    }
    Open open =
        Optional.ofNullable(spools.get(name))
            .orElseThrow(
                () -> new IllegalArgumentException("No spool '%s' is open.".formatted(name)));
    Replay replay = new Replay(open.spool(), since, perSecond);
    var executors = getCamelContext().getExecutorServiceManager();
    ScheduledExecutorService executor =
        executors.newSingleThreadScheduledExecutor(this, "SpoolReplay-" + name);
    BackgroundHealthCheck.of(getCamelContext())
        .watch(
            BackgroundTask.every(
                Duration.ZERO,
                Replay.STEP,
                "replaying spool '%s'".formatted(name),
                executor,
                () -> {
                  replay.step();
                  if (replay.progress().state().isOver()) {
                    executors.shutdown(executor);
                  }
                }));
    replays.put(name, new Replaying(replay, executor));
    return replay;
  }

  /** The open spool of this name. */
  public synchronized Optional<Spool> spool(String name) {
    return Optional.ofNullable(spools.get(name)).map(Open::spool);
  }

  @Override
  protected void doInit() throws Exception {
    super.doInit();
    FailedStep.noteIn(getCamelContext());
  }

  @Override
  protected synchronized void doStop() throws Exception {
    for (Replaying replaying : replays.values()) {
      replaying.replay().cancel();
      getCamelContext().getExecutorServiceManager().shutdown(replaying.executor());
    }
    replays.clear();
    left = Optional.empty();
    spools.values().forEach(this::close);
    spools.clear();
    super.doStop();
  }

  /** One that cannot be closed well must not keep the others from it. */
  private void close(Open open) {
    try {
      open.spool().close();
    } catch (IOException | RuntimeException | Error e) {
      LOG.warn(
          "Spool '{}' could not be closed in good order ({}). What was acknowledged last may be"
              + " handed out again after the next start.",
          open.spool().name(),
          e.toString());
    } finally {
      getCamelContext().getExecutorServiceManager().shutdown(open.writer());
      getCamelContext().getExecutorServiceManager().shutdownGraceful(open.completions());
    }
  }

  public SpoolConfiguration getConfiguration() {
    return configuration;
  }

  public void setConfiguration(SpoolConfiguration configuration) {
    this.configuration = configuration;
  }
}
