package dev.caravan.genesys;

import dev.caravan.background.BackgroundTask;
import dev.caravan.channel.ChannelGroup;
import dev.caravan.channel.Replica;
import dev.caravan.channel.Shard;
import dev.caravan.channel.ShardStatus;
import dev.caravan.cluster.Cluster;
import dev.caravan.cluster.Logins;
import dev.caravan.genesys.connect.CallException;
import dev.caravan.genesys.connect.CamelChannelOpener;
import dev.caravan.genesys.connect.ClientRefusals;
import dev.caravan.genesys.connect.Clients;
import dev.caravan.genesys.connect.Rejections;
import dev.caravan.genesys.connect.SessionBean;
import dev.caravan.topic.Plan;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.spi.ExecutorServiceManager;
import org.apache.camel.support.service.ServiceHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What reads with each OAuth client: its opener and its group of channels. If there are several,
 * sees who can log in and what each may not see, and has what is known dealt anew when that
 * changes. A client whose login is refused (a wrong secret, one that was disabled) gets nothing to
 * read as long as another can log in. What may pass by itself, such as a login that cannot be
 * reached, is no reason.
 */
final class ClientReaders implements Access.Readers {

  private static final Logger LOG = LoggerFactory.getLogger(ClientReaders.class);

  /** How often it is seen which OAuth clients can log in; a refused login is tried every 5 min. */
  private static final Duration LOGINS = Duration.ofSeconds(2);

  private static final Duration ASK_AGAIN = Duration.ofMinutes(15);

  private static final long DEAL_AFTER_MILLIS = 2_000;

  /** By then whichever instance deals has heard what another was refused, and dealt anew. */
  private static final long DEALT_AFTER_MILLIS = 10_000;

  private static final long SETTLE_AGAIN_MILLIS = 2_000;

  private final CamelContext context;
  private final Clients clients;
  private final ScheduledExecutorService control;
  private final Runnable dealAnew;
  private final ClientRefusals refusals;

  /** The first client's first. */
  private final List<Reader> readers = new ArrayList<>();

  private final AtomicBoolean looking = new AtomicBoolean();
  private final AtomicBoolean dealing = new AtomicBoolean();
  private final AtomicBoolean settling = new AtomicBoolean();

  private record Reader(String client, CamelChannelOpener opener, ChannelGroup group) {}

  /** Empty if this is the only instance. */
  private volatile Optional<Cluster> cluster = Optional.empty();

  /** What is read here; to be asked on the control thread. */
  private volatile Supplier<Plan> here = () -> Plan.NOTHING;

  // Touched by one look at a time
  /** Those that could log in here at the last look. */
  private volatile List<String> couldLogIn;

  /** Those that could log in at any instance then. */
  private volatile List<String> presentBefore = List.of();

  /**
   * @param dealAnew may take as long as a login
   */
  ClientReaders(
      CamelContext context,
      Clients clients,
      ScheduledExecutorService control,
      Runnable dealAnew,
      Clock wall) {
    this.context = context;
    this.clients = clients;
    this.control = control;
    this.dealAnew = dealAnew;
    this.refusals = new ClientRefusals(clients, wall, this::dealSoon);
    this.couldLogIn = clients.all();
  }

  void start(
      BiFunction<String, ClientRefusals, CamelChannelOpener> opener,
      BiFunction<String, CamelChannelOpener, ChannelGroup> group) {
    for (String client : clients.all()) {
      CamelChannelOpener its = opener.apply(client, refusals);
      ServiceHelper.startService(its);
      readers.add(new Reader(client, its, group.apply(client, its)));
    }
  }

  /**
   * Other instances read the organisation, too, which the logins, refusals and shards are a matter
   * of.
   */
  void share(Cluster others, Supplier<Plan> here) {
    this.here = here;
    cluster = Optional.of(others);
    refusals.tell(others::answered);
    readers.forEach(its -> its.group().takeTurns(() -> others.isOurTurn(its.client())));
  }

  List<BackgroundTask> watch() {
    return clients.areSeveral()
        ? List.of(
            BackgroundTask.every(LOGINS, "looking who can log in", control, this::lookForLogins),
            // What was refused for a while may be asked for again, whether or not anything is
            // listed
            BackgroundTask.every(ASK_AGAIN, "asking again for topics", control, this::dealSoon))
        : List.of();
  }

  Preparation.Readers readers(ReadingRoutes.Place place) {
    return new Preparation.Readers(
        clients.all(),
        this::tryLogins,
        this::present,
        refusals::now,
        shard -> cluster.map(it -> it.isRead(shard)).orElseGet(() -> isRead(shard)),
        place);
  }

  private List<String> present() {
    return cluster
        .map(it -> it.present(clients.all(), new Logins(canLogIn(), Set.of())))
        .orElseGet(() -> clients.present(context));
  }

  @Override
  public boolean knows(String client) {
    return clients.all().contains(client);
  }

