package dev.caravan.channel;

import dev.caravan.background.BackgroundTask;
import dev.caravan.frame.CopyPairing;
import dev.caravan.topic.TopicSharder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * All shards that a route reads with one OAuth client. It lets one shard at a time hand over, two
 * if it is urgent, so that the 20 channels that Genesys Cloud grants are never exceeded.
 */
public final class ChannelGroup {

  /** Channels that Genesys Cloud grants per OAuth client; one more silently ends another. */
  public static final int MOST_CHANNELS = 20;

  public static final int SPARE_CHANNELS = 2;

  /**
   * About what one shard takes to hand over, with the time for which the old channel is read on.
   */
  public static final Duration HAND_OVER = CopyPairing.LAG.plusSeconds(3);

  /** Whose channel ends by itself before that is about to lose its socket. */
  private static final Duration URGENT = Duration.ofMinutes(2);

  /** A decision writes a few small files; while a disk does not answer, nothing is decided. */
  private static final Duration MOST_DECIDED = Duration.ofSeconds(10);

  private final String reader;
  private final ShardMachine machine;
  private final ScheduledExecutorService control;
  private final LongSupplier clock;
  private final ChannelOpener opener;
  private final ShardListener listener;
  private final AttemptBudget budget;
  private final int redundancy;
  private final Map<Integer, CopyPairing> pairings = new HashMap<>();
  private final BackgroundTask decisions =
      new BackgroundTask("deciding about channels").within(MOST_DECIDED);
  private final Set<ChannelGroup> alike;
  private volatile List<Shard> shards = List.of();
  private volatile BooleanSupplier turn = () -> true;

  /**
   * @param reader who reads, such as the id of a route
   * @param redundancy how many channels read each shard at the same time
   * @param control one thread, on which all decisions are taken
   * @param clock milliseconds that never go backwards
   * @param random uniform in [0, 1), for jitter
   * @param budget shared by all that use the same OAuth client
   * @param alike all those, each with a control thread of its own, until they stop: this one is
   *     added. They use the spare channels together
   */
  public ChannelGroup(
      String reader,
      Timings timings,
      DoubleSupplier random,
      int redundancy,
      ScheduledExecutorService control,
      LongSupplier clock,
      ChannelOpener opener,
      ShardListener listener,
      AttemptBudget budget,
      Set<ChannelGroup> alike) {
    this.reader = reader;
    this.machine = new ShardMachine(timings, random);
    this.redundancy = redundancy;
    this.control = control;
    this.clock = clock;
    this.opener = opener;
    this.listener = listener;
    this.budget = budget;
    this.alike = alike;
    alike.add(this);
  }

  /**
   * Reads these topics from now on. Shards whose list is the same go on untouched; shards that are
   * no longer there stop.
   */
  public synchronized void read(List<TopicSharder.Shard> plan) {
    Map<Replica, Shard> before = new LinkedHashMap<>();
    shards.forEach(shard -> before.put(shard.replica(), shard));
    List<Shard> next = new ArrayList<>();
    for (TopicSharder.Shard planned : plan) {
      CopyPairing pairing = pairings.computeIfAbsent(planned.number(), shard -> new CopyPairing());
      for (int number = 0; number < redundancy; number++) {
        Replica replica = new Replica(reader, planned.number(), number);
        Shard running = before.remove(replica);
        if (running == null) {
          running = start(replica, planned.subscriptions(), pairing);
        } else {
          running.changeTopics(planned.subscriptions());
        }
        next.add(running);
      }
    }
    before.values().forEach(Shard::stop);
    shards = List.copyOf(next);
    pairings.keySet().retainAll(plan.stream().map(TopicSharder.Shard::number).toList());
  }

  private Shard start(Replica replica, List<String> topics, CopyPairing pairing) {
    Shard shard =
        new Shard(
            replica,
            topics,
            pairing,
            machine,
            control,
            decisions,
            clock,
            opener,
            listener,
            this::askRotation,
            budget);
    shard.start();
    return shard;
  }

  /**
   * Has hand-overs that are not urgent begin only while this says so, as others use the same spare
   * channels.
   */
  public void takeTurns(BooleanSupplier ours) {
    turn = ours;
  }

  public synchronized void stop() {
    shards.forEach(Shard::stop);
    alike.remove(this);
  }

  /** What the shards do on the control thread, for health. */
  public BackgroundTask decisions() {
    return decisions;
  }

  public List<ShardStatus> status() {
    Map<Integer, List<ShardStatus>> replicas = new TreeMap<>();
    shards.forEach(
        shard ->
            replicas.computeIfAbsent(shard.number(), n -> new ArrayList<>()).add(shard.status()));
    return replicas.values().stream().map(ShardStatus::together).toList();
  }

  /** How many shards fit if each is read so many times at once. */
  public static int mostShards(int redundancy) {
    return (MOST_CHANNELS - SPARE_CHANNELS) / redundancy;
  }

  public List<Shard> shards() {
    return shards;
  }

  /**
   * On the control thread: the shard asks again until it is its turn. One that is about to lose its
   * socket may use the second spare channel, but never while another replica of it hands over; a
   * predecessor that it waits for is not read for as long as others.
   */
  private void askRotation(Shard asking, ShardAction.AskRotation asked) {
    boolean urgent =
        asked.cause() == Cause.SOCKET_CLOSING
            || asking.endsAt(asked.number()) - URGENT.toMillis() < clock.getAsLong();
    int most = urgent ? SPARE_CHANNELS : 1;
    if (!urgent && !turn.getAsBoolean()) {
      return;
    }
    synchronized (alike) {
      List<Shard> busy =
          alike.stream()
              .flatMap(group -> group.shards.stream())
              .filter(Shard::handingOver)
              .toList();
      if (busy.size() < most && busy.stream().noneMatch(s -> s.number() == asking.number())) {
        asking.grantRotation(asked);
      } else if (urgent) {
        busy.forEach(Shard::makeRoom);
      }
    }
  }
}
