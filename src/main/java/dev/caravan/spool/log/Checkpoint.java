package dev.caravan.spool.log;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A small file beside a log that remembers how far records were acknowledged and committed, and
 * whose lock keeps a second process out. Writing it costs a microsecond, so acknowledgements alone
 * need no commit; and a log that comes back without its newest records is found out.
 *
 * <p>Two slots are written in turn, so that one of them is whole whatever happens. For one thread
 * at a time; an interrupt does not disturb it.
 */
public final class Checkpoint implements Closeable {

  private static final int SLOT_LENGTH = 64;

  /** Versions before 0.2 put the time here, and know of nothing behind the first checksum. */
  private static final int PARKED_RECORDS_AT = 8 * 3;

  private static final int CHECKED_LENGTH = 8 * 4;
  private static final int PARKED_AT = 8 * 5;
  private static final int PARKED_CHECKED_LENGTH = 8 * 6;

  private final FileOperations disk;
  private final RandomAccessFile file;
  private final FileLock lock;
  private final ByteBuffer buffer = ByteBuffer.allocate(SLOT_LENGTH);
  private volatile Mark mark;

  /** Another process has the log open, so this one must not. */
  public static final class InUseException extends IOException {

    private static final long serialVersionUID = 1L;

    private InUseException(String message) {
      super(message);
    }
  }

  /**
   * How far things had come at the time of writing; zeros if nothing was written.
   *
   * @param acknowledged up to here everything is done with
   * @param committed the highest sequence that the log has stored
   * @param parked the highest sequence of the log of parked records; 0 also if it is not known
   * @param parkedRecords how many are parked; 0 also if it is not known
   */
  public record Mark(
      long generation, long acknowledged, long committed, long parked, long parkedRecords) {}

  private Checkpoint(FileOperations disk, RandomAccessFile file, FileLock lock, Mark mark) {
    this.disk = disk;
    this.file = file;
    this.lock = lock;
    this.mark = mark;
  }

  /**
   * Opens the file, or makes a new one, and takes its lock.
   *
   * @throws InUseException with a sentence that says who must give way, if it is locked
   */
  public static Checkpoint open(Path path, String name) throws IOException {
    return open(path, name, new FileOperations());
  }

  static Checkpoint open(Path path, String name, FileOperations disk) throws IOException {
    disk.createFolder(path.getParent());
    RandomAccessFile file = disk.openOrCreate(path);
    try {
      FileLock lock = tryLock(file.getChannel());
      if (lock == null) {
        throw new InUseException(
            ("The spool '%s' in %s is in use by another process, so it is not opened a second time."
                    + " Stop that process, or give this one a directory of its own.")
                .formatted(name, path.getParent()));
      }
      byte[] slots = new byte[2 * SLOT_LENGTH];
      FileOperations.readFully(file, 0, slots, 0, slots.length);
      return new Checkpoint(disk, file, lock, newest(slots));
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  private static FileLock tryLock(FileChannel file) throws IOException {
    try {
      return file.tryLock();
    } catch (OverlappingFileLockException inThisProcess) {
      return null;
    }
  }

  /** What was written last, without opening it; zeros if nothing was. */
  public static Mark newest(FileChannel file) throws IOException {
    ByteBuffer slots = ByteBuffer.allocate(2 * SLOT_LENGTH);
    file.read(slots, 0);
    return newest(slots.array());
  }

  private static Mark newest(byte[] slots) {
    return Stream.of(mark(slots, 0), mark(slots, SLOT_LENGTH))
        .flatMap(Optional::stream)
        .max(Comparator.comparingLong(Mark::generation))
        .orElse(new Mark(0, 0, 0, 0, 0));
  }

  private static Optional<Mark> mark(byte[] slots, int at) {
    ByteBuffer slot = ByteBuffer.wrap(slots);
    if (slot.getLong(at + CHECKED_LENGTH) != checksum(slots, at, CHECKED_LENGTH)) {
      return Optional.empty();
    }
    boolean knowsParked =
        slot.getLong(at + PARKED_CHECKED_LENGTH) == checksum(slots, at, PARKED_CHECKED_LENGTH);
    return Optional.of(
        new Mark(
            slot.getLong(at),
            slot.getLong(at + 8),
            slot.getLong(at + 16),
            knowsParked ? slot.getLong(at + PARKED_AT) : 0,
            knowsParked ? slot.getLong(at + PARKED_RECORDS_AT) : 0));
  }

  private static long checksum(byte[] slots, int at, int length) {
    return Integer.toUnsignedLong(Frame.checksum(slots, at, length));
  }

  /** What was written last. */
  public Mark mark() {
    return mark;
  }

  /** Remembers; does nothing if nothing has changed. */
  public void write(long acknowledged, long committed, long parked, long parkedRecords)
      throws IOException {
    long generation = mark.generation();
    if (mark.equals(new Mark(generation, acknowledged, committed, parked, parkedRecords))) {
      return;
    }
    Mark next = new Mark(generation + 1, acknowledged, committed, parked, parkedRecords);
    buffer.clear();
    buffer.putLong(next.generation()).putLong(acknowledged).putLong(committed);
    buffer.putLong(parkedRecords);
    buffer.putLong(checksum(buffer.array(), 0, CHECKED_LENGTH));
    buffer.putLong(parked);
    buffer.putLong(checksum(buffer.array(), 0, PARKED_CHECKED_LENGTH));
    disk.write(file, (next.generation() & 1) * SLOT_LENGTH, buffer.array(), SLOT_LENGTH);
    mark = next;
  }

  /** Puts what was written on the medium itself. */
  public void force() throws IOException {
    disk.force(file);
  }

  /**
   * Refuses a spool in the format of before 0.1, an H2 MVStore {@code name.mv}.
   *
   * @throws IOException with a sentence that says how to drain it, if there is one
   */
  public static void refuseOlderFormat(Path directory, String name) throws IOException {
    Path store = directory.resolve(name + ".mv");
    if (Files.exists(store)) {
      throw new IOException(
          ("The spool '%s' in %s is in the format of an earlier version, and events may wait in it."
                  + " Run the previous version until its spool is empty, move %s away, then start"
                  + " this one again. Nothing was changed.")
              .formatted(name, directory, store.getFileName()));
    }
  }

  @Override
  public void close() throws IOException {
    lock.release();
    file.close();
  }
}
