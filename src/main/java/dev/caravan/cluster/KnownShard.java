package dev.caravan.cluster;

import dev.caravan.cluster.ControlRecord.Handed;
import dev.caravan.cluster.ControlRecord.Left;
import dev.caravan.cluster.ControlRecord.Live;
import dev.caravan.cluster.ControlRecord.OfShard;
import dev.caravan.cluster.ControlRecord.Offer;
import dev.caravan.cluster.ControlRecord.Standby;
import dev.caravan.cluster.ControlRecord.Topics;
import dev.caravan.cluster.ControlRecord.Until;
import java.util.Optional;

/**
 * What the control topic says of one shard, as a value.
 *
 * @param topics its latest subscriptions
 * @param live who reads it, or under which epoch it was left
 * @param liveAt when that was heard
 * @param overwritten whether another record than the one that counts was heard last: who starts
 *     later may know only that one
 * @param until until when it was read, by whomever
 * @param offer by whom it may be taken over
 * @param handed the epoch of the last take-over that the one before has answered
 * @param standby who stands by for its reader
 */
record KnownShard(
    Optional<Topics> topics,
    Optional<Live> live,
    long liveAt,
    boolean overwritten,
    Optional<Until> until,
    Optional<Offer> offer,
    long handed,
    Optional<Beside> standby) {

  /**
   * Who stands by for the reader of a shard.
   *
   * @param warm whether it could take over
   * @param at when that was heard last
   * @param warmAt when it could last, or when it was heard first if it never could
   */
  record Beside(String by, boolean warm, long at, long warmAt) {}

  static final KnownShard NOTHING =
      new KnownShard(
          Optional.empty(),
          Optional.empty(),
          ControlView.NEVER,
          false,
          Optional.empty(),
          Optional.empty(),
          0,
          Optional.empty());

  private static final String NOBODY = "";

  /** Who reads it; empty if nobody ever did, or whoever did has left it. */
  Optional<Live> reader() {
    return live.filter(some -> !some.by().equals(NOBODY));
  }

  /** The latest epoch; -1 if nobody ever read it. */
  long epoch() {
    return live.map(Live::epoch).orElse(-1L);
  }

  private boolean left() {
    return live.isPresent() && reader().isEmpty();
  }

  /** Until when it was read, if whoever read it has not left it on purpose; 0 otherwise. */
  long lastRead() {
    return left() ? 0 : until.map(Until::millis).orElse(0L);
  }

  /** Under which epoch whoever takes it reads it, as far as we have heard. */
  long nextEpoch() {
    return Math.max(until.map(Until::epoch).orElse(0L), Math.max(0, epoch())) + 1;
  }

  /** With one record more of it; what says nothing that lasts changes nothing. */
  KnownShard with(OfShard told, boolean fresh, long now) {
    if (told instanceof Topics some) {
      return new KnownShard(
          Optional.of(some), live, liveAt, overwritten, until, offer, handed, standby);
    } else if (told instanceof Live some) {
      return with(some, now);
    } else if (told instanceof Left some) {
      // What was read before a shard was left is nobody's gap: its number may be used again
      KnownShard next = with(new Live(NOBODY, some.shard(), some.epoch(), false, 0), now);
      return epoch() < some.epoch() ? next.withUntil(Optional.empty()) : next;
    } else if (told instanceof Until some) {
      boolean older = until.filter(before -> before.epoch() > some.epoch()).isPresent();
      return older || left() && epoch() > some.epoch() ? this : withUntil(Optional.of(some));
    } else if (told instanceof Offer some) {
      return new KnownShard(
          topics, live, liveAt, overwritten, until, Optional.of(some), handed, standby);
    } else if (told instanceof Handed some && some.last()) {
      return new KnownShard(topics, live, liveAt, overwritten, until, offer, some.epoch(), standby);
    } else if (told instanceof Standby some) {
      return with(some, fresh, now);
    }
    return this;
  }

  private KnownShard with(Live told, long now) {
    if (epoch() >= told.epoch()) {
      return withOverwritten(overwritten || !live.equals(Optional.of(told)));
    }
    return new KnownShard(topics, Optional.of(told), now, false, until, offer, handed, standby);
  }

  KnownShard withOverwritten(boolean is) {
    return new KnownShard(topics, live, liveAt, is, until, offer, handed, standby);
  }

  private KnownShard withUntil(Optional<Until> some) {
    return new KnownShard(topics, live, liveAt, overwritten, some, offer, handed, standby);
  }

  /**
   * Of two the first one counts, as long as it is heard; but one that could take over counts before
   * one that could not.
   */
  private KnownShard with(Standby told, boolean fresh, long now) {
    Optional<Beside> same = standby.filter(before -> before.by().equals(told.by()));
    boolean held =
        standby
            .filter(before -> fresh && now - before.at() <= Timings.DEAD_AFTER_MILLIS)
            .filter(before -> before.warm() || !told.warm())
            .isPresent();
    if (same.isEmpty() && held) {
      return this;
    }
    long warmAt = told.warm() ? now : same.map(Beside::warmAt).orElse(now);
    Beside beside = new Beside(told.by(), told.warm(), now, warmAt);
    return new KnownShard(
        topics, live, liveAt, overwritten, until, offer, handed, Optional.of(beside));
  }
}
