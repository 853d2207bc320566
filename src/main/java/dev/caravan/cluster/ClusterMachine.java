package dev.caravan.cluster;

import dev.caravan.cluster.ClusterState.Listed;
import dev.caravan.cluster.ClusterState.Ours;
import dev.caravan.cluster.ClusterState.Stage;
import dev.caravan.cluster.ControlRecord.Handed;
import dev.caravan.cluster.ControlRecord.Live;
import dev.caravan.cluster.ControlRecord.Member;
import dev.caravan.cluster.ControlRecord.Offer;
import dev.caravan.cluster.ControlRecord.Plan;
import dev.caravan.cluster.ControlRecord.Probe;
import dev.caravan.cluster.ControlRecord.Topics;
import dev.caravan.cluster.ControlRecord.Until;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Decides which shards an instance reads: a pure function (state, event, clock) to (state,
 * actions).
 *
 * <p>A shard is opened if it lies in one of our slots and nobody reads it, or if its reader offers
 * it. It is closed only because another instance reads it under a later epoch, or because the plan
 * does not have it any more; never because the group took its slot away.
 */
final class ClusterMachine {

  /** For so long what was forwarded is waited for; then all that is held is forwarded. */
  static final long HANDED_WITHIN_MILLIS = 30_000;

  /** A move that has come to nothing for so long makes room for the next one. */
  static final long MOVES_WITHIN_MILLIS = 60_000;

  /** A record that was not heard for so long is written again. */
  private static final long WRITE_AGAIN_MILLIS = 5_000;

  /** An instance that was not heard for so long is not missed any more. */
  private static final long FORGOTTEN_AFTER_MILLIS = 600_000;

  private ClusterMachine() {}

  /** What follows from an event. */
  record Step(ClusterState state, List<ClusterAction> actions) {}

  static Step next(ClusterState state, ClusterEvent event, long now) {
    Draft draft = new Draft(state, now);
    draft.take(event);
    if (draft.state.caughtUp()) {
      draft.upkeep();
    }
    return new Step(draft.state, List.copyOf(draft.actions));
  }

  private static final class Draft {

    private final long now;
    private final List<ClusterAction> actions = new ArrayList<>();
    private ClusterState state;

    private Draft(ClusterState state, long now) {
      this.state = state;
      this.now = now;
    }

    private void take(ClusterEvent event) {
      if (event instanceof ClusterEvent.Heard heard) {
        hear(heard);
      } else if (event instanceof ClusterEvent.CaughtUp) {
        state = state.withCaughtUp();
        state.view().plan().slots().keySet().forEach(this::readElsewhere);
        want();
        present();
      } else if (event instanceof ClusterEvent.Assigned assigned) {
        state = state.withSlots(assigned.slots());
        present();
      } else if (event instanceof ClusterEvent.ListedAnew listed) {
        state = state.withListed(new Listed(listed.versions(), listed.whole()));
      } else if (event instanceof ClusterEvent.Opened opened) {
        state.ours(opened.shard()).ifPresent(ours -> opened(opened.shard(), ours));
      } else if (event instanceof ClusterEvent.Drained drained) {
        drained(drained.shard());
      } else if (event instanceof ClusterEvent.Leave) {
        state = state.withLeaving();
        present();
      } else if (event instanceof ClusterEvent.StoodStill) {
        state.ours().forEach(this::check);
      } else if (event instanceof ClusterEvent.Tick) {
        present();
        state.ours().forEach(this::tellUntil);
      }
    }

    private void check(int shard, Ours ours) {
      if (ours.stage() == Stage.READING) {
        actions.add(new ClusterAction.Hold(shard));
        become(shard, ours.at(Stage.CHECKING, now));
        write(new Probe(state.me(), shard, now));
      }
    }

    private void probed(Probe probe) {
      state
          .ours(probe.shard())
          .filter(ours -> ours.stage() == Stage.CHECKING && probe.since() == ours.since())
          .filter(ours -> probe.by().equals(state.me()))
          .ifPresent(ours -> release(probe.shard(), ours, List.of()));
    }

    private void present() {
      write(new Member(state.me(), state.slots(), state.leaving()));
    }

    private void tellUntil(int shard, Ours ours) {
      if (ours.stage() == Stage.READING || ours.stage() == Stage.OFFERED) {
        actions.add(new ClusterAction.WriteUntil(shard, ours.epoch()));
      } else if (ours.stage() == Stage.CHECKING) {
        write(new Probe(state.me(), shard, ours.since()));
      }
    }

