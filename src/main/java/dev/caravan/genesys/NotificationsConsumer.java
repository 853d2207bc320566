package dev.caravan.genesys;

import dev.caravan.SettingsSource;
import dev.caravan.channel.Cause;
import dev.caravan.channel.ChannelGroup;
import dev.caravan.channel.ShardListener;
import dev.caravan.channel.ShardReport;
import dev.caravan.channel.ShardStatus;
import dev.caravan.channel.Strand;
import dev.caravan.channel.Timings;
import dev.caravan.event.Frame;
import dev.caravan.gap.Gap;
import dev.caravan.topic.TopicSharder;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.health.HealthCheckRegistry;
import org.apache.camel.support.DefaultConsumer;
import org.apache.camel.support.service.ServiceHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code genesys:notifications}: one exchange per notification, its body the frame as it came. The
 * channels are opened in the background, so that the route starts whether or not Genesys Cloud can
 * be reached.
 */
public final class NotificationsConsumer extends DefaultConsumer implements ShardListener {

  private static final Logger LOG = LoggerFactory.getLogger(NotificationsConsumer.class);

  /** For how long Kafka may acknowledge nothing before that is called an outage. */
  private static final long STALLED_MILLIS = 10_000;

  private static final int DEEPEST_CAUSE = 20;

  /** How often it is seen how many channels the OAuth client has. */
  private static final long LOOK_SECONDS = 600;

  private final GenesysConfiguration configuration;
  private final LongSupplier clock = monotonicMillis();
  private final Timings timings;
  private Preparation preparation;
  private InFlight inFlight;
  private GenesysMetrics metrics;
  private EventHeaders headers;
  private DeadLetters deadLetters;
  private ScheduledExecutorService control;
  private CamelChannelOpener opener;
  private ChannelGroup group;
  private GapRecorder gaps;
  private ShardStatus.Health told = ShardStatus.Health.BLIND;
  private String toldProblem = Preparation.NOT_YET;
  private final HealthCheck healthCheck = new NotificationsHealthCheck(this);

  NotificationsConsumer(GenesysEndpoint endpoint, Processor processor) {
    super(endpoint, processor);
    this.configuration = endpoint.getConfiguration();
    this.timings =
        Timings.defaults()
            .withRetry(configuration.getRetryInitialDelay(), configuration.getRetryMaximumDelay());
  }

  @Override
  public GenesysEndpoint getEndpoint() {
    return (GenesysEndpoint) super.getEndpoint();
  }

  // ---- life

  @Override
  protected void doInit() throws Exception {
    super.doInit();
    metrics = new GenesysMetrics(getEndpoint().getCamelContext());
    headers = new EventHeaders(source(), Clock.systemUTC());
  }

  private String source() {
    return configuration.getSource() != null
        ? configuration.getSource()
        : setting("genesys.api.url", "https://api.mypurecloud.com");
  }

