package dev.caravan.cluster;

import dev.caravan.cluster.ClusterState.Away;
import dev.caravan.cluster.ClusterState.Leader;
import dev.caravan.cluster.ClusterState.Listed;
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

  /** For so long what was forwarded is waited for; then all that is held is forwarded. */
  static final long HANDED_WITHIN_MILLIS = 30_000;

  /** A move that has come to nothing for so long makes room for the next one. */
  static final long MOVES_WITHIN_MILLIS = 60_000;

  /**
   * What one had that was not heard for so long is dealt to others, before the group has noticed.
   * Longer than {@link Cluster#LEASE_MILLIS}, after which one that stood still forwards nothing.
   */
  static final long REPLACED_AFTER_MILLIS = 9_000;

  /** A record that was not heard for so long is written again. */
  static final long WRITE_AGAIN_MILLIS = 5_000;

  /** An instance that was not heard for so long is not missed any more. */
  private static final long FORGOTTEN_AFTER_MILLIS = 600_000;

  /** Who has left the group, as it does not reach Genesys Cloud, tries again after so long. */
  static final long AWAY_MILLIS = 300_000;

  /**
   * Who has heard others and not itself for so long is not heard, and leaves the group: whoever
   * gets its slots is. So does who hears nothing at all of what Kafka takes.
   */
  static final long NOT_HEARD_MILLIS = 20_000;

  /** If nobody who has slot 0 was heard for so long, another plans. */
  static final long UNLED_MILLIS = 30_000;

  /** What was told so long ago is told again to those who do not know it. */
  static final long TOLD_AGAIN_AFTER_MILLIS = 10_000;

  /** Who has not heard the others for so long may have been replaced. */
  private static final long SESSION_MILLIS = 10_000;

  /** After so long with contact all that others have told has been heard. */
  private static final long CONTACT_AGAIN_MILLIS = 3_000;

  /** For so long after a plan others may not read yet what it has changed. */
  private static final long CHANGED_WITHIN_MILLIS = 10_000;

  /**
   * What was given up is read again after so long, if still nobody is heard, and what was read
   * ahead of one that is heard again is so once more. Then a channel is asked for once a minute for
   * each shard, however often its reader stands still.
   */
  static final long GIVEN_UP_MILLIS = 60_000;

  /** Whoever stood by before closes its channel within this time. */
  static final long STANDBY_AFTER_MILLIS = 5_000;

  /**
   * Whoever has read a shard for so long may take it over. What it read in the beginning might be
   * taken for copies of what the other had read before.
   */
  static final long WARM_AFTER_MILLIS = 5_000;

  /** Who could not take over for so long is not kept to, if another may stand by. */
  static final long COLD_FOR_MILLIS = 60_000;

  /** After so long nobody waits any more for the one that stands by. */
  static final long STANDBY_WITHIN_MILLIS = 15_000;

  private final Decision d;
  private final SecondReading second;
  private final long now;

  private ClusterMachine(Decision decision) {
    this.d = decision;
    this.second = SecondReading.of(decision);
    this.now = decision.now();
  }

  /** What follows from an event. */
  record Step(ClusterState state, List<ClusterAction> actions) {}

  static Step next(ClusterState state, ClusterEvent event, long now) {
    Decision d = new Decision(state, now);
    ClusterMachine machine = new ClusterMachine(d);
    machine.take(event);
    if (d.state().caughtUp()) {
      machine.upkeep();
    }
    return new Step(d.state(), d.actions());
  }

  private void take(ClusterEvent event) {
    if (event instanceof ClusterEvent.Heard heard) {
      hear(heard);
    } else if (event instanceof ClusterEvent.CaughtUp) {
      d.become(d.state().withCaughtUp());
      d.become(d.state().with(d.state().self().withAway(Away.NO, now)));
      want();
      present();
    } else if (event instanceof ClusterEvent.Assigned assigned) {
      d.become(d.state().withSlots(assigned.slots()));
      present();
    } else if (event instanceof ClusterEvent.Lost) {
      // What another has listed since counts, until we have listed anew
      d.become(d.state().with(Optional.<Leader>empty()));
    } else if (event instanceof ClusterEvent.ListedAnew listed) {
      Listed anew = new Listed(listed.versions(), listed.whole());
      d.become(
          d.state().with(d.state().leader().map(leader -> leader.withListed(Optional.of(anew)))));
    } else if (event instanceof ClusterEvent.Opened opened) {
      d.state().ours(opened.shard()).ifPresent(ours -> opened(opened.shard(), ours));
      second.live(opened.shard(), OptionalLong.of(now));
    } else if (event instanceof ClusterEvent.Blind blind) {
      second.live(blind.shard(), OptionalLong.empty());
    } else if (event instanceof ClusterEvent.Drained drained) {
      drained(drained.shard());
    } else if (event instanceof ClusterEvent.Evicted evicted) {
      d.state().ours(evicted.shard()).ifPresent(ours -> evicted(evicted.shard(), ours));
      second.evicted(evicted.shard());
    } else if (event instanceof ClusterEvent.LoggedIn logged) {
      d.become(d.state().with(d.state().self().withLogins(logged.logins())));
      present();
    } else if (event instanceof ClusterEvent.Leave) {
      d.become(d.state().with(d.state().self().withLeaving(true)));
      present();
    } else if (event instanceof ClusterEvent.Stay) {
      d.become(d.state().with(d.state().self().withLeaving(false)));
      present();
    } else if (event instanceof ClusterEvent.StoodStill) {
      d.state().ours().forEach(this::check);
      // What another has listed meanwhile counts, until we have listed anew
      d.become(
          d.state()
              .with(
                  d.state()
                      .leader()
                      .filter(leader -> !hasAnotherPlannedSince(leader))
                      .map(Leader::withStoodStill)));
    } else if (event instanceof ClusterEvent.Tick tick) {
      d.become(d.state().with(d.state().self().withReach(tick.reach())));
      judgeAway(tick.taken());
      present();
      d.state().ours().forEach(this::tellUntil);
      d.state().standing().keySet().forEach(second::tell);
      d.view().shards().keySet().forEach(this::tellLeft);
      d.view().plan().slots().keySet().forEach(this::readByNow);
      tellLeftOfTheDead();
    }
  }

  /**
   * Who does not reach Genesys Cloud leaves its slots to those who may, for a while; who is not
   * heard, to those who are, and who hears nothing, to those who do.
   */
  private void judgeAway(boolean taken) {
    ClusterState.Self self = d.state().self();
    Away next =
        switch (self.away()) {
          case NO -> self.leaving() ? Away.NO : outOfTouch(taken).orElseGet(this::reachesNothing);
          case REACHES_NOTHING -> reachesNothing();
          case IS_NOT_HEARD, HEARS_NOTHING -> isHeardAgain() ? Away.NO : self.away();
        };
    if (next != self.away()) {
      d.become(d.state().with(self.withAway(next, now)));
      d.add(new ClusterAction.Join(next == Away.NO));
    }
  }

  /** While Kafka is away nobody is. */
  private Optional<Away> outOfTouch(boolean taken) {
    ControlView view = d.view();
    if (now - Math.max(view.contactAt(), d.state().self().awaySince()) < NOT_HEARD_MILLIS) {
      return Optional.empty();
    }
    boolean hears =
        view.heardAt().entrySet().stream()
            .filter(other -> !other.getKey().equals(d.state().me()))
            .anyMatch(other -> now - other.getValue() <= ControlView.DEAD_AFTER_MILLIS);
    return hears
        ? Optional.of(Away.IS_NOT_HEARD)
        : Optional.of(Away.HEARS_NOTHING).filter(nothing -> taken);
  }

  private boolean isHeardAgain() {
    return d.view().contact(now) && now - d.view().contactSince() >= REPLACED_AFTER_MILLIS;
  }

  private Away reachesNothing() {
    ClusterState.Self self = d.state().self();
    boolean others =
        d.view().members().values().stream()
            .filter(member -> !member.by().equals(d.state().me()) && !member.leaving())
            .filter(member -> d.view().alive(member.by(), now))
            .anyMatch(member -> member.reach() != Reach.NO);
    boolean here = self.reach() == Reach.YES || !others || now - self.awaySince() >= AWAY_MILLIS;
    boolean away =
        self.isAway() ? !here : self.reach() == Reach.NO && others && d.view().contact(now);
    return away ? Away.REACHES_NOTHING : Away.NO;
  }

  /** Others wait for whoever is said to read a shard: we do not, if we are. */
  private void tellLeft(int shard) {
    boolean said =
        d.view().reader(shard).filter(live -> live.by().equals(d.state().me())).isPresent();
    if (said && d.state().ours(shard).isEmpty()) {
      d.write(new Left(d.state().me(), shard, d.view().shard(shard).epoch() + 1));
    }
  }

  /** What went from a shard of ours to one of another, whose number is not new, is read there. */
  private void readByNow(int shard) {
    boolean since = now - d.view().planAt() >= CHANGED_WITHIN_MILLIS;
    boolean read = d.view().reader(shard).filter(it -> d.view().alive(it.by(), now)).isPresent();
    if (since && read && d.state().ours(shard).isEmpty()) {
      d.add(new ClusterAction.ReadElsewhere(shard, 0));
    }
  }

  private void check(int shard, Ours ours) {
    if (ours.stage() == Stage.DRAINING) {
      // Once the other has waited for us, it forwards all that came since its channel was live
      return;
    }
    if (ours.stage() == Stage.OFFERED) {
      d.add(new ClusterAction.Note(shard, false));
    }
    if (ours.stage() == Stage.READING || ours.stage() == Stage.OFFERED) {
      d.add(new ClusterAction.Hold(shard));
      d.become(shard, ours.at(Stage.CHECKING, now));
    } else if (ours.stage() == Stage.OPENING) {
      d.add(new ClusterAction.Hold(shard));
      d.become(shard, ours.stoodStill(now));
    } else if (ours.stage() == Stage.HOLDING) {
      d.become(shard, ours.stoodStill(now));
    } else {
      return;
    }
    d.write(new Probe(d.state().me(), shard, now));
  }

  private void probed(Probe probe) {
    int shard = probe.shard();
    if (!probe.by().equals(d.state().me()) || d.state().ours(shard).isEmpty()) {
      return;
    }
    Ours ours = d.state().ours(shard).get();
    if (ours.stage() == Stage.CHECKING && probe.since() == ours.since()) {
      checked(shard, ours);
    } else if (ours.probing() && probe.since() == ours.stoodStill()) {
      d.become(shard, ours.probed());
      if (ours.stage() == Stage.OPENING) {
        d.add(new ClusterAction.Release(shard, List.of()));
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
      d.add(new ClusterAction.Release(shard, List.of()));
    }
  }

  private void present() {
    ClusterState.Self self = d.state().self();
    d.write(
        new Member(
            self.name(),
            d.state().slots(),
            self.leaving(),
            self.reach(),
            self.settings(),
            self.logins(),
            d.view().known()));
  }

  private void tellUntil(int shard, Ours ours) {
    // One that is being handed over, too: what its next reader holds is lost if that ends
    if (ours.stage() == Stage.READING
        || ours.stage() == Stage.OFFERED
        || ours.stage() == Stage.DRAINING) {
      d.add(new ClusterAction.WriteUntil(shard, ours.epoch()));
    } else if (ours.stage() == Stage.CHECKING || ours.probing()) {
      long since = ours.stage() == Stage.CHECKING ? ours.since() : ours.stoodStill();
      d.write(new Probe(d.state().me(), shard, since));
    }
  }

  // ---- what others tell

  private void hear(ClusterEvent.Heard heard) {
    ControlView before = d.view();
    ControlRecord told = heard.told();
    d.become(d.state().with(before.with(told, d.state().me(), heard.fresh(), now)));
    if (told instanceof Handed handed) {
      handed(handed);
    } else if (told instanceof Probe probe) {
      probed(probe);
    }
    if (!d.state().caughtUp()) {
      return;
    }
    if (heard.fresh() && !before.heardAt().containsKey(told.by())) {
      // It runs, so that what it told before we began still holds
      d.view().plan().slots().keySet().stream()
          .filter(
              shard -> d.view().reader(shard).filter(it -> it.by().equals(told.by())).isPresent())
          .forEach(this::readElsewhere);
    }
    if (told instanceof Live live && d.view().counts(live)) {
      second.rescue(live, before.reader(live.shard()));
      readElsewhere(live.shard());
    } else if (told instanceof Plan plan && d.view().plan() == told) {
      boolean stoodStill = d.state().leader().filter(Leader::stoodStill).isPresent();
      boolean more = stoodStill || plan.epoch() > before.plan().epoch() + 1;
      if (more && !plan.by().equals(d.state().me())) {
        // Others know more than we: what we have listed goes on from less
        d.become(d.state().with(Optional.<Leader>empty()));
      }
      want();
    } else if (told instanceof Member member && heard.fresh()) {
      tellAgain(member);
    }
  }

  /** Since the leader planned last, or began to lead. */
  private boolean hasAnotherPlannedSince(Leader leader) {
    return !d.view().plan().by().equals(d.state().me())
        && d.view().planAt() >= Math.max(leader.writtenAt(), leader.movingSince());
  }

  /**
   * Who does not know what we do has begun with a control topic that has lost some of it: what
   * counts is told again. After a plan all others are behind for a moment.
   */
  private void tellAgain(Member member) {
    ControlView view = d.view();
    boolean behind = member.plan() < view.plan().epoch() && !member.by().equals(d.state().me());
    if (!behind || member.leaving() || view.known() == 0 || !view.contact(now)) {
      return;
    }
    if (member.plan() == 0) {
      d.state().ours().keySet().stream()
          .filter(shard -> view.millisSinceLive(shard, now) >= TOLD_AGAIN_AFTER_MILLIS)
          .forEach(shard -> d.become(d.state().with(d.view().withOverwritten(shard))));
    }
    if (now - view.planAt() >= TOLD_AGAIN_AFTER_MILLIS && d.planning().isFirstToKnow()) {
      Plan plan = view.plan();
      plan.slots().keySet().stream()
          .sorted()
          .flatMap(shard -> view.planned(shard).stream())
          .forEach(its -> d.write(new Topics(d.state().me(), its.version(), its.planned())));
      d.write(
          new Plan(
              d.state().me(),
              plan.epoch() + 1,
              plan.slots(),
              plan.versions(),
              plan.whole(),
              plan.moving()));
    }
  }

  private void readElsewhere(int shard) {
    readElsewhere(shard, false);
  }

  /**
   * @param fromUs whether it was taken over from us: then nobody else knows of our own gaps
   */
  private void readElsewhere(int shard, boolean fromUs) {
    Optional<Live> live = d.anotherReader(shard);
    if (live.isPresent() && d.state().ours(shard).isEmpty()) {
      long lastRead = fromUs && live.get().held() ? 0 : live.get().lastRead();
      d.add(new ClusterAction.ReadElsewhere(shard, lastRead));
    }
  }

  private void want() {
    Plan plan = d.view().plan();
    List<Topics> planned =
        plan.slots().keySet().stream()
            .sorted()
            .flatMap(shard -> d.view().planned(shard).stream())
            .toList();
    if (plan.whole() && !planned.isEmpty() && planned.size() == plan.slots().size()) {
      d.add(
          new ClusterAction.Want(
              planned.stream().flatMap(some -> some.planned().subscriptions().stream()).toList()));
    }
  }

  private void handed(Handed handed) {
    d.state()
        .ours(handed.shard())
        .filter(ours -> ours.stage() == Stage.HOLDING && ours.epoch() == handed.epoch())
        .ifPresent(
            ours -> {
              // It may be told again, from the first part on
              List<Cluster.Forwarded> all = new ArrayList<>();
              if (handed.part() > 0) {
                all.addAll(ours.forwarded());
              }
              all.addAll(handed.forwarded());
              if (handed.part() > 0 && handed.part() != ours.parts()) {
                return;
              } else if (handed.last() && ours.probing()) {
                // We stood still: another may have taken our place meanwhile
                d.become(handed.shard(), ours.with(Ours.ALL_PARTS, all));
              } else if (handed.last()) {
                release(handed.shard(), ours, all);
              } else {
                d.become(handed.shard(), ours.with(handed.part() + 1, all));
              }
            });
  }

  private void release(int shard, Ours ours, List<Cluster.Forwarded> forwarded) {
    if (ours.stage() == Stage.HOLDING) {
      // What the other may have read, and our channel does not
      d.add(new ClusterAction.Unread(shard, ours.since(), d.view().shard(shard).lastRead()));
    }
    d.add(new ClusterAction.Release(shard, List.copyOf(forwarded)));
    d.become(shard, ours.at(Stage.READING, now));
  }

  // ---- what our own channels come to

  private void opened(int shard, Ours ours) {
    if (ours.stage() != Stage.OPENING && ours.stage() != Stage.JOINING) {
      return;
    }
    if (ours.probing()) {
      d.become(shard, ours.at(Stage.CHECKING, ours.stoodStill()));
      return;
    }
    begun(shard, ours, ours.stage() == Stage.JOINING ? Stage.HOLDING : Stage.READING);
  }

  private void begun(int shard, Ours ours, Stage next) {
    long epoch = d.view().shard(shard).nextEpoch();
    d.become(shard, ours.at(next, now).under(epoch, now));
    d.write(new Live(d.state().me(), shard, epoch, next == Stage.HOLDING, ours.lastRead()));
    // We may end before the next tick
    tellUntil(shard, d.state().ours(shard).orElseThrow());
  }

  private void drained(int shard) {
    Optional<Live> other = d.view().reader(shard);
    Optional<Ours> draining = d.state().ours(shard).filter(ours -> ours.stage() == Stage.DRAINING);
    if (draining.isPresent() && other.isPresent()) {
      tellUntil(shard, draining.get());
      d.add(new ClusterAction.HandOver(shard, other.get().epoch()));
      d.become(d.state().without(shard));
      readElsewhere(shard, true);
    }
  }

  /**
   * While we are cut off from the others, those that have taken over need channels, too. To take
   * one back would end another.
   */
  private void evicted(int shard, Ours ours) {
    boolean cutOff = now - d.view().contactAt() > SESSION_MILLIS;
    boolean others =
        d.view().members().keySet().stream().anyMatch(it -> !it.equals(d.state().me()));
    if (ours.stage() == Stage.READING && cutOff && others) {
      d.add(new ClusterAction.Close(shard));
      d.become(shard, ours.at(Stage.GIVEN_UP, now));
    }
  }

  // ---- what follows from all of it

  private void upkeep() {
    lead();
    TreeSet<Integer> shards = new TreeSet<>(d.view().plan().slots().keySet());
    shards.addAll(d.state().ours().keySet());
    shards.addAll(d.state().standing().keySet());
    for (int shard : shards) {
      Optional<Ours> ours = d.state().ours(shard);
      if (ours.isEmpty()) {
        consider(shard);
      } else {
        keep(shard, ours.get());
      }
      if (d.state().ours(shard).isEmpty()) {
        second.consider(shard);
      }
    }
  }

  /** Whether to open a shard that we do not read. */
  private void consider(int shard) {
    Optional<Topics> topics = d.view().planned(shard);
    if (!d.state().owns(shard) || topics.isEmpty()) {
      return;
    }
    Optional<Live> reader = d.view().reader(shard);
    boolean read =
        reader.filter(live -> d.view().alive(live.by(), now)).isPresent()
            && !reader.get().by().equals(d.state().me());
    Optional<Standing> standing = d.state().standing(shard).filter(Standing::isOpen);
    if (!read) {
      if (standing.filter(Standing::isLive).isEmpty() && !second.isLeftToAnother(shard, reader)) {
        if (standing.isEmpty()) {
          begin(shard, topics.get(), Stage.OPENING, d.view().shard(shard).lastRead());
        } else {
          second.openForGood(shard, standing.get(), topics.get());
        }
      }
    } else if (isOffered(shard, reader.get()) && d.view().plan().moving() == shard) {
      if (standing.isEmpty()) {
        begin(shard, topics.get(), Stage.JOINING, reader.get().lastRead());
      } else if (standing.get().isLive()) {
        second.takePart(shard, standing.get(), reader.get());
        opened(shard, d.state().ours(shard).orElseThrow());
      }
    }
  }

  // ---- to open, to go on

  private boolean isOffered(int shard, Live reader) {
    return d.view()
        .shard(shard)
        .offer()
        .filter(offer -> offer.by().equals(reader.by()) && offer.epoch() == reader.epoch())
        .isPresent();
  }

  private void begin(int shard, Topics topics, Stage stage, long lastRead) {
    boolean held = stage == Stage.JOINING;
    d.become(shard, Ours.opening(stage, topics.version(), lastRead, now));
    d.add(new ClusterAction.Open(topics.planned(), held, held ? 0 : lastRead));
  }

  /** Whether to go on with a shard as we do. */
  private void keep(int shard, Ours ours) {
    Plan plan = d.view().plan();
    if (!plan.slots().containsKey(shard)) {
      d.add(new ClusterAction.Finish(shard));
      d.become(d.state().without(shard));
      return;
    }
    Optional<Live> reader = d.view().reader(shard);
    boolean another =
        reader.isPresent()
            && !reader.get().by().equals(d.state().me())
            && reader.get().epoch() >= Math.max(1, ours.epoch());
    switch (ours.stage()) {
      case OPENING -> {
        boolean alive = another && d.view().alive(reader.get().by(), now);
        if (alive || !d.state().owns(shard)) {
          close(shard);
        }
      }
      case JOINING -> {
        if (plan.moving() != shard || !d.state().owns(shard)) {
          close(shard);
        }
      }
      case HOLDING -> {
        if (another && reader.get().epoch() >= ours.epoch()) {
          close(shard);
        } else if (now - Math.max(ours.since(), ours.stoodStill()) >= HANDED_WITHIN_MILLIS) {
          if (ours.parts() != Ours.ALL_PARTS) {
            inherit(shard);
          }
          release(shard, ours, ours.forwarded());
        } else {
          liveAgain(shard, ours);
        }
      }
      case CHECKING -> {
        boolean alive = another && d.view().alive(reader.get().by(), now);
        if (ours.epoch() > 0 ? another : alive || !d.state().owns(shard)) {
          close(shard);
        } else if (now - ours.since() >= HANDED_WITHIN_MILLIS) {
          checked(shard, ours);
        }
      }
      case READING, OFFERED -> {
        if (another && reader.get().epoch() >= ours.epoch()) {
          another(shard, ours, reader.get());
        } else {
          liveAgain(shard, ours);
          offer(shard, d.state().ours(shard).orElseThrow());
        }
      }
      case DRAINING -> {
        // What is still to be released may wait for its route
        if (d.view().millisSinceLive(shard, now) >= HANDED_WITHIN_MILLIS) {
          drained(shard);
        }
      }
      case GIVEN_UP -> {
        ControlView view = d.view();
        boolean heard = view.contact(now) && now - view.contactSince() >= CONTACT_AGAIN_MILLIS;
        if (heard || now - ours.since() >= GIVEN_UP_MILLIS) {
          d.become(d.state().without(shard));
          readElsewhere(shard, true);
        }
      }
    }
    d.state().ours(shard).ifPresent(still -> change(shard, still));
  }

  /** The one before has told nothing: it may have ended before we began. */
  private void inherit(int shard) {
    d.view()
        .shard(shard)
        .until()
        .ifPresent(until -> d.add(new ClusterAction.Inherit(shard, until.millis())));
  }

  private void another(int shard, Ours ours, Live reader) {
    if (reader.held()) {
      if (ours.stage() == Stage.READING) {
        // It has taken an offer that stands no more
        d.add(new ClusterAction.Note(shard, true));
      }
      d.add(new ClusterAction.Drain(shard));
      d.become(shard, ours.at(Stage.DRAINING, now));
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
        d.view()
            .reader(shard)
            .filter(live -> live.by().equals(d.state().me()) && live.epoch() == ours.epoch())
            .isPresent();
    boolean holds = ours.stage() == Stage.HOLDING;
    // The one before answers the epoch under which we hold
    boolean overwritten = d.view().shard(shard).overwritten() && !(holds && heard);
    if (heard && !overwritten
        || now - ours.since() < WRITE_AGAIN_MILLIS
        || !d.view().contact(now)) {
      return;
    }
    // Whoever left the shard may have done so under the epoch that we took
    boolean anew = overwritten || d.view().reader(shard).isEmpty();
    long epoch = anew ? Math.max(ours.epoch(), d.view().shard(shard).epoch() + 1) : ours.epoch();
    d.write(new Live(d.state().me(), shard, epoch, holds, ours.lastRead()));
    if (ours.stage() == Stage.OFFERED && epoch != ours.epoch()) {
      // It is offered under that epoch
      d.add(new ClusterAction.Note(shard, false));
      d.become(shard, ours.at(Stage.READING, now).under(epoch, now));
    } else {
      d.become(shard, ours.under(epoch, holds ? ours.since() : now));
    }
  }

  private void offer(int shard, Ours ours) {
    boolean moves = !d.state().owns(shard) && d.view().plan().moving() == shard;
    // What has been noted for so long is of no use: it is offered anew
    boolean begins =
        ours.stage() == Stage.READING
            || ours.stage() == Stage.OFFERED && now - ours.since() >= MOVES_WITHIN_MILLIS;
    if (moves && begins) {
      d.add(new ClusterAction.Note(shard, true));
      d.write(new Offer(d.state().me(), shard, ours.epoch()));
      d.become(shard, ours.at(Stage.OFFERED, now));
    } else if (!moves && ours.stage() == Stage.OFFERED) {
      d.add(new ClusterAction.Note(shard, false));
      d.become(shard, ours.at(Stage.READING, now));
    }
  }

  private void change(int shard, Ours ours) {
    if (ours.stage() == Stage.DRAINING || ours.stage() == Stage.GIVEN_UP) {
      return;
    }
    d.view()
        .planned(shard)
        .filter(topics -> topics.version().equals(d.view().plan().versions().get(shard)))
        .filter(topics -> !topics.version().equals(ours.version()))
        .ifPresent(
            topics -> {
              d.add(new ClusterAction.Change(topics.planned()));
              d.become(shard, ours.withVersion(topics.version()));
            });
  }

  private void close(int shard) {
    boolean read = d.state().ours(shard).filter(ours -> ours.epoch() > 0).isPresent();
    d.add(new ClusterAction.Close(shard));
    d.become(d.state().without(shard));
    readElsewhere(shard, read);
  }

  // ---- the owner of slot 0

  private void lead() {
    boolean due = d.planning().isOurs();
    if (due != d.state().leader().isPresent()) {
      d.become(d.state().with(due ? Optional.of(Leader.since(now)) : Optional.empty()));
      d.add(new ClusterAction.Lead(due));
    }
    if (due && d.view().contact(now)) {
      Leader leader = d.state().leader().orElseThrow();
      if (!d.planning().isLedByAnother()) {
        d.planning().next(leader).ifPresent(next -> plan(leader, next));
      }
      d.view().members().keySet().stream()
          .filter(member -> d.view().silentMillis(member, now) > FORGOTTEN_AFTER_MILLIS)
          .forEach(member -> d.write(new ControlRecord.Gone(member)));
    }
  }

  /** What nobody is to read any more has no gap when its number is used again. */
  private void tellLeftOfTheDead() {
    ControlView view = d.view();
    if (d.state().leader().isEmpty() || !view.contact(now) || !view.plan().whole()) {
      return;
    }
    view.shards().keySet().stream()
        .filter(shard -> !view.plan().slots().containsKey(shard))
        .filter(
            shard ->
                view.reader(shard)
                    .map(live -> !d.isAlive(live) && d.isReplaced(live))
                    .orElse(view.shard(shard).overwritten()))
        .forEach(shard -> d.write(new Left(d.state().me(), shard, view.shard(shard).epoch() + 1)));
  }

  private void plan(Leader leader, Plan next) {
    Plan before = d.view().plan();
    boolean ours = before.by().equals(d.state().me());
    boolean written =
        leader.written().filter(next::equals).isPresent()
            && now - leader.writtenAt() < WRITE_AGAIN_MILLIS;
    if (!written && !(ours && next.equals(before)) && !next.slots().isEmpty()) {
      boolean still = next.moving() == before.moving();
      long since = still ? leader.movingSince() : now;
      d.become(d.state().with(Optional.of(leader.withWritten(next, since, now))));
      d.write(next);
    }
  }
}
