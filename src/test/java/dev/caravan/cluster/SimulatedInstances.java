package dev.caravan.cluster;

import dev.caravan.cluster.ControlRecord.Handed;
import dev.caravan.cluster.ControlRecord.Topics;
import dev.caravan.cluster.ControlRecord.Until;
import dev.caravan.frame.EventId;
import dev.caravan.topic.TopicSharder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Several instances as values, in steps of a quarter of a second: one control topic, a group that
 * deals slots, channels that take half a second to open. Knows at each moment which shards are
 * read, which times the instances have on record as gaps, and which of the events that each shard
 * brings with every step have reached Kafka.
 */
final class SimulatedInstances {

  static final long STEP = 250;
  private static final long OPENS = 500;
  private static final long DRAINS = 5_000;
  private static final long SESSION = 10_000;
  private static final int SLOTS = 60;
  private static final String ODD = "odd";

  /** So long an event is in the spool of whoever forwards it. */
  private static final long SPOOLED = 500;

  private static final long ON_ITS_WAY = 5_000;

  /** A time in which a shard was not read. */
  record Gap(int shard, long from, long to) {}

  final Map<String, Instance> instances = new TreeMap<>();
  final Set<Integer> wanted = new TreeSet<>();
  final List<Gap> told = new ArrayList<>();
  final List<Gap> unread = new ArrayList<>();

  /** How often a channel was opened for each shard besides that of its reader. */
  final Map<Integer, Integer> stoodBy = new TreeMap<>();

  /** What came of each shard, by when; and how often it has reached Kafka. */
  final Map<Integer, Map<Long, Integer>> arrived = new TreeMap<>();

  /** What is on the disk of one that ended while nobody could have stood by for it. */
  final Map<Integer, Set<Long>> excused = new HashMap<>();

  private final boolean standby;

  /** Of each key those who start hear the last record only. */
  private boolean compacts;

  private final List<ControlRecord> topic = new ArrayList<>();

  /** When each of those came. */
  private final List<Long> cameAt = new ArrayList<>();

  /** What is to come by when, in the order of each writer and partition. */
  private final List<Late> late = new ArrayList<>();

  private record Late(ControlRecord record, long due) {}

  /** Of a hundred records so many are lost, and each takes so long at most. */
  int lostOfHundred;

  long lateMillis;

  /** Partitions of the control topic that take nothing. */
  final Set<Integer> leaderless = new HashSet<>();

  private final Random fate;

  /** What was told before is not in the topic any more. */
  private int lostBefore;

  private final Map<Integer, String> slots = new HashMap<>();
  private final Map<String, Long> died = new HashMap<>();
  private final Map<Integer, Long> readUntil = new HashMap<>();
  private final Map<Integer, Set<Long>> sent = new TreeMap<>();
  private final List<EventId> acknowledged = new ArrayList<>();
  private int started;
  long now = 1_000_000;

  SimulatedInstances() {
    this(false);
  }

  SimulatedInstances(boolean standby) {
    this(standby, new Random(0));
  }

  /**
   * @param fate of records
   */
  SimulatedInstances(boolean standby, Random fate) {
    this.standby = standby;
    this.fate = fate;
  }

  /** One instance. */
  final class Instance {
    final String name = "i" + started++;
    ClusterState state = ClusterState.initial(name, Map.of(), standby, 1);
    boolean cutOff;
    boolean frozen;

    /** Nothing that it writes arrives, though it hears the others and is a member of the group. */
    boolean mute;

    /** It hears nothing, though what it writes arrives and it is a member of the group. */
    boolean deaf;

    /** Nothing is decided, though it is a member of the group. */
    boolean hung;

    boolean reaches = true;

    /** So much later it hears what is told. */
    long lag;

    /** Whether no channel of it comes up that does not read yet. */
    boolean opensNothing;

    /** Whether the OAuth client that reads the odd shards cannot log in here. */
    boolean refused;

