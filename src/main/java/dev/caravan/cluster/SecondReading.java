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
 * when it has ended. With a standby each shard has a second instance for good, which could take it
 * over with all that it needs. Without one, a shard is only read ahead where its reader is not
 * heard any more: should that have ended, there is a gap until our channel reads, and not until its
 * lease has run out, too.
 */
final class SecondReading {

  /** An OAuth client may have so many channels; one more ends another. */
  private static final int CHANNELS = 20;

  /** So many of those are left to hand-overs from one channel to another. */
  private static final int SPARE = 2;

  private final ClusterMachine m;
  private final boolean standby;

  SecondReading(ClusterMachine machine) {
    this.m = machine;
    this.standby = machine.state().self().standby();
  }

  /** Whether the owner of a shard whose reader is not heard does not open it yet. */
  boolean isLeftToAnother(int shard, Optional<Live> reader) {
    return mayStandStill(reader) || isSoonTakenOver(shard, reader);
  }

  /**
   * Whether whoever was heard before may still have its lease: then the shard may be read ahead, by
   * its owner, too, and nothing of it is forwarded. One that was never heard since we have started
   * is not waited for: mostly it has ended long ago.
   */
  private boolean mayStandStill(Optional<Live> reader) {
    return reader
        .filter(live -> !live.by().equals(m.state().me()))
        .filter(live -> m.view().heardAt().containsKey(live.by()))
        .filter(live -> !m.view().gone().contains(live.by()) && !m.isReplaced(live))
        .isPresent();
  }

  /** Whether another stands by, and is soon to read what the reader, which is silent, has. */
  private boolean isSoonTakenOver(int shard, Optional<Live> reader) {
    return reader
        .filter(live -> !live.by().equals(m.state().me()))
        .filter(live -> m.view().silentMillis(live.by(), m.now()) < Timings.STANDBY_WITHIN_MILLIS)
        .flatMap(live -> m.view().couldTakeOver(shard, m.now()))
        .filter(other -> !other.equals(m.state().me()))
        .isPresent();
  }

  /**
   * Whether a reader that was heard is not any more, and a channel more of each of its shards ends
   * none.
   */
  private boolean isMissed(Live reader, Topics topics) {
    return !m.isAlive(reader)
        && !m.view().gone().contains(reader.by())
        // When Kafka is back some are heard later than others
        && (m.view().isHeardSinceContact(reader.by())
            || !m.view().heardAt().containsKey(reader.by())
            || m.isReplaced(reader))
        && (isRoomBesideWhoIsNotHeard(topics)
            || m.isReplaced(reader) && !m.planning().owners().containsKey(0));
  }

  /** Whether someone is to read a shard besides this reader, or instead of it. */
  private boolean isDue(Live reader, Topics topics) {
    return standby && m.isAlive(reader)
        ? m.state().tellsReached(reader.by())
        : isMissed(reader, topics)
            && (!standby || m.view().couldTakeOver(topics.shard(), m.now()).isEmpty());
  }

  private boolean mayOpen(Standing due, Live reader, Topics topics) {
    if (standby && m.isAlive(reader)) {
      return m.now() >= due.since() && isRoomForStandby(topics);
    }
    // Whoever stood by before has ended, too, and need not close its channel first; what was read
    // ahead is not opened again too soon, but a reader that has ended stands still no more
    return m.now() >= due.since() || !due.taken() && (standby || m.isReplaced(reader));
  }

  // ---- what follows

  /** Whether to read a shard besides its reader, and what becomes of it if we do. */
  void consider(int shard) {
    Optional<Standing> standing = m.state().standing(shard);
    Optional<Topics> topics = m.view().planned(shard);
    Optional<Live> reader = m.anotherReader(shard);
    boolean read = reader.filter(m::isAlive).isPresent();
    boolean due =
        topics.isPresent()
            && reader.isPresent()
            && isDue(reader.get(), topics.get())
            && isDesignated(shard, reader.get());
    if (standing.isEmpty()) {
      if (due) {
        // Whoever stood by before is to close its channel first
        boolean waits = standby && m.isAlive(reader.get());
        long after = waits ? Timings.STANDBY_AFTER_MILLIS : 0;
        become(shard, Standing.due(m.now() + after));
      }
    } else if (!standing.get().isOpen()) {
      if (!due && m.now() >= standing.get().since()) {
        m.become(m.state().withoutStanding(shard));
      } else if (due && mayOpen(standing.get(), reader.get(), topics.get())) {
        become(shard, standing.get().opened(topics.get().version(), m.now()));
        m.add(new ClusterAction.StandBy(topics.get().planned()));
        tell(shard);
      }
    } else if (topics.isEmpty() || read && !due || isTakenByOthers(topics.get())) {
      close(shard);
      boolean anew = m.now() - m.view().millisSinceLive(shard, m.now()) > standing.get().since();
      if (!standby && read && !anew) {
        // Its reader only stood still, and may do so again
        become(shard, Standing.due(m.now() + Timings.GIVEN_UP_MILLIS));
      }
    } else if (read) {
      change(shard, standing.get(), topics.get());
    } else if (reader.isEmpty() && !standing.get().isLive() && !m.state().owns(shard)) {
      // Whoever read it has left it on purpose, and its owner is faster
      close(shard);
    } else if (reader.isEmpty() || m.isReplaced(reader.get())) {
      // Of two that read it the one goes on that all have heard first
      if (standing.get().isLive() && !isSoonTakenOver(shard, reader)) {
        takeOver(shard, standing.get(), topics.get());
      }
    }
  }

