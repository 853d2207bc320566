package dev.caravan.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * A small file beside the store that remembers how far records were acknowledged and committed, and
 * whose lock keeps a second process out. Writing it costs a microsecond, so acknowledgements alone
 * need no commit; and a store that comes back without its newest records is found out.
 */
final class Watermark implements AutoCloseable {

  private static final int SLOT_LENGTH = 64;
  private static final int CHECKED_LENGTH = 8 * 4;

  private final FileChannel file;
  private final FileLock lock;
  private final ByteBuffer buffer = ByteBuffer.allocate(SLOT_LENGTH);
  private Mark mark;

  /** How far things had come at the time of writing. */
  record Mark(long generation, long acknowledged, long committed, long atMillis) {}

  private Watermark(FileChannel file, FileLock lock, Mark mark) {
    this.file = file;
    this.lock = lock;
    this.mark = mark;
  }

  /** Opens the file and takes its lock, or says who must give way. */
  static Watermark open(Path path, String spool) throws IOException {
    Files.createDirectories(path.getParent());
    FileChannel file =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      FileLock lock = tryLock(file);
      if (lock == null) {
        throw new SpoolInUseException(
            ("The spool '%s' in %s is in use by another process, so it is not opened a second time."
                    + " Stop that process, or give this one a directory of its own.")
                .formatted(spool, path.getParent()));
      }
      return new Watermark(file, lock, newest(file));
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  private static FileLock tryLock(FileChannel file) throws IOException {
    try {
      return file.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  /** What was written last; zeros if nothing was. */
  static Mark newest(FileChannel file) throws IOException {
    return Stream.of(read(file, 0), read(file, SLOT_LENGTH))
        .flatMap(Optional::stream)
        .max(Comparator.comparingLong(Mark::generation))
        .orElse(new Mark(0, 0, 0, 0));
  }

  private static Optional<Mark> read(FileChannel file, int at) throws IOException {
    ByteBuffer slot = ByteBuffer.allocate(SLOT_LENGTH);
    if (file.read(slot, at) < SLOT_LENGTH) {
      return Optional.empty();
    }
    Mark mark = new Mark(slot.getLong(0), slot.getLong(8), slot.getLong(16), slot.getLong(24));
    return slot.getLong(CHECKED_LENGTH) == checksum(slot) ? Optional.of(mark) : Optional.empty();
  }

  private static long checksum(ByteBuffer slot) {
    CRC32C checksum = new CRC32C();
    checksum.update(slot.array(), 0, CHECKED_LENGTH);
    return checksum.getValue();
  }

  Mark mark() {
    return mark;
  }

  /** Remembers; does nothing if nothing has changed. */
  void write(long acknowledged, long committed, long nowMillis) throws IOException {
    if (acknowledged == mark.acknowledged() && committed == mark.committed()) {
      return;
    }
    Mark next = new Mark(mark.generation() + 1, acknowledged, committed, nowMillis);
    buffer.clear();
    buffer.putLong(next.generation());
    buffer.putLong(acknowledged);
    buffer.putLong(committed);
    buffer.putLong(nowMillis);
    buffer.putLong(checksum(buffer));
    buffer.position(0).limit(SLOT_LENGTH);
    file.write(buffer, (next.generation() & 1) * SLOT_LENGTH);
    mark = next;
  }

  /** Puts what was written on the medium itself. */
  void force() throws IOException {
    file.force(false);
  }

  @Override
  public void close() throws IOException {
    lock.release();
    file.close();
  }
}
