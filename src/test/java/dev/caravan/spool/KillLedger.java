package dev.caravan.spool;

import java.io.IOException;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What a process that is about to be killed has done, in memory shared with the file system, so
 * that it survives the process to the last write.
 */
final class KillLedger {

  static final int MAX_ID = 1_000_000;
  private static final int FIELDS = 8;

  private final LongBuffer longs;

  private KillLedger(LongBuffer longs) {
    this.longs = longs;
  }

  static KillLedger open(Path path) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return new KillLedger(
          file.map(FileChannel.MapMode.READ_WRITE, 0, 8L * (FIELDS + 2L * MAX_ID)).asLongBuffer());
    }
  }

  void appended(long id, long atMillis) {
    longs.put(FIELDS + (int) id, atMillis);
    longs.put(0, id);
  }

  long lastAppended() {
    return longs.get(0);
  }

  long appendedAtMillis(long id) {
    return longs.get(FIELDS + (int) id);
  }

  void committed(long id) {
    longs.put(1, Math.max(id, longs.get(1)));
  }

  long lastCommitted() {
    return longs.get(1);
  }

  /** Puts the ids that were delivered down one after the other, as often as they were. */
  void delivered(long id) {
    int count = (int) longs.get(2);
    longs.put(FIELDS + MAX_ID + count, id);
    longs.put(2, count + 1L);
  }

  int deliveries() {
    return (int) longs.get(2);
  }

  long delivery(int index) {
    return longs.get(FIELDS + MAX_ID + index);
  }
}
