package dev.caravan.cluster;

import dev.caravan.cluster.ClusterState.Ours;
import dev.caravan.cluster.ClusterState.Standing;
import dev.caravan.cluster.ControlRecord.Live;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One decision in the making: the instance as it has become so far, and what to do about it. */
final class Decision {

  private final long now;
  private final List<ClusterAction> actions = new ArrayList<>();
  private ClusterState state;

  Decision(ClusterState state, long now) {
    this.state = state;
    this.now = now;
  }

  ClusterState state() {
    return state;
  }

  ControlView view() {
    return state.view();
  }

  long now() {
    return now;
  }

  List<ClusterAction> actions() {
    return List.copyOf(actions);
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

  void become(int shard, Standing standing) {
    state = state.with(shard, standing);
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
    return view().hasEnded(reader.by(), now, ClusterMachine.REPLACED_AFTER_MILLIS);
  }
}
