package dev.caravan.genesys.connect;

import dev.caravan.channel.AttemptBudget;
import dev.caravan.channel.Cause;
import dev.caravan.channel.ChannelLink;
import dev.caravan.channel.ChannelOpener;
import dev.caravan.channel.Failure;
import dev.caravan.channel.Failure.Reached;
import dev.caravan.channel.Shard;
import dev.caravan.genesys.GenesysComponent;
import dev.caravan.genesys.GenesysConstants;
import dev.caravan.genesys.GenesysEndpoint;
import dev.caravan.genesys.NotificationsConsumer;
import dev.caravan.socket.ClientSocket;
import dev.caravan.socket.ClientSocketEndpoint;
import dev.caravan.socket.CloseReason;
import dev.caravan.socket.FrameQueue;
import dev.caravan.socket.QueueLimits;
import dev.caravan.socket.SocketListener;
import dev.caravan.socket.SocketOpenException;
import dev.caravan.topic.TopicCombiner;
import dev.caravan.topic.TopicSharder;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.Producer;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.spi.ExecutorServiceManager;
import org.apache.camel.support.DefaultProducer;
import org.apache.camel.support.service.ServiceHelper;
import org.apache.camel.support.service.ServiceSupport;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens channels by sending an exchange to the control routes: what is called, how often and how
 * hard is written there. One exchange is one attempt as far as the shard is concerned.
 */
public final class CamelChannelOpener extends ServiceSupport implements ChannelOpener {

  private static final Logger LOG = LoggerFactory.getLogger(CamelChannelOpener.class);
  private static final String ELSEWHERE =
      "This OAuth client may see none of its topics; another client is asked for them.";

  /** The topics are somebody else's by then. */
  private static final Duration SOON = Duration.ofSeconds(15);

  private static final int MOST_AT_A_TIME = 20;
  private static final List<Class<? extends Exception>> UNREACHED =
      List.of(
          ConnectException.class,
          NoRouteToHostException.class,
          UnknownHostException.class,
          ConnectTimeoutException.class);

  private final GenesysEndpoint endpoint;
  private final NotificationsConsumer consumer;
  private final LongSupplier clock;
  private final Clients clients;
  private final String client;
  private final ClientRefusals refusals;
  private final Map<Integer, FrameQueue> queues = new ConcurrentHashMap<>();
  private final Map<Integer, Rejections> rejected = new ConcurrentHashMap<>();
  private final Map<Integer, Queue<Pending>> pending = new ConcurrentHashMap<>();
  private final Map<Order, Future<?>> underWay = new ConcurrentHashMap<>();
  private ExecutorService executor;

  /** Apart from those that open: a limit on subscribing must not delay a socket that was lost. */
  private ExecutorService subscribers;

  private ProducerTemplate template;
  private OwnChannels channels;

  public CamelChannelOpener(
      GenesysEndpoint endpoint,
      NotificationsConsumer consumer,
      LongSupplier clock,
      String client,
      ClientRefusals refusals) {
    this.clients = endpoint.component().clients();
    this.client = client;
    this.refusals = refusals;
    this.endpoint = endpoint;
    this.consumer = consumer;
    this.clock = clock;
  }

  /** Runs something that may take long and may be interrupted when the consumer stops. */
  public void background(Runnable task) {
    run(executor, task);
  }

