package dev.caravan.cluster;

import dev.caravan.cluster.ClusterState.Standing;
import dev.caravan.cluster.ControlRecord.Live;
import dev.caravan.cluster.ControlRecord.Topics;

/** For good: each shard has a second instance that could take it over, with all that it needs. */
final class StandingBy extends SecondReading {

  StandingBy(Decision decision) {
    super(decision);
  }

  @Override
  boolean isDue(Live reader, Topics topics) {
    return d.isAlive(reader) && d.state().tellsReached(reader.by());
  }

  @Override
  boolean isForItsOwner() {
    return false;
  }

  @Override
  boolean goesOn(ControlView.Beside last) {
    return true;
  }

  @Override
  boolean isCold(ControlView.Beside before) {
    return d.now() - before.warmAt() >= ClusterMachine.COLD_FOR_MILLIS;
  }

  @Override
  long opensAfterMillis() {
    return ClusterMachine.STANDBY_AFTER_MILLIS;
  }

  @Override
  boolean mayOpen(Standing due, Live reader, Topics topics) {
    return d.now() >= due.since() && room(topics).isThereForStandby();
  }

  @Override
  long warmAfterMillis() {
    return ClusterMachine.WARM_AFTER_MILLIS;
  }

  @Override
  void closed(int shard, Standing before, boolean read) {
    // Another stands by by now, or this one may not
  }
}
