package dev.caravan.spool.log;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/** A disk with room for so many bytes more; what it cannot take it takes in part, and throws. */
final class FaultyDisk extends FileOperations {

  long room = Long.MAX_VALUE;
  boolean truncates = true;
  boolean forces = true;

  /** There is at least so much room once a file is deleted. */
  long roomOnceDeleted = Long.MIN_VALUE;

  @Override
  RandomAccessFile create(Path path) throws IOException {
    if (room < 0) {
      throw new IOException("No space left on device");
    }
    return super.create(path);
  }

  @Override
  void write(RandomAccessFile file, long at, byte[] bytes, int length) throws IOException {
    if (length > room) {
      super.write(file, at, bytes, (int) Math.max(0, room));
      throw new IOException("No space left on device");
    }
    room -= length;
    super.write(file, at, bytes, length);
  }

  @Override
  void truncate(RandomAccessFile file, long length) throws IOException {
    if (!truncates) {
      throw new IOException("Input/output error");
    }
    super.truncate(file, length);
  }

  @Override
  void force(RandomAccessFile file) throws IOException {
    if (!forces) {
      throw new IOException("Input/output error");
    }
    super.force(file);
  }

  @Override
  void delete(Path path) throws IOException {
    super.delete(path);
    room = Math.max(room, roomOnceDeleted);
  }
}