  void hear(Cluster.Answer answer, Instant at) {
    refusals.hear(answer, at);
  }

  CamelChannelOpener first() {
    return readers.get(0).opener();
  }

  void background(Runnable task) {
    first().background(task);
  }

  void read(Plan plan) {
    readers.forEach(its -> its.group().read(plan.of(its.client())));
    if (clients.areSeveral()) {
      readers.forEach(its -> its.opener().read(plan.of(its.client())));
      if (cluster.isEmpty()) {
        readers.forEach(its -> its.opener().dealt(plan.of(its.client()), 0));
      }
    }
  }

  /** Tells what is left with clients that may not see it, each refusal after it has been dealt. */
  private void settle(Plan here) {
    boolean later = false;
    for (Reader its : readers) {
      later |= its.opener().dealt(here.of(its.client()), DEALT_AFTER_MILLIS);
    }
    if (later) {
      settleIn(SETTLE_AGAIN_MILLIS);
    }
  }

  private void settleIn(long wait) {
    if (cluster.isPresent()) {
      soon(settling, wait, () -> settle(here.get()));
    }
  }

  void keepRefusals(Supplier<Set<String>> wanted) {
    if (clients.areSeveral()) {
      refusals.keep(wanted.get());
    }
  }

  void ended(int shard) {
    readers.forEach(its -> its.opener().ended(shard));
  }

  List<BackgroundTask> decisions() {
    return readers.stream().map(its -> its.group().decisions()).toList();
  }

  /** Sockets first, so that what was read still passes; then the thread that decides. */
  void stop(Object owner) throws InterruptedException, ExecutionException {
    readers.forEach(its -> its.group().stop());
    stopOpeners(owner);
    decisions().forEach(BackgroundTask::stop);
  }

  /** All at once: each empties its client's channels, for which a stop has seconds. */
  private void stopOpeners(Object owner) throws InterruptedException, ExecutionException {
    ExecutorServiceManager threads = context.getExecutorServiceManager();
    ExecutorService stopping =
        threads.newFixedThreadPool(owner, "genesys-stop", clients.all().size());
    try {
      List<Callable<Object>> stops =
          readers.stream().map(its -> Executors.callable(its.opener()::stop)).toList();
      for (Future<Object> stop : stopping.invokeAll(stops)) {
        stop.get();
      }
    } finally {
      threads.shutdownNow(stopping);
    }
  }

  // ---- how they are

  List<Shard> shards() {
    return readers.stream().flatMap(its -> its.group().shards().stream()).toList();
  }

  @Override
  public List<ClientStatus> statuses() {
    Set<Integer> waiting = heldBack(NotificationsHealthCheck.STALLED_MILLIS);
    return readers.stream()
        .map(
            its ->
                new ClientStatus(
                    its.client(),
                    its.group().status().stream()
                        .map(shard -> waiting.contains(shard.number()) ? heldUp(shard) : shard)
                        .toList(),
                    trouble(its.client())))
        .toList();
  }

  /** Behind a frame that the route does not let go of waits also that its socket has ended. */
  private static ShardStatus heldUp(ShardStatus shard) {
    return shard.silentMillis() < NotificationsHealthCheck.STALLED_MILLIS
        ? shard
        : shard.notReadOn(
            "A step of the route has held an event of this shard for %d s; what comes after it is"
                    .formatted(shard.silentMillis() / 1000)
                + " not read, and may be lost, until it goes on.");
  }

  @Override
  public boolean isRead(int shard) {
    return statuses().stream()
        .flatMap(client -> client.shards().stream())
        .anyMatch(status -> status.number() == shard && status.reading());
  }

  Set<Integer> heldBack(long millis) {
    return readers.stream()
        .flatMap(its -> its.opener().heldBack(millis).stream())
        .collect(Collectors.toSet());
  }

  Map<Integer, Rejections> rejected() {
    Map<Integer, Rejections> all = new HashMap<>();
    readers.forEach(its -> all.putAll(its.opener().rejected()));
    return all;
  }

  /** What an operator should know about the clients while all is read; empty if nothing. */
  String remarks() {
    Map<String, List<String>> read = new HashMap<>();
    List<String> remarks = new ArrayList<>();
    for (Reader its : readers) {
      Stream<Rejections> all = its.opener().rejected().values().stream();
      read.put(its.client(), all.flatMap(one -> one.subscribed().stream()).toList());
      warning(its.client(), its.group().shards().size()).ifPresent(remarks::add);
    }
    remarks.add(0, refusals.sentence(read));
    return String.join(" ", remarks).strip();
  }

  /** What an operator should know about the channels of the clients; empty if nothing. */
  String channels() {
    return readers.stream()
        .map(its -> its.opener().channels().budget())
        .filter(sentence -> !sentence.isEmpty())
        .collect(Collectors.joining(" "));
  }

