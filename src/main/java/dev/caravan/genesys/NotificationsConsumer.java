package dev.caravan.genesys;

import dev.caravan.background.BackgroundHealthCheck;
import dev.caravan.background.BackgroundTask;
import dev.caravan.background.BackgroundThreads;
import dev.caravan.background.FailedStep;
import dev.caravan.background.SteadyClock;
import dev.caravan.channel.Attempts;
import dev.caravan.channel.Cause;
import dev.caravan.channel.ChannelGroup;
import dev.caravan.channel.Replica;
import dev.caravan.channel.Shard;
import dev.caravan.channel.ShardListener;
import dev.caravan.channel.ShardReport;
import dev.caravan.channel.ShardStatus.Health;
import dev.caravan.channel.gap.Gap;
import dev.caravan.cluster.Cluster;
import dev.caravan.cluster.ClusterStatus;
import dev.caravan.frame.EventIds;
import dev.caravan.frame.Frame;
import dev.caravan.genesys.NotificationsHealthCheck.Problem;
import dev.caravan.genesys.connect.CamelChannelOpener;
import dev.caravan.genesys.connect.Clients;
import dev.caravan.genesys.connect.Failures;
import dev.caravan.settings.OauthClients;
import dev.caravan.settings.SettingsSource;
import dev.caravan.topic.Plan;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.health.HealthCheckRegistry;
import org.apache.camel.spi.CamelEvent;
import org.apache.camel.spi.EventNotifier;
import org.apache.camel.spi.ExecutorServiceManager;
import org.apache.camel.support.DefaultConsumer;
import org.apache.camel.support.SimpleEventNotifierSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code genesys:notifications}: one exchange per notification, its body the frame as it came. The
 * channels are opened in the background, so that the route starts whether or not Genesys Cloud can
 * be reached.
 */
public final class NotificationsConsumer extends DefaultConsumer implements ShardListener {

  private static final Logger LOG = LoggerFactory.getLogger(NotificationsConsumer.class);

  private static final String CHECK = "genesys-notifications";

  private static final String NOT_SHARED =
      "Several instances (CARAVAN_CLUSTER) share what one route reads, and another route reads"
          + " already, so route %s reads nothing. Read all topics in one route and divide their"
          + " events there, or leave CARAVAN_CLUSTER empty; then restart.";

  private static final Duration TICK = Duration.ofSeconds(1);

  /** What is told to other instances is as old as the time between two looks. */
  private static final Duration COMMITTED_EVERY = Duration.ofMillis(200);

  /** The disk, for one, may not answer; then nothing is decided about channels either. */
  private static final Duration LONG_TICK = Duration.ofSeconds(10);

  private static final Duration LOOK_FIRST = Duration.ofSeconds(10);

  private static final Duration LOOK = Duration.ofMinutes(10);

  private final GenesysConfiguration configuration;
  private final SteadyClock clock = new SteadyClock();
  private Preparation preparation;
  private InFlight inFlight;
  private GenesysMetrics metrics;
  private GenesysMetrics.Reader reader;
  private final EventIds ids = new EventIds(new SecureRandom());
  private EventHeaders headers;
  private DeadLetters deadLetters;
  private ScheduledExecutorService control;

  private ClientReaders readers;

  private GapRecorder gaps;
  private PreparationLoop listing;
  private NotificationsHealthCheck healthCheck;
  private ReadingRoutes.Place place;

  /** Empty if this is the only instance. */
  private Optional<SharedReading> shared = Optional.empty();

  private boolean standby;
  private final AgreedIds agreedIds = new AgreedIds(ids, clock);
  private final ForwardedEvents forwarded = new ForwardedEvents(new SecureRandom().nextLong());
  private final Consumer<byte[]> settled = forwarded::settled;

  private EventNotifier beforeStop;
  private ExecutorService clusterThreads;

  /** Each shard that is released waits for the route, and must not keep channels from opening. */
  private ExecutorService releases;

  NotificationsConsumer(GenesysEndpoint endpoint, Processor processor) {
    super(endpoint, processor);
    this.configuration = endpoint.getConfiguration();
  }

  @Override
  public GenesysEndpoint getEndpoint() {
    return (GenesysEndpoint) super.getEndpoint();
  }

  private CamelContext context() {
    return getEndpoint().getCamelContext();
  }

  private GenesysComponent component() {
    return getEndpoint().component();
  }