    boolean member = true;
    private long heartbeat = now;
    private boolean given = true;
    private Set<Integer> assigned = Set.of();
    private List<ControlRecord> past = List.copyOf(past());
    private int heard = topic.size();
    private long ticked = now;
    boolean leads;
    private long listed;
    private long unreachedSince;
    private final Map<Integer, Long> opening = new HashMap<>();
    private final Map<Integer, Long> draining = new HashMap<>();
    private final Map<Integer, Long> reading = new HashMap<>();
    private final Map<Integer, Long> lastRead = new HashMap<>();
    private final Map<Integer, Long> blindSince = new HashMap<>();
    private final Set<Integer> standing = new TreeSet<>();
    private final Map<Integer, TreeSet<Long>> held = new HashMap<>();
    private final Map<Integer, TreeSet<Long>> spooled = new HashMap<>();
    private final Map<Integer, Set<Long>> noted = new HashMap<>();
    private int heardAcknowledged;
    private long broughtUntil = now;
    private long diedAt;

    private void take(ClusterEvent event) {
      ClusterMachine.Step step = ClusterMachine.next(state, event, now);
      state = step.state();
      step.actions().forEach(this::carryOut);
    }

    private void write(ControlRecord record) {
      int partition = ControlCodec.partition(record, SLOTS);
      if (cutOff
          || mute
          || leaderless.contains(partition)
          || lostOfHundred > 0 && fate.nextInt(100) < lostOfHundred) {
        return;
      }
      long earliest =
          late.stream()
              .filter(before -> before.record().by().equals(name))
              .filter(before -> ControlCodec.partition(before.record(), SLOTS) == partition)
              .mapToLong(Late::due)
              .max()
              .orElse(now);
      long due = Math.max(earliest, now + (lateMillis == 0 ? 0 : fate.nextLong(lateMillis)));
      if (due > now) {
        late.add(new Late(record, due));
      } else {
        append(record);
      }
    }

    private void carryOut(ClusterAction action) {
      if (action instanceof ClusterAction.Write write) {
        write(write.record());
      } else if (action instanceof ClusterAction.WriteUntil until) {
        if (reads(until.shard())) {
          write(new Until(name, until.shard(), until.epoch(), now));
        }
      } else if (action instanceof ClusterAction.Open open) {
        int shard = open.shard().number();
        opening.put(shard, now + OPENS);
        if (open.lastRead() > 0) {
          lastRead.put(shard, open.lastRead());
        }
      } else if (action instanceof ClusterAction.StandBy standBy) {
        stoodBy.merge(standBy.shard().number(), 1, Integer::sum);
        standing.add(standBy.shard().number());
        opening.put(standBy.shard().number(), now + OPENS);
      } else if (action instanceof ClusterAction.TakeOver takeOver) {
        takeOver(takeOver.shard().number(), takeOver.lastRead());
      } else if (action instanceof ClusterAction.TakePart takePart) {
        standing.remove(takePart.shard());
        held.remove(takePart.shard());
        reading.put(takePart.shard(), now);
      } else if (action instanceof ClusterAction.Rescue rescue) {
        forwardHeld(rescue.shard(), Set.of());
      } else if (action instanceof ClusterAction.Note note) {
        noted.remove(note.shard());
        if (note.on()) {
          noted.put(note.shard(), new TreeSet<>());
        }
      } else if (action instanceof ClusterAction.Release release) {
        Set<Long> others = new TreeSet<>();
        release.forwarded().forEach(one -> others.add(one.id().low()));
        forwardHeld(release.shard(), others);
      } else if (action instanceof ClusterAction.Inherit inherit) {
        tell(inherit.shard(), inherit.lastRead(), reading.getOrDefault(inherit.shard(), now));
      } else if (action instanceof ClusterAction.Close close) {
        close(close.shard());
      } else if (action instanceof ClusterAction.Finish finish) {
        // Nobody wants it any more
        Optional.ofNullable(blindSince.remove(finish.shard()))
            .filter(since -> !standing.contains(finish.shard()))
            .ifPresent(since -> tell(finish.shard(), since, now));
        close(finish.shard());
      } else if (action instanceof ClusterAction.Drain drain) {
        draining.put(drain.shard(), now + DRAINS);
      } else if (action instanceof ClusterAction.HandOver hand) {
        List<Cluster.Forwarded> all =
            noted.getOrDefault(hand.shard(), Set.of()).stream()
                .map(at -> new Cluster.Forwarded(new EventId(hand.shard(), at), 0))
                .toList();
        write(new Handed(name, hand.shard(), hand.epoch(), 0, true, all));
        close(hand.shard());
      } else if (action instanceof ClusterAction.ReadElsewhere elsewhere) {
        boolean besides = reading.containsKey(elsewhere.shard());
        Long since = besides ? null : blindSince.remove(elsewhere.shard());
        if (since != null && elsewhere.lastRead() == 0) {
          tell(elsewhere.shard(), since, now);
        }
      } else if (action instanceof ClusterAction.Join join) {
        member = join.on();
      } else if (action instanceof ClusterAction.Lead lead) {
        leads = lead.on();
        listed = 0;
      }
    }

