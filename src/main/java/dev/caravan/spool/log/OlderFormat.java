package dev.caravan.spool.log;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A spool as versions before this log kept it, in an H2 MVStore: it must be drained by them. */
final class OlderFormat {

  private static final Logger LOG = LoggerFactory.getLogger(OlderFormat.class);
  private static final String ASIDE = ".before-log";

  private OlderFormat() {}

  static long refuse(Path directory, String name) throws IOException {
    Path store = directory.resolve(name + ".mv");
    Path mark = directory.resolve(name + ".mark");
    Path storeAside = directory.resolve(name + ".mv" + ASIDE);
    Path markAside = directory.resolve(name + ".mark" + ASIDE);
    if (Files.exists(store) || Files.exists(mark)) {
      Checkpoint.Mark last = Files.exists(mark) ? unlocked(mark, name) : nothing();
      if (last.committed() > last.acknowledged() || last.generation() == 0 && Files.exists(store)) {
        throw new IOException(
            ("The spool '%s' in %s is in the format of an earlier version, and events may wait in"
                    + " it (%s). Run the previous version until its spool is empty, then start this"
                    + " one again. Nothing was changed.")
                .formatted(name, directory, store.getFileName()));
      }
      if (Files.exists(store)) {
        Files.move(store, storeAside);
      }
      if (Files.exists(mark)) {
        Files.move(mark, markAside);
      }
      LOG.info(
          "Spool '{}': all in the file of an earlier version was done with; it is set aside as {}"
              + " and may be deleted.",
          name,
          storeAside);
    }
    return Files.exists(markAside) ? read(markAside).committed() : 0;
  }

  private static Checkpoint.Mark nothing() {
    return new Checkpoint.Mark(0, 0, 0, 0);
  }

  private static Checkpoint.Mark read(Path mark) throws IOException {
    try (FileChannel channel = FileChannel.open(mark, StandardOpenOption.READ)) {
      return Checkpoint.newest(channel);
    }
  }

  private static Checkpoint.Mark unlocked(Path mark, String name) throws IOException {
    try (FileChannel channel =
            FileChannel.open(mark, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock == null) {
        throw inUse(mark, name);
      }
      return Checkpoint.newest(channel);
    } catch (OverlappingFileLockException inThisProcess) {
      throw inUse(mark, name);
    }
  }

  private static LogInUseException inUse(Path mark, String name) {
    return new LogInUseException(
        "The spool '%s' in %s is in use by another process, of an earlier version. Stop that process."
            .formatted(name, mark.getParent()));
  }
}