  /** Of several clients the one that reads it, in brackets. */
  String whose(Replica replica) {
    return readers.stream()
        .filter(its -> clients.areSeveral())
        .filter(its -> its.group().shards().stream().anyMatch(it -> it.replica().equals(replica)))
        .map(its -> " (OAuth client " + its.client() + ")")
        .findFirst()
        .orElse("");
  }

  /** Counts the channels of each client; while it reads nothing, the calls are needed for that. */
  void countChannels() {
    readers.stream()
        .filter(its -> its.group().status().stream().anyMatch(ShardStatus::isRead))
        .forEach(its -> its.opener().channels().look());
  }

  // ---- who can log in

  private SessionBean session(String client) {
    return SessionBean.of(context, clients, client);
  }

  /** Has each log in that has no token, and waits for it; nothing if there is only one. */
  private void tryLogins() {
    if (clients.areSeveral()) {
      // If the login is away, it is so for all of them
      for (String client : clients.all()) {
        if (!logIn(client)) {
          return;
        }
      }
    }
  }

  private boolean logIn(String client) {
    try {
      session(client).token();
      return true;
    } catch (CallException e) {
      // Told when it is looked at, if it is a refusal
      LOG.debug("The OAuth client {} has no token", client, e);
      return e.kind() == CallException.Kind.REFUSED;
    }
  }

  /** Why a client cannot log in, as a sentence; empty if it can, or if there is only one. */
  private Optional<String> trouble(String client) {
    return clients.areSeveral() ? session(client).refusal() : Optional.empty();
  }

  private Optional<String> warning(String client, int channels) {
    return session(client)
        .warning(channels)
        .map(it -> clients.areSeveral() ? "OAuth client " + client + ": " + it : it);
  }

  @Override
  public Map<String, Boolean> canLogIn() {
    Map<String, Boolean> known = new HashMap<>();
    if (clients.areSeveral()) {
      for (String client : clients.all()) {
        session(client).canLogIn().ifPresent(it -> known.put(client, it));
      }
    }
    return known;
  }

  /** Looks again, which may take as long as a login; whether others can than at the last look. */
  private boolean areOthersLoggedIn() {
    clients.all().stream().filter(client -> trouble(client).isPresent()).forEach(this::logIn);
    List<String> before = couldLogIn;
    couldLogIn = clients.all().stream().filter(client -> trouble(client).isEmpty()).toList();
    for (String client : clients.all()) {
      boolean was = before.contains(client);
      if (was && !couldLogIn.contains(client)) {
        LOG.error("{} {}", cannot(client, cluster.isPresent()), trouble(client).orElse(""));
      } else if (!was && couldLogIn.contains(client)) {
        LOG.info("The OAuth client {} can log in again.", client);
      }
    }
    return !couldLogIn.equals(before);
  }

  /** That a client cannot log in, and who reads its topics. */
  static String cannot(String client, boolean shared) {
    return "The OAuth client "
        + client
        + (shared
            ? " cannot log in here; its topics are read by an instance at which it can, or with the"
                + " other clients as far as they have room."
            : " cannot log in; the others read its topics as far as they have room.");
  }

  /** Whether a client that cannot log in has lost what it still read. */
  private boolean isLeftWithNobody() {
    List<String> present = present();
    if (cluster.isPresent()) {
      return cluster.get().isLeftWithNobody(present);
    }
    return readers.stream()
        .filter(its -> !present.contains(its.client()))
        .flatMap(its -> its.group().status().stream())
        .anyMatch(status -> !status.reading());
  }

  /** Whether others of the clients can log in, at any of the instances, than at the last look. */
  private boolean areOthersPresent() {
    List<String> before = presentBefore;
    presentBefore = cluster.isPresent() ? present() : before;
    return !presentBefore.equals(before);
  }

  /** On the control thread: a login that is due may take a while. */
  private void lookForLogins() {
    if (looking.compareAndSet(false, true)) {
      background(
          () -> {
            try {
              if (cluster.isPresent() && canLogIn().size() < clients.all().size()) {
                // Whoever deals asks what each instance knows, though it was given nothing yet
                tryLogins();
              }
              if (areOthersLoggedIn() | areOthersPresent() || isLeftWithNobody()) {
                dealAnew.run();
              }
            } finally {
              looking.set(false);
            }
          });
    }
  }

  /** Several shards are answered at about the same time. */
  private void dealSoon() {
    soon(dealing, DEAL_AFTER_MILLIS, () -> background(dealAnew));
    settleIn(DEALT_AFTER_MILLIS);
  }

  /** Once, however often it is asked for until then. */
  private void soon(AtomicBoolean due, long wait, Runnable task) {
    if (due.compareAndSet(false, true)) {
      try {
        control.schedule(
            () -> {
              due.set(false);
              task.run();
            },
            wait,
            TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException e) {
        LOG.debug("Not dealt anew: the consumer is stopping");
      }
    }
  }
}