    private void takeOver(int shard, long until) {
      standing.remove(shard);
      if (until > 0 && opening.containsKey(shard)) {
        lastRead.put(shard, until);
      } else if (until > 0 && reading.getOrDefault(shard, now) > until) {
        tell(shard, until, reading.getOrDefault(shard, now));
      }
      forwardHeld(shard, Set.of());
    }

    /** Forwards what it holds of a shard, but for what another has. */
    private void forwardHeld(int shard, Set<Long> others) {
      for (long at : Optional.ofNullable(held.remove(shard)).orElseGet(TreeSet::new)) {
        if (!others.contains(at)) {
          forward(shard, at);
        }
      }
    }

    private void forward(int shard, long at) {
      spooled.computeIfAbsent(shard, any -> new TreeSet<>()).add(at);
      Optional.ofNullable(noted.get(shard)).ifPresent(its -> its.add(at));
    }

    /** An event of each shard, for whoever reads it; what came while it stood still comes now. */
    private void bring() {
      for (; broughtUntil < now; broughtUntil += STEP) {
        List.copyOf(reading.keySet()).stream()
            .filter(shard -> reads(shard) && wanted.contains(shard))
            .filter(shard -> reading.get(shard) <= broughtUntil + STEP)
            .forEach(shard -> bring(shard, broughtUntil + STEP));
      }
    }

    private void bring(int shard, long at) {
      ClusterState.Stage stage = state.ours(shard).map(ClusterState.Ours::stage).orElse(null);
      boolean holds =
          standing.contains(shard)
              || stage == ClusterState.Stage.HOLDING
              || stage == ClusterState.Stage.CHECKING;
      if (holds) {
        held.computeIfAbsent(shard, any -> new TreeSet<>()).add(at);
      } else if (stage != null) {
        forward(shard, at);
      }
      sent.computeIfAbsent(shard, any -> new TreeSet<>()).add(at);
    }

    /** Kafka takes what has been in the spool for a while, and those who stand by are told. */
    private void settle() {
      if (cutOff) {
        return;
      }
      spooled.forEach(
          (shard, its) -> {
            for (long at : List.copyOf(its.headSet(now - SPOOLED))) {
              its.remove(at);
              arrived.computeIfAbsent(shard, any -> new TreeMap<>()).merge(at, 1, Integer::sum);
              acknowledged.add(new EventId(shard, at));
            }
          });
      while (heardAcknowledged < acknowledged.size()) {
        EventId one = acknowledged.get(heardAcknowledged++);
        if (standing.contains((int) one.high())) {
          Optional.ofNullable(held.get((int) one.high())).ifPresent(it -> it.remove(one.low()));
        }
      }
    }

    /** Whether it stands by, and has done so for long enough to be waited for. */
    private boolean isWarm(int shard) {
      return reads(shard)
          && !cutOff
          && !frozen
          && state
              .standing(shard)
              .filter(it -> it.isWarm(now, Timings.WARM_AFTER_MILLIS))
              .isPresent();
    }

    private void close(int shard) {
      standing.remove(shard);
      held.remove(shard);
      noted.remove(shard);
      opening.remove(shard);
      draining.remove(shard);
      reading.remove(shard);
      lastRead.remove(shard);
    }

    private void blind(int shard) {
      if (blindSince.putIfAbsent(shard, now) == null) {
        take(new ClusterEvent.Blind(shard));
      }
    }

    boolean reads(int shard) {
      return !hung && reading.containsKey(shard) && !blindSince.containsKey(shard);
    }

    boolean forwards(int shard) {
      return reads(shard) && !standing.contains(shard);
    }

