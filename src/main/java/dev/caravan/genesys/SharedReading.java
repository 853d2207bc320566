package dev.caravan.genesys;

import dev.caravan.background.SteadyClock;
import dev.caravan.channel.Cause;
import dev.caravan.channel.Replica;
import dev.caravan.channel.Shard;
import dev.caravan.cluster.Cluster;
import dev.caravan.cluster.Logins;
import dev.caravan.cluster.Reach;
import dev.caravan.cluster.ShardReader;
import dev.caravan.frame.Frame;
import dev.caravan.settings.KafkaClients;
import dev.caravan.settings.KafkaProperties;
import dev.caravan.topic.Plan;
import dev.caravan.topic.TopicCombiner;
import dev.caravan.topic.TopicSharder;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * Reads those shards that are this instance's, if several share an organisation: opens, holds,
 * drains and closes them as the {@link Cluster} decides. All but the frames is on the control
 * thread.
 */
final class SharedReading implements ShardReader, GenesysComponent.HandOver {

  /** From the decision to take part in a move until it is carried out. */
  private static final Duration LET_GO_WITHIN = Duration.ofSeconds(1);

  /** A channel that has brought nothing for so long is asked: every other second, then. */
  private static final Duration SILENT = Duration.ofMillis(1_500);

  private static final long LOOK_NANOS = 20_000_000;
  private static final int MOST_LOOKS = 250;

  private final ClientReaders readers;
  private final GapRecorder gaps;
  private final Executor background;
  private final SteadyClock clock;
  private final HeldFrames.Next next;
  private final Runnable pairedOff;
  private final Consumer<Optional<Plan>> leads;
  private final Cluster cluster;
  private final Access access;
  private final Map<Integer, TopicSharder.Shard> ours = new TreeMap<>();
  private final Map<Integer, HeldFrames> frames = new ConcurrentHashMap<>();
  private final ForwardedEvents forwarded;

  private final Set<Integer> standingBy = ConcurrentHashMap.newKeySet();

  // Touched by the control thread only
  private final Set<Replica> reading = new HashSet<>();
  private final Map<Integer, Long> acknowledged = new HashMap<>();

  /** What was to be read of a shard when it was opened for a move: others may have read it. */
  private final Map<Integer, List<String>> takenOver = new HashMap<>();

  private boolean leading;

  /**
   * @param settings in which all instances have to agree: the name of each, and its value
   * @param standby whether each shard is read by a second instance, which forwards nothing
   * @param channels how many channels an instance reads a shard with
   * @param leads begins to find out what is to be read, going on from a plan, or ends to
   */
  SharedReading(
      String name,
      Map<String, String> settings,
      boolean standby,
      int channels,
      ForwardedEvents forwarded,
      ClientReaders readers,
      GapRecorder gaps,
      ScheduledExecutorService control,
      Executor background,
      Executor threads,
      SteadyClock clock,
      HeldFrames.Next next,
      Runnable pairedOff,
      Consumer<Optional<Plan>> leads,
      BooleanSupplier listingFails) {
    this.readers = readers;
    this.forwarded = forwarded;
    this.gaps = gaps;
    this.background = background;
    this.clock = clock;
    this.next = next;
    this.pairedOff = pairedOff;
    this.leads = leads;
    this.cluster =
        new Cluster(
            name,
            SharedReading::client,
            this,
            control,
            threads,
            settings,
            standby,
            channels,
            clock,
            () -> wallClock().toEpochMilli(),
            new SecureRandom());
    this.access = new Access(readers, cluster::canLogInElsewhere, listingFails);
    readers.share(cluster, () -> new Plan(List.copyOf(ours.values())));
  }

  Cluster cluster() {
    return cluster;
  }