  private ExecutorServiceManager threads() {
    return context().getExecutorServiceManager();
  }

  // ---- life

  @Override
  protected void doInit() throws Exception {
    super.doInit();
    metrics = component().metrics();
    headers = new EventHeaders(getEndpoint().source(), Clock.systemUTC());
  }

  private void share(String cluster) {
    standby = setting("caravan.standby", "0").equals("1");
    configuration.standsBy(standby);
    if (standby) {
      component().hearSettled().add(settled);
    }
    // One reads the control topic, one is a member of the group
    clusterThreads = threads().newFixedThreadPool(this, "genesys-cluster", 2);
    releases = threads().newCachedThreadPool(this, "genesys-release");
    shared =
        Optional.of(
            new SharedReading(
                cluster,
                alike(),
                standby,
                configuration.getRedundancy(),
                forwarded,
                readers,
                gaps,
                control,
                releases,
                clusterThreads,
                clock,
                this::forward,
                metrics.paired::increment,
                listing::lead,
                listing::isUnavailable));
    component().handOvers().put(getRouteId(), shared.orElseThrow());
    beforeStop =
        new SimpleEventNotifierSupport() {
          @Override
          public void notify(CamelEvent event) {
            // All of the bridge still runs now, and goes on until the others read
            if (event instanceof CamelEvent.CamelContextStoppingEvent) {
              shared.ifPresent(SharedReading::leave);
            }
          }
        };
    context().getManagementStrategy().addEventNotifier(beforeStop);
  }

  private Map<String, String> alike() {
    Map<String, String> alike = new HashMap<>();
    alike.put("GENESYS_REGION", setting("genesys.region", ""));
    alike.put("GENESYS_CLIENT_ID", setting("genesys.client.id", ""));
    alike.put("GENESYS_TOPICS", configuration.getTopics());
    alike.put("GENESYS_MEDIA", setting("genesys.media", ""));
    alike.put("GENESYS_REDUNDANCY", String.valueOf(configuration.getRedundancy()));
    alike.put("topicsPerChannel", String.valueOf(configuration.getTopicsPerChannel()));
    alike.put("CARAVAN_TOPIC_PREFIX", setting("caravan.topic.prefix", ""));
    // A version that does not know them has none of either
    if (!setting("caravan.standby", "0").equals("0")) {
      alike.put(Cluster.STANDBY, setting("caravan.standby", "0"));
    }
    Clients clients = component().clients();
    if (clients.areSeveral()) {
      alike.put(
          Cluster.CLIENTS,
          clients.all().stream()
              .map(name -> name + "=" + setting(OauthClients.property(name, "id"), ""))
              .collect(Collectors.joining(",")));
    }
    return alike;
  }

  /** Without the shards for whose readers this instance stands by: others tell how those are. */
  private List<ClientStatus> statuses() {
    List<ClientStatus> all = readers.statuses();
    return shared
        .map(some -> all.stream().map(client -> client.without(some::standsBy)).toList())
        .orElse(all);
  }

  /** What was read before anything is listed: here, or by the instance that listed before. */
  private Set<String> readBefore() {
    return shared.map(any -> preparation.topics()).orElseGet(component().ledger()::missing);
  }

  private Optional<Problem> problem() {
    if (shared.isEmpty()) {
      return preparation.problem();
    }
    boolean nothing = shared.get().cluster().knowsNothing();
    ClusterStatus status = shared.get().cluster().status();
    Optional<Problem> ours = listing.problem(!nothing);
    boolean refused = status.refused().isPresent();
    return refused || nothing && ours.isEmpty()
        ? Optional.of(new Problem(refused ? Health.BROKEN : Health.BLIND, status.problem()))
        : ours;
  }

