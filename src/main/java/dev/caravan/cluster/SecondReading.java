package dev.caravan.cluster;

import dev.caravan.cluster.ClusterState.Ours;
import dev.caravan.cluster.ClusterState.Stage;
import dev.caravan.cluster.ClusterState.Standing;
import dev.caravan.cluster.ControlRecord.Live;
import dev.caravan.cluster.ControlRecord.Member;
import dev.caravan.cluster.ControlRecord.Standby;
import dev.caravan.cluster.ControlRecord.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Decides which shards are read besides the instance that forwards them, and what becomes of that
 * when it has ended: for good ({@link StandingBy}) or only when it is not heard any more ({@link
 * ReadingAhead}).
 */
abstract sealed class SecondReading permits StandingBy, ReadingAhead {

  final Decision d;

  SecondReading(Decision decision) {
    this.d = decision;
  }

  static SecondReading of(Decision decision) {
    return decision.state().self().standby()
        ? new StandingBy(decision)
        : new ReadingAhead(decision);
  }

  /** Whether someone is to read a shard besides this reader, or instead of it. */
  abstract boolean isDue(Live reader, Topics topics);

  /** Whether the owner of the shard's slot comes first, and not last, of those that may be it. */
  abstract boolean isForItsOwner();

  /** Whether whoever said last that it reads the shard still does, as far as can be told. */
  abstract boolean goesOn(KnownShard.Beside last);

  /** Whether that one could not take over for so long that another is to. */
  abstract boolean isCold(KnownShard.Beside before);

  /** For how long whoever is to read it waits before it opens a channel. */
  abstract long opensAfterMillis(Live reader);

  abstract boolean mayOpen(Standing due, Live reader, Topics topics);

  /** After how long of reading it may take over. */
  abstract long warmAfterMillis();

  /**
   * Our channel was closed, and nothing is taken over.
   *
   * @param read whether the reader is heard
   */
  abstract void closed(int shard, Standing before, boolean read);

  /** Whether the owner of a shard whose reader is not heard does not open it yet. */
  final boolean isLeftToAnother(int shard, Optional<Live> reader) {
    return mayStandStill(reader) || isSoonTakenOver(shard, reader);
  }

  /**
   * Whether whoever was heard before may still have its lease: then the shard may be read ahead, by
   * its owner, too, and nothing of it is forwarded. One that was never heard since we have started
   * is not waited for: mostly it has ended long ago.
   */
  private boolean mayStandStill(Optional<Live> reader) {
    return reader
        .filter(live -> !live.by().equals(d.state().me()))
        .filter(live -> d.view().heardAt().containsKey(live.by()))
        .filter(live -> !d.view().gone().contains(live.by()) && !d.isReplaced(live))
        .isPresent();
  }

  /** Whether another stands by, and is soon to read what the reader, which is silent, has. */
  private boolean isSoonTakenOver(int shard, Optional<Live> reader) {
    return reader
        .filter(live -> !live.by().equals(d.state().me()))
        .filter(
            live ->
                d.view().silentMillis(live.by(), d.now()) < ClusterMachine.STANDBY_WITHIN_MILLIS)
        .flatMap(live -> d.view().couldTakeOver(shard, d.now()))
        .filter(other -> !other.equals(d.state().me()))
        .isPresent();
  }

  /**
   * Whether a reader that was heard is not any more, and a channel more of each of its shards ends
   * none.
   */
  final boolean isMissed(Live reader, Topics topics) {
    return !d.isAlive(reader)
        && !d.view().gone().contains(reader.by())
        // When Kafka is back some are heard later than others
        && (d.view().isHeardSinceContact(reader.by())
            || !d.view().heardAt().containsKey(reader.by())
            || d.isReplaced(reader))
        && (room(topics).isThereBesideWhoIsNotHeard()
            || d.isReplaced(reader) && !d.planning().owners().containsKey(0));
  }

  final ChannelRoom room(Topics topics) {
    return new ChannelRoom(d.state(), d.now(), topics);
  }

  // ---- what follows

  /** Whether to read a shard besides its reader, and what becomes of it if we do. */
  void consider(int shard) {
    Optional<Standing> standing = d.state().standing(shard);
    Optional<Topics> topics = d.view().planned(shard);
    Optional<Live> reader = d.anotherReader(shard);
    boolean read = reader.filter(d::isAlive).isPresent();
    boolean due =
        topics.isPresent()
            && reader.isPresent()
            && isDue(reader.get(), topics.get())
            && isDesignated(shard, reader.get());
    if (standing.isEmpty()) {
      if (due) {
        d.become(shard, Standing.due(d.now() + opensAfterMillis(reader.get())));
      }
    } else if (!standing.get().isOpen()) {
      if (!due && d.now() >= standing.get().since()) {
        d.become(d.state().withoutStanding(shard));
      } else if (due && mayOpen(standing.get(), reader.get(), topics.get())) {
        d.become(shard, standing.get().opened(topics.get().version(), d.now()));
        d.add(new ClusterAction.StandBy(topics.get().planned()));
        tell(shard);
      }
    } else if (topics.isEmpty() || read && !due || room(topics.get()).isTakenByOthers()) {
      close(shard);
      closed(shard, standing.get(), read);
    } else if (read) {
      change(shard, standing.get(), topics.get());
    } else if (reader.isEmpty() && !standing.get().isLive() && !d.state().owns(shard)) {
      // Whoever read it has left it on purpose, and its owner is faster
      close(shard);
    } else if (reader.isEmpty() || d.isReplaced(reader.get())) {
      // Of two that read it the one goes on that all have heard first
      if (standing.get().isLive() && !isSoonTakenOver(shard, reader)) {
        takeOver(shard, standing.get(), topics.get());
      }
    }
  }