    private void step() {
      if (frozen) {
        return;
      } else if (hung) {
        heartbeat = now;
        broughtUntil = now;
        return;
      }
      if (now - ticked > 8_000) {
        take(new ClusterEvent.StoodStill());
      }
      if (!cutOff && !deaf) {
        List<ControlRecord> all = past;
        past = List.of();
        all.forEach(one -> take(new ClusterEvent.Heard(one, false)));
      }
      while (!cutOff && !deaf && heard < topic.size() && cameAt.get(heard) <= now - lag) {
        take(new ClusterEvent.Heard(topic.get(heard++), state.caughtUp()));
      }
      if (!state.caughtUp() && !cutOff && !deaf) {
        take(new ClusterEvent.CaughtUp());
      }
      group();
      genesys();
      bring();
      settle();
      if (now - ticked >= 1_000) {
        ticked = now;
        if (state.caughtUp()) {
          list();
          if (!logins().equals(state.self().logins())) {
            take(new ClusterEvent.LoggedIn(logins()));
          }
          take(new ClusterEvent.Tick(reach(), !cutOff && !mute));
        }
      }
    }

    private void group() {
      if (cutOff) {
        return;
      }
      boolean late = now - heartbeat > SESSION;
      heartbeat = now;
      if (late) {
        take(new ClusterEvent.Lost());
        given = false;
      }
      Set<Integer> mine = new HashSet<>();
      slots.forEach(
          (slot, owner) -> {
            if (owner.equals(name)) {
              mine.add(slot);
            }
          });
      if (!mine.equals(assigned) || !given) {
        assigned = mine;
        given = true;
        take(new ClusterEvent.Assigned(mine));
      }
    }

    private void genesys() {
      if (!reaches) {
        List.copyOf(reading.keySet()).forEach(this::blind);
        opening.replaceAll((shard, at) -> now + OPENS);
        draining.replaceAll((shard, at) -> Math.min(at, now));
      } else {
        blindSince.keySet().stream()
            .filter(shard -> reading.containsKey(shard) && !cannotRead(shard))
            .toList()
            .forEach(this::again);
      }
      reading.keySet().stream()
          .filter(this::cannotRead)
          .forEach(shard -> blindSince.putIfAbsent(shard, now));
      opening.replaceAll((shard, at) -> cannotRead(shard) || opensNothing ? now + OPENS : at);
      draining.replaceAll((shard, at) -> cannotRead(shard) ? Math.min(at, now) : at);
      due(opening).forEach(this::opened);
      due(draining).forEach(shard -> take(new ClusterEvent.Drained(shard)));
    }

    private boolean cannotRead(int shard) {
      return refused && client(shard).equals(ODD);
    }

    private Logins logins() {
      return new Logins(
          Map.of(ODD, !refused),
          state.ours().keySet().stream()
              .filter(shard -> cannotRead(shard) && !reads(shard))
              .collect(Collectors.toSet()));
    }

    private void again(int shard) {
      long since = blindSince.remove(shard);
      reading.put(shard, now);
      if (!standing.contains(shard)) {
        tell(shard, since, now);
      }
      take(new ClusterEvent.Opened(shard));
    }

    private void opened(int shard) {
      reading.put(shard, now);
      Stream.of(
              Optional.ofNullable(lastRead.remove(shard)),
              Optional.ofNullable(blindSince.remove(shard))
                  .filter(since -> !standing.contains(shard)))
          .flatMap(Optional::stream)
          .min(Comparator.naturalOrder())
          .ifPresent(since -> tell(shard, since, now));
      take(new ClusterEvent.Opened(shard));
    }

    private List<Integer> due(Map<Integer, Long> times) {
      List<Integer> due =
          times.entrySet().stream()
              .filter(one -> one.getValue() <= now)
              .map(Map.Entry::getKey)
              .toList();
      due.forEach(times::remove);
      return due;
    }

    private void list() {
      if (leads && reaches && now - listed >= 5_000) {
        listed = now;
        Map<Integer, String> versions = new HashMap<>();
        for (int shard : wanted) {
          versions.put(shard, "v");
          if (state.view().shard(shard).topics().isEmpty()) {
            write(
                new Topics(
                    name,
                    "v",
                    new TopicSharder.Shard(shard, client(shard), List.of("v2." + shard))));
          }
        }
        take(new ClusterEvent.ListedAnew(versions, true));
      }
    }

