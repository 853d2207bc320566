package dev.caravan.channel;

import dev.caravan.topic.TopicSharder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * All shards of one client. It lets one shard at a time hand over, two if it is urgent, so that the
 * 20 channels that Genesys Cloud grants are never exceeded.
 */
public final class ChannelGroup {

  /** Channels that Genesys Cloud grants per OAuth client; one more silently ends another. */
  public static final int MOST_CHANNELS = 20;

  /** Channels kept free for hand-overs. */
  public static final int SPARE_CHANNELS = 2;

  private final ShardMachine machine;
  private final Timings timings;
  private final ScheduledExecutorService control;
  private final LongSupplier clock;
  private final ChannelOpener opener;
  private final ShardListener listener;
  private volatile List<Shard> shards = List.of();

  /**
   * @param control one thread, on which all decisions are taken
   * @param clock milliseconds that never go backwards
   * @param random uniform in [0, 1), for jitter
   */
  public ChannelGroup(
      Timings timings,
      DoubleSupplier random,
      ScheduledExecutorService control,
      LongSupplier clock,
      ChannelOpener opener,
      ShardListener listener) {
    this.machine = new ShardMachine(timings, random);
    this.timings = timings;
    this.control = control;
    this.clock = clock;
    this.opener = opener;
    this.listener = listener;
  }

  /**
   * Reads these topics from now on. Shards whose list is the same go on untouched; shards that are
   * no longer there stop.
   */
  public synchronized void read(List<TopicSharder.Shard> plan) {
    Map<Integer, Shard> before = new TreeMap<>();
    shards.forEach(shard -> before.put(shard.number(), shard));
    List<Shard> next = new ArrayList<>();
    for (TopicSharder.Shard planned : plan) {
      Shard running = before.remove(planned.number());
      if (running == null) {
        running = start(planned);
      } else {
        running.changeTopics(planned.subscriptions());
      }
      next.add(running);
    }
    before.values().forEach(Shard::stop);
    shards = List.copyOf(next);
  }

  private Shard start(TopicSharder.Shard planned) {
    Shard shard =
        new Shard(
            planned.number(),
            planned.subscriptions(),
            machine,
            timings,
            control,
            clock,
            opener,
            listener,
            this::askRotation);
    shard.start();
    return shard;
  }

  /** Closes everything. */
  public synchronized void stop() {
    shards.forEach(Shard::stop);
  }

  /** How the shards are. */
  public List<ShardStatus> status() {
    return shards.stream().map(Shard::status).toList();
  }

  /** The shards, by number. */
  public List<Shard> shards() {
    return shards;
  }

  /**
   * On the control thread: the shard asks again until it is its turn. One that is about to lose its
   * socket may use the second spare channel.
   */
  private void askRotation(Shard asking, ShardAction.AskRotation asked) {
    long most = asked.cause() == Cause.SOCKET_CLOSING ? SPARE_CHANNELS : 1;
    if (shards.stream().filter(Shard::handingOver).count() < most) {
      asking.grantRotation(asked);
    }
  }
}
