package dev.caravan.cluster;

import dev.caravan.background.BackgroundTask;
import dev.caravan.cluster.ControlRecord.Acknowledged;
import dev.caravan.cluster.ControlRecord.Answered;
import dev.caravan.cluster.ControlRecord.Topics;
import dev.caravan.frame.EventId;
import dev.caravan.topic.Plan;
import dev.caravan.topic.TopicSharder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One of several instances that read an organisation together: carries out what {@link
 * ClusterMachine} decides, on the control thread of whoever reads.
 */
public final class Cluster implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Cluster.class);

  /** The setting in which those have to agree that have several OAuth clients. */
  public static final String CLIENTS = "GENESYS_CLIENTS_<NAME>_ID";

  /** The setting by which an instance tells whoever stands by for it what has reached Kafka. */
  public static final String STANDBY = "CARAVAN_STANDBY";

  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration ACKNOWLEDGED_EVERY = Duration.ofMillis(200);

  private static final long TURN_MILLIS = 20_000;

  /** Moves come one after the other, and each takes some seconds. */
  public static final Duration LEAVES_WITHIN = Duration.ofMinutes(2);

  private static final int HASH = 8;

  private static final long LOOK_NANOS = 50_000_000;
  private static final Set<ClusterState.Stage> FORWARDING =
      Set.of(ClusterState.Stage.READING, ClusterState.Stage.OFFERED);

  /**
   * What Genesys Cloud answered to the subscriptions of a channel.
   *
   * @param client the OAuth client
   * @param refused subscriptions that it may not see
   * @param granted topics that it may see: those that it was refused before, and some of each kind
   */
  public record Answer(String client, List<String> refused, List<String> granted) {
    public Answer {
      refused = List.copyOf(refused);
      granted = List.copyOf(granted);
    }
  }

  /**
   * An event that was forwarded.
   *
   * @param ageMillis how long before it was told
   */
  public record Forwarded(EventId id, int ageMillis) {}

  /**
   * What has reached Kafka of a shard.
   *
   * @param settledMillis for how long all that was read before is settled; -1 if that is not known
   */
  public record Reached(int shard, List<Forwarded> forwarded, long settledMillis) {
    public Reached {
      forwarded = List.copyOf(forwarded);
    }
  }

  private final ShardReader reader;
  private final ScheduledExecutorService control;
  private final LongSupplier clock;
  private final LongSupplier wall;
  private final BackgroundTask decisions = new BackgroundTask("deciding what this instance reads");
  private final BackgroundTask membership = new BackgroundTask("being a member of the group");
  private final BackgroundTask listening = new BackgroundTask("reading the control topic");
  private final ControlTopic topic;
  private final GroupMember group;
  private final Executor threads;
  private final HandedOver handed;
  private final ClusterActions actions;
  private volatile ClusterState state;
  private volatile long tickedAt;

  /** Until when all that was read of a shard is settled, by the steady clock. */
  private final Map<Integer, Long> settledUntil = new ConcurrentHashMap<>();

  // Touched by the thread that listens only

  /** What was told before we listened, by who told it: it counts once that one is heard. */
  private final Map<String, Map<Integer, Answered>> toldBefore = new HashMap<>();

  // Touched by the control thread only
  private Map<Integer, Topics> listed = new HashMap<>();
  private long topicsWrittenAt;

  /** What we were answered and have not heard yet, by shard. */
  private final Map<Integer, Answered> answered = new HashMap<>();

  /**
   * @param name of the group and of the control topic, after {@code caravan.}
   * @param control the one thread on which all is decided
   * @param threads two that may be kept for as long as this runs
   * @param settings in which all instances have to agree: the name of each, and its value
   * @param standby whether each shard is read by a second instance, which forwards nothing
   * @param channels how many channels an instance reads a shard with
   * @param clock milliseconds that never jump
   * @param wall what the wall clock shows, in milliseconds
   */
  public Cluster(
      String name,
      Clients clients,
      ShardReader reader,
      ScheduledExecutorService control,
      Executor threads,
      Map<String, String> settings,
      boolean standby,
      int channels,
      LongSupplier clock,
      LongSupplier wall,
      RandomGenerator random) {
    this.reader = reader;
    this.control = control;
    this.threads = threads;
    this.clock = clock;
    this.wall = wall;
    Map<String, String> hashes = new HashMap<>();
    settings.forEach((setting, value) -> hashes.put(setting, hash(setting, value)));
    this.state =
        ClusterState.initial(
            HexFormat.of().toHexDigits(random.nextLong()), hashes, standby, channels);
    this.topic =
        new ControlTopic(
            ControlTopicAdmin.name(name),
            clients,
            this::isOfUse,
            this::heard,
            this::caughtUp,
            listening,
            wall);
    this.handed = new HandedOver(state.me(), topic.writer::write);
    this.group =
        new GroupMember(
            ControlTopicAdmin.name(name),
            clients,
            slots -> submit(new ClusterEvent.Assigned(slots)),
            () -> submit(new ClusterEvent.Lost()),
            membership);
    this.actions =
        new ClusterActions(
            reader, topic.writer::write, group, handed, () -> listed = new HashMap<>(), clock);
  }

  /** Begins to listen; returns at once. */
  public void start() {
    LOG.info("This is instance {}.", state.me());
    tickedAt = clock.getAsLong();
    topic.start(threads);
    BackgroundTask.every(TICK, "telling the other instances", control, this::tick);
    if (state.self().standby()) {
      BackgroundTask.every(
          ACKNOWLEDGED_EVERY, "telling what has reached Kafka", control, this::tellReached);
    }
  }

  /** What runs in the background, for health. */
  public List<BackgroundTask> tasks() {
    return List.of(decisions, membership, listening);
  }

  /** Short: it shows whether two are the same, and nothing else. */
  private static String hash(String setting, String value) {
    return EventId.of(setting, value.getBytes(StandardCharsets.UTF_8)).hex().substring(0, HASH);
  }

  /** What has reached Kafka is told often, and is for those that stand by now. */
  private boolean isOfUse(String key, boolean fresh) {
    OptionalInt shard = ControlCodec.acknowledged(key);
    return shard.isEmpty() || fresh && state.standing(shard.getAsInt()).isPresent();
  }

  private void heard(ControlRecord told, boolean fresh) {
    if (told instanceof Answered some) {
      heard(some, fresh);
      return;
    }
    if (told instanceof ControlRecord.Gone) {
      toldBefore.remove(told.by());
    } else if (fresh) {
      Optional.ofNullable(toldBefore.remove(told.by()))
          .ifPresent(
              all ->
                  all.values().stream()
                      .sorted(Comparator.comparingLong(Answered::millis))
                      .forEach(this::take));
    }
    if (told instanceof Acknowledged acknowledged) {
      // It comes five times a second for each shard, and decides nothing
      execute(() -> heard(acknowledged));
      return;
    }
    submit(new ClusterEvent.Heard(told, fresh));
  }

  /**
   * Of one that has ended nothing is believed that it told before we began: it may be out of date.
   */
  private void heard(Answered told, boolean fresh) {
    toldBefore.values().forEach(its -> its.remove(told.shard()));
    if (fresh) {
      take(told);
    } else {
      toldBefore.computeIfAbsent(told.by(), who -> new HashMap<>()).put(told.shard(), told);
    }
  }

  private void take(Answered told) {
    Instant at = Instant.ofEpochMilli(Math.min(told.millis(), wall.getAsLong()));
    execute(
        () -> {
          if (told.by().equals(state.me())) {
            answered.remove(told.shard(), told);
          } else {
            reader.answered(told.answer(), at);
          }
        });
  }

  private void heard(Acknowledged told) {
    if (state.standing(told.shard()).isPresent() && !told.by().equals(state.me())) {
      // Only whoever reads it now knows of all that was read before
      boolean reads =
          state
              .view()
              .reader(told.shard())
              .filter(live -> live.by().equals(told.by()) && live.epoch() == told.epoch())
              // Before that what it settles may be in the spool of the one that read before
              .filter(live -> isReadForLong(told.shard()))
              .isPresent();
      if (reads && told.settledMillis() >= 0) {
        settledUntil.merge(told.shard(), clock.getAsLong() - told.settledMillis(), Math::max);
      }
      reader.acknowledged(told.shard(), told.forwarded(), reads ? told.settledMillis() : -1);
    }
  }

  private boolean isReadForLong(int shard) {
    long now = clock.getAsLong();
    return state.view().millisSinceLive(shard, now) >= Timings.HANDED_WITHIN_MILLIS;
  }

  /** Without contact nothing is kept for later: then what is settled is told when it is back. */
  private void tellReached() {
    List<Reached> all = reader.reached();
    if (!state.caughtUp() || !state.view().contact(clock.getAsLong())) {
      return;
    }
    for (Reached reached : all) {
      long epoch =
          state
              .ours(reached.shard())
              .filter(ours -> FORWARDING.contains(ours.stage()))
              .map(ClusterState.Ours::epoch)
              .orElse(0L);
      long settled = epoch > 0 ? reached.settledMillis() : -1;
      if (!reached.forwarded().isEmpty() || settled >= 0) {
        List<List<Forwarded>> parts = HandedOver.parts(reached.forwarded());
        for (List<Forwarded> part : parts) {
          boolean last = part == parts.get(parts.size() - 1);
          topic.writer.write(
              new Acknowledged(state.me(), reached.shard(), epoch, last ? settled : -1, part));
        }
      }
    }
  }

  private void caughtUp() {
    submit(new ClusterEvent.CaughtUp());
    group.start(threads);
  }

  /**
   * Whether others may read by now what this one reads, since it stood still; until that has been
   * looked into nothing may be forwarded. Any thread may ask.
   */
  public boolean mayBeReplaced() {
    return clock.getAsLong() - tickedAt > Timings.LEASE_MILLIS;
  }

  /**
   * Whether it is our turn to open a second channel for a shard of an OAuth client: the instances
   * take turns by the wall clock, and none does while a shard of that client moves.
   */
  public boolean isOurTurn(String client) {
    long wallMillis = wall.getAsLong();
    ClusterState now = state;
    long at = clock.getAsLong();
    List<String> there =
        now.view().members().keySet().stream()
            .filter(who -> now.view().alive(who, at))
            .sorted()
            .toList();
    long turn = wallMillis / TURN_MILLIS;
    int moving = now.view().plan().moving();
    boolean moves =
        moving >= 0
            && now.view()
                .planned(moving)
                .filter(topics -> !topics.planned().client().equals(client))
                .isEmpty();
    return !moves
        && !there.isEmpty()
        && there.get((int) (turn % there.size())).equals(now.me())
        // What begins late would last into the turn of the next
        && wallMillis % TURN_MILLIS < TURN_MILLIS / 2;
  }

  private void tick() {
    if (mayBeReplaced()) {
      LOG.warn(
          "This instance stood still for {} s. Nothing is forwarded before it has heard whether"
              + " others read its shards.",
          (clock.getAsLong() - tickedAt) / 1_000);
      take(new ClusterEvent.StoodStill());
    }
    tickedAt = clock.getAsLong();
    if (state.caughtUp()) {
      if (clock.getAsLong() - topicsWrittenAt > Timings.WRITE_AGAIN_MILLIS) {
        writeTopics();
        answered.values().forEach(topic.writer::write);
      }
      handed.writeAgain(state.view(), clock.getAsLong());
      Logins logins = reader.logins();
      if (!logins.equals(state.self().logins())) {
        take(new ClusterEvent.LoggedIn(logins));
      }
      take(new ClusterEvent.Tick(reader.reach(), topic.writer.isTaken()));
    }
  }

  // ---- what whoever reads tells

  /** The organisation has been listed: these shards are to be read, by whichever instance. */
  public void listed(Plan plan, boolean whole) {
    execute(
        () -> {
          Map<Integer, String> versions = new HashMap<>();
          listed = new HashMap<>();
          for (TopicSharder.Shard shard : plan.shards()) {
            String version = version(shard);
            versions.put(shard.number(), version);
            listed.put(shard.number(), new Topics(state.me(), version, shard));
          }
          writeTopics();
          take(new ClusterEvent.ListedAnew(versions, whole));
        });
  }

  private static String version(TopicSharder.Shard shard) {
    String all = String.join("\n", shard.subscriptions());
    return EventId.of(shard.client(), all.getBytes(StandardCharsets.UTF_8)).hex();
  }

  /** Before the plan that names them. */
  private void writeTopics() {
    topicsWrittenAt = clock.getAsLong();
    listed.values().stream()
        .filter(
            topics ->
                state
                    .view()
                    .shard(topics.shard())
                    .topics()
                    .filter(there -> there.version().equals(topics.version()))
                    .isEmpty())
        .forEach(topic.writer::write);
  }

  /** A shard that was to be opened is LIVE. */
  public void opened(int shard) {
    submit(new ClusterEvent.Opened(shard));
  }

  /** A shard that was opened is not read at present. */
  public void blind(int shard) {
    submit(new ClusterEvent.Blind(shard));
  }

  /** A shard that was to be drained brings nothing more. */
  public void drained(int shard) {
    submit(new ClusterEvent.Drained(shard));
  }

  /** The channel of a shard was taken from us, as the OAuth client has too many. */
  public void evicted(int shard) {
    submit(new ClusterEvent.Evicted(shard));
  }

  /** Tells the others what a channel of a shard that was asked for is answered. */
  public void answered(int shard, Answer answer) {
    execute(
        () -> {
          Answered told = new Answered(state.me(), shard, wall.getAsLong(), answer);
          answered.put(shard, told);
          topic.writer.write(told);
        });
  }

  /**
   * Those of some OAuth clients that can log in at an instance that may read; all of them if there
   * is none. Any thread may ask.
   *
   * @param here which can at this one
   */
  public List<String> present(List<String> clients, Logins here) {
    ClusterState now = state;
    long at = clock.getAsLong();
    List<Logins> told =
        Stream.concat(Stream.of(here), now.view().logins(now.me(), at).stream()).toList();
    return Logins.present(clients, told);
  }

  /** Whether another instance that may read says that an OAuth client can log in there. */
  public boolean canLogInElsewhere(String client) {
    ClusterState now = state;
    return now.view().logins(now.me(), clock.getAsLong()).stream()
        .anyMatch(its -> its.can().getOrDefault(client, false));
  }

  /** Whether any instance reads a shard, as far as it has told; any thread may ask. */
  public boolean isRead(int shard) {
    return state.view().isRead(shard, clock.getAsLong());
  }

  /** Whether a shard is not read whose OAuth client is not among these; any thread may ask. */
  public boolean isLeftWithNobody(List<String> present) {
    ControlView view = state.view();
    return view.plan().slots().keySet().stream()
        .flatMap(shard -> view.planned(shard).stream())
        .anyMatch(
            topics -> !present.contains(topics.planned().client()) && !isRead(topics.shard()));
  }

  /** How the instances are; any thread may ask. */
  public ClusterStatus status() {
    ClusterState now = state;
    long at = clock.getAsLong();
    long standsBy =
        now.standing().entrySet().stream()
            .filter(it -> it.getValue().isWarm(at, Timings.WARM_AFTER_MILLIS))
            .filter(it -> isCovered(it.getKey(), it.getValue()))
            .count();
    return ClusterStatus.of(
        now,
        at,
        (int) standsBy,
        topic.admin.refused(),
        topic.writer.trouble(),
        Stream.concat(topic.admin.fragile().stream(), Stream.of(topic.writer.clocks())));
  }

  /** Whether all that its reader read before we did is in Kafka. */
  private boolean isCovered(int shard, ClusterState.Standing standing) {
    Long until = settledUntil.get(shard);
    return until != null && until >= standing.liveSince().orElse(Long.MAX_VALUE);
  }

  /** Whether nothing has told yet what this instance is to read. */
  public boolean knowsNothing() {
    return !state.caughtUp() || state.view().plan().slots().isEmpty();
  }

  /**
   * Has the others take over what this one reads. Waits for that, if there are any, for {@link
   * #LEAVES_WITHIN} at most, and not for long while Kafka does not answer.
   */
  public void leave() {
    if (!state.caughtUp()) {
      return;
    }
    submit(new ClusterEvent.Leaving(true));
    group.leave();
    long end = System.nanoTime() + LEAVES_WITHIN.toNanos();
    while (System.nanoTime() < end && hasSuccessors() && !isAllHandedOver()) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
    ClusterState left = state;
    if (left.ours().isEmpty()) {
      LOG.info("The other instances read all that this one has read.");
    } else {
      LOG.info(
          "{} shards were not taken over by another instance: {}.",
          left.ours().size(),
          !left.view().contact(clock.getAsLong())
              ? "Kafka does not answer"
              : hasSuccessors() ? "that took too long" : "there is none");
    }
  }

  /**
   * Takes part again after {@link #leave}: whoever was to end does not. What was decided last need
   * not say yet that it is to.
   */
  public void stay() {
    if (state.caughtUp()) {
      LOG.info("This instance takes shards again.");
      group.stay();
      submit(new ClusterEvent.Leaving(false));
    }
  }

  private boolean isAllHandedOver() {
    return state.ours().isEmpty()
        && state.standing().values().stream().noneMatch(ClusterState.Standing::isOpen)
        && handed.isAllHeard(state.view());
  }

  private boolean hasSuccessors() {
    ControlView view = state.view();
    long now = clock.getAsLong();
    return now - view.contactAt() < Timings.WAITS_FOR_KAFKA_MILLIS
        && view.members().values().stream()
            .anyMatch(
                member ->
                    !member.by().equals(state.me())
                        && !member.leaving()
                        && view.alive(member.by(), now));
  }

  @Override
  public void close() {
    group.close();
    if (state.caughtUp()) {
      topic.writer.writeLast(new ControlRecord.Gone(state.me()));
    }
    topic.close();
    tasks().forEach(BackgroundTask::stop);
  }

  // ---- the control thread

  private void submit(ClusterEvent event) {
    execute(() -> take(event));
  }

  private void execute(Runnable task) {
    try {
      control.execute(() -> decisions.run(task::run));
    } catch (RejectedExecutionException e) {
      LOG.debug("Nothing is decided any more: the bridge is stopping");
    }
  }

  private void take(ClusterEvent event) {
    ClusterMachine.Step step = ClusterMachine.next(state, event, clock.getAsLong());
    // Whoever waits for all to be handed over must not see the shard gone and nothing written yet
    step.actions().stream()
        .filter(ClusterAction.HandOver.class::isInstance)
        .map(ClusterAction.HandOver.class::cast)
        .forEach(hand -> handed.begin(hand.shard(), hand.epoch(), clock.getAsLong()));
    state = step.state();
    step.actions().forEach(action -> decisions.run(() -> actions.carryOut(action, state)));
  }
}
