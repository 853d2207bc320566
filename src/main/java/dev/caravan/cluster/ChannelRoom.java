package dev.caravan.cluster;

import dev.caravan.cluster.ControlRecord.Topics;
import java.util.List;

/** Whether one channel more of a shard's OAuth client ends another, as things are at a moment. */
final class ChannelRoom {

  /** An OAuth client may have so many channels; one more ends another. */
  private static final int CHANNELS = 20;

  /** So many of those are left to hand-overs from one channel to another. */
  private static final int SPARE = 2;

  private final ClusterState state;
  private final long now;
  private final List<Integer> shards;

  /**
   * @param topics of the shard
   */
  ChannelRoom(ClusterState state, long now, Topics topics) {
    this.state = state;
    this.now = now;
    ControlView view = state.view();
    String client = topics.planned().client();
    this.shards =
        view.plan().slots().keySet().stream()
            .flatMap(shard -> view.planned(shard).stream())
            .filter(other -> other.planned().client().equals(client))
            .map(Topics::shard)
            .toList();
  }

  /**
   * Whether the channels of one instance more, for each shard whose reader is not heard, end none
   * of theirs, nor of those who stand by.
   */
  boolean isThereBesideWhoIsNotHeard() {
    ControlView view = state.view();
    long unheard =
        shards.stream()
            .flatMap(shard -> view.reader(shard).stream())
            .filter(live -> !view.alive(live.by(), now))
            .count();
    int readers = state.self().standby() ? 2 : 1;
    return state.self().channels() * (readers * shards.size() + unheard) + SPARE <= CHANNELS;
  }

  /**
   * Whether there is room for who stands by. For a while the channels of an instance that was cut
   * off, or died without a word, count as well as those of the ones that have taken over.
   */
  boolean isThereForStandby() {
    ControlView view = state.view();
    return isThereForThree()
        || view.contact(now)
            && view.members().keySet().stream()
                .filter(who -> !view.alive(who, now))
                .allMatch(
                    who ->
                        now - view.heardAt().getOrDefault(who, ControlView.NEVER)
                            >= ClusterMachine.GIVEN_UP_MILLIS);
  }

  /** Whether others count us as dead by now, and take what we use. */
  boolean isTakenByOthers() {
    return now - state.view().contactAt() >= ClusterMachine.GIVEN_UP_MILLIS && !isThereForThree();
  }

  private boolean isThereForThree() {
    return 3 * shards.size() <= CHANNELS;
  }
}
