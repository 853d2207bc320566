package dev.caravan.cluster;

import dev.caravan.cluster.ClusterState.Away;
import dev.caravan.cluster.ClusterState.Leader;
import dev.caravan.cluster.ClusterState.Ours;
import dev.caravan.cluster.ClusterState.Stage;
import dev.caravan.cluster.ClusterState.Standing;
import dev.caravan.cluster.ControlRecord.Handed;
import dev.caravan.cluster.ControlRecord.Left;
import dev.caravan.cluster.ControlRecord.Live;
import dev.caravan.cluster.ControlRecord.Member;
import dev.caravan.cluster.ControlRecord.Offer;
import dev.caravan.cluster.ControlRecord.Plan;
import dev.caravan.cluster.ControlRecord.Probe;
import dev.caravan.cluster.ControlRecord.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
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

  private final long now;
  private final SecondReading second;
  private final List<ClusterAction> actions = new ArrayList<>();

  /** As it has become so far. */
  private ClusterState state;

  private ClusterMachine(ClusterState state, long now) {
    this.state = state;
    this.now = now;
    this.second = new SecondReading(this);
  }

  /** What follows from an event. */
  record Step(ClusterState state, List<ClusterAction> actions) {}

  static Step next(ClusterState state, ClusterEvent event, long now) {
    ClusterMachine machine = new ClusterMachine(state, now);
    machine.take(event);
    if (machine.state.caughtUp()) {
      machine.upkeep();
    }
    return new Step(machine.state, List.copyOf(machine.actions));
  }

  // ---- the decision in the making

  ClusterState state() {
    return state;
  }

  ControlView view() {
    return state.view();
  }

  long now() {
    return now;
  }

  void add(ClusterAction action) {
    actions.add(action);
  }

  void write(ControlRecord told) {
    add(new ClusterAction.Write(told));
  }

  void become(ClusterState next) {
    state = next;
  }

  void become(int shard, Ours ours) {
    state = state.with(shard, ours);
  }

  Planning planning() {
    return new Planning(state, now);
  }

  /** Who reads a shard, if another instance is said to. */
  Optional<Live> anotherReader(int shard) {
    return view().reader(shard).filter(live -> !live.by().equals(state.me()));
  }

  boolean isAlive(Live reader) {
    return view().alive(reader.by(), now);
  }

  /** Its lease has run out: whoever gets its shards need not mind its channels any more. */
  boolean isReplaced(Live reader) {
    return view().hasEnded(reader.by(), now, Timings.REPLACED_AFTER_MILLIS);
  }

  // ---- what an event asks for

  private void take(ClusterEvent event) {
    if (event instanceof ClusterEvent.Heard heard) {
      hear(heard);
    } else if (event instanceof ClusterEvent.CaughtUp) {
      state = state.withCaughtUp();
      state = state.with(state.self().withAway(Away.NO, now));
      want();
      present();
    } else if (event instanceof ClusterEvent.Assigned assigned) {
      state = state.withSlots(assigned.slots());
      present();
    } else if (event instanceof ClusterEvent.Lost) {
      // What another has listed since counts, until we have listed anew
      state = state.with(Optional.<Leader>empty());
    } else if (event instanceof ClusterEvent.ListedAnew listed) {
      state = state.with(state.leader().map(leader -> leader.withListed(listed)));
    } else if (event instanceof ClusterEvent.Opened opened) {
      state.ours(opened.shard()).ifPresent(ours -> opened(opened.shard(), ours));
      second.live(opened.shard(), OptionalLong.of(now));
    } else if (event instanceof ClusterEvent.Blind blind) {
      second.live(blind.shard(), OptionalLong.empty());
    } else if (event instanceof ClusterEvent.Drained drained) {
      drained(drained.shard());
    } else if (event instanceof ClusterEvent.Evicted evicted) {
      state.ours(evicted.shard()).ifPresent(ours -> evicted(evicted.shard(), ours));
      second.evicted(evicted.shard());
    } else if (event instanceof ClusterEvent.LoggedIn logged) {
      state = state.with(state.self().withLogins(logged.logins()));
      present();
    } else if (event instanceof ClusterEvent.Leaving leaving) {
      state = state.with(state.self().withLeaving(leaving.on()));
      present();
    } else if (event instanceof ClusterEvent.StoodStill) {
      state.ours().forEach(this::check);
      // What another has listed meanwhile counts, until we have listed anew
      state =
          state.with(
              state
                  .leader()
                  .filter(leader -> !hasAnotherPlannedSince(leader))
                  .map(Leader::withStoodStill));
    } else if (event instanceof ClusterEvent.Tick tick) {
      state = state.with(state.self().withReach(tick.reach()));
      judgeAway(tick.taken());
      present();
      state.ours().forEach(this::tellUntil);
      state.standing().keySet().forEach(second::tell);
      view().shards().keySet().forEach(this::tellLeft);
      view().plan().slots().keySet().forEach(this::readByNow);
      tellLeftOfTheDead();
    }
  }

  /**
   * Who does not reach Genesys Cloud leaves its slots to those who may, for a while; who is not
   * heard, to those who are, and who hears nothing, to those who do.
   */
  private void judgeAway(boolean taken) {
    ClusterState.Self self = state.self();
    Away next =
        switch (self.away()) {
          case NO -> self.leaving() ? Away.NO : outOfTouch(taken).orElseGet(this::reachesNothing);
          case REACHES_NOTHING -> reachesNothing();
          case IS_NOT_HEARD, HEARS_NOTHING -> isHeardAgain() ? Away.NO : self.away();
        };
    if (next != self.away()) {
      state = state.with(self.withAway(next, now));
      add(new ClusterAction.Join(next == Away.NO));
    }
  }

  /** While Kafka is away nobody is. */
  private Optional<Away> outOfTouch(boolean taken) {
    ControlView view = view();
    if (now - Math.max(view.contactAt(), state.self().awaySince()) < Timings.NOT_HEARD_MILLIS) {
      return Optional.empty();
    }
    boolean hears =
        view.heardAt().entrySet().stream()
            .filter(other -> !other.getKey().equals(state.me()))
            .anyMatch(other -> now - other.getValue() <= Timings.DEAD_AFTER_MILLIS);
    return hears
        ? Optional.of(Away.IS_NOT_HEARD)
        : Optional.of(Away.HEARS_NOTHING).filter(nothing -> taken);
  }

  private boolean isHeardAgain() {
    return view().contact(now) && now - view().contactSince() >= Timings.REPLACED_AFTER_MILLIS;
  }

  private Away reachesNothing() {
    ClusterState.Self self = state.self();
    boolean others =
        view().members().values().stream()
            .filter(member -> !member.by().equals(state.me()) && !member.leaving())
            .filter(member -> view().alive(member.by(), now))
            .anyMatch(member -> member.reach() != Reach.NO);
    boolean here =
        self.reach() == Reach.YES || !others || now - self.awaySince() >= Timings.AWAY_MILLIS;
    boolean away =
        self.isAway() ? !here : self.reach() == Reach.NO && others && view().contact(now);
    return away ? Away.REACHES_NOTHING : Away.NO;
  }

  /** Others wait for whoever is said to read a shard: we do not, if we are. */
  private void tellLeft(int shard) {
    boolean said = view().reader(shard).filter(live -> live.by().equals(state.me())).isPresent();
    if (said && state.ours(shard).isEmpty()) {
      write(new Left(state.me(), shard, view().shard(shard).epoch() + 1));
    }
  }

  /** What went from a shard of ours to one of another, whose number is not new, is read there. */
  private void readByNow(int shard) {
    boolean since = now - view().planAt() >= Timings.CHANGED_WITHIN_MILLIS;
    boolean read = view().reader(shard).filter(this::isAlive).isPresent();
    if (since && read && state.ours(shard).isEmpty()) {
      add(new ClusterAction.ReadElsewhere(shard, 0));
    }
  }

  /**
   * Once the other has waited for one that is DRAINING, it forwards all since its channel was live.
   */
  private void check(int shard, Ours ours) {
    switch (ours.stage()) {
      case READING, OFFERED -> {
        if (ours.stage() == Stage.OFFERED) {
          add(new ClusterAction.Note(shard, false));
        }
        add(new ClusterAction.Hold(shard));
        become(shard, ours.at(Stage.CHECKING, now));
      }
      case OPENING, HOLDING -> {
        if (ours.stage() == Stage.OPENING) {
          add(new ClusterAction.Hold(shard));
        }
        become(shard, ours.stoodStill(now));
      }
      default -> {
        return;
      }
    }
    write(new Probe(state.me(), shard, now));
  }

  private void probed(Probe probe) {
    int shard = probe.shard();
    if (!probe.by().equals(state.me()) || state.ours(shard).isEmpty()) {
      return;
    }
    Ours ours = state.ours(shard).get();
    if (ours.stage() == Stage.CHECKING && probe.since() == ours.since()) {
      checked(shard, ours);
    } else if (ours.probing() && probe.since() == ours.stoodStill()) {
      become(shard, ours.probed());
      if (ours.stage() == Stage.OPENING) {
        add(new ClusterAction.Release(shard, List.of()));
      } else if (ours.parts() == Ours.ALL_PARTS) {
        release(shard, ours, ours.forwarded());
      }
    }
  }

  /** Nobody else reads it: what we hold is ours to forward. */
  private void checked(int shard, Ours ours) {
    if (ours.epoch() > 0) {
      release(shard, ours, List.of());
    } else {
      begun(shard, ours, Stage.READING);
      add(new ClusterAction.Release(shard, List.of()));
    }
  }

  private void present() {
    ClusterState.Self self = state.self();
    write(
        new Member(
            self.name(),
            state.slots(),
            self.leaving(),
            self.reach(),
            self.settings(),
            self.logins(),
            view().known()));
  }

  private void tellUntil(int shard, Ours ours) {
    // One that is being handed over, too: what its next reader holds is lost if that ends
    if (ours.stage() == Stage.READING
        || ours.stage() == Stage.OFFERED
        || ours.stage() == Stage.DRAINING) {
      add(new ClusterAction.WriteUntil(shard, ours.epoch()));
    } else if (ours.stage() == Stage.CHECKING || ours.probing()) {
      long since = ours.stage() == Stage.CHECKING ? ours.since() : ours.stoodStill();
      write(new Probe(state.me(), shard, since));
    }
  }

  // ---- what others tell

  private void hear(ClusterEvent.Heard heard) {
    ControlView before = view();
    ControlRecord told = heard.told();
    state = state.with(before.with(told, state.me(), heard.fresh(), now));
    if (told instanceof Handed handed) {
      handed(handed);
    } else if (told instanceof Probe probe) {
      probed(probe);
    }
    if (!state.caughtUp()) {
      return;
    }
    if (heard.fresh() && !before.heardAt().containsKey(told.by())) {
      // It runs, so that what it told before we began still holds
      view().plan().slots().keySet().stream()
          .filter(shard -> view().reader(shard).filter(it -> it.by().equals(told.by())).isPresent())
          .forEach(shard -> readElsewhere(shard, false));
    }
    if (told instanceof Live live && view().counts(live)) {
      second.rescue(live, before.reader(live.shard()));
      readElsewhere(live.shard(), false);
    } else if (told instanceof Plan plan && view().plan() == told) {
      boolean stoodStill = state.leader().filter(Leader::stoodStill).isPresent();
      boolean more = stoodStill || plan.epoch() > before.plan().epoch() + 1;
      if (more && !plan.by().equals(state.me())) {
        // Others know more than we: what we have listed goes on from less
        state = state.with(Optional.<Leader>empty());
      }
      want();
    } else if (told instanceof Member member && heard.fresh()) {
      tellAgain(member);
    }
  }

  /** Since the leader planned last, or began to lead. */
  private boolean hasAnotherPlannedSince(Leader leader) {
    return !view().plan().by().equals(state.me())
        && view().planAt() >= Math.max(leader.writtenAt(), leader.movingSince());
  }

  /**
   * Who does not know what we do has begun with a control topic that has lost some of it: what
   * counts is told again. After a plan all others are behind for a moment.
   */
  private void tellAgain(Member member) {
    ControlView view = view();
    boolean behind = member.plan() < view.plan().epoch() && !member.by().equals(state.me());
    if (!behind || member.leaving() || view.known() == 0 || !view.contact(now)) {
      return;
    }
    if (member.plan() == 0) {
      state.ours().keySet().stream()
          .filter(shard -> view.millisSinceLive(shard, now) >= Timings.TOLD_AGAIN_AFTER_MILLIS)
          .forEach(shard -> state = state.with(view().withOverwritten(shard)));
    }
    if (now - view.planAt() >= Timings.TOLD_AGAIN_AFTER_MILLIS && planning().isFirstToKnow()) {
      Plan plan = view.plan();
      plan.slots().keySet().stream()
          .sorted()
          .flatMap(shard -> view.planned(shard).stream())
          .forEach(its -> write(new Topics(state.me(), its.version(), its.planned())));
      write(
          new Plan(
              state.me(),
              plan.epoch() + 1,
              plan.slots(),
              plan.versions(),
              plan.whole(),
              plan.moving()));
    }
  }

  /**
   * @param fromUs whether it was taken over from us: then nobody else knows of our own gaps
   */
  private void readElsewhere(int shard, boolean fromUs) {
    Optional<Live> live = anotherReader(shard);
    if (live.isPresent() && state.ours(shard).isEmpty()) {
      long lastRead = fromUs && live.get().held() ? 0 : live.get().lastRead();
      add(new ClusterAction.ReadElsewhere(shard, lastRead));
    }
  }

  private void want() {
    Plan plan = view().plan();
    List<Topics> planned =
        plan.slots().keySet().stream()
            .sorted()
            .flatMap(shard -> view().planned(shard).stream())
            .toList();
    if (plan.whole() && !planned.isEmpty() && planned.size() == plan.slots().size()) {
      add(
          new ClusterAction.Want(
              planned.stream().flatMap(some -> some.planned().subscriptions().stream()).toList()));
    }
  }

  private void handed(Handed handed) {
    int shard = handed.shard();
    Optional<Ours> holding =
        state
            .ours(shard)
            .filter(ours -> ours.stage() == Stage.HOLDING && ours.epoch() == handed.epoch())
            // It may be told again, from the first part on
            .filter(ours -> handed.part() == 0 || handed.part() == ours.parts());
    if (holding.isEmpty()) {
      return;
    }
    Ours ours = holding.get();
    List<Cluster.Forwarded> all = new ArrayList<>();
    if (handed.part() > 0) {
      all.addAll(ours.forwarded());
    }
    all.addAll(handed.forwarded());
    if (!handed.last()) {
      become(shard, ours.with(handed.part() + 1, all));
    } else if (ours.probing()) {
      // We stood still: another may have taken our place meanwhile
      become(shard, ours.with(Ours.ALL_PARTS, all));
    } else {
      release(shard, ours, all);
    }
  }

  private void release(int shard, Ours ours, List<Cluster.Forwarded> forwarded) {
    if (ours.stage() == Stage.HOLDING) {
      // What the other may have read, and our channel does not
      add(new ClusterAction.Unread(shard, ours.since(), view().shard(shard).lastRead()));
    }
    add(new ClusterAction.Release(shard, List.copyOf(forwarded)));
    become(shard, ours.at(Stage.READING, now));
  }

  // ---- what our own channels come to

  private void opened(int shard, Ours ours) {
    if (ours.stage() != Stage.OPENING && ours.stage() != Stage.JOINING) {
      return;
    }
    if (ours.probing()) {
      become(shard, ours.at(Stage.CHECKING, ours.stoodStill()));
    } else {
      begun(shard, ours, ours.stage() == Stage.JOINING ? Stage.HOLDING : Stage.READING);
    }
  }

  private void begun(int shard, Ours ours, Stage next) {
    long epoch = view().shard(shard).nextEpoch();
    become(shard, ours.at(next, now).under(epoch, now));
    write(new Live(state.me(), shard, epoch, next == Stage.HOLDING, ours.lastRead()));
    // We may end before the next tick
    tellUntil(shard, state.ours(shard).orElseThrow());
  }

  private void drained(int shard) {
    Optional<Live> other = view().reader(shard);
    Optional<Ours> draining = state.ours(shard).filter(ours -> ours.stage() == Stage.DRAINING);
    if (draining.isPresent() && other.isPresent()) {
      tellUntil(shard, draining.get());
      add(new ClusterAction.HandOver(shard, other.get().epoch()));
      state = state.without(shard);
      readElsewhere(shard, true);
    }
  }

  /**
   * While we are cut off from the others, those that have taken over need channels, too. To take
   * one back would end another.
   */
  private void evicted(int shard, Ours ours) {
    boolean cutOff = now - view().contactAt() > Timings.SESSION_MILLIS;
    boolean others = view().members().keySet().stream().anyMatch(it -> !it.equals(state.me()));
    if (ours.stage() == Stage.READING && cutOff && others) {
      add(new ClusterAction.Close(shard));
      become(shard, ours.at(Stage.GIVEN_UP, now));
    }
  }

  // ---- what follows from all of it

  private void upkeep() {
    lead();
    TreeSet<Integer> shards = new TreeSet<>(view().plan().slots().keySet());
    shards.addAll(state.ours().keySet());
    shards.addAll(state.standing().keySet());
    for (int shard : shards) {
      Optional<Ours> ours = state.ours(shard);
      if (ours.isEmpty()) {
        consider(shard);
      } else {
        keep(shard, ours.get());
      }
      if (state.ours(shard).isEmpty()) {
        second.consider(shard);
      }
    }
  }

  /** Whether to open a shard that we do not read. */
  private void consider(int shard) {
    Optional<Topics> topics = view().planned(shard);
    if (!state.owns(shard) || topics.isEmpty()) {
      return;
    }
    Optional<Live> reader = view().reader(shard);
    boolean read = anotherReader(shard).filter(this::isAlive).isPresent();
    Optional<Standing> standing = state.standing(shard).filter(Standing::isOpen);
    if (!read) {
      if (standing.filter(Standing::isLive).isEmpty() && !second.isLeftToAnother(shard, reader)) {
        if (standing.isEmpty()) {
          begin(shard, topics.get(), Stage.OPENING, view().shard(shard).lastRead());
        } else {
          second.openForGood(shard, standing.get(), topics.get());
        }
      }
    } else if (isOffered(shard, reader.get()) && view().plan().moving() == shard) {
      if (standing.isEmpty()) {
        begin(shard, topics.get(), Stage.JOINING, reader.get().lastRead());
      } else if (standing.get().isLive()) {
        second.takePart(shard, standing.get(), reader.get());
        opened(shard, state.ours(shard).orElseThrow());
      }
    }
  }

  private boolean isOffered(int shard, Live reader) {
    return view()
        .shard(shard)
        .offer()
        .filter(offer -> offer.by().equals(reader.by()) && offer.epoch() == reader.epoch())
        .isPresent();
  }

  private void begin(int shard, Topics topics, Stage stage, long lastRead) {
    boolean held = stage == Stage.JOINING;
    become(shard, Ours.opening(stage, topics.version(), lastRead, now));
    add(new ClusterAction.Open(topics.planned(), held, held ? 0 : lastRead));
  }

  /** Whether to go on with a shard as we do. */
  private void keep(int shard, Ours ours) {
    Plan plan = view().plan();
    if (!plan.slots().containsKey(shard)) {
      add(new ClusterAction.Finish(shard));
      state = state.without(shard);
      return;
    }
    Optional<Live> another =
        anotherReader(shard).filter(live -> live.epoch() >= Math.max(1, ours.epoch()));
    boolean alive = another.filter(this::isAlive).isPresent();
    switch (ours.stage()) {
      case OPENING -> {
        if (alive || !state.owns(shard)) {
          close(shard);
        }
      }
      case JOINING -> {
        if (plan.moving() != shard || !state.owns(shard)) {
          close(shard);
        }
      }
      case HOLDING -> {
        if (another.isPresent()) {
          close(shard);
        } else if (now - Math.max(ours.since(), ours.stoodStill())
            >= Timings.HANDED_WITHIN_MILLIS) {
          if (ours.parts() != Ours.ALL_PARTS) {
            // The one before has told nothing: it may have ended before we began
            view()
                .shard(shard)
                .until()
                .ifPresent(until -> add(new ClusterAction.Inherit(shard, until.millis())));
          }
          release(shard, ours, ours.forwarded());
        } else {
          liveAgain(shard, ours);
        }
      }
      case CHECKING -> {
        if (ours.epoch() > 0 ? another.isPresent() : alive || !state.owns(shard)) {
          close(shard);
        } else if (now - ours.since() >= Timings.HANDED_WITHIN_MILLIS) {
          checked(shard, ours);
        }
      }
      case READING, OFFERED -> {
        if (another.isPresent()) {
          another(shard, ours, another.get());
        } else {
          liveAgain(shard, ours);
          offer(shard, state.ours(shard).orElseThrow());
        }
      }
      case DRAINING -> {
        // What is still to be released may wait for its route
        if (view().millisSinceLive(shard, now) >= Timings.HANDED_WITHIN_MILLIS) {
          drained(shard);
        }
      }
      case GIVEN_UP -> {
        boolean heard =
            view().contact(now) && now - view().contactSince() >= Timings.CONTACT_AGAIN_MILLIS;
        if (heard || now - ours.since() >= Timings.GIVEN_UP_MILLIS) {
          state = state.without(shard);
          readElsewhere(shard, true);
        }
      }
    }
    state.ours(shard).ifPresent(still -> change(shard, still));
  }

  private void another(int shard, Ours ours, Live reader) {
    if (reader.held()) {
      if (ours.stage() == Stage.READING) {
        // It has taken an offer that stands no more
        add(new ClusterAction.Note(shard, true));
      }
      add(new ClusterAction.Drain(shard));
      become(shard, ours.at(Stage.DRAINING, now));
    } else {
      close(shard);
    }
  }

  /**
   * One that was not heard may be lost with the connection. If another record stands behind ours,
   * those who start later may know only that one.
   */
  private void liveAgain(int shard, Ours ours) {
    boolean heard =
        view()
            .reader(shard)
            .filter(live -> live.by().equals(state.me()) && live.epoch() == ours.epoch())
            .isPresent();
    boolean holds = ours.stage() == Stage.HOLDING;
    // The one before answers the epoch under which we hold
    boolean overwritten = view().shard(shard).overwritten() && !(holds && heard);
    if (heard && !overwritten
        || now - ours.since() < Timings.WRITE_AGAIN_MILLIS
        || !view().contact(now)) {
      return;
    }
    // Whoever left the shard may have done so under the epoch that we took
    boolean anew = overwritten || view().reader(shard).isEmpty();
    long epoch = anew ? Math.max(ours.epoch(), view().shard(shard).epoch() + 1) : ours.epoch();
    write(new Live(state.me(), shard, epoch, holds, ours.lastRead()));
    if (ours.stage() == Stage.OFFERED && epoch != ours.epoch()) {
      // It is offered under that epoch
      add(new ClusterAction.Note(shard, false));
      become(shard, ours.at(Stage.READING, now).under(epoch, now));
    } else {
      become(shard, ours.under(epoch, holds ? ours.since() : now));
    }
  }

  private void offer(int shard, Ours ours) {
    boolean moves = !state.owns(shard) && view().plan().moving() == shard;
    // What has been noted for so long is of no use: it is offered anew
    boolean begins =
        ours.stage() == Stage.READING
            || ours.stage() == Stage.OFFERED && now - ours.since() >= Timings.MOVES_WITHIN_MILLIS;
    if (moves && begins) {
      add(new ClusterAction.Note(shard, true));
      write(new Offer(state.me(), shard, ours.epoch()));
      become(shard, ours.at(Stage.OFFERED, now));
    } else if (!moves && ours.stage() == Stage.OFFERED) {
      add(new ClusterAction.Note(shard, false));
      become(shard, ours.at(Stage.READING, now));
    }
  }

  private void change(int shard, Ours ours) {
    if (ours.stage() == Stage.DRAINING || ours.stage() == Stage.GIVEN_UP) {
      return;
    }
    view()
        .planned(shard)
        .filter(topics -> topics.version().equals(view().plan().versions().get(shard)))
        .filter(topics -> !topics.version().equals(ours.version()))
        .ifPresent(
            topics -> {
              add(new ClusterAction.Change(topics.planned()));
              become(shard, ours.withVersion(topics.version()));
            });
  }

  private void close(int shard) {
    boolean read = state.ours(shard).filter(ours -> ours.epoch() > 0).isPresent();
    add(new ClusterAction.Close(shard));
    state = state.without(shard);
    readElsewhere(shard, read);
  }

  // ---- the owner of slot 0

  private void lead() {
    boolean due = planning().isOurs();
    if (due != state.leader().isPresent()) {
      state = state.with(due ? Optional.of(Leader.since(now)) : Optional.empty());
      add(new ClusterAction.Lead(due));
    }
    if (due && view().contact(now)) {
      Leader leader = state.leader().orElseThrow();
      if (!planning().isLedByAnother()) {
        planning().next(leader).ifPresent(next -> plan(leader, next));
      }
      view().members().keySet().stream()
          .filter(member -> view().silentMillis(member, now) > Timings.FORGOTTEN_AFTER_MILLIS)
          .forEach(member -> write(new ControlRecord.Gone(member)));
    }
  }

  /** What nobody is to read any more has no gap when its number is used again. */
  private void tellLeftOfTheDead() {
    ControlView view = view();
    if (state.leader().isEmpty() || !view.contact(now) || !view.plan().whole()) {
      return;
    }
    view.shards().keySet().stream()
        .filter(shard -> !view.plan().slots().containsKey(shard))
        .filter(
            shard ->
                view.reader(shard)
                    .map(live -> !isAlive(live) && isReplaced(live))
                    .orElse(view.shard(shard).overwritten()))
        .forEach(shard -> write(new Left(state.me(), shard, view.shard(shard).epoch() + 1)));
  }

  private void plan(Leader leader, Plan next) {
    Plan before = view().plan();
    boolean ours = before.by().equals(state.me());
    boolean written =
        leader.written().filter(next::equals).isPresent()
            && now - leader.writtenAt() < Timings.WRITE_AGAIN_MILLIS;
    if (!written && !(ours && next.equals(before)) && !next.slots().isEmpty()) {
      boolean still = next.moving() == before.moving();
      long since = still ? leader.movingSince() : now;
      state = state.with(Optional.of(leader.withWritten(next, since, now)));
      write(next);
    }
  }
}