    private void write(ControlRecord told) {
      actions.add(new ClusterAction.Write(told));
    }

    // ---- what others tell

    private void hear(ClusterEvent.Heard heard) {
      ControlView before = state.view();
      ControlRecord told = heard.told();
      state = state.withView(before.with(told, state.me(), heard.fresh(), now));
      if (told instanceof Handed handed) {
        handed(handed);
      } else if (told instanceof Probe probe) {
        probed(probe);
      }
      if (!state.caughtUp()) {
        return;
      }
      if (told instanceof Live live && state.view().live().get(live.shard()) == live) {
        readElsewhere(live.shard());
      } else if (told instanceof Plan && state.view().plan() == told) {
        want();
      }
    }

    private void readElsewhere(int shard) {
      Optional<Live> live = state.view().reader(shard).filter(it -> !it.by().equals(state.me()));
      if (live.isPresent() && state.ours(shard).isEmpty()) {
        actions.add(new ClusterAction.ReadElsewhere(shard, live.get().knowsUntil()));
      }
    }

    private void want() {
      Plan plan = state.view().plan();
      List<Topics> planned =
          plan.slots().keySet().stream()
              .sorted()
              .flatMap(shard -> state.view().planned(shard).stream())
              .toList();
      if (plan.whole() && !planned.isEmpty() && planned.size() == plan.slots().size()) {
        actions.add(
            new ClusterAction.Want(
                planned.stream()
                    .flatMap(some -> some.planned().subscriptions().stream())
                    .toList()));
      }
    }

    private void handed(Handed handed) {
      state
          .ours(handed.shard())
          .filter(ours -> ours.stage() == Stage.HOLDING && ours.epoch() == handed.epoch())
          .ifPresent(
              ours -> {
                List<Cluster.Forwarded> all = new ArrayList<>(ours.forwarded());
                all.addAll(handed.forwarded());
                if (handed.last()) {
                  release(handed.shard(), ours, all);
                } else {
                  become(
                      handed.shard(),
                      new Ours(ours.stage(), ours.version(), ours.epoch(), ours.since(), all));
                }
              });
    }

    private void release(int shard, Ours ours, List<Cluster.Forwarded> forwarded) {
      actions.add(new ClusterAction.Release(shard, List.copyOf(forwarded)));
      become(shard, ours.at(Stage.READING, now));
    }

    // ---- what our own channels come to

    private void opened(int shard, Ours ours) {
      if (ours.stage() != Stage.OPENING && ours.stage() != Stage.JOINING) {
        return;
      }
      boolean held = ours.stage() == Stage.JOINING;
      long epoch = state.view().reader(shard).map(Live::epoch).orElse(0L) + 1;
      Stage next = held ? Stage.HOLDING : Stage.READING;
      become(shard, new Ours(next, ours.version(), epoch, now, List.of()));
      write(new Live(state.me(), shard, epoch, held, state.view().until().containsKey(shard)));
    }

    private void drained(int shard) {
      Optional<Live> other = state.view().reader(shard);
      if (state.ours(shard).filter(ours -> ours.stage() == Stage.DRAINING).isPresent()
          && other.isPresent()) {
        actions.add(new ClusterAction.HandOver(shard, other.get().epoch()));
        state = state.without(shard);
      }
    }

    private void become(int shard, Ours ours) {
      state = state.with(shard, ours);
    }

    // ---- what follows from all of it

    private void upkeep() {
      lead();
      TreeSet<Integer> shards = new TreeSet<>(state.view().plan().slots().keySet());
      shards.addAll(state.ours().keySet());
      for (int shard : shards) {
        Optional<Ours> ours = state.ours(shard);
        if (ours.isEmpty()) {
          consider(shard);
        } else {
          keep(shard, ours.get());
        }
      }
    }

    /** Whether to open a shard that we do not read. */
    private void consider(int shard) {
      Optional<Topics> topics = state.view().planned(shard);
      if (!state.owns(shard) || topics.isEmpty()) {
        return;
      }
      Optional<Live> reader = state.view().reader(shard);
      boolean read =
          reader.filter(live -> state.view().alive(live.by(), now)).isPresent()
              && !reader.get().by().equals(state.me());
      if (!read) {
        Until until = state.view().until().get(shard);
        begin(shard, topics.get(), Stage.OPENING, until == null ? 0 : until.millis());
      } else if (isOffered(shard, reader.get()) && state.view().plan().moving() == shard) {
        begin(shard, topics.get(), Stage.JOINING, 0);
      }
    }

