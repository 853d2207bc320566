package dev.caravan.channel;

import dev.caravan.background.BackgroundTask;
import dev.caravan.frame.CopyPairing;
import dev.caravan.frame.Frame;
import dev.caravan.testing.ManualExecutor;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;

/** What a shard is surrounded by: time, an opener that notes its orders, a listener, sockets. */
final class Stage implements ChannelOpener, ShardListener {

  static final String HEARTBEAT =
      "{\"topicName\":\"channel.metadata\",\"eventBody\":{\"message\":\"WebSocket Heartbeat\"}}";
  static final String PONG =
      "{\"topicName\":\"channel.metadata\",\"eventBody\":{\"message\":\"pong\"}}";

  final ManualExecutor control = new ManualExecutor(1_000_000);
  final BackgroundTask decisions = new BackgroundTask("decisions");
  final Timings timings = Timings.defaults();
  final AttemptBudget budget = new AttemptBudget(control::now);
  final List<Order> orders = new ArrayList<>();
  final List<Order> cancelled = new ArrayList<>();
  final List<ChannelLink> droppedTokens = new ArrayList<>();
  final List<String> askedAgain = new ArrayList<>();
  final List<String> askedMore = new ArrayList<>();
  final List<Integer> listings = new ArrayList<>();
  final List<String> events = new ArrayList<>();
  final List<String> unreadable = new ArrayList<>();
  final List<ShardReport> reports = new ArrayList<>();
  final Map<String, Link> links = new HashMap<>();
  final List<Attempts> attempts = new ArrayList<>();
  Attempts earlier = Attempts.NONE;
  final List<String> ledger = new ArrayList<>();
  final List<String> opened = new ArrayList<>();
  final List<Frame.Kind> ignored = new ArrayList<>();
  int pairedOff;
  boolean deaf;
  boolean withoutThreads;

  /** A socket of which only the facts are there. */
  final class Link implements ChannelLink {
    int pings;
    boolean closed;
    boolean wasCut;
    int unreadable;
    long lastFrameAt;
    boolean answers = true;
    long pingedAt;
    long provenUntil;
    long endsAt = Long.MAX_VALUE;

    @Override
    public long endsAt() {
      return endsAt;
    }

    @Override
    public void ping() {
      pings++;
      pingedAt = control.now();
      provenUntil = answers ? pingedAt : provenUntil;
    }

    @Override
    public void prove() {
      ping();
    }

    @Override
    public void close() {
      closed = true;
    }

    @Override
    public void cut() {
      wasCut = true;
    }

    @Override
    public OptionalLong ponged() {
      provenUntil = pingedAt;
      return pings > 0 ? OptionalLong.of(1) : OptionalLong.empty();
    }

    @Override
    public long handedOnUntil() {
      return lastFrameAt;
    }

    @Override
    public Reading reading() {
      if (unreadable > 0) {
        unreadable--;
        throw new NoClassDefFoundError("once");
      }
      return new Reading(lastFrameAt, Math.max(lastFrameAt, 1), false, provenUntil);
    }
  }

  Shard shard() {
    Shard shard =
        new Shard(
            new Replica("receive", 0, 0),
            List.of("v2.users.1.presence"),
            new CopyPairing(),
            new ShardMachine(timings, () -> 0.5),
            control,
            decisions,
            control::now,
            this,
            this,
            (asking, asked) -> asking.grantRotation(asked),
            budget);
    shard.start();
    control.settle();
    return shard;
  }

  ChannelGroup group(int redundancy) {
    return new ChannelGroup(
        "receive",
        timings,
        () -> 0.5,
        redundancy,
        control,
        control::now,
        this,
        this,
        budget,
        ConcurrentHashMap.newKeySet());
  }

  /** Shard and channel, and the replica if it is not the first. */
  private static String key(Order order) {
    Replica replica = order.shard().replica();
    String tail = replica.number() == 0 ? "" : "'".repeat(replica.number());
    return replica.shard() + "/" + order.number() + tail;
  }

  Order order(int index) {
    return orders.get(index);
  }

  /** The first order of a shard. */
  Order firstOf(Shard shard) {
    return orders.stream().filter(order -> order.shard() == shard).findFirst().orElseThrow();
  }

  /** Lets the opener succeed. */
  Link opens(Order order) {
    return opens(order, control.now() + Duration.ofHours(20).toMillis());
  }

