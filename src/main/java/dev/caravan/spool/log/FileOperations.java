package dev.caravan.spool.log;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * What a log does to a disk that can fail or be undone by a power cut; a test puts a layer here.
 * Nobody but the owner may read what it makes. An interrupt does not disturb it.
 */
class FileOperations {

  private static final FileAttribute<?>[] OWNER_ONLY_FILE = ownerOnly("rw-------");
  private static final FileAttribute<?>[] OWNER_ONLY_FOLDER = ownerOnly("rwx------");

  private static FileAttribute<?>[] ownerOnly(String permissions) {
    boolean posix = Path.of("").getFileSystem().supportedFileAttributeViews().contains("posix");
    return posix
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }

  /** Makes the folder and those above it, on the medium itself, unless they are there. */
  final void createFolder(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      Path above = folder.toAbsolutePath().getParent();
      createFolder(above);
      Files.createDirectories(folder, OWNER_ONLY_FOLDER);
      // One that only others may read cannot be forced by us
      if (Files.isReadable(above)) {
        forceFolder(above);
      }
    }
  }

  /** Makes an empty file that was not there. */
  RandomAccessFile create(Path path) throws IOException {
    Files.createFile(path, OWNER_ONLY_FILE);
    return open(path);
  }

  /** Opens a file that is there. */
  RandomAccessFile open(Path path) throws IOException {
    return new RandomAccessFile(path.toFile(), "rw");
  }

  final RandomAccessFile openOrCreate(Path path) throws IOException {
    try {
      return create(path);
    } catch (FileAlreadyExistsException fromBefore) {
      return open(path);
    }
  }

  /** Writes all of it, or a part of it and throws. */
  void write(RandomAccessFile file, long at, byte[] bytes, int length) throws IOException {
    file.seek(at);
    file.write(bytes, 0, length);
  }

  void truncate(RandomAccessFile file, long length) throws IOException {
    file.setLength(length);
  }

  /** Puts what was written to the file on the medium itself. */
  void force(RandomAccessFile file) throws IOException {
    file.getFD().sync();
  }

  /** Puts what was written to the file on the medium itself, also by others that have it open. */
  void forceFile(Path path) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      file.getFD().sync();
    }
  }

  /** Puts the names in the folder on the medium itself. */
  void forceFolder(Path folder) throws IOException {
    boolean interrupted = Thread.interrupted();
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  void delete(Path path) throws IOException {
    Files.deleteIfExists(path);
  }

  /** Renames; what had that name before is gone. */
  void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Reads as much as there is; says how much that was. */
  static int readFully(RandomAccessFile file, long at, byte[] bytes, int offset, int length)
      throws IOException {
    file.seek(at);
    int done = 0;
    while (done < length) {
      int read = file.read(bytes, offset + done, length - done);
      if (read < 0) {
        break;
      }
      done += read;
    }
    return done;
  }
}
