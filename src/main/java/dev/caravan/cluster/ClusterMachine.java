package dev.caravan.cluster;

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
import dev.caravan.cluster.ControlRecord.Standby;
import dev.caravan.cluster.ControlRecord.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
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

  /** An OAuth client may have so many channels; one more ends another. */
  private static final int CHANNELS = 20;

  /** So many of those are left to hand-overs from one channel to another. */
  private static final int SPARE = 2;

  /** After so long nobody waits any more for the one that stands by. */
  static final long STANDBY_WITHIN_MILLIS = 15_000;

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
      } else if (event instanceof ClusterEvent.Lost) {
        // What another has listed since counts, until we have listed anew
        state = state.with(Optional.<Leader>empty());
      } else if (event instanceof ClusterEvent.ListedAnew listed) {
        Listed anew = new Listed(listed.versions(), listed.whole());
        state = state.with(state.leader().map(leader -> leader.withListed(Optional.of(anew))));
      } else if (event instanceof ClusterEvent.Opened opened) {
        state.ours(opened.shard()).ifPresent(ours -> opened(opened.shard(), ours));
        standingLive(opened.shard(), OptionalLong.of(now));
      } else if (event instanceof ClusterEvent.Blind blind) {
        standingLive(blind.shard(), OptionalLong.empty());
      } else if (event instanceof ClusterEvent.Drained drained) {
        drained(drained.shard());
      } else if (event instanceof ClusterEvent.Evicted evicted) {
        state.ours(evicted.shard()).ifPresent(ours -> evicted(evicted.shard(), ours));
        if (state.standing(evicted.shard()).filter(Standing::isOpen).isPresent()) {
          // Whoever reads goes first
          standDown(evicted.shard());
          state = state.with(evicted.shard(), Standing.due(now + GIVEN_UP_MILLIS));
        }
      } else if (event instanceof ClusterEvent.LoggedIn logged) {
        state = state.with(state.self().withLogins(logged.logins()));
        present();
      } else if (event instanceof ClusterEvent.Leave) {
        state = state.with(state.self().withLeaving(true));
        present();
      } else if (event instanceof ClusterEvent.Stay) {
        state = state.with(state.self().withLeaving(false));
        present();
      } else if (event instanceof ClusterEvent.StoodStill) {
        state.ours().forEach(this::check);
      } else if (event instanceof ClusterEvent.Tick tick) {
        state = state.with(state.self().withReach(tick.reach()));
        judgeReach();
        present();
        state.ours().forEach(this::tellUntil);
        state.standing().forEach(this::tellStandby);
        state.view().plan().slots().keySet().forEach(this::tellLeft);
        state.view().plan().slots().keySet().forEach(this::readByNow);
      }
    }

    /** Who does not reach Genesys Cloud leaves its slots to those who may, for a while. */
    private void judgeReach() {
      ClusterState.Self self = state.self();
      boolean others =
          state.view().members().values().stream()
              .filter(member -> !member.by().equals(state.me()) && !member.leaving())
              .filter(member -> state.view().alive(member.by(), now))
              .anyMatch(member -> member.reach() != Reach.NO);
      boolean here = self.reach() == Reach.YES || !others || now - self.awaySince() >= AWAY_MILLIS;
      boolean away =
          self.away()
              ? !here
              : self.reach() == Reach.NO && others && state.view().contact(now) && !self.leaving();
      if (away != self.away()) {
        state = state.with(self.withAway(away, now));
        actions.add(new ClusterAction.Join(!away));
      }
    }

    /** Others wait for whoever is said to read a shard: we do not, if we are. */
    private void tellLeft(int shard) {
      boolean said =
          state.view().reader(shard).filter(live -> live.by().equals(state.me())).isPresent();
      if (said && state.ours(shard).isEmpty()) {
        write(new Left(state.me(), shard, state.view().epoch(shard) + 1));
      }
    }

    /** What went from a shard of ours to one of another, whose number is not new, is read there. */
    private void readByNow(int shard) {
      boolean since = now - state.view().planAt() >= CHANGED_WITHIN_MILLIS;
      boolean read =
          state.view().reader(shard).filter(it -> state.view().alive(it.by(), now)).isPresent();
      if (since && read && state.ours(shard).isEmpty()) {
        actions.add(new ClusterAction.ReadElsewhere(shard, 0));
      }
    }

    private void check(int shard, Ours ours) {
      if (ours.stage() == Stage.DRAINING) {
        // The other has waited for us, and forwards all that came since its channel was live
        if (now - state.view().liveAt().getOrDefault(shard, now) >= HANDED_WITHIN_MILLIS) {
          drained(shard);
        }
        return;
      }
      if (ours.stage() == Stage.OFFERED) {
        actions.add(new ClusterAction.Note(shard, false));
      }
      if (ours.stage() == Stage.READING || ours.stage() == Stage.OFFERED) {
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
      ClusterState.Self self = state.self();
      write(
          new Member(
              self.name(),
              state.slots(),
              self.leaving(),
              self.reach(),
              self.settings(),
              self.logins()));
    }

    private void tellUntil(int shard, Ours ours) {
      if (ours.stage() == Stage.READING || ours.stage() == Stage.OFFERED) {
        actions.add(new ClusterAction.WriteUntil(shard, ours.epoch()));
      } else if (ours.stage() == Stage.CHECKING) {
        write(new Probe(state.me(), shard, ours.since()));
      }
    }

    private void tellStandby(int shard, Standing standing) {
      if (standing.isOpen()) {
        // Of one that was not heard before nothing is a copy of what it forwarded meanwhile
        long warmAfter = state.self().standby() ? WARM_AFTER_MILLIS : 0;
        write(new Standby(state.me(), shard, standing.isWarm(now, warmAfter)));
      }
    }

    private void write(ControlRecord told) {
      actions.add(new ClusterAction.Write(told));
    }

    // ---- what others tell

    private void hear(ClusterEvent.Heard heard) {
      ControlView before = state.view();
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
      if (told instanceof Live live && state.view().live().get(live.shard()) == live) {
        rescue(live, before.reader(live.shard()));
        readElsewhere(live.shard());
      } else if (told instanceof Plan && state.view().plan() == told) {
        want();
      }
    }

    private void readElsewhere(int shard) {
      readElsewhere(shard, false);
    }

    /**
     * @param fromUs whether it was taken over from us: then nobody else knows of our own gaps
     */
    private void readElsewhere(int shard, boolean fromUs) {
      Optional<Live> live = state.view().reader(shard).filter(it -> !it.by().equals(state.me()));
      if (live.isPresent() && state.ours(shard).isEmpty()) {
        long lastRead = fromUs && live.get().held() ? 0 : live.get().lastRead();
        actions.add(new ClusterAction.ReadElsewhere(shard, lastRead));
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
                // It may be told again, from the first part on
                List<Cluster.Forwarded> all = new ArrayList<>();
                if (handed.part() > 0) {
                  all.addAll(ours.forwarded());
                }
                all.addAll(handed.forwarded());
                if (handed.part() > 0 && handed.part() != ours.parts()) {
                  return;
                } else if (handed.last()) {
                  release(handed.shard(), ours, all);
                } else {
                  become(handed.shard(), ours.with(handed.part() + 1, all));
                }
              });
    }

    private void release(int shard, Ours ours, List<Cluster.Forwarded> forwarded) {
      if (ours.stage() == Stage.HOLDING) {
        // What the other may have read, and our channel does not
        actions.add(new ClusterAction.Unread(shard, ours.since()));
      }
      actions.add(new ClusterAction.Release(shard, List.copyOf(forwarded)));
      become(shard, ours.at(Stage.READING, now));
    }

    // ---- what our own channels come to

    private void opened(int shard, Ours ours) {
      if (ours.stage() != Stage.OPENING && ours.stage() != Stage.JOINING) {
        return;
      }
      boolean held = ours.stage() == Stage.JOINING;
      long epoch = Math.max(0, state.view().epoch(shard)) + 1;
      Stage next = held ? Stage.HOLDING : Stage.READING;
      become(shard, ours.at(next, now).under(epoch, now));
      write(new Live(state.me(), shard, epoch, held, ours.lastRead()));
      // We may end before the next tick
      tellUntil(shard, state.ours(shard).orElseThrow());
    }

    private void drained(int shard) {
      Optional<Live> other = state.view().reader(shard);
      if (state.ours(shard).filter(ours -> ours.stage() == Stage.DRAINING).isPresent()
          && other.isPresent()) {
        actions.add(new ClusterAction.HandOver(shard, other.get().epoch()));
        state = state.without(shard);
        readElsewhere(shard, true);
      }
    }

    /**
     * While we are cut off from the others, those that have taken over need channels, too. To take
     * one back would end another.
     */
    private void evicted(int shard, Ours ours) {
      boolean cutOff = now - state.view().contactAt() > SESSION_MILLIS;
      boolean others =
          state.view().members().keySet().stream().anyMatch(it -> !it.equals(state.me()));
      if (ours.stage() == Stage.READING && cutOff && others) {
        actions.add(new ClusterAction.Close(shard));
        become(shard, ours.at(Stage.GIVEN_UP, now));
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
      shards.addAll(state.standing().keySet());
      for (int shard : shards) {
        Optional<Ours> ours = state.ours(shard);
        if (ours.isEmpty()) {
          consider(shard);
        } else {
          keep(shard, ours.get());
        }
        if (state.ours(shard).isEmpty()) {
          standBy(shard);
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
      Optional<Standing> standing = state.standing(shard).filter(Standing::isOpen);
      if (!read) {
        if (standing.filter(Standing::isLive).isEmpty() && !isTakenOver(shard, reader)) {
          if (standing.isEmpty()) {
            begin(shard, topics.get(), Stage.OPENING, state.view().lastRead(shard));
          } else {
            openForGood(shard, standing.get(), topics.get());
          }
        }
      } else if (isOffered(shard, reader.get()) && state.view().plan().moving() == shard) {
        if (standing.isEmpty()) {
          begin(shard, topics.get(), Stage.JOINING, reader.get().lastRead());
        } else if (standing.get().isLive()) {
          takePart(shard, standing.get(), reader.get());
        }
      }
    }

    // ---- standing by

    /** Whether another stands by, and is soon to read what the reader, which is silent, has. */
    private boolean isTakenOver(int shard, Optional<Live> reader) {
      ControlView view = state.view();
      return reader
          .filter(live -> !live.by().equals(state.me()))
          .filter(live -> view.silentMillis(live.by(), now) < STANDBY_WITHIN_MILLIS)
          .flatMap(live -> view.couldTakeOver(shard, now))
          .filter(other -> !other.equals(state.me()))
          .isPresent();
    }

    /**
     * Whether to read a shard besides its reader, and what becomes of it if we do. Without {@link
     * ClusterState.Self#standby} only what has no reader that is heard: should that have ended,
     * there is a gap until our channel reads, and not until its lease has run out, too.
     */
    private void standBy(int shard) {
      Optional<Standing> standing = state.standing(shard);
      Optional<Topics> topics = state.view().planned(shard);
      Optional<Live> reader = state.view().reader(shard).filter(it -> !it.by().equals(state.me()));
      boolean read = reader.filter(it -> state.view().alive(it.by(), now)).isPresent();
      boolean always = state.self().standby();
      boolean due =
          topics.isPresent()
              && reader.isPresent()
              && (always ? read : !read && isMissed(shard, reader.get(), topics.get()))
              && isDesignated(shard, reader.get());
      if (standing.isEmpty()) {
        if (due) {
          state = state.with(shard, Standing.due(always ? now + STANDBY_AFTER_MILLIS : now));
        }
      } else if (!standing.get().isOpen()) {
        if (!due && now >= standing.get().since()) {
          state = state.withoutStanding(shard);
        } else if (due && now >= standing.get().since() && (!always || hasRoom(topics.get()))) {
          state = state.with(shard, standing.get().opened(topics.get().version(), now));
          actions.add(new ClusterAction.StandBy(topics.get().planned()));
          tellStandby(shard, state.standing(shard).orElseThrow());
        }
      } else if (topics.isEmpty() || read && !due || isCutOffFromChannels(topics.get())) {
        standDown(shard);
        if (!always && read && !isReadAnew(shard, standing.get())) {
          // Its reader only stood still, and may do so again
          state = state.with(shard, Standing.due(now + GIVEN_UP_MILLIS));
        }
      } else if (read) {
        changeStanding(shard, standing.get(), topics.get());
      } else if (reader.isEmpty() && !standing.get().isLive() && !state.owns(shard)) {
        // Whoever read it has left it on purpose, and its owner is faster
        standDown(shard);
      } else if (reader.isEmpty() || isReplaced(reader.get())) {
        if (standing.get().isLive()) {
          takeOver(shard, standing.get(), topics.get());
        }
      }
    }

    /**
     * Whether whoever reads a shard is not heard any more, and nobody has its slot who opens the
     * shard at once.
     */
    private boolean isMissed(int shard, Live reader, Topics topics) {
      Integer slot = state.view().plan().slots().get(shard);
      Map<Integer, String> owners = planning().owners();
      return slot != null
          && !owners.containsKey(slot)
          && !state.view().gone().contains(reader.by())
          // When Kafka is back some are heard later than others
          && now - state.view().contactSince() >= REPLACED_AFTER_MILLIS
          && (hasRoomBeside(topics) || !owners.containsKey(0) && isReplaced(reader));
    }

    /** Whether another has begun to read a shard since our channel was opened. */
    private boolean isReadAnew(int shard, Standing standing) {
      return state.view().liveAt().getOrDefault(shard, now) > standing.since();
    }

    /** Its lease has run out: whoever gets its shards need not mind its channels any more. */
    private boolean isReplaced(Live reader) {
      return state.view().hasEnded(reader.by(), now, REPLACED_AFTER_MILLIS);
    }

    /**
     * Whether the channels of one instance more, for each shard whose reader is not heard, end none
     * of theirs.
     */
    private boolean hasRoomBeside(Topics topics) {
      List<Integer> all = ofSameClient(topics);
      long unheard =
          all.stream()
              .flatMap(shard -> state.view().reader(shard).stream())
              .filter(live -> !state.view().alive(live.by(), now))
              .count();
      return state.self().channels() * (all.size() + unheard) + SPARE <= CHANNELS;
    }

    /**
     * Whether a channel more ends none. For a while those of an instance that was cut off, or died
     * without a word, count as well as those of the ones that have taken over.
     */
    private boolean hasRoom(Topics topics) {
      ControlView view = state.view();
      return hasRoomForThree(topics)
          || view.contact(now)
              && view.members().keySet().stream()
                  .filter(who -> !view.alive(who, now))
                  .allMatch(
                      who ->
                          now - view.heardAt().getOrDefault(who, ControlView.NEVER)
                              >= GIVEN_UP_MILLIS);
    }

    /** Others count us as dead, and then take what we use. */
    private boolean isCutOffFromChannels(Topics topics) {
      return now - state.view().contactAt() >= GIVEN_UP_MILLIS && !hasRoomForThree(topics);
    }

    private boolean hasRoomForThree(Topics topics) {
      return 3 * ofSameClient(topics).size() <= CHANNELS;
    }

    private List<Integer> ofSameClient(Topics topics) {
      ControlView view = state.view();
      String client = topics.planned().client();
      return view.plan().slots().keySet().stream()
          .flatMap(shard -> view.planned(shard).stream())
          .filter(other -> other.planned().client().equals(client))
          .map(Topics::shard)
          .toList();
    }

    /**
     * Whether it is we who stand by. Whoever does goes on; else it is the owner of the next slot
     * that does not read the shard, the owner of its own slot only if there is nobody else.
     */
    private boolean isDesignated(int shard, Live reader) {
      Optional<ControlView.Beside> before =
          Optional.ofNullable(state.view().standby().get(shard))
              .filter(it -> mayStandBy(shard, it.by(), reader));
      Optional<String> cold =
          before.filter(it -> now - it.warmAt() >= COLD_FOR_MILLIS).map(ControlView.Beside::by);
      if (before.isPresent() && cold.isEmpty()) {
        return before.get().by().equals(state.me());
      }
      Integer slot = state.view().plan().slots().get(shard);
      if (slot == null) {
        return false;
      }
      Map<Integer, String> owners = planning().owners();
      String owner = owners.getOrDefault(slot, "");
      TreeMap<Integer, String> sorted = new TreeMap<>(owners);
      List<String> next = new ArrayList<>(sorted.tailMap(slot, false).values());
      next.addAll(sorted.headMap(slot, true).values());
      next.removeIf(owner::equals);
      next.add(owner);
      // Only if nobody else may
      cold.filter(next::remove).ifPresent(next::add);
      return next.stream()
          .filter(who -> mayStandBy(shard, who, reader))
          .findFirst()
          .filter(who -> who.equals(state.me()))
          .isPresent();
    }

    private boolean mayStandBy(int shard, String who, Live reader) {
      if (who.equals(reader.by())) {
        return false;
      }
      if (who.equals(state.me())) {
        return !state.self().leaving() && !state.self().away() && planning().mayRead(shard, who);
      }
      Member member = state.view().members().get(who);
      return member != null
          && !member.leaving()
          && member.reach() != Reach.NO
          && state.view().alive(who, now)
          && planning().mayRead(shard, who);
    }

    private void standDown(int shard) {
      actions.add(new ClusterAction.Close(shard));
      // Nothing is told: another stands by by now, or this one may not
      state = state.withoutStanding(shard);
    }

    private void changeStanding(int shard, Standing standing, Topics topics) {
      boolean meant = topics.version().equals(state.view().plan().versions().get(shard));
      if (meant && !topics.version().equals(standing.version())) {
        actions.add(new ClusterAction.Change(topics.planned()));
        state = state.with(shard, standing.withVersion(topics.version()));
      }
    }

    private void standingLive(int shard, OptionalLong since) {
      state
          .standing(shard)
          .filter(standing -> standing.isOpen() && standing.isLive() != since.isPresent())
          .ifPresent(standing -> state = state.with(shard, standing.live(since)));
    }

    /** Its lease has run out, so that it forwards nothing more, should it only stand still. */
    private void takeOver(int shard, Standing standing, Topics topics) {
      long lastRead = state.view().lastRead(shard);
      long epoch = Math.max(0, state.view().epoch(shard)) + 1;
      become(
          shard, Ours.opening(Stage.READING, standing.version(), lastRead, now).under(epoch, now));
      write(new Live(state.me(), shard, epoch, false, lastRead));
      actions.add(new ClusterAction.TakeOver(topics.planned(), lastRead));
    }

    /** Nobody reads the shard, and our channel, too, is not live yet, or not any more. */
    private void openForGood(int shard, Standing standing, Topics topics) {
      long lastRead = state.view().lastRead(shard);
      become(shard, Ours.opening(Stage.OPENING, standing.version(), lastRead, now));
      actions.add(new ClusterAction.TakeOver(topics.planned(), lastRead));
    }

    /** As if we had opened it for the move: what was read before its reader has. */
    private void takePart(int shard, Standing standing, Live reader) {
      become(shard, Ours.opening(Stage.JOINING, standing.version(), reader.lastRead(), now));
      actions.add(new ClusterAction.TakePart(shard));
      opened(shard, state.ours(shard).orElseThrow());
    }

    /** Another was faster than we, and knows nothing of what its predecessor has not forwarded. */
    private void rescue(Live live, Optional<Live> before) {
      boolean ended =
          !live.held()
              && !live.by().equals(state.me())
              && before.filter(it -> !it.by().equals(live.by())).isPresent();
      if (ended && state.standing(live.shard()).filter(Standing::isOpen).isPresent()) {
        actions.add(new ClusterAction.Rescue(live.shard()));
      }
    }

    // ---- to open, to go on

    private boolean isOffered(int shard, Live reader) {
      Offer offer = state.view().offers().get(shard);
      return offer != null && offer.by().equals(reader.by()) && offer.epoch() == reader.epoch();
    }

    private void begin(int shard, Topics topics, Stage stage, long lastRead) {
      boolean held = stage == Stage.JOINING;
      become(shard, Ours.opening(stage, topics.version(), lastRead, now));
      actions.add(new ClusterAction.Open(topics.planned(), held, held ? 0 : lastRead));
    }

    /** Whether to go on with a shard as we do. */
    private void keep(int shard, Ours ours) {
      Plan plan = state.view().plan();
      if (!plan.slots().containsKey(shard)) {
        actions.add(new ClusterAction.Finish(shard));
        state = state.without(shard);
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
            if (ours.stage() == Stage.HOLDING) {
              inherit(shard);
            }
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
        case GIVEN_UP -> {
          ControlView view = state.view();
          boolean heard = view.contact(now) && now - view.contactSince() >= CONTACT_AGAIN_MILLIS;
          if (heard || now - ours.since() >= GIVEN_UP_MILLIS) {
            state = state.without(shard);
            readElsewhere(shard, true);
          }
        }
      }
      state.ours(shard).ifPresent(still -> change(shard, still));
    }

    /** The one before has told nothing: it may have ended before we began. */
    private void inherit(int shard) {
      Optional.ofNullable(state.view().until().get(shard))
          .ifPresent(until -> actions.add(new ClusterAction.Inherit(shard, until.millis())));
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
        // Whoever left the shard may have done so under the epoch that we took
        boolean left = state.view().reader(shard).isEmpty();
        long epoch = left ? Math.max(ours.epoch(), state.view().epoch(shard) + 1) : ours.epoch();
        write(new Live(state.me(), shard, epoch, ours.stage() == Stage.HOLDING, ours.lastRead()));
        become(shard, ours.under(epoch, ours.stage() == Stage.HOLDING ? ours.since() : now));
      }
    }

    private void offer(int shard, Ours ours) {
      boolean moves = !state.owns(shard) && state.view().plan().moving() == shard;
      // What has been noted for so long is of no use: it is offered anew
      boolean begins =
          ours.stage() == Stage.READING
              || ours.stage() == Stage.OFFERED && now - ours.since() >= MOVES_WITHIN_MILLIS;
      if (moves && begins) {
        actions.add(new ClusterAction.Note(shard, true));
        write(new Offer(state.me(), shard, ours.epoch()));
        become(shard, ours.at(Stage.OFFERED, now));
      } else if (!moves && ours.stage() == Stage.OFFERED) {
        actions.add(new ClusterAction.Note(shard, false));
        become(shard, ours.at(Stage.READING, now));
      }
    }

    private void change(int shard, Ours ours) {
      if (ours.stage() == Stage.DRAINING || ours.stage() == Stage.GIVEN_UP) {
        return;
      }
      state
          .view()
          .planned(shard)
          .filter(topics -> topics.version().equals(state.view().plan().versions().get(shard)))
          .filter(topics -> !topics.version().equals(ours.version()))
          .ifPresent(
              topics -> {
                actions.add(new ClusterAction.Change(topics.planned()));
                become(shard, ours.withVersion(topics.version()));
              });
    }

    private void close(int shard) {
      boolean read = state.ours(shard).filter(ours -> ours.epoch() > 0).isPresent();
      actions.add(new ClusterAction.Close(shard));
      state = state.without(shard);
      readElsewhere(shard, read);
    }

    // ---- the owner of slot 0

    private void lead() {
      boolean due = state.slots().contains(0) && !state.self().leaving();
      if (due != state.leader().isPresent()) {
        state = state.with(due ? Optional.of(Leader.since(now)) : Optional.empty());
        actions.add(new ClusterAction.Lead(due));
      }
      if (due && state.view().contact(now)) {
        Leader leader = state.leader().orElseThrow();
        if (!planning().isLedByAnother()) {
          planning().next(leader).ifPresent(next -> plan(leader, next));
        }
        state.view().members().keySet().stream()
            .filter(member -> state.view().silentMillis(member, now) > FORGOTTEN_AFTER_MILLIS)
            .forEach(member -> write(new ControlRecord.Gone(member)));
      }
    }

    private void plan(Leader leader, Plan next) {
      Plan before = state.view().plan();
      boolean ours = before.by().equals(state.me());
      boolean written =
          leader.written().filter(next::equals).isPresent()
              && now - leader.writtenAt() < WRITE_AGAIN_MILLIS;
      if (!written && !(ours && next.equals(before)) && !next.slots().isEmpty()) {
        boolean still = next.moving() == before.moving();
        long since = still ? leader.movingSince() : now;
        state = state.with(Optional.of(leader.withWritten(next, since, now)));
        write(next);
      }
    }

    private Planning planning() {
      return new Planning(state, now);
    }
  }
}