  /** Those who wait for us, if we could take over, hear that every second. */
  void tell(int shard) {
    // Of one that was not heard before nothing is a copy of what it forwarded meanwhile
    long warmAfter = standby ? Timings.WARM_AFTER_MILLIS : 0;
    m.state()
        .standing(shard)
        .filter(Standing::isOpen)
        .ifPresent(
            its -> m.write(new Standby(m.state().me(), shard, its.isWarm(m.now(), warmAfter))));
  }

  /** Our channel is live since then, or is not any more. */
  void live(int shard, OptionalLong since) {
    m.state()
        .standing(shard)
        .filter(standing -> standing.isOpen() && standing.isLive() != since.isPresent())
        .ifPresent(standing -> become(shard, standing.live(since)));
  }

  /** Our channel was taken from us: whoever reads goes first. */
  void evicted(int shard) {
    if (m.state().standing(shard).filter(Standing::isOpen).isPresent()) {
      close(shard);
      become(shard, Standing.taken(m.now() + Timings.GIVEN_UP_MILLIS));
    }
  }

  /** As if we had opened it for the move: what was read before its reader has. */
  void takePart(int shard, Standing standing, Live reader) {
    m.become(shard, Ours.opening(Stage.JOINING, standing.version(), reader.lastRead(), m.now()));
    m.add(new ClusterAction.TakePart(shard));
  }

  /** Nobody reads the shard, and our channel, too, is not live yet, or not any more. */
  void openForGood(int shard, Standing standing, Topics topics) {
    long lastRead = m.view().shard(shard).lastRead();
    m.become(shard, Ours.opening(Stage.OPENING, standing.version(), lastRead, m.now()));
    m.add(new ClusterAction.TakeOver(topics.planned(), lastRead));
  }

  /** Another was faster than we, and knows nothing of what its predecessor has not forwarded. */
  void rescue(Live live, Optional<Live> before) {
    boolean ended =
        !live.held()
            && !live.by().equals(m.state().me())
            && before.filter(it -> !it.by().equals(live.by())).isPresent();
    if (ended && m.state().standing(live.shard()).filter(Standing::isOpen).isPresent()) {
      m.add(new ClusterAction.Rescue(live.shard()));
    }
  }

  /** Its lease has run out, so that it forwards nothing more, should it only stand still. */
  private void takeOver(int shard, Standing standing, Topics topics) {
    long lastRead = m.view().shard(shard).lastRead();
    long epoch = m.view().shard(shard).nextEpoch();
    m.become(
        shard,
        Ours.opening(Stage.READING, standing.version(), lastRead, m.now()).under(epoch, m.now()));
    m.write(new Live(m.state().me(), shard, epoch, false, lastRead));
    m.add(new ClusterAction.TakeOver(topics.planned(), lastRead));
  }

  private void become(int shard, Standing standing) {
    m.become(m.state().with(shard, standing));
  }

  private void close(int shard) {
    m.add(new ClusterAction.Close(shard));
    m.become(m.state().withoutStanding(shard));
  }

  private void change(int shard, Standing standing, Topics topics) {
    boolean meant = topics.version().equals(m.view().plan().versions().get(shard));
    if (meant && !topics.version().equals(standing.version())) {
      m.add(new ClusterAction.Change(topics.planned()));
      become(shard, standing.withVersion(topics.version()));
    }
  }

  // ---- whose turn it is