    private boolean isOffered(int shard, Live reader) {
      Offer offer = state.view().offers().get(shard);
      return offer != null && offer.by().equals(reader.by()) && offer.epoch() == reader.epoch();
    }

    private void begin(int shard, Topics topics, Stage stage, long lastRead) {
      become(shard, new Ours(stage, topics.version(), 0, now, List.of()));
      actions.add(new ClusterAction.Open(topics.planned(), stage == Stage.JOINING, lastRead));
    }

    /** Whether to go on with a shard as we do. */
    private void keep(int shard, Ours ours) {
      Plan plan = state.view().plan();
      if (!plan.slots().containsKey(shard)) {
        close(shard);
        return;
      }
      Optional<Live> reader = state.view().reader(shard);
      boolean another =
          reader.isPresent()
              && !reader.get().by().equals(state.me())
              && reader.get().epoch() >= Math.max(1, ours.epoch());
      switch (ours.stage()) {
        case OPENING -> {
          boolean alive = another && state.view().alive(reader.get().by(), now);
          if (alive || !state.owns(shard)) {
            close(shard);
          }
        }
        case JOINING -> {
          if (plan.moving() != shard || !state.owns(shard)) {
            close(shard);
          }
        }
        case HOLDING, CHECKING -> {
          if (another && reader.get().epoch() >= ours.epoch()) {
            close(shard);
          } else if (now - ours.since() >= HANDED_WITHIN_MILLIS) {
            release(shard, ours, ours.forwarded());
          } else if (ours.stage() == Stage.HOLDING) {
            liveAgain(shard, ours);
          }
        }
        case READING, OFFERED -> {
          if (another && reader.get().epoch() >= ours.epoch()) {
            another(shard, ours, reader.get());
          } else {
            liveAgain(shard, ours);
            offer(shard, state.ours(shard).orElseThrow());
          }
        }
        case DRAINING -> {}
      }
      state.ours(shard).ifPresent(still -> change(shard, still));
    }

    private void another(int shard, Ours ours, Live reader) {
      if (ours.stage() == Stage.OFFERED && reader.held()) {
        actions.add(new ClusterAction.Drain(shard));
        become(shard, ours.at(Stage.DRAINING, now));
      } else {
        close(shard);
      }
    }

    /** One that was not heard may be lost with the connection. */
    private void liveAgain(int shard, Ours ours) {
      boolean heard =
          state
              .view()
              .reader(shard)
              .filter(live -> live.by().equals(state.me()) && live.epoch() == ours.epoch())
              .isPresent();
      if (!heard && now - ours.since() >= WRITE_AGAIN_MILLIS && state.view().contact(now)) {
        write(
            new Live(
                state.me(),
                shard,
                ours.epoch(),
                ours.stage() == Stage.HOLDING,
                state.view().until().containsKey(shard)));
        if (ours.stage() != Stage.HOLDING) {
          become(shard, ours.at(ours.stage(), now));
        }
      }
    }

    private void offer(int shard, Ours ours) {
      boolean moves = !state.owns(shard) && state.view().plan().moving() == shard;
      if (moves && ours.stage() == Stage.READING) {
        actions.add(new ClusterAction.Note(shard, true));
        write(new Offer(state.me(), shard, ours.epoch()));
        become(shard, ours.at(Stage.OFFERED, now));
      } else if (!moves && ours.stage() == Stage.OFFERED) {
        actions.add(new ClusterAction.Note(shard, false));
        become(shard, ours.at(Stage.READING, now));
      }
    }

    private void change(int shard, Ours ours) {
      if (ours.stage() == Stage.DRAINING) {
        return;
      }
      state
          .view()
          .planned(shard)
          .filter(topics -> !topics.version().equals(ours.version()))
          .ifPresent(
              topics -> {
                actions.add(new ClusterAction.Change(topics.planned()));
                become(
                    shard,
                    new Ours(
                        ours.stage(),
                        topics.version(),
                        ours.epoch(),
                        ours.since(),
                        ours.forwarded()));
              });
    }

