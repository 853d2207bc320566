package dev.caravan.spool;

import java.nio.file.Path;
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

  /** A damaged file was set aside and what was whole in it was kept. */
  record Repaired(String spool, Path setAside, long salvaged, long lost, List<Hole> holes)
      implements SpoolEvent {
    public Repaired {
      holes = List.copyOf(holes);
    }
  }

  /** The store refuses to write or to read; records wait in memory meanwhile. */
  record StoreFailing(String spool, String sentence) implements SpoolEvent {}

  /** The store works again after {@link StoreFailing}. */
  record StoreWorking(String spool) implements SpoolEvent {}

  /**
   * Kept records were sent again; {@code gone} are those that were no longer kept in their turn.
   */
  record Replayed(String spool, Instant since, long records, long gone, boolean complete)
      implements SpoolEvent {}

  /** Why records were dropped. */
  enum Reason {
    FULL,
    TOO_OLD,
    GAVE_UP
  }

  /**
   * Sequences that were lost to damage, both ends included; the last record before it was appended
   * at {@code after}, the first one behind it at {@code before}. {@code after} is {@link
   * Instant#EPOCH} if there is no whole record before it.
   */
  record Hole(long from, long to, Instant after, Instant before) {}
}