  private static void run(ExecutorService executor, Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("Not run: the consumer is stopping");
    }
  }

  public ProducerTemplate template() {
    return template;
  }

  /** {@code genesys:connect}: opens the socket of the channel that an exchange is about. */
  public static Producer producer(Endpoint endpoint) {
    return new DefaultProducer(endpoint) {
      @Override
      public void process(Exchange exchange) throws Exception {
        Attempt attempt = exchange.getProperty(GenesysConstants.ATTEMPT, Attempt.class);
        if (attempt == null) {
          throw new IllegalStateException(
              "genesys:connect works only in a route that a genesys:notifications consumer calls to"
                  + " open a channel.");
        }
        attempt.connect(exchange);
      }
    };
  }

  @Override
  public void open(Order order) {
    try {
      underWay.put(order, executor.submit(() -> attempt(order)));
    } catch (RejectedExecutionException e) {
      LOG.debug("Not opened: the consumer is stopping");
    }
  }

  @Override
  public void cancel(Order order) {
    Future<?> attempt = underWay.remove(order);
    if (attempt != null) {
      attempt.cancel(true);
    }
  }

  @Override
  public void dropToken(ChannelLink link) {
    if (link instanceof SocketLink socket) {
      socket.token().ifPresent(session()::revoked);
    }
  }

  @Override
  public void subscribe(
      Shard shard, int number, ChannelLink link, List<String> subscriptions, boolean again) {
    run(
        subscribers,
        () -> {
          Optional<Rejections> answer = Optional.empty();
          try {
            answer =
                ofChannel(ControlRoute.SUBSCRIBE, shard, link, subscriptions)
                    .map(it -> rejections(shard.number(), subscriptions, it).rejections());
            answer.ifPresent(it -> told(shard.number(), it, singles(subscriptions), again));
          } finally {
            answer.ifPresentOrElse(
                it -> shard.subscribed(number, it.subscribed()), () -> shard.notSubscribed(number));
          }
        });
  }

  private Optional<Exchange> ofChannel(
      ControlRoute route, Shard shard, ChannelLink link, List<String> topics) {
    if (!(link instanceof SocketLink socket) || socket.channel().isEmpty()) {
      return Optional.empty();
    }
    String id = socket.channel().get();
    Exchange answer =
        route.call(
            template,
            clients,
            client,
            request -> {
              request.setProperty(GenesysConstants.CHANNEL, Map.of("id", id));
              // A channel answers only to the token that made it
              socket.token().ifPresent(token -> request.setProperty(GenesysConstants.AS, token));
              request.setProperty(GenesysConstants.TOPICS, ids(topics));
            });
    if (answer.getException() != null) {
      LOG.debug("Shard {}: no answer from {}", shard.number(), route, answer.getException());
      return Optional.empty();
    }
    return Optional.of(answer);
  }

  @Override
  public void listSubscriptions(Shard shard, int number, ChannelLink link) {
    run(
        subscribers,
        () -> {
          Optional<Set<String>> listed = Optional.empty();
          try {
            listed =
                ofChannel(ControlRoute.SUBSCRIPTIONS, shard, link, List.of())
                    .flatMap(answer -> Rejections.permitted(answer.getMessage().getBody()));
          } finally {
            listed.ifPresentOrElse(it -> shard.listed(number, it), () -> shard.notListed(number));
          }
        });
  }

  private void told(int shard, Rejections answer, Set<String> asked, boolean again) {
    rejected.merge(
        shard, answer, (before, now) -> before.only(topic -> !asked.contains(topic)).and(now));
    if (!again) {
      answer.report(shard, consumer.metrics()::rejected, consumer::signal);
    }
    if (!answer.subscribed().isEmpty()) {
      LOG.info(
          "Shard {}. Genesys Cloud brings {} topics {}, on the channel that is open.",
          shard,
          answer.subscribed().size(),
          again ? "now that it had refused" : "more");
    }
  }

  private void attempt(Order order) {
    Optional<Attempt> started = Optional.empty();
    try {
      Attempt attempt = new Attempt(order);
      started = Optional.of(attempt);
      boolean again = order.reuse().isPresent();
      Exchange exchange =
          (again ? ControlRoute.REOPEN : ControlRoute.OPEN)
              .call(
                  template,
                  clients,
                  client,
                  request -> {
                    request.setProperty(GenesysConstants.ATTEMPT, attempt);
                    request.setProperty(GenesysConstants.TOPICS, ids(order.topics()));
                  });
      if (!again) {
        channels.made(channel(exchange), exchange.getProperty(GenesysConstants.TOKEN, Token.class));
      }
      if (exchange.getException() != null) {
        attempt.giveUp();
        // What was made and could not be used is not tried again
        id(exchange).ifPresent(channels::left);
        boolean called = again || exchange.getProperty(GenesysConstants.TOKEN) != null;
        Failure failure = Failures.of(exchange);
        failed(order, called ? failure.reaching(reached(exchange)) : failure.withoutAttempt());
      } else {
        opened(order, attempt, exchange);
      }
    } catch (RuntimeException | Error e) {
      if (isStoppingOrStopped()) {
        LOG.debug("Not opened: the consumer is stopping", e);
      } else {
        LOG.error("Opening a channel failed unexpectedly; it is tried again.", e);
      }
      started.ifPresent(Attempt::giveUp);
      failed(order, Failure.unavailable("Opening a channel failed unexpectedly."));
    } finally {
      underWay.remove(order);
    }
  }

  private static void failed(Order order, Failure why) {
    order.shard().failed(order.number(), why);
  }

  private static Map<?, ?> channel(Exchange exchange) {
    return exchange.getProperty(GenesysConstants.CHANNEL, Map.of(), Map.class);
  }

  private static Optional<String> id(Exchange exchange) {
    return Optional.ofNullable(channel(exchange).get("id"))
        .filter(String.class::isInstance)
        .map(String.class::cast);
  }

  /**
   * No channel was made if Genesys Cloud answered with an error of its own, or was not reached. A
   * gateway that gave up waiting does not know.
   */
  static Reached reached(Exchange exchange) {
    if (exchange.getProperty(GenesysConstants.CHANNEL) != null) {
      return Reached.UNKNOWN;
    }
    Exception failure = exchange.getException();
    CallException call = Failures.causeOf(CallException.class, failure);
    int status = call == null ? 0 : call.status();
    if (status != 0) {
      boolean gateway = status == 502 || status == 504;
      return status >= 400 && !gateway ? Reached.NO_CHANNEL : Reached.UNKNOWN;
    }
    SocketOpenException socket = Failures.causeOf(SocketOpenException.class, failure);
    return socket != null && socket.kind() == SocketOpenException.Kind.UNREACHABLE
            || UNREACHED.stream().anyMatch(type -> Failures.causeOf(type, failure) != null)
        ? Reached.NOBODY
        : Reached.UNKNOWN;
  }

  /** The channels of this bridge, and what is known of others'. */
  public OwnChannels channels() {
    return channels;
  }

  private void opened(Order order, Attempt attempt, Exchange exchange) {
    SocketLink link = attempt.link;
    if (link == null) {
      failed(
          order,
          Failure.refused(
              "The route that opens channels did not come to its step genesys:connect. Restore it in"
                  + " routes/control.camel.yaml."));
      return;
    }
    List<String> subscribed = order.topics();
    if (order.reuse().isPresent()) {
      SocketLink earlier = (SocketLink) order.reuse().get();
      link.made(earlier.token(), earlier.rotation());
    } else {
      Token token = exchange.getProperty(GenesysConstants.TOKEN, Token.class);
      link.made(
          Optional.ofNullable(token),
          Rotation.of(channel(exchange), token, Instant.now(), session().now(), clock.getAsLong()));
      Answered answered = rejections(order.shard().number(), order.topics(), exchange);
      Rejections rejections = answered.rejections();
      rejections.report(order.shard().number(), consumer.metrics()::rejected, consumer::signal);
      rejected.put(order.shard().number(), rejections);
      subscribed = rejections.subscribed();
      if (subscribed.isEmpty()) {
        link.close();
        failed(
            order,
            answered.others()
                ? new Failure(Failure.Kind.UNAVAILABLE, ELSEWHERE, SOON, 1)
                : Failure.refused(rejections.sentence()));
        return;
      }
    }
    order
        .shard()
        .opened(order.number(), link, subscribed, link.rotation().at(), link.rotation().cause());
  }

  /** What was rejected, but for what another client is asked for, and whether there is such. */
  private record Answered(Rejections rejections, boolean others) {}

  private Answered rejections(int shard, List<String> topics, Exchange exchange) {
    List<?> entities = exchange.getProperty(GenesysConstants.SUBSCRIPTIONS, List.class);
    Map<?, ?> refused = exchange.getProperty(GenesysConstants.REFUSED, Map.of(), Map.class);
    Rejections all = Rejections.of(topics, entities, refused);
    Set<String> elsewhere = refusals.learn(shard, client, topics, all);
    if (elsewhere.isEmpty()) {
      return new Answered(all, false);
    }
    pending
        .computeIfAbsent(shard, number -> new ConcurrentLinkedQueue<>())
        .add(new Pending(entities, refused, elsewhere, clock.getAsLong()));
    List<String> rest =
        TopicCombiner.singles(topics).filter(topic -> !elsewhere.contains(topic)).toList();
    return new Answered(Rejections.of(rest, entities, refused), true);
  }

  private record Pending(List<?> entities, Map<?, ?> refused, Set<String> elsewhere, long at) {}

  /**
   * What was dealt anew to this client although it may not see it, since nobody else has room, is
   * told once that is so old. Whether there is more.
   */
  public boolean dealt(List<TopicSharder.Shard> shards, long ageMillis) {
    boolean later = false;
    for (TopicSharder.Shard shard : shards) {
      Queue<Pending> answers = pending.getOrDefault(shard.number(), new ConcurrentLinkedQueue<>());
      for (Pending answer : answers) {
        if (clock.getAsLong() - answer.at() >= ageMillis && answers.remove(answer)) {
          left(shard.number(), answer, singles(shard.subscriptions()));
        }
      }
      later |= !answers.isEmpty();
    }
    return later;
  }

  /** What is read with this client from now on: of other topics it is not told what they were. */
  public void read(List<TopicSharder.Shard> shards) {
    for (TopicSharder.Shard shard : shards) {
      Set<String> its = singles(shard.subscriptions());
      rejected.computeIfPresent(shard.number(), (number, known) -> known.only(its::contains));
    }
  }

  private static Set<String> singles(List<String> subscriptions) {
    return TopicCombiner.singles(subscriptions).collect(Collectors.toSet());
  }

  private void left(int shard, Pending answer, Set<String> its) {
    List<String> left = answer.elsewhere().stream().filter(its::contains).toList();
    if (!left.isEmpty()) {
      Rejections refused = Rejections.of(left, answer.entities(), answer.refused());
      refused.report(shard, consumer.metrics()::rejected, consumer::signal);
      rejected.merge(shard, refused, Rejections::and);
    }
  }

  public void ended(int shard) {
    rejected.remove(shard);
    pending.remove(shard);
  }

  /** What the present channel of each shard does not bring, although it was asked for. */
  public Map<Integer, Rejections> rejected() {
    return rejected;
  }

  private static List<Map<String, String>> ids(List<String> topics) {
    return topics.stream().map(topic -> Map.of("id", topic)).toList();
  }

  public Set<Integer> heldBack(long millis) {
    long since = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(millis);
    return queues.entrySet().stream()
        .filter(its -> its.getValue().oldestNanos().orElse(since) - since < 0)
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  /** None is made by an attempt that goes on while this stops: nobody would end it. */
  private FrameQueue queue(int shard) {
    synchronized (queues) {
      if (isStoppingOrStopped()) {
        throw new RejectedExecutionException("The consumer is stopping");
      }
      return queues.computeIfAbsent(
          shard,
          number -> {
            FrameQueue queue =
                new FrameQueue(context(), "genesys-shard-" + number, QueueLimits.DEFAULT);
            ServiceHelper.startService(queue);
            return queue;
          });
    }
  }

  private SessionBean session() {
    return SessionBean.of(context(), clients, client);
  }

  private CamelContext context() {
    return endpoint.getCamelContext();
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    ExecutorServiceManager threads = context().getExecutorServiceManager();
    executor = threads.newFixedThreadPool(this, "genesys-open", MOST_AT_A_TIME);
    subscribers = threads.newFixedThreadPool(this, "genesys-subscribe", MOST_AT_A_TIME);
    template = context().createProducerTemplate();
    channels =
        new OwnChannels(
            endpoint,
            template,
            endpoint.component().data(),
            clients,
            client,
            endpoint.component().of(client).channels());
    ServiceHelper.startService(channels);
  }

  @Override
  protected void doStop() throws Exception {
    context().getExecutorServiceManager().shutdownNow(subscribers);
    context().getExecutorServiceManager().shutdownNow(executor);
    List<FrameQueue> all;
    synchronized (queues) {
      all = List.copyOf(queues.values());
    }
    // Closes the sockets and hands over what was read
    ServiceHelper.stopService(all);
    queues.clear();
    ServiceHelper.stopService(channels);
    ServiceHelper.stopService(template);
    super.doStop();
  }

  /**
   * One attempt to open a channel, as it travels through the control routes: {@code
   * genesys:connect} asks it to open the socket when the channel is there.
   */
  private final class Attempt {

    private final Order order;
    private final FrameQueue queue;

    private volatile SocketLink link;

    private int handshakes;

    private Attempt(Order order) {
      this.order = order;
      this.queue = queue(order.shard().number());
    }

    void giveUp() {
      if (link != null) {
        link.close();
      }
    }

    /**
     * Opens the socket of the exchange's channel and waits for it. What follows in the route runs
     * on the caller's thread, not on the one that reads frames.
     */
    private void connect(Exchange exchange) throws Exception {
      payForRepetition();
      // The socket of before, if its channel is gone back to
      Optional<SocketLink> earlier = order.reuse().map(SocketLink.class::cast);
      ClientSocketEndpoint server =
          earlier.isPresent() ? earlier.get().endpoint() : server(exchange);
      int channel = order.number();
      order.shard().connecting(channel);
      Optional<String> id = earlier.isPresent() ? earlier.get().channel() : id(exchange);
      Runnable takenOver = () -> id.ifPresent(channels::lost);
      ClientSocket socket =
          server.open(
              queue,
              new SocketListener() {
                @Override
                public void onFrame(byte[] frame, boolean binary) {
                  order.shard().frame(channel, frame, binary, takenOver);
                }

                @Override
                public void onClosed(CloseReason reason) {
                  if (reason.initiator() != CloseReason.Initiator.US
                      || reason.code() != CloseReason.NORMAL) {
                    LOG.info("Socket {}: {}.", channel, reason);
                  }
                  Cause cause = Cause.of(reason);
                  if (cause == Cause.TAKEN_OVER) {
                    takenOver.run();
                  }
                  order.shard().closed(channel, cause);
                }
              });
      try {
        socket.opened().toCompletableFuture().get();
        link =
            new SocketLink(
                socket,
                server,
                queue,
                clock,
                id,
                () -> id.ifPresent(channels::left),
                endpoint.getConfiguration().timings().backlogMost());
      } catch (ExecutionException e) {
        SocketOpenException why = Failures.causeOf(SocketOpenException.class, e);
        throw why == null ? e : Failures.ofSocket(why);
      } catch (InterruptedException | RuntimeException | Error e) {
        socket.close(CloseReason.NORMAL, "");
        throw e;
      }
    }

    /** The first handshake is part of the attempt; each further one is an attempt of its own. */
    private void payForRepetition() {
      if (handshakes++ == 0) {
        return;
      }
      AttemptBudget budget = endpoint.component().of(client).budget();
      long wait = budget.room().again();
      if (wait > 0) {
        throw CallException.unavailable(
            "All attempts of this minute have been made.", 0, Duration.ofMillis(wait));
      }
      budget.charge(false);
    }

    private ClientSocketEndpoint server(Exchange exchange) throws Exception {
      if (!(channel(exchange).get("connectUri") instanceof String connectUri)) {
        throw CallException.unavailable(
            "Genesys Cloud answered without the address of the socket.");
      }
      try {
        URI address = new URI(connectUri);
        GenesysComponent component = endpoint.component();
        return component.sockets().endpoint(address, component.network().socketOptions(address));
      } catch (URISyntaxException e) {
        // The address is a credential, so it is not quoted
        throw CallException.unavailable(
            "Genesys Cloud answered with an address of the socket that is no URI (%s)."
                .formatted(e.getReason()));
      }
    }
  }
}