    private void close(int shard) {
      actions.add(new ClusterAction.Close(shard));
      state = state.without(shard);
      readElsewhere(shard);
    }

    // ---- the owner of slot 0

    private void lead() {
      boolean due = state.slots().contains(0) && !state.leaving();
      if (due != state.leading()) {
        state = state.withLeading(due, now);
        actions.add(new ClusterAction.Lead(due));
      }
      if (due && state.view().contact(now)) {
        plan();
        state.view().members().keySet().stream()
            .filter(member -> state.view().silentMillis(member, now) > FORGOTTEN_AFTER_MILLIS)
            .forEach(member -> write(new ControlRecord.Gone(member)));
      }
    }

    private void plan() {
      ControlView view = state.view();
      Plan before = view.plan();
      Map<Integer, String> versions =
          state.listed().map(Listed::versions).orElse(before.versions());
      Map<Integer, String> owners = owners();
      Map<Integer, String> readers = readers();
      boolean quiet = before.moving() < 0 && moving(before.slots(), owners, readers) < 0;
      Map<Integer, Integer> slots =
          Dealing.deal(versions.keySet(), before.slots(), owners, readers, quiet);
      if (!slots.keySet().containsAll(versions.keySet()) || !areThere(versions)) {
        return;
      }
      int moving = moving(slots, owners, readers);
      boolean ours = before.by().equals(state.me());
      Plan next =
          new Plan(
              state.me(),
              ours ? before.epoch() : before.epoch() + 1,
              slots,
              versions,
              state.listed().map(Listed::whole).orElse(before.whole()),
              moving);
      boolean written =
          state.written().filter(next::equals).isPresent()
              && now - state.writtenAt() < WRITE_AGAIN_MILLIS;
      if (!written && !(ours && next.equals(before)) && !slots.isEmpty()) {
        boolean still = moving == before.moving();
        state = state.withWritten(next, still ? state.movingSince() : now, now);
        write(next);
      }
    }

    private boolean areThere(Map<Integer, String> versions) {
      return versions.entrySet().stream()
          .allMatch(
              shard ->
                  Optional.ofNullable(state.view().topics().get(shard.getKey()))
                      .filter(topics -> topics.version().equals(shard.getValue()))
                      .isPresent());
    }

    private Map<Integer, String> owners() {
      Map<Integer, String> owners = new HashMap<>();
      state.view().members().values().stream()
          .filter(member -> !member.leaving() && !member.by().equals(state.me()))
          .filter(member -> state.view().alive(member.by(), now))
          .forEach(member -> member.slots().forEach(slot -> owners.put(slot, member.by())));
      state.slots().forEach(slot -> owners.put(slot, state.me()));
      return owners;
    }

    private Map<Integer, String> readers() {
      Map<Integer, String> readers = new HashMap<>();
      state
          .view()
          .live()
          .forEach(
              (shard, live) -> {
                if (state.view().alive(live.by(), now)) {
                  readers.put(shard, live.by());
                }
              });
      return readers;
    }

    /** The shard that may move now: the same until it has, or makes room for the next. */
    private int moving(
        Map<Integer, Integer> slots, Map<Integer, String> owners, Map<Integer, String> readers) {
      TreeMap<Integer, Integer> due = new TreeMap<>();
      slots.forEach(
          (shard, slot) -> {
            String owner = owners.get(slot);
            String reader = readers.get(shard);
            if (owner != null && reader != null && !owner.equals(reader)) {
              due.put(shard, slot);
            }
          });
      int current = state.view().plan().moving();
      boolean inTime = now - state.movingSince() < MOVES_WITHIN_MILLIS;
      if (current >= 0 && (due.containsKey(current) && inTime || isOpenTwice(current))) {
        return current;
      }
      Integer next = due.higherKey(current);
      return due.isEmpty() ? -1 : next == null ? due.firstKey() : next;
    }

    /** Whether the one before may still have its channel. */
    private boolean isOpenTwice(int shard) {
      ControlView view = state.view();
      return view.reader(shard)
          .filter(Live::held)
          .filter(live -> view.handed().getOrDefault(shard, 0L) < live.epoch())
          .filter(live -> now - view.liveAt().getOrDefault(shard, now) < HANDED_WITHIN_MILLIS)
          .isPresent();
    }
  }
}