  /** Those who wait for us, if we could take over, hear that every second. */
  void tell(int shard) {
    d.state()
        .standing(shard)
        .filter(Standing::isOpen)
        .ifPresent(
            its ->
                d.write(
                    new Standby(d.state().me(), shard, its.isWarm(d.now(), warmAfterMillis()))));
  }

  /** Our channel is live since then, or is not any more. */
  void live(int shard, OptionalLong since) {
    d.state()
        .standing(shard)
        .filter(standing -> standing.isOpen() && standing.isLive() != since.isPresent())
        .ifPresent(standing -> d.become(shard, standing.live(since)));
  }

  /** Our channel was taken from us: whoever reads goes first. */
  void evicted(int shard) {
    if (d.state().standing(shard).filter(Standing::isOpen).isPresent()) {
      close(shard);
      d.become(shard, Standing.taken(d.now() + ClusterMachine.GIVEN_UP_MILLIS));
    }
  }

  /** As if we had opened it for the move: what was read before its reader has. */
  void takePart(int shard, Standing standing, Live reader) {
    d.become(shard, Ours.opening(Stage.JOINING, standing.version(), reader.lastRead(), d.now()));
    d.add(new ClusterAction.TakePart(shard));
  }

  /** Nobody reads the shard, and our channel, too, is not live yet, or not any more. */
  void openForGood(int shard, Standing standing, Topics topics) {
    long lastRead = d.view().shard(shard).lastRead();
    d.become(shard, Ours.opening(Stage.OPENING, standing.version(), lastRead, d.now()));
    d.add(new ClusterAction.TakeOver(topics.planned(), lastRead));
  }

  /** Another was faster than we, and knows nothing of what its predecessor has not forwarded. */
  void rescue(Live live, Optional<Live> before) {
    boolean ended =
        !live.held()
            && !live.by().equals(d.state().me())
            && before.filter(it -> !it.by().equals(live.by())).isPresent();
    if (ended && d.state().standing(live.shard()).filter(Standing::isOpen).isPresent()) {
      d.add(new ClusterAction.Rescue(live.shard()));
    }
  }

  /** Its lease has run out, so that it forwards nothing more, should it only stand still. */
  private void takeOver(int shard, Standing standing, Topics topics) {
    long lastRead = d.view().shard(shard).lastRead();
    long epoch = d.view().shard(shard).nextEpoch();
    d.become(
        shard,
        Ours.opening(Stage.READING, standing.version(), lastRead, d.now()).under(epoch, d.now()));
    d.write(new Live(d.state().me(), shard, epoch, false, lastRead));
    d.add(new ClusterAction.TakeOver(topics.planned(), lastRead));
  }

  private void close(int shard) {
    d.add(new ClusterAction.Close(shard));
    d.become(d.state().withoutStanding(shard));
  }

  private void change(int shard, Standing standing, Topics topics) {
    boolean meant = topics.version().equals(d.view().plan().versions().get(shard));
    if (meant && !topics.version().equals(standing.version())) {
      d.add(new ClusterAction.Change(topics.planned()));
      d.become(shard, standing.withVersion(topics.version()));
    }
  }

  // ---- whose turn it is

  /**
   * Whether it is ours. Whoever reads the shard already goes on; else it is the owner of the next
   * slot that may, the owner of its own slot before or after all others.
   */
  private boolean isDesignated(int shard, Live reader) {
    Optional<KnownShard.Beside> before =
        d.view()
            .shard(shard)
            .standby()
            .filter(this::goesOn)
            .filter(it -> mayStandBy(shard, it.by(), reader));
    Optional<String> cold = before.filter(this::isCold).map(KnownShard.Beside::by);
    if (before.isPresent() && cold.isEmpty()) {
      return before.get().by().equals(d.state().me());
    }
    Integer slot = d.view().plan().slots().get(shard);
    if (slot == null) {
      return false;
    }
    Map<Integer, String> owners = d.planning().owners();
    String owner = owners.getOrDefault(slot, "");
    TreeMap<Integer, String> sorted = new TreeMap<>(owners);
    List<String> next = new ArrayList<>(sorted.tailMap(slot, false).values());
    next.addAll(sorted.headMap(slot, true).values());
    next.removeIf(owner::equals);
    next.add(isForItsOwner() ? 0 : next.size(), owner);
    // Only if nobody else may
    cold.filter(next::remove).ifPresent(next::add);
    return next.stream()
        .filter(who -> mayStandBy(shard, who, reader))
        .findFirst()
        .filter(who -> who.equals(d.state().me()))
        .isPresent();
  }

  private boolean mayStandBy(int shard, String who, Live reader) {
    if (who.equals(reader.by())) {
      return false;
    }
    ClusterState state = d.state();
    if (who.equals(state.me())) {
      return !state.self().leaving() && !state.self().isAway() && d.planning().mayRead(shard, who);
    }
    Member member = d.view().members().get(who);
    return member != null
        && !member.leaving()
        && member.reach() != Reach.NO
        && d.view().alive(who, d.now())
        && d.planning().mayRead(shard, who);
  }
}