  private String setting(String name, String otherwise) {
    return context().resolvePropertyPlaceholders("{{" + name + ":" + otherwise + "}}");
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    inFlight = new InFlight(configuration.getMaxInFlight(), clock);
    deadLetters =
        new DeadLetters(
            context(),
            configuration.getDeadLetters(),
            metrics.lettersLost::increment,
            Clock.systemUTC());
    control = threads().newSingleThreadScheduledExecutor(this, "genesys-control");
    readers =
        new ClientReaders(
            context(), component().clients(), control, () -> listing.dealAnew(), Clock.systemUTC());
    String name = getRouteId() == null ? "notifications" : getRouteId();
    place = component().routes().enter(name);
    readers.start(
        (client, refusals) -> new CamelChannelOpener(getEndpoint(), this, clock, client, refusals),
        (client, opener) ->
            new ChannelGroup(
                name,
                configuration.timings(),
                () -> ThreadLocalRandom.current().nextDouble(),
                configuration.getRedundancy(),
                control,
                clock,
                opener,
                this,
                component().of(client).budget(),
                component().of(client).groups()));
    preparation =
        new Preparation(
            configuration,
            new Directory(readers.first().template(), component().clients()),
            readers.readers(place),
            this::signal,
            this::readBefore,
            () -> ThreadLocalRandom.current().nextDouble(),
            Clock.systemUTC());
    gaps =
        new GapRecorder(
            name,
            component().ledger(),
            clock,
            this::signal,
            this::isOver,
            component().gapsSentAt());
    gaps.started();
    String cluster = setting("caravan.cluster", "");
    boolean alone = cluster.isEmpty() || place.isFirst();
    if (!alone) {
      gaps.wanted(List.of());
    }
    listing =
        new PreparationLoop(
            context(),
            preparation,
            gaps,
            control,
            readers::background,
            clock,
            () -> alone ? setting(SettingsSource.MISTAKE, "") : NOT_SHARED.formatted(name),
            this::read,
            this::isRunAllowed,
            configuration.getRetryMaximumDelay());
    if (!cluster.isEmpty() && alone) {
      share(cluster);
    }
    reader =
        new GenesysMetrics.Reader(
            inFlight,
            this::statuses,
            readers::statuses,
            readers::rejected,
            preparation::listing,
            () -> shared.map(some -> some.cluster().status().standsBy()).orElse(0));
    metrics.begins(reader);
    HealthCheckRegistry checks = HealthCheckRegistry.get(context());
    healthCheck =
        new NotificationsHealthCheck(
            checks.getCheck(CHECK).isEmpty() ? CHECK : CHECK + "-" + name,
            this::problem,
            reader,
            clock,
            component()::trouble,
            () ->
                Stream.of(
                        component().ledger().trouble(),
                        deadLetters.trouble(),
                        preparation.stale(),
                        gaps.readTwice(),
                        shared.flatMap(SharedReading::incomplete))
                    .flatMap(Optional::stream)
                    .reduce((one, other) -> one + " " + other),
            readers::remarks,
            readers::channels,
            () -> shared.map(SharedReading::cluster).map(Cluster::status));
    checks.register(healthCheck);
    BackgroundHealthCheck loops = BackgroundHealthCheck.of(context());
    if (shared.isEmpty()) {
      listing.start();
    } else {
      shared.get().cluster().start();
      shared.get().cluster().tasks().forEach(loops::watch);
      loops.watch(
          BackgroundTask.every(
              COMMITTED_EVERY, "looking what is committed", control, this::committedUntil));
    }
    readers.decisions().forEach(loops::watch);
    readers.watch().forEach(loops::watch);
    Stream.of(
            BackgroundTask.every(TICK, "telling the state", control, healthCheck::tellChanges)
                .within(LONG_TICK),
            BackgroundTask.every(TICK, "noting what was read", control, this::tick)
                .within(LONG_TICK),
            BackgroundTask.every(
                LOOK_FIRST, LOOK, "counting the channels", control, readers::countChannels))
        .forEach(loops::watch);
  }

  @Override
  protected void doStop() throws Exception {
    try {
      // Built, but never started, if another route could not be
      if (listing != null) {
        stopReading();
      }
    } finally {
      // Also of a route that failed to start
      if (place != null) {
        place.leave();
      }
    }
    super.doStop();
  }

  private void stopReading() throws Exception {
    listing.stop();
    shared.ifPresent(
        some -> {
          component().handOvers().remove(getRouteId());
          context().getManagementStrategy().removeEventNotifier(beforeStop);
          component().hearSettled().remove(settled);
          some.cluster().close();
          threads().shutdownNow(clusterThreads);
          // What was taken over, nobody else has
          threads().shutdownGraceful(releases);
        });
    try {
      readers.stop(this);
    } finally {
      // Also on a thread that was interrupted, such as that of a step that stops its own route:
      // what is not read from now on must be on record
      BackgroundThreads.end(context(), control, "deciding about channels");
      gaps.stopped(context().getStatus().isStarted());
      deadLetters.note(component().ledger());
      deadLetters.close();
      HealthCheckRegistry.get(context()).unregister(healthCheck);
      metrics.ends(reader);
    }
  }