    private Reach reach() {
      boolean any = !reading.isEmpty() || !opening.isEmpty() || leads;
      if (reaches || !any) {
        unreachedSince = 0;
        return !reading.isEmpty() && reaches ? Reach.YES : Reach.UNKNOWN;
      }
      unreachedSince = unreachedSince == 0 ? now : unreachedSince;
      return now - unreachedSince < 20_000 ? Reach.UNKNOWN : Reach.NO;
    }

    void leave() {
      take(new ClusterEvent.Leaving(true));
      member = false;
    }

    boolean hasLeft() {
      return state.self().leaving()
          && state.ours().isEmpty()
          && standing.isEmpty()
          && spooled.values().stream().allMatch(Set::isEmpty);
    }
  }

  private void append(ControlRecord record) {
    topic.add(record);
    cameAt.add(now);
  }

  private void appendLate() {
    late.stream()
        .filter(one -> one.due() <= now)
        .sorted(Comparator.comparingLong(Late::due))
        .forEach(one -> append(one.record()));
    late.removeIf(one -> one.due() <= now);
  }

  private List<ControlRecord> past() {
    List<ControlRecord> all = topic.subList(lostBefore, topic.size());
    if (!compacts) {
      return all;
    }
    Map<String, ControlRecord> last = new LinkedHashMap<>();
    for (ControlRecord one : all) {
      String key = ControlCodec.key(one);
      last.remove(key);
      if (!(one instanceof ControlRecord.Gone)) {
        last.put(key, one);
      }
    }
    return List.copyOf(last.values());
  }

  /** From now on who starts hears the last record of each key only. */
  void compact() {
    compacts = true;
  }

  /** The topic is empty, for those who start. */
  void loseTopic() {
    lostBefore = topic.size();
  }

  /** A record of an instance that has taken a shard under the epoch of its reader, too late. */
  void lose(String by, int shard, long epoch) {
    append(new ControlRecord.Live(by, shard, epoch, false, 0));
  }

  private static String client(int shard) {
    return shard % 2 == 0 ? "even" : ODD;
  }

  private void tell(int shard, long from, long to) {
    told.add(new Gap(shard, from, to));
  }

  Instance start() {
    Instance instance = new Instance();
    instances.put(instance.name, instance);
    return instance;
  }

  /** With the ledger of one that was killed. */
  Instance start(Instance killed) {
    Instance instance = start();
    killed.reading.keySet().stream()
        .filter(killed::forwards)
        .forEach(shard -> instance.blindSince.put(shard, killed.diedAt));
    return instance;
  }

  /** Times that two gaps of a shard tell. */
  List<Gap> toldTwice() {
    List<Gap> twice = new ArrayList<>();
    for (int one = 0; one < told.size(); one++) {
      for (int other = 0; other < one; other++) {
        Gap a = told.get(one);
        Gap b = told.get(other);
        if (a.shard() == b.shard() && Math.max(a.from(), b.from()) < Math.min(a.to(), b.to())) {
          twice.add(new Gap(a.shard(), Math.max(a.from(), b.from()), Math.min(a.to(), b.to())));
        }
      }
    }
    return twice;
  }

  /** It is not there any more, and its ledger does not come back unless another has that. */
  void kill(Instance instance) {
    instances.remove(instance.name);
    instance.diedAt = now;
    if (!instance.state.self().leaving()) {
      died.put(instance.name, now);
    }
    instance.spooled.forEach(
        (shard, its) -> {
          if (instances.values().stream().noneMatch(other -> other.isWarm(shard))) {
            excused.computeIfAbsent(shard, any -> new TreeSet<>()).addAll(its);
          }
        });
    // The one for which it stood by may have ended, too
    instance.held.forEach(
        (shard, its) -> excused.computeIfAbsent(shard, any -> new TreeSet<>()).addAll(its));
  }

  /** Events that somebody read and that are not in Kafka. */
  List<EventId> missing() {
    List<EventId> missing = new ArrayList<>();
    sent.forEach(
        (shard, times) ->
            times.stream()
                .filter(at -> at < now - ON_ITS_WAY)
                .filter(at -> !arrived.getOrDefault(shard, Map.of()).containsKey(at))
                .forEach(at -> missing.add(new EventId(shard, at))));
    return missing;
  }