  private String setting(String name, String otherwise) {
    return getEndpoint()
        .getCamelContext()
        .resolvePropertyPlaceholders("{{" + name + ":" + otherwise + "}}");
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    inFlight = new InFlight(configuration.getMaxInFlight(), clock);
    deadLetters = new DeadLetters(getEndpoint().getCamelContext(), configuration.getDeadLetters());
    ServiceHelper.startService(deadLetters);
    control =
        getEndpoint()
            .getCamelContext()
            .getExecutorServiceManager()
            .newSingleThreadScheduledExecutor(this, "genesys-control");
    opener = new CamelChannelOpener(getEndpoint(), this, clock);
    ServiceHelper.startService(opener);
    preparation =
        new Preparation(
            configuration,
            new Directory(opener.template(), configuration.getListRoute()),
            this::signal);
    group =
        new ChannelGroup(
            timings,
            () -> ThreadLocalRandom.current().nextDouble(),
            configuration.getRedundancy(),
            control,
            clock,
            opener,
            this);
    gaps =
        new GapRecorder(
            getRouteId() == null ? "notifications" : getRouteId(),
            getEndpoint().component().ledger(),
            this::wall,
            this::signal,
            this::over);
    gaps.started();
    metrics.bind(inFlight, group::status);
    HealthCheckRegistry.get(getEndpoint().getCamelContext()).register(healthCheck);
    control.execute(this::prepare);
    control.scheduleWithFixedDelay(this::tellChanges, 1, 1, TimeUnit.SECONDS);
    control.scheduleWithFixedDelay(this::tick, 1, 1, TimeUnit.SECONDS);
    control.scheduleWithFixedDelay(this::look, 10, LOOK_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  protected void doStop() throws Exception {
    if (group == null) {
      // Built, but never started: another route could not be
      super.doStop();
      return;
    }
    group.stop();
    // Sockets first, so that what was read still passes; then the thread that decides
    ServiceHelper.stopService(opener);
    getEndpoint().getCamelContext().getExecutorServiceManager().shutdownNow(control);
    ServiceHelper.stopService(deadLetters);
    HealthCheckRegistry.get(getEndpoint().getCamelContext()).unregister(healthCheck);
    super.doStop();
  }

  // ---- what to read

  /** Finds out what to subscribe and reads it; comes back when it failed or is to be refreshed. */
  private void prepare() {
    opener.background(
        () -> {
          Preparation.Outcome outcome = preparation.run(setting(SettingsSource.MISTAKE, ""));
          outcome.plan().ifPresent(this::read);
          if (isRunAllowed() && outcome.again().isPresent()) {
            control.schedule(
                this::prepare, outcome.again().get().toMillis(), TimeUnit.MILLISECONDS);
          }
        });
  }

  private void read(List<TopicSharder.Shard> plan) {
    gaps.planned(plan, configuration.getRedundancy());
    group.read(plan);
  }

  /** Every second, on the control thread. */
  private void tick() {
    gaps.tick(group.shards(), inFlight.doneUntil(), clock.getAsLong());
  }

  /** Not while nothing is read: then the calls are needed for that. */
  private void look() {
    if (group.status().stream().anyMatch(shard -> shard.sockets() > 0)) {
      opener.channels().look();
    }
  }

  // ---- what comes

  @Override
  public void notification(int shard, Frame.Notification event, byte[] body) {
    int place;
    try {
      place = inFlight.enter();
    } catch (InterruptedException e) {
      // The bridge is stopping and what is behind the route stands still
      Thread.currentThread().interrupt();
      LOG.warn("A frame that was read is lost: the bridge stopped before it was spooled.");
      return;
    }
    String media = event.media().isEmpty() ? "none" : event.primary().wire();
    metrics.event(family(event.stream()), media);
    Exchange exchange = createExchange(false);
    Message message = exchange.getIn();
    message.setBody(body);
    headers.set(message, event);
    getAsyncProcessor().process(exchange, done(exchange, event.topicName(), body, place));
  }

  private AsyncCallback done(Exchange exchange, String topic, byte[] body, int place) {
    return doneSync -> {
      Exception failure = exchange.getException();
      if (failure != null) {
        metrics.failed();
        deadLetters.send(body, "The event could not be sent: " + root(failure), topic);
      }
      inFlight.leave(place);
      releaseExchange(exchange, false);
    };
  }

  /** The name only: a message may quote the payload. */
  private static String root(Throwable failure) {
    Throwable root = failure;
    for (int depth = 0; root.getCause() != null && depth < DEEPEST_CAUSE; depth++) {
      root = root.getCause();
    }
    return root.getClass().getSimpleName();
  }

  @Override
  public void unreadable(int shard, byte[] body, String reason) {
    metrics.unreadable();
    deadLetters.send(body, "The frame " + reason, "");
  }

  @Override
  public void pairedOff(int shard) {
    metrics.pairedOff();
  }

  @Override
  public void reading(Strand strand, List<String> topics, long since) {
    gaps.reading(strand, topics, since);
  }

  @Override
  public void blind(Strand strand, long since, Cause cause) {
    gaps.blind(strand, since, cause);
  }

  @Override
  public void pong(int shard, long millis) {
    metrics.pong(millis);
  }

  @Override
  public void report(Strand strand, ShardReport report) {
    metrics.report(report);
    if (report.kind() == ShardReport.Kind.CONNECTED
        || report.kind() == ShardReport.Kind.HANDED_OVER) {
      getEndpoint().component().wellAgain();
    }
    String sentence = sentence(strand, report);
    switch (report.kind()) {
      case CONNECTED, HANDED_OVER -> LOG.info(sentence);
      case DISCONNECTED, RETRYING -> LOG.warn(sentence);
      case BROKEN -> LOG.error(sentence);
    }
    if (report.kind() != ShardReport.Kind.RETRYING) {
      signal(
          Signal.of(report.kind().name())
              .shard(strand.shard())
              .cause(report.cause().label())
              .from(wall(report.from()))
              .to(wall(report.to()))
              .sentence(sentence));
    }
  }

  /** The wall clock may have been set since; ages are right all the same. */
  private Instant wall(long millis) {
    return Instant.ofEpochMilli(System.currentTimeMillis() - (clock.getAsLong() - millis));
  }

  private void over(Gap gap) {
    metrics.gap(gap);
    getEndpoint().component().gaps().publish(gap);
  }

  void signal(Signal signal) {
    getEndpoint().component().signals().publish(signal);
  }

  GenesysMetrics metrics() {
    return metrics;
  }

  private String sentence(Strand strand, ShardReport report) {
    String what =
        switch (report.kind()) {
          case CONNECTED -> "Connected: ";
          case DISCONNECTED -> "Disconnected: ";
          case HANDED_OVER -> "Handed over without a gap: ";
          case RETRYING -> "Cannot connect: ";
          case BROKEN -> "Broken until somebody acts: ";
        };
    String which =
        configuration.getRedundancy() == 1
            ? ""
            : ", channel " + (strand.number() + 1) + " of " + configuration.getRedundancy();
    return "Shard " + strand.shard() + which + ". " + what + report.sentence();
  }

  // ---- health

  /** What an operator should know about the channels of the OAuth client; empty if nothing. */
  String channelBudget() {
    return opener.channels().budget();
  }

  /** How the road is: the worst of its shards, or what keeps them from being opened. */
  Overview overview() {
    if (preparation.problem().isPresent()) {
      return new Overview(preparation.health(), preparation.problem().get(), List.of(), 0, 0);
    }
    List<ShardStatus> shards = group.status();
    ShardStatus.Health worst =
        shards.stream()
            .map(ShardStatus::health)
            .reduce(ShardStatus.Health::worse)
            .orElse(ShardStatus.Health.BLIND);
    boolean flows = shards.stream().anyMatch(s -> s.health() == ShardStatus.Health.FLOWING);
    if (worst == ShardStatus.Health.IDLE && flows) {
      worst = ShardStatus.Health.FLOWING;
    }
    String sentence =
        shards.stream()
            .filter(
                s ->
                    s.health() == ShardStatus.Health.BROKEN
                        || s.health() == ShardStatus.Health.BLIND)
            .map(s -> "Shard " + s.number() + ": " + s.sentence())
            .collect(Collectors.joining(" "));
    if (worst == ShardStatus.Health.BLIND) {
      sentence = (sentence + " " + getEndpoint().component().trouble()).strip();
    }
    long stalled = inFlight.stalledMillis();
    if (inFlight.full() || stalled >= STALLED_MILLIS) {
      worst = worst.worse(ShardStatus.Health.BLIND);
      sentence =
          "What is behind the route has taken nothing for "
              + stalled / 1000
              + " s; "
              + inFlight.count()
              + " events wait for it, and Genesys Cloud is no longer read when "
              + configuration.getMaxInFlight()
              + " do. See the spool's health. "
              + sentence;
    }
    return new Overview(worst, sentence, shards, inFlight.count(), stalled);
  }

  /** One line in the log whenever the state of the road becomes another, or its reason does. */
  private void tellChanges() {
    Overview now = overview();
    String problem = preparation.problem().orElse("");
    if (now.health() == told && (problem.isEmpty() || problem.equals(toldProblem))) {
      return;
    }
    String sentence = now.sentence().isEmpty() ? "All is well." : now.sentence();
    if (now.health() == ShardStatus.Health.BROKEN && problem.isEmpty()) {
      sentence = "The lines of its shards say why.";
    }
    String change = now.health() == told ? "" : " (it was " + told.label() + ")";
    String line = "The road is " + now.health().label() + change + ". " + sentence;
    switch (now.health()) {
      case FLOWING, IDLE -> LOG.info(line);
      case BLIND -> LOG.warn(line);
      case BROKEN -> LOG.error(line);
    }
    told = now.health();
    toldProblem = problem;
  }

  /**
   * How the road is.
   *
   * @param sentence what an operator should know; empty if all is well
   * @param inFlight events that Kafka has not acknowledged yet
   * @param stalledMillis for how long it has acknowledged none of them
   */
  record Overview(
      ShardStatus.Health health,
      String sentence,
      List<ShardStatus> shards,
      int inFlight,
      long stalledMillis) {}

  private static String family(String stream) {
    int dot = stream.indexOf('.');
    return dot < 0 ? stream : stream.substring(0, dot);
  }

  /** Milliseconds that look like the wall clock's at the start and never jump afterwards. */
  private static LongSupplier monotonicMillis() {
    long wall = System.currentTimeMillis();
    long start = System.nanoTime();
    return () -> wall + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }
}