  Link opens(Order order, long rotateAt) {
    order.shard().connecting(order.number());
    return opened(order, rotateAt);
  }

  /** Lets the opener succeed after the handshake. */
  Link opened(Order order, long rotateAt) {
    return opened(order, rotateAt, order.topics());
  }

  private Link opened(Order order, long rotateAt, List<String> subscribed) {
    Link link = new Link();
    link.lastFrameAt = control.now();
    links.put(key(order), link);
    order.shard().opened(order.number(), link, subscribed, rotateAt, Cause.CHANNEL_AGE);
    control.settle();
    return link;
  }

  /** Lets the opener succeed with a part of the topics, and the first heartbeat come. */
  Link live(Order order, List<String> subscribed) {
    order.shard().connecting(order.number());
    Link link = opened(order, control.now() + Duration.ofHours(20).toMillis(), subscribed);
    brings(order, HEARTBEAT);
    return link;
  }

  /** Lets the opener succeed and the first heartbeat come. */
  Link live(Order order) {
    Link link = opens(order);
    brings(order, HEARTBEAT);
    return link;
  }

  void brings(Order order, String frame) {
    links.get(key(order)).lastFrameAt = control.now();
    byte[] body = frame.getBytes(StandardCharsets.UTF_8);
    order.shard().frame(order.number(), body, false, () -> {});
    control.settle();
  }

  void ends(Order order, Cause cause) {
    order.shard().closed(order.number(), cause);
    control.settle();
  }

  static String presence(String value) {
    return "{\"topicName\":\"v2.users.11111111-1111-1111-1111-111111111111.presence\",\"version\":\"2\","
        + "\"eventBody\":{\"source\":\""
        + value
        + "\"},\"metadata\":{\"CorrelationId\":\"c\"}}";
  }

  static String system(String topic) {
    return "{\"topicName\":\"v2.system."
        + topic
        + "\",\"version\":\"2\",\"eventBody\":{\"message\":\"bye\"}}";
  }

  void pass(Duration time) {
    control.pass(time);
  }

  List<ShardReport.Kind> kinds() {
    return reports.stream().map(ShardReport::kind).toList();
  }

  @Override
  public void open(Order order) {
    if (withoutThreads) {
      withoutThreads = false;
      throw new OutOfMemoryError("unable to create native thread");
    }
    orders.add(order);
  }

  @Override
  public void cancel(Order order) {
    cancelled.add(order);
  }

  @Override
  public void subscribe(
      Shard shard, int number, ChannelLink link, List<String> subscriptions, boolean again) {
    (again ? askedAgain : askedMore).add(number + " " + String.join(",", subscriptions));
  }

  @Override
  public void listSubscriptions(Shard shard, int number, ChannelLink link) {
    listings.add(number);
  }

  @Override
  public void dropToken(ChannelLink link) {
    droppedTokens.add(link);
  }

  @Override
  public void notification(int shard, Frame.Notification event, byte[] body) {
    events.add(new String(body, StandardCharsets.UTF_8));
  }

  @Override
  public void unreadable(int shard, byte[] body, String reason) {
    unreadable.add(reason);
  }

  @Override
  public void opened(Replica replica, List<String> topics) {
    opened.add(String.join(",", topics));
  }

  @Override
  public void reading(Replica replica, List<String> topics, long since) {
    ledger.add("reading " + String.join(",", topics));
  }

  @Override
  public void unsubscribed(Replica replica, List<String> topics, List<String> reads, long since) {
    ledger.add(
        "unsubscribed %s, reads %s, since %d"
            .formatted(String.join(",", topics), String.join(",", reads), since));
  }

  @Override
  public void blind(Replica replica, long since, Cause cause) {
    ledger.add("blind " + cause.label());
  }

  @Override
  public void finished(Replica replica) {
    ledger.add("finished");
  }

  @Override
  public Attempts earlier(Replica replica) {
    return earlier;
  }

  @Override
  public void attempts(Replica replica, Attempts now) {
    attempts.add(now);
  }

  @Override
  public void pong(int shard, long millis) {
    ledger.add("pong");
  }

  @Override
  public void report(Replica replica, ShardReport report) {
    reports.add(report);
    if (deaf) {
      throw new IllegalStateException("The listener fails");
    }
  }

  @Override
  public void ignored(Frame.Kind kind) {
    ignored.add(kind);
  }

  @Override
  public void pairedOff(int shard) {
    pairedOff++;
  }
}