  /** Has the other instances take over, and waits a while until what was not read is on its way. */
  @Override
  public void leave() {
    cluster.leave();
    for (int look = 0; look < MOST_LOOKS && !gaps.areAllReported(); look++) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  @Override
  public void stay() {
    cluster.stay();
  }

  void notification(int shard, Frame.Notification event, byte[] body, String ceId) {
    // The control thread is about to look into it
    for (int look = 0; look < MOST_LOOKS && cluster.mayBeReplaced(); look++) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
    HeldFrames held = frames.get(shard);
    if (held != null) {
      held.take(event, body, ceId);
    }
  }

  /** Of a frame that the one for which this instance stands by reads, too, the letter waits. */
  void unreadable(int shard, int bytes, Runnable letter) {
    if (held(shard).filter(held -> held.keeps(bytes, letter)).isEmpty()) {
      letter.run();
    }
  }

  boolean isForwarded(Shard shard, long until) {
    HeldFrames held = frames.get(shard.number());
    return held != null && held.hasForwarded(until);
  }

  @Override
  public void open(TopicSharder.Shard shard, boolean held, Optional<Instant> lastRead) {
    lastRead.ifPresent(until -> gaps.inherited(shard, until));
    if (held) {
      takenOver.put(shard.number(), shard.subscriptions());
      // What is held is lost with this instance, and has a reader: it is not on our record yet
      gaps.standsBy(shard.number());
    }
    frames.put(shard.number(), frames(shard, held));
    change(shard);
  }

  private HeldFrames frames(TopicSharder.Shard shard, boolean held) {
    return new HeldFrames(shard.number(), held, this::isFull, clock, next, pairedOff);
  }

  // ---- standing by

  @Override
  public void standBy(TopicSharder.Shard shard) {
    standingBy.add(shard.number());
    gaps.standsBy(shard.number());
    frames.put(shard.number(), frames(shard, true).standingBy(this::mostBytes));
    change(shard);
  }

  private boolean isFull() {
    return frames.values().stream().mapToLong(HeldFrames::heldBytes).sum() > HeldFrames.mostBytes();
  }

  /** How much may be kept of one of the shards for whose readers this instance stands by. */
  private long mostBytes() {
    return HeldFrames.mostBytes() / Math.max(1, standingBy.size());
  }

  @Override
  public void takeOver(TopicSharder.Shard shard, Optional<Instant> lastRead) {
    HeldFrames its = frames.get(shard.number());
    if (its != null) {
      // What was given up for lack of memory was not read, as far as anybody can tell
      its.unacknowledged()
          .droppedUntil()
          .ifPresent(dropped -> readSince(shard.number(), clock.atTheLatest(dropped)));
      its.takeOver();
    }
    standsByNoMore(shard.number(), lastRead.orElseGet(this::wallClock));
    lastRead.ifPresent(until -> gaps.inherited(shard, until));
    if (its != null) {
      background.execute(its.released(List.of()));
      background.execute(its.unreadable());
    }
  }

  private void readSince(int shard, Instant since) {
    replicas(shard).forEach(replica -> gaps.readSince(replica, since));
  }

  @Override
  public void takePart(int shard) {
    // What this one has read before is let go of: if the other did not read it, it is a gap
    readSince(shard, wallClock().minus(LET_GO_WITHIN));
    standingBy.remove(shard);
    if (ours.containsKey(shard)) {
      takenOver.put(shard, ours.get(shard).subscriptions());
    }
    held(shard).ifPresent(HeldFrames::takePart);
  }

  private Instant wallClock() {
    return clock.atTheLatest(clock.getAsLong());
  }

  private void standsByNoMore(int shard, Instant lastRead) {
    standingBy.remove(shard);
    replicas(shard).forEach(replica -> gaps.takesOver(replica, lastRead));
  }

  @Override
  public void rescue(int shard) {
    List<HeldFrames.Read> all = held(shard).map(HeldFrames::rescue).orElse(List.of());
    background.execute(() -> all.forEach(read -> next.notification(shard, read)));
    held(shard).map(HeldFrames::unreadable).ifPresent(background::execute);
  }

  @Override
  public void acknowledged(int shard, List<Cluster.Forwarded> there, long ageMillis) {
    long now = clock.getAsLong();
    held(shard).ifPresent(held -> held.acknowledged(there, ageMillis, now));
  }

  @Override
  public List<Cluster.Reached> reached() {
    long now = clock.getAsLong();
    Map<Integer, List<Cluster.Forwarded>> all = forwarded.take(now);
    acknowledged.keySet().forEach(shard -> all.putIfAbsent(shard, List.of()));
    List<Cluster.Reached> reached = new ArrayList<>();
    all.forEach(
        (shard, its) -> {
          Long until = acknowledged.get(shard);
          reached.add(new Cluster.Reached(shard, its, until == null ? -1 : now - until));
        });
    // Told once, and anew when more is known
    acknowledged.clear();
    return reached;
  }

  /**
   * To be called every second.
   *
   * @param shards those that are forwarded here
   * @param until until when all that was handed on has reached Kafka, or was left out
   */
  void acknowledgedUntil(List<Shard> shards, long until) {
    acknowledged.clear();
    for (Shard shard : shards) {
      // While a gap of it is not told yet, whoever takes over begins before that
      if (gaps.until(shard.number()).isPresent()) {
        shard
            .handedOnUntil()
            .ifPresent(
                handedOn ->
                    acknowledged.merge(shard.number(), Math.min(handedOn, until), Math::min));
      }
    }
  }

  /**
   * To be called every second. Others begin where a shard was read last if this instance ends;
   * where nothing comes, that would be the last heartbeat.
   */
  void prove(List<Shard> shards) {
    shards.stream()
        .filter(shard -> !standsBy(shard.number()))
        .forEach(shard -> shard.prove(SILENT));
  }

  /** Whether this instance reads the shard besides the one that forwards it. */
  boolean standsBy(int shard) {
    return standingBy.contains(shard);
  }

  /** That something was given up which may not be in Kafka yet, and what to do; empty if not. */
  Optional<String> incomplete() {
    long shards =
        standingBy.stream()
            .flatMap(shard -> held(shard).stream())
            .filter(held -> held.unacknowledged().droppedUntil().isPresent())
            .count();
    String sentence =
        "This instance stands by for others and has no memory left for what they read and Kafka does"
            + " not have yet, of %d %s: the oldest is kept by them alone. Give it more (CARAVAN_HEAP).";
    return shards == 0
        ? Optional.empty()
        : Optional.of(sentence.formatted(shards, shards == 1 ? "shard" : "shards"));
  }

  private Optional<HeldFrames> held(int shard) {
    return Optional.ofNullable(frames.get(shard));
  }

  void reading(Replica replica, long since) {
    reading.add(replica);
    held(replica.shard()).ifPresent(held -> held.unacknowledged().reading(since));
    cluster.opened(replica.shard());
  }

  @Override
  public void inherit(TopicSharder.Shard shard, Instant lastRead) {
    standsByNoMore(shard.number(), lastRead);
    gaps.inherited(withTakenOver(shard), lastRead);
  }

  @Override
  public void unread(TopicSharder.Shard shard, long since, Optional<Instant> lastRead) {
    // What it held since then, and the other has not read, is forwarded from now on, and in memory
    // only
    standsByNoMore(shard.number(), atLeast(lastRead, clock.atTheEarliest(since)));
    gaps.inherited(withTakenOver(shard), atLeast(lastRead, clock.atTheLatest(since)));
    takenOver.remove(shard.number());
  }

  private static Instant atLeast(Optional<Instant> lastRead, Instant moment) {
    return lastRead.filter(moment::isBefore).orElse(moment);
  }

  /**
   * With what it had when it was opened here: a topic that we were refused meanwhile may have been
   * dealt to another shard, and the one before has read it to the end.
   */
  private TopicSharder.Shard withTakenOver(TopicSharder.Shard shard) {
    Set<String> all = new LinkedHashSet<>(shard.subscriptions());
    all.addAll(takenOver.getOrDefault(shard.number(), List.of()));
    return new TopicSharder.Shard(shard.number(), shard.client(), List.copyOf(all));
  }

  void blind(Replica replica, Cause cause) {
    reading.remove(replica);
    if (reading.stream().noneMatch(other -> other.shard() == replica.shard())) {
      held(replica.shard()).ifPresent(held -> held.unacknowledged().blind());
      cluster.blind(replica.shard());
    }
    if (cause == Cause.TAKEN_OVER) {
      cluster.evicted(replica.shard());
    }
  }

  @Override
  public Reach reach() {
    return access.reach(clock.getAsLong());
  }

  @Override
  public Logins logins() {
    return access.logins(ours.values(), clock.getAsLong());
  }

  @Override
  public void answered(Cluster.Answer answer, Instant at) {
    readers.hear(answer, at);
  }

  @Override
  public void change(TopicSharder.Shard shard) {
    TopicSharder.Shard before = ours.put(shard.number(), shard);
    if (before != null && !before.client().equals(shard.client())) {
      // It ended, and its number was used again, before we heard of that
      ours.remove(shard.number());
      takenOver.replace(shard.number(), shard.subscriptions());
      replicas(shard.number()).forEach(gaps::replaced);
      read();
      ours.put(shard.number(), shard);
    }
    read();
  }

  @Override
  public void close(int shard) {
    close(shard, gaps::handedOver);
  }

  @Override
  public void finish(int shard) {
    // What is still wanted of it may not be read yet on another shard
    close(shard, gaps::finished);
  }

  private void close(int shard, Consumer<Replica> end) {
    takenOver.remove(shard);
    if (ours.remove(shard) != null) {
      standingBy.remove(shard);
      Optional.ofNullable(frames.remove(shard)).ifPresent(this::stop);
      replicas(shard)
          .forEach(
              replica -> {
                reading.remove(replica);
                end.accept(replica);
              });
      read();
    }
  }

  private List<Replica> replicas(int shard) {
    return readers.shards().stream()
        .map(Shard::replica)
        .filter(replica -> replica.shard() == shard)
        .toList();
  }

  private void read() {
    readers.read(new Plan(List.copyOf(ours.values())));
  }

  void finished(Replica replica) {
    gaps.handedOver(replica);
  }

  @Override
  public void note(int shard, boolean on) {
    held(shard).ifPresent(held -> held.note(on));
  }

  @Override
  public void hold(int shard) {
    held(shard).ifPresent(HeldFrames::hold);
  }

  @Override
  public void drain(int shard) {
    readers.shards().stream()
        .filter(one -> one.number() == shard)
        .findFirst()
        .ifPresentOrElse(one -> one.drain(() -> drained(shard)), () -> drained(shard));
  }

  /** What is still being released is told to have been forwarded, too. */
  private void drained(int shard) {
    held(shard)
        .ifPresentOrElse(
            held -> held.onceReleased(() -> cluster.drained(shard)), () -> cluster.drained(shard));
  }

  @Override
  public List<Cluster.Forwarded> stopForwarding(int shard) {
    return held(shard).map(this::stop).orElse(List.of());
  }

  private List<Cluster.Forwarded> stop(HeldFrames held) {
    List<Cluster.Forwarded> all = held.stop();
    held.rest().ifPresent(background::execute);
    return all;
  }

  @Override
  public void release(int shard, List<Cluster.Forwarded> forwarded) {
    held(shard).ifPresent(held -> background.execute(held.released(forwarded)));
  }

  @Override
  public void readElsewhere(TopicSharder.Shard shard, Optional<Instant> lastRead) {
    gaps.readElsewhere(shard, lastRead);
  }

  @Override
  public void lead(boolean on, Plan before) {
    leading = on;
    leads.accept(on ? Optional.of(before) : Optional.empty());
  }

  @Override
  public void want(List<String> subscriptions) {
    gaps.wanted(subscriptions);
    if (!leading) {
      // Whoever deals knows also what there is no room for
      readers.keepRefusals(() -> TopicCombiner.singles(subscriptions).collect(Collectors.toSet()));
    }
  }

  @Override
  public OptionalLong until(int shard) {
    return gaps.until(shard).stream().mapToLong(Instant::toEpochMilli).findFirst();
  }

  /** One of Kafka's clients, as the settings say. */
  private static <T> T client(Function<Map<String, Object>, T> making, Map<String, Object> fixed) {
    Config config = ConfigProvider.getConfig();
    Map<String, Object> all = new HashMap<>();
    all.put("client.id", "caravan-cluster");
    all.put("reconnect.backoff.max.ms", 1_000);
    all.put("retry.backoff.max.ms", 1_000);
    all.putAll(KafkaProperties.of(config));
    all.put("bootstrap.servers", config.getValue("kafka.bootstrap.servers", String.class));
    all.putAll(fixed);
    Set<String> known = new HashSet<>(ProducerConfig.configNames());
    known.addAll(ConsumerConfig.configNames());
    return KafkaClients.make(config, KafkaProperties.knownTo(known, all), making);
  }
}