  /**
   * Whether it is ours. Whoever reads the shard already goes on; else it is the owner of the next
   * slot that may, the owner of its own slot before or after all others.
   */
  private boolean isDesignated(int shard, Live reader) {
    Optional<KnownShard.Beside> before =
        m.view()
            .shard(shard)
            .standby()
            .filter(this::goesOn)
            .filter(it -> mayStandBy(shard, it.by(), reader));
    Optional<String> cold = before.filter(this::isCold).map(KnownShard.Beside::by);
    if (before.isPresent() && cold.isEmpty()) {
      return before.get().by().equals(m.state().me());
    }
    Integer slot = m.view().plan().slots().get(shard);
    if (slot == null) {
      return false;
    }
    Map<Integer, String> owners = m.planning().owners();
    String owner = owners.getOrDefault(slot, "");
    TreeMap<Integer, String> sorted = new TreeMap<>(owners);
    List<String> next = new ArrayList<>(sorted.tailMap(slot, false).values());
    next.addAll(sorted.headMap(slot, true).values());
    next.removeIf(owner::equals);
    next.add(standby ? next.size() : 0, owner);
    // Only if nobody else may
    cold.filter(next::remove).ifPresent(next::add);
    return next.stream()
        .filter(who -> mayStandBy(shard, who, reader))
        .findFirst()
        .filter(who -> who.equals(m.state().me()))
        .isPresent();
  }

  /** Whether whoever said last that it reads the shard still does, as far as can be told. */
  private boolean goesOn(KnownShard.Beside last) {
    // What was told of an earlier death stays in the control topic
    return standby || m.now() - last.at() <= Timings.DEAD_AFTER_MILLIS;
  }

  /**
   * Whether that one could not take over for so long that another is to. Before that what is read
   * ahead is dealt, or its reader is heard again.
   */
  private boolean isCold(KnownShard.Beside before) {
    // While Kafka is away nobody is heard to say that it could
    ControlView view = m.view();
    return standby
        && view.contact(m.now())
        && m.now() - Math.max(before.warmAt(), view.contactSince()) >= Timings.COLD_FOR_MILLIS;
  }

  private boolean mayStandBy(int shard, String who, Live reader) {
    if (who.equals(reader.by())) {
      return false;
    }
    ClusterState state = m.state();
    if (who.equals(state.me())) {
      return !state.self().leaving() && !state.self().isAway() && m.planning().mayRead(shard, who);
    }
    Member member = m.view().members().get(who);
    return member != null
        && !member.leaving()
        && member.reach() != Reach.NO
        && m.view().alive(who, m.now())
        && m.planning().mayRead(shard, who);
  }

  // ---- whether one channel more of a shard's OAuth client ends another

  private List<Integer> ofItsClient(Topics topics) {
    String client = topics.planned().client();
    return m.view().plan().slots().keySet().stream()
        .flatMap(shard -> m.view().planned(shard).stream())
        .filter(other -> other.planned().client().equals(client))
        .map(Topics::shard)
        .toList();
  }

  /**
   * Whether the channels of one instance more, for each shard whose reader is not heard, end none
   * of theirs, nor of those who stand by.
   */
  private boolean isRoomBesideWhoIsNotHeard(Topics topics) {
    List<Integer> shards = ofItsClient(topics);
    long unheard =
        shards.stream()
            .flatMap(shard -> m.view().reader(shard).stream())
            .filter(live -> !m.isAlive(live))
            .count();
    int readers = standby ? 2 : 1;
    int channels = m.state().self().channels();
    return channels * (readers * shards.size() + unheard) + SPARE <= CHANNELS;
  }

  /**
   * Whether there is room for who stands by. For a while the channels of an instance that was cut
   * off, or died without a word, count as well as those of the ones that have taken over.
   */
  private boolean isRoomForStandby(Topics topics) {
    ControlView view = m.view();
    return isRoomForThree(topics)
        || view.contact(m.now())
            && view.members().keySet().stream()
                .filter(who -> !view.alive(who, m.now()))
                .map(who -> view.heardAt().getOrDefault(who, ControlView.NEVER))
                .allMatch(at -> m.now() - at >= Timings.GIVEN_UP_MILLIS);
  }

  /** Whether others count us as dead by now, and take what we use. */
  private boolean isTakenByOthers(Topics topics) {
    return m.now() - m.view().contactAt() >= Timings.GIVEN_UP_MILLIS && !isRoomForThree(topics);
  }

  private boolean isRoomForThree(Topics topics) {
    return 3 * ofItsClient(topics).size() <= CHANNELS;
  }
}