  // ---- what to read

  private void read(Plan plan, boolean whole) {
    if (shared.isPresent()) {
      shared.get().cluster().listed(plan, whole);
    } else {
      if (whole) {
        gaps.wanted(plan.wanted());
      }
      readers.read(plan);
    }
    if (whole) {
      readers.keepRefusals(preparation::wanted);
    }
  }

  private long committedUntil() {
    return inFlight.committedUntil(component()::uncommittedFor);
  }

  private void tick() {
    agreedIds.look(readers.heldBack(AgreedIds.HELD_BACK_MILLIS));
    // First: the time until which all is committed must not pass a loss that is not on record
    long committed = committedUntil();
    deadLetters.note(component().ledger());
    List<Shard> all = readers.shards();
    shared.ifPresent(some -> some.prove(all));
    gaps.tick(forwarded(all, committed), committed, clock.getAsLong());
    if (standby) {
      long until = inFlight.acknowledgedUntil(component().settling().unsettledFor());
      shared.ifPresent(some -> some.acknowledgedUntil(forwarded(all, until), until));
    }
  }

  private List<Shard> forwarded(List<Shard> all, long until) {
    return shared
        .map(some -> all.stream().filter(shard -> some.isForwarded(shard, until)).toList())
        .orElse(all);
  }

  // ---- what comes

  @Override
  public void notification(int shard, Frame.Notification event, byte[] body) {
    if (shared.isPresent()) {
      shared.get().notification(shard, event, body, agreedIds.next(shard, event.id()));
    } else {
      forward(shard, new HeldFrames.Read(event, body, clock.getAsLong(), ids.next()));
    }
  }

  private void forward(int shard, HeldFrames.Read read) {
    Frame.Notification event = read.event();
    int place;
    try {
      place = enter();
    } catch (InterruptedException e) {
      // What is behind the route stands still
      Thread.currentThread().interrupt();
      LOG.warn("A frame that was read is lost: the bridge stopped before it was spooled.");
      return;
    }
    Delivery delivery =
        new Delivery(
            read.body(),
            place,
            letter -> letter.setHeader(GenesysConstants.TOPIC, event.topicName()));
    try {
      metrics.event(event);
      Exchange exchange = createExchange(false);
      Message message = exchange.getIn();
      message.setBody(read.body());
      Consumer<Message> all = headers(shard, read);
      all.accept(message);
      delivery.headers = all;
      getAsyncProcessor().process(exchange, sync -> delivery.done(exchange));
    } catch (RuntimeException | Error e) {
      LOG.debug("An event could not be handed to its route; it becomes a dead letter", e);
      delivery.failed(e, "");
    }
  }

  /** Waits for a place; a step may leave its thread interrupted, though the route goes on. */
  private int enter() throws InterruptedException {
    while (true) {
      try {
        return inFlight.enter();
      } catch (InterruptedException e) {
        if (!isRunAllowed()) {
          throw e;
        }
      }
    }
  }

  private Consumer<Message> headers(int shard, HeldFrames.Read read) {
    String receipt = component().settling().receipt();
    if (!standby || receipt.isEmpty()) {
      return message -> headers.set(message, read.event(), read.ceId());
    }
    byte[] its = forwarded.receipt(shard, read.event().id(), read.at());
    return message -> {
      headers.set(message, read.event(), read.ceId());
      message.setHeader(receipt, its);
    };
  }

  /** One event on its way through the route; its end counts once, however it comes. */
  private final class Delivery {

    private final byte[] body;
    private final int place;
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile Consumer<Message> headers;

    private Delivery(byte[] body, int place, Consumer<Message> headers) {
      this.body = body;
      this.place = place;
      this.headers = headers;
    }

    private void done(Exchange exchange) {
      Optional<Throwable> failure = FailedStep.failure(exchange);
      if (failure.isPresent()) {
        failed(failure.get(), FailedStep.where(exchange, getRouteId()));
      } else if (ended.compareAndSet(false, true)) {
        inFlight.leave(place);
      }
      releaseExchange(exchange, false);
    }

