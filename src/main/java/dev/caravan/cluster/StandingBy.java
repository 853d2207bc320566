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
    return d.isAlive(reader)
        ? d.state().tellsReached(reader.by())
        : isMissed(reader, topics) && d.view().couldTakeOver(topics.shard(), d.now()).isEmpty();
  }

  @Override
  boolean isForItsOwner() {
    return false;
  }

  @Override
  boolean goesOn(KnownShard.Beside last) {
    return true;
  }

  @Override
  boolean isCold(KnownShard.Beside before) {
    // While Kafka is away nobody is heard to say that it could
    ControlView view = d.view();
    return view.contact(d.now())
        && d.now() - Math.max(before.warmAt(), view.contactSince())
            >= ClusterMachine.COLD_FOR_MILLIS;
  }

  @Override
  long opensAfterMillis(Live reader) {
    return d.isAlive(reader) ? ClusterMachine.STANDBY_AFTER_MILLIS : 0;
  }

  @Override
  boolean mayOpen(Standing due, Live reader, Topics topics) {
    if (d.isAlive(reader)) {
      return d.now() >= due.since() && room(topics).isThereForStandby();
    }
    // Whoever stood by before need not close its channel: it has ended, too
    return d.now() >= due.since() || !due.taken();
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
