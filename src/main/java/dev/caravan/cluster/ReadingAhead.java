package dev.caravan.cluster;

import dev.caravan.cluster.ClusterState.Standing;
import dev.caravan.cluster.ControlRecord.Live;
import dev.caravan.cluster.ControlRecord.Topics;

/**
 * Only where the reader is not heard any more: should that have ended, there is a gap until our
 * channel reads, and not until its lease has run out, too.
 */
final class ReadingAhead extends SecondReading {

  ReadingAhead(Decision decision) {
    super(decision);
  }

  @Override
  boolean isDue(Live reader, Topics topics) {
    return isMissed(reader, topics);
  }

  @Override
  boolean isForItsOwner() {
    return true;
  }

  /** What was told of an earlier death stays in the control topic. */
  @Override
  boolean goesOn(KnownShard.Beside last) {
    return d.now() - last.at() <= ControlView.DEAD_AFTER_MILLIS;
  }

  /** Before that its reader is heard again, or its shard is dealt. */
  @Override
  boolean isCold(KnownShard.Beside before) {
    return false;
  }

  @Override
  long opensAfterMillis(Live reader) {
    return 0;
  }

  /** Not too soon after we closed it; but a reader that has ended stands still no more. */
  @Override
  boolean mayOpen(Standing due, Live reader, Topics topics) {
    return d.now() >= due.since() || !due.taken() && d.isReplaced(reader);
  }

  /** Of one that was not heard before nothing is a copy of what it forwarded meanwhile. */
  @Override
  long warmAfterMillis() {
    return 0;
  }

  @Override
  void closed(int shard, Standing before, boolean read) {
    boolean readAnew = d.now() - d.view().millisSinceLive(shard, d.now()) > before.since();
    if (read && !readAnew) {
      // Its reader only stood still, and may do so again
      d.become(shard, Standing.due(d.now() + ClusterMachine.GIVEN_UP_MILLIS));
    }
  }
}