    private void failed(Throwable why, String where) {
      if (!ended.compareAndSet(false, true)) {
        return;
      }
      try {
        metrics.failed.increment();
        // The name only: a message may quote the payload
        String name = Failures.root(why).getClass().getSimpleName();
        deadLetters.send(body, "The event could not be sent: " + name + where, headers);
      } finally {
        inFlight.leave(place);
      }
    }
  }

  @Override
  public void unreadable(int shard, byte[] body, String reason) {
    metrics.unreadable.increment();
    Runnable letter =
        () ->
            deadLetters.send(
                body, "The frame " + reason, its -> headers.setUnreadable(its, ids.next()));
    shared.ifPresentOrElse(some -> some.unreadable(shard, body.length, letter), letter);
  }

  @Override
  public void ignored(Frame.Kind kind) {
    metrics.ignored(kind);
  }

  @Override
  public void pairedOff(int shard) {
    metrics.paired.increment();
  }

  @Override
  public void reading(Replica replica, List<String> topics, long since) {
    gaps.reading(replica, topics, since);
    // What was read before the gap may not be committed yet
    tick();
    agreedIds.reading(replica, topics, since);
    shared.ifPresent(some -> some.reading(replica, since));
  }

  @Override
  public void unsubscribed(Replica replica, List<String> topics, List<String> reads, long since) {
    LOG.warn(
        "{}{} topics are not subscribed on its channel any more, since {} at the earliest: another"
            + " program that uses this OAuth client took them away, or Genesys Cloud dropped them."
            + " They are subscribed again.",
        of(replica),
        topics.size(),
        clock.atTheEarliest(since));
    gaps.unsubscribed(replica, topics, reads, since);
    agreedIds.reading(replica, reads, clock.getAsLong());
  }

  @Override
  public void blind(Replica replica, long since, Cause cause) {
    gaps.blind(replica, since, cause);
    agreedIds.blind(replica);
    shared.ifPresent(some -> some.blind(replica, cause));
  }

  @Override
  public void finished(Replica replica) {
    agreedIds.finished(replica);
    // At a stop the sockets may still hand over what was read; what follows is told at its end
    if (!isStoppingOrStopped()) {
      shared.ifPresentOrElse(some -> some.finished(replica), () -> gaps.finished(replica));
      readers.ended(replica.shard());
    }
  }

  @Override
  public void opened(Replica replica, List<String> topics) {
    // Of several instances another may read them meanwhile, or take over
    if (shared.isEmpty()) {
      gaps.opened(replica, topics);
    }
  }

  @Override
  public Attempts earlier(Replica replica) {
    return gaps.earlier(replica, clock.getAsLong());
  }

  @Override
  public void attempts(Replica replica, Attempts now) {
    gaps.attempts(replica, now);
  }

  @Override
  public void pong(int shard, long millis) {
    metrics.pong(millis);
  }

  @Override
  public void report(Replica replica, ShardReport report) {
    metrics.report(report);
    if (report.kind() == ShardReport.Kind.CONNECTED
        || report.kind() == ShardReport.Kind.HANDED_OVER) {
      component().wellAgain();
    }
    String sentence = of(replica) + report.kind().heading() + report.sentence();
    switch (report.kind()) {
      case CONNECTED, HANDED_OVER -> LOG.info(sentence);
      case DISCONNECTED, RETRYING -> LOG.warn(sentence);
      case BROKEN -> LOG.error(sentence);
    }
    // Nobody is without events because of the channel of one that stands by: that is in the log
    // only
    boolean standsBy = shared.filter(some -> some.standsBy(replica.shard())).isPresent();
    if (report.kind() != ShardReport.Kind.RETRYING && !standsBy) {
      signal(
          Signal.of(report.kind().name())
              .shard(replica.shard())
              .cause(report.cause().label())
              .from(clock.atTheEarliest(report.from()))
              .to(clock.atTheLatest(report.to()))
              .sentence(sentence));
    }
  }

  private void isOver(Gap gap) {
    metrics.gap(gap);
    component().gaps().publish(gap);
  }

  public void signal(Signal signal) {
    component().signals().publish(signal);
  }

  public GenesysMetrics metrics() {
    return metrics;
  }

  private String of(Replica replica) {
    String which =
        configuration.getRedundancy() == 1
            ? ""
            : ", channel " + (replica.number() + 1) + " of " + configuration.getRedundancy();
    return "Shard " + replica.shard() + readers.whose(replica) + which + ". ";
  }
}