  /** Those of which no gap is told, and that were not on the disk of one that has ended. */
  List<String> lost() {
    return missing().stream()
        .filter(one -> !excused.getOrDefault((int) one.high(), Set.of()).contains(one.low()))
        .filter(one -> told.stream().noneMatch(gap -> isIn(one, gap)))
        .map(one -> one.high() + " at " + one.low())
        .toList();
  }

  private static boolean isIn(EventId one, Gap gap) {
    return gap.shard() == one.high()
        && gap.from() - 1_000 <= one.low()
        && one.low() <= gap.to() + STEP;
  }

  /** How often one came that had come before. */
  int repeated() {
    return arrived.values().stream()
        .flatMap(its -> its.values().stream())
        .mapToInt(often -> often - 1)
        .sum();
  }

  void pass(long millis) {
    for (long end = now + millis; now < end; now += STEP) {
      deal();
      appendLate();
      List.copyOf(instances.values()).forEach(Instance::step);
      for (Instance instance : List.copyOf(instances.values())) {
        if (instance.hasLeft()) {
          instance.write(new ControlRecord.Gone(instance.name));
          kill(instance);
        }
      }
      look();
    }
  }

  /** As the group does: who is there keeps what it has, as far as that is not too much. */
  private void deal() {
    List<String> members =
        instances.values().stream()
            .filter(it -> it.member && it.state.caughtUp() && now - it.heartbeat <= SESSION)
            .map(it -> it.name)
            .sorted()
            .toList();
    // It finds out with the end of the session
    died.values().removeIf(at -> now - at > SESSION);
    slots.values().removeIf(owner -> !members.contains(owner) && !died.containsKey(owner));
    if (members.isEmpty()) {
      return;
    }
    Map<String, Integer> loads = new TreeMap<>();
    members.forEach(member -> loads.put(member, 0));
    slots.values().forEach(owner -> loads.merge(owner, 1, Integer::sum));
    for (int slot = 0; slot < SLOTS; slot++) {
      String least = members.stream().min(Comparator.comparing(loads::get)).orElseThrow();
      String owner = slots.get(slot);
      if (owner == null || !died.containsKey(owner) && loads.get(owner) - loads.get(least) > 1) {
        slots.put(slot, least);
        loads.merge(least, 1, Integer::sum);
        loads.computeIfPresent(String.valueOf(owner), (it, before) -> before - 1);
      }
    }
  }

  private void look() {
    for (int shard : wanted) {
      boolean read = instances.values().stream().anyMatch(it -> it.reads(shard));
      Long until = readUntil.get(shard);
      if (read) {
        if (until != null && now - until > STEP) {
          unread.add(new Gap(shard, until, now));
        }
        readUntil.put(shard, now);
      }
    }
    readUntil.keySet().retainAll(wanted);
  }

  /** Times in which a shard was not read and that no gap tells. */
  List<Gap> untold() {
    return unread.stream().filter(gap -> !isTold(gap)).toList();
  }

  private boolean isTold(Gap gap) {
    for (long at = gap.from() + STEP; at < gap.to(); at += STEP) {
      long then = at;
      if (told.stream()
          .noneMatch(it -> it.shard() == gap.shard() && it.from() <= then && then <= it.to())) {
        return false;
      }
    }
    return true;
  }

  /** Shards that are not read, and of which no instance says so. */
  Set<Integer> hidden() {
    Set<Integer> all = new TreeSet<>(wanted);
    all.removeIf(
        shard ->
            instances.values().stream()
                .anyMatch(it -> it.reads(shard) || it.state.ours(shard).isPresent()));
    return all;
  }

  /** The shards for whose readers another stands by. */
  Set<Integer> standingBy() {
    Set<Integer> all = new TreeSet<>();
    instances.values().forEach(it -> all.addAll(it.standing));
    return all;
  }

  /** Who reads and forwards a shard. */
  List<String> readers(int shard) {
    return instances.values().stream()
        .filter(it -> it.forwards(shard))
        .map(it -> it.name + " " + it.state.ours(shard).map(ClusterState.Ours::stage))
        .toList();
  }
}
