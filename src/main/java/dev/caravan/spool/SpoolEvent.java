package dev.caravan.spool;

import dev.caravan.spool.SpoolConfiguration.WhenFull;
import dev.caravan.spool.log.SegmentedLog.Hole;
import java.time.Instant;
import java.util.List;

/** Something that happened to a spool and that its owner may have to act on or record. */
public sealed interface SpoolEvent {

  /** The name of the spool. */
  String spool();

  /** No room is left for what arrives; what happens to it is the policy's choice. */
  record Full(String spool, long bytes, long maxBytes, WhenFull policy) implements SpoolEvent {}

  /** There is room again after {@link Full}. */
  record Relieved(String spool, long bytes) implements SpoolEvent {}

  /** Records that will never be handed out, with the time they span. */
  record Dropped(String spool, Reason reason, long records, Instant oldest, Instant newest)
      implements SpoolEvent {}

  /** Records that damage to a file took, with the sequences and times where they were. */
  record Damaged(String spool, long lost, List<Hole> holes) implements SpoolEvent {
    public Damaged {
      holes = List.copyOf(holes);
    }
  }

  /** The disk cannot be written; records wait in memory meanwhile. */
  record StoreFailing(String spool, String sentence) implements SpoolEvent {}

  /** The disk can be written again after {@link StoreFailing}. */
  record StoreWorking(String spool) implements SpoolEvent {}

  /**
   * Kept records were sent again; {@code gone} are those that were no longer kept in their turn.
   */
  record Replayed(String spool, Instant since, long records, long gone, boolean complete)
      implements SpoolEvent {}

  /**
   * A dead letter was put into the spool.
   *
   * @param why by class and step, without anything of its content
   */
  record Letter(String spool, String why) implements SpoolEvent {}

  /** Why records were dropped. */
  enum Reason {
    FULL,
    TOO_OLD,
    GAVE_UP
  }
}
