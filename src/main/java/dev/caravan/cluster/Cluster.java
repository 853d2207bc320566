package dev.caravan.cluster;

import dev.caravan.background.BackgroundTask;
import dev.caravan.cluster.ControlRecord.Acknowledged;
import dev.caravan.cluster.ControlRecord.Answered;
import dev.caravan.cluster.ControlRecord.Topics;
import dev.caravan.cluster.ControlRecord.Until;
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
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
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

  private static final String PREFIX = "caravan.";

  /** The setting in which those have to agree that have several OAuth clients. */
  public static final String CLIENTS = "GENESYS_CLIENTS_<NAME>_ID";

  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration ACKNOWLEDGED_EVERY = Duration.ofMillis(200);

  /**
   * A process that stood still for so long may have been replaced: the group's session lasts 10 s
   * from the last heartbeat, which was up to a second before.
   */
  static final long LEASE_MILLIS = 8_000;

  private static final long TURN_MILLIS = 20_000;

  /** Moves come one after the other, and each takes some seconds. */
  public static final Duration LEAVES_WITHIN = Duration.ofMinutes(2);

  private static final int HASH = 8;

  /** So many identities are told in one record. */
  static final int SENT_A_RECORD = 20_000;

  private static final long LOOK_NANOS = 50_000_000;
  private static final Set<ClusterState.Stage> FORWARDING =
      Set.of(ClusterState.Stage.READING, ClusterState.Stage.OFFERED);

  /** What an instance reads with; all is called on the control thread. */
  public interface Reader {

    /**
     * Opens a shard's channel; {@link Cluster#opened} when it is LIVE.
     *
     * @param held whether nothing is forwarded until {@link #release}
     * @param lastRead until when it was read by others; there is a gap since
     */
    void open(TopicSharder.Shard shard, boolean held, Optional<Instant> lastRead);

    /**
     * Opens a shard's channel to stand by: what is read is kept until it is {@link #acknowledged},
     * and nothing is forwarded. {@link Cluster#opened} whenever it is LIVE, {@link Cluster#blind}
     * when it is not any more.
     */
    void standBy(TopicSharder.Shard shard);

    /**
     * Whoever read a shard for which this instance stands by has ended: forwards what has not been
     * acknowledged, and goes on, be its channel LIVE or still being opened.
     *
     * @param lastRead until when that one has told to have read it; empty if it has not
     */
    void takeOver(TopicSharder.Shard shard, Optional<Instant> lastRead);

    /** As if the shard had just been opened held: what was kept is not ours to forward. */
    void takePart(int shard);

    /** Forwards what has not been acknowledged of a shard for which we stand by, and stands by. */
    void rescue(int shard);

    /**
     * What Kafka has of a shard for which this instance stands by, in the order in which it was
     * acknowledged.
     *
     * @param settledMillis for how long all that was read before is settled; -1 if that is not told
     */
    void acknowledged(int shard, List<Forwarded> forwarded, long settledMillis);

    /** What has reached Kafka since this was asked last. Asked only if all stand by. */
    List<Reached> reached();

    /** Reads other topics on a shard. */
    void change(TopicSharder.Shard shard);

    /**
     * The shard that is read here was read by another until then, which has ended.
     *
     * @param lastRead by the clock of that one
     */
    void inherit(TopicSharder.Shard shard, Instant lastRead);

    /**
     * The shard has been handed over to this instance: what is to be read on it, and is not, is a
     * gap since then.
     *
     * @param since by the clock that never jumps, in milliseconds
     */
    void unread(TopicSharder.Shard shard, long since);

    /** Closes a shard's channel: others read it. */
    void close(int shard);

    /** Closes a shard's channel: the plan does not have it any more. */
    void finish(int shard);

    /** Notes what is forwarded of a shard from now on, or no more. */
    void note(int shard, boolean on);

    /** Holds what is read of a shard until {@link #release}. */
    void hold(int shard);

    /** Reads a shard until nothing more is on its way; then {@link Cluster#drained}. */
    void drain(int shard);

    /** Forwards nothing more of the shard, and tells what was forwarded since it is noted. */
    List<Forwarded> stopForwarding(int shard);

    /** Forwards what is held of a shard, but for what has been forwarded, and goes on. */
    void release(int shard, List<Forwarded> forwarded);

    /**
     * Another instance reads a shard.
     *
     * @param lastRead since when it has on record that it was not read; empty if it has not
     */
    void readElsewhere(TopicSharder.Shard shard, Optional<Instant> lastRead);

    /**
     * Begins or ends to find out what is to be read; {@link Cluster#listed} then.
     *
     * @param before what is read until now
     */
    void lead(boolean on, Plan before);

    /** All that is wanted. */
    void want(List<String> subscriptions);

    /** Until when all that was sent for a shard has been read and kept, in epoch milliseconds. */
    OptionalLong until(int shard);

    /** Whether Genesys Cloud is reached, as far as can be told from what is read here. */
    Reach reach();

    /** Which OAuth clients can log in here. */
    Logins logins();

    /**
     * Another instance has asked for a channel of a shard.
     *
     * @param at when that was, by the clock of that one, or now if that is in the future
     */
    void answered(Answer answer, Instant at);
  }

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

  private final Reader reader;
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
  private volatile ClusterState state;
  private volatile long tickedAt;

  /**
   * Until when all that was read of a shard is settled, by the steady clock, as its reader says.
   */
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
      Reader reader,
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
            PREFIX + name, clients, this::isOfUse, this::heard, this::caughtUp, listening);
    this.handed = new HandedOver(state.me(), topic::write);
    this.group =
        new GroupMember(
            PREFIX + name,
            PREFIX + name,
            clients,
            slots -> submit(new ClusterEvent.Assigned(slots)),
            () -> submit(new ClusterEvent.Lost()),
            membership);
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
    // A clock that is ahead of ours would hide the beginning of a gap
    boolean ahead = told instanceof Until until && until.millis() > wall.getAsLong();
    if (ahead && !fresh) {
      // Nobody can tell when it was written: its writer tells the gap when it is back
      return;
    }
    submit(
        new ClusterEvent.Heard(
            ahead
                ? new Until(
                    told.by(), ((Until) told).shard(), ((Until) told).epoch(), wall.getAsLong())
                : told,
            fresh));
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
    return now - state.view().liveAt().getOrDefault(shard, now)
        >= ClusterMachine.HANDED_WITHIN_MILLIS;
  }

  /**
   * Without contact, or while Kafka's client has no room for it, nothing is kept for later: then
   * what is settled is told when it is back.
   */
  private void tellReached() {
    boolean hasRoom = true;
    for (Reached reached : reader.reached()) {
      long epoch =
          state
              .ours(reached.shard())
              .filter(ours -> FORWARDING.contains(ours.stage()))
              .map(ClusterState.Ours::epoch)
              .orElse(0L);
      List<Forwarded> all = reached.forwarded();
      boolean says = !all.isEmpty() || epoch > 0 && reached.settledMillis() >= 0;
      for (int from = 0;
          state.caughtUp() && says && hasRoom && state.view().contact(clock.getAsLong());
          from += SENT_A_RECORD) {
        int to = Math.min(all.size(), from + SENT_A_RECORD);
        says = to < all.size();
        long began = System.nanoTime();
        topic.write(
            new Acknowledged(
                state.me(),
                reached.shard(),
                epoch,
                epoch > 0 && !says ? reached.settledMillis() : -1,
                all.subList(from, to)));
        hasRoom =
            System.nanoTime() - began < TimeUnit.MILLISECONDS.toNanos(ControlTopic.BLOCKS_MILLIS);
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
    return clock.getAsLong() - tickedAt > LEASE_MILLIS;
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
      if (clock.getAsLong() - topicsWrittenAt > ClusterMachine.WRITE_AGAIN_MILLIS) {
        writeTopics();
        answered.values().forEach(topic::write);
      }
      handed.writeAgain(state.view(), clock.getAsLong());
      Logins logins = reader.logins();
      if (!logins.equals(state.self().logins())) {
        take(new ClusterEvent.LoggedIn(logins));
      }
      take(new ClusterEvent.Tick(reader.reach()));
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
                Optional.ofNullable(state.view().topics().get(topics.shard()))
                    .filter(there -> there.version().equals(topics.version()))
                    .isEmpty())
        .forEach(topic::write);
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
          topic.write(told);
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
            .filter(it -> it.getValue().isWarm(at, ClusterMachine.WARM_AFTER_MILLIS))
            .filter(it -> isCovered(it.getKey(), it.getValue()))
            .count();
    return ClusterStatus.of(now, at, (int) standsBy, topic.refused(), topic.trouble());
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
   * #LEAVES_WITHIN} at most.
   */
  public void leave() {
    if (!state.caughtUp()) {
      return;
    }
    submit(new ClusterEvent.Leave());
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
          hasSuccessors() ? "that took too long" : "there is none");
    }
  }

  /**
   * Takes part again after {@link #leave}: whoever was to end does not. What was decided last need
   * not say yet that it is to.
   */
  public void stay() {
    if (state.caughtUp()) {
      LOG.info("This instance takes part again in reading what is to be read.");
      group.stay();
      submit(new ClusterEvent.Stay());
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
    return view.contact(now)
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
      topic.write(new ControlRecord.Gone(state.me()));
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
    step.actions().forEach(action -> decisions.run(() -> carryOut(action)));
  }

  private void carryOut(ClusterAction action) {
    if (!(action instanceof ClusterAction.Write) && !(action instanceof ClusterAction.WriteUntil)) {
      LOG.debug("{}: {}", state.me(), summary(action));
    }
    if (action instanceof ClusterAction.Write write) {
      topic.write(write.record());
    } else if (action instanceof ClusterAction.WriteUntil until) {
      reader
          .until(until.shard())
          .ifPresent(
              millis -> topic.write(new Until(state.me(), until.shard(), until.epoch(), millis)));
    } else if (action instanceof ClusterAction.Open open) {
      opens(open);
    } else if (action instanceof ClusterAction.Inherit inherit) {
      state
          .view()
          .planned(inherit.shard())
          .ifPresent(
              topics -> reader.inherit(topics.planned(), Instant.ofEpochMilli(inherit.lastRead())));
    } else if (action instanceof ClusterAction.Unread unread) {
      state
          .view()
          .planned(unread.shard())
          .ifPresent(topics -> reader.unread(topics.planned(), unread.since()));
    } else if (action instanceof ClusterAction.StandBy standBy) {
      LOG.info(
          "Shard {} is read here, too, should the instance that forwards it end.",
          standBy.shard().number());
      reader.standBy(standBy.shard());
    } else if (action instanceof ClusterAction.TakeOver takeOver) {
      LOG.warn(
          "The instance that read shard {} has ended. This one takes its place, with what was kept"
              + " here for that.",
          takeOver.shard().number());
      reader.takeOver(takeOver.shard(), instant(takeOver.lastRead()));
    } else if (action instanceof ClusterAction.TakePart takePart) {
      LOG.info("Shard {} is handed over to this instance.", takePart.shard());
      reader.takePart(takePart.shard());
    } else if (action instanceof ClusterAction.Rescue rescue) {
      LOG.warn(
          "Another instance reads shard {}, whose reader had ended. What had not reached Kafka"
              + " before is forwarded here.",
          rescue.shard());
      reader.rescue(rescue.shard());
    } else if (action instanceof ClusterAction.Change change) {
      reader.change(change.shard());
    } else if (action instanceof ClusterAction.Close close) {
      LOG.info("Shard {} is not read here any more.", close.shard());
      reader.close(close.shard());
    } else if (action instanceof ClusterAction.Finish finish) {
      LOG.info("Shard {} is not part of the plan any more.", finish.shard());
      reader.finish(finish.shard());
    } else if (action instanceof ClusterAction.Note note) {
      reader.note(note.shard(), note.on());
    } else if (action instanceof ClusterAction.Hold hold) {
      reader.hold(hold.shard());
    } else if (action instanceof ClusterAction.Drain drain) {
      reader.drain(drain.shard());
    } else if (action instanceof ClusterAction.HandOver hand) {
      handOver(hand);
    } else if (action instanceof ClusterAction.Release release) {
      LOG.info(
          "Shard {} is forwarded here from now on; the instance before has told {} events.",
          release.shard(),
          release.forwarded().size());
      reader.release(release.shard(), release.forwarded());
    } else if (action instanceof ClusterAction.ReadElsewhere elsewhere) {
      state
          .view()
          .planned(elsewhere.shard())
          .ifPresent(
              topics -> reader.readElsewhere(topics.planned(), instant(elsewhere.lastRead())));
    } else if (action instanceof ClusterAction.Join join) {
      LOG.warn(
          join.on()
              ? "This instance takes part again in reading what is to be read."
              : "This instance does not reach Genesys Cloud, and others do: it leaves its shards to"
                  + " them.");
      group.join(join.on());
    } else if (action instanceof ClusterAction.Lead lead) {
      leads(lead.on());
    } else if (action instanceof ClusterAction.Want want) {
      reader.want(want.subscriptions());
    }
  }

  private static String summary(ClusterAction action) {
    String all = action.toString();
    return all.length() < 200 ? all : all.substring(0, 200);
  }

  private static Optional<Instant> instant(long millis) {
    return millis == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
  }

  private void opens(ClusterAction.Open open) {
    Optional<Instant> lastRead = instant(open.lastRead());
    LOG.info(
        "Shard {} is opened here{}.",
        open.shard().number(),
        open.held()
            ? ", while another instance still reads it"
            : lastRead.map(at -> "; it was last read at " + at).orElse(""));
    reader.open(open.shard(), open.held(), lastRead);
  }

  private void handOver(ClusterAction.HandOver hand) {
    List<Forwarded> forwarded = reader.stopForwarding(hand.shard());
    handed.write(hand.shard(), hand.epoch(), forwarded, clock.getAsLong());
    LOG.info(
        "Shard {} is handed over; {} events were forwarded meanwhile.",
        hand.shard(),
        forwarded.size());
    reader.close(hand.shard());
  }

  private void leads(boolean on) {
    LOG.info(
        on
            ? "This instance finds out what is to be read, for all."
            : "Another instance finds out what is to be read.");
    listed = new HashMap<>();
    reader.lead(
        on,
        new Plan(
            state.view().plan().slots().keySet().stream()
                .sorted()
                .flatMap(shard -> state.view().planned(shard).stream())
                .map(Topics::planned)
                .toList()));
  }
}
