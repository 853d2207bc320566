package dev.caravan.cluster;

/**
 * How long one instance waits for another, in milliseconds. They hang together: an instance that
 * stands still must stop forwarding before another takes its place.
 */
final class Timings {

  /** Who has not been heard for so long, while we heard ourselves, has ended. */
  static final long DEAD_AFTER_MILLIS = 5_000;

  /** We have no contact with the control topic if we have not heard ourselves for so long. */
  static final long CONTACT_MILLIS = 3_500;

  /**
   * A process that stood still for so long may have been replaced: the group's session lasts 10 s
   * from the last heartbeat, which was up to a second before.
   */
  static final long LEASE_MILLIS = 8_000;

  /** For so long what was forwarded is waited for; then all that is held is forwarded. */
  static final long HANDED_WITHIN_MILLIS = 30_000;

  /** A move that has come to nothing for so long makes room for the next one. */
  static final long MOVES_WITHIN_MILLIS = 60_000;

  /**
   * What one had that was not heard for so long is dealt to others, before the group has noticed.
   * Longer than {@link #LEASE_MILLIS}, after which one that stood still forwards nothing.
   */
  static final long REPLACED_AFTER_MILLIS = 9_000;

  /** A record that was not heard for so long is written again. */
  static final long WRITE_AGAIN_MILLIS = 5_000;

  /** An instance that was not heard for so long is not missed any more. */
  static final long FORGOTTEN_AFTER_MILLIS = 600_000;

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
  static final long SESSION_MILLIS = 10_000;

  /** After so long with contact all that others have told has been heard. */
  static final long CONTACT_AGAIN_MILLIS = 3_000;

  /** For so long after a plan others may not read yet what it has changed. */
  static final long CHANGED_WITHIN_MILLIS = 10_000;

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

  /**
   * So long whoever is about to end waits for a Kafka that does not answer: until others lead what
   * a broker has led that is gone.
   */
  static final long WAITS_FOR_KAFKA_MILLIS = 30_000;

  /** By more the clocks of the machines must not differ. */
  static final long CLOCKS_AGREE_MILLIS = 1_000;

  private Timings() {}
}
