package dev.caravan;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * For keeping what may hold personal data: makes and narrows files and folders that nobody but
 * their owner can read, where the file system knows of owners.
 */
public final class PrivateFiles {

  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> FOLDER =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> OF_OTHERS =
      PosixFilePermissions.fromString("---rwxrwx");

  private PrivateFiles() {}

  /** Makes a folder, and those above it as the system does by itself, unless it is there. */
  public static void createFolder(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      Path above = folder.toAbsolutePath().getParent();
      if (above != null) {
        Files.createDirectories(above);
      }
      Files.createDirectories(folder, attributes(folder, FOLDER));
    }
  }

  /**
   * Makes a file that is not there yet, to be written bit by bit.
   *
   * @throws java.nio.file.FileAlreadyExistsException if it is there
   */
  public static FileChannel create(Path file) throws IOException {
    return FileChannel.open(
        file,
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
        attributes(file, FILE));
  }

  /** Opens a file for writing that may be there. */
  public static FileChannel openOrCreate(Path file) throws IOException {
    return FileChannel.open(
        file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), attributes(file, FILE));
  }

  /**
   * Replaces a file as a whole, so that nobody reads half of it; {@code force}: on the medium. An
   * interrupt does not keep it from that, and is there afterwards.
   */
  public static void replace(Path file, byte[] content, boolean force) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      for (boolean done = false; !done; ) {
        try {
          replaceNow(file, content, force);
          done = true;
        } catch (ClosedByInterruptException e) {
          interrupted = Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void replaceNow(Path file, byte[] content, boolean force) throws IOException {
    createFolder(file.toAbsolutePath().getParent());
    Path next = file.resolveSibling(file.getFileName() + ".next");
    // One that was left half written may be as wide as files used to be
    Files.deleteIfExists(next);
    try (FileChannel channel = create(next)) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      if (force) {
        channel.force(false);
      }
    }
    Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Takes the rights of others from one file or folder; says whether there were any. */
  public static boolean narrow(Path path) throws IOException {
    if (!isPosix(path) || Files.isSymbolicLink(path)) {
      return false;
    }
    Set<PosixFilePermission> rights =
        EnumSet.copyOf(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
    boolean wide = rights.removeAll(OF_OTHERS);
    if (wide) {
      Files.setPosixFilePermissions(path, rights);
    }
    return wide;
  }

  /**
   * What came of narrowing.
   *
   * @param narrowed how many were wide
   * @param refused what this process cannot narrow or look at
   */
  public record Narrowing(int narrowed, List<Path> refused) {}

  /** The same for a file, or for a folder and all in it. Links are not followed. */
  public static Narrowing narrowAll(Path path) throws IOException {
    List<Path> refused = new ArrayList<>();
    int[] narrowed = new int[1];
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return visitFile(folder, attributes);
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            try {
              narrowed[0] += narrow(file) ? 1 : 0;
            } catch (IOException e) {
              visitFileFailed(file, e);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure) {
            if (!(failure instanceof NoSuchFileException)) {
              refused.add(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException failure) {
            return FileVisitResult.CONTINUE;
          }
        });
    return new Narrowing(narrowed[0], refused);
  }

  /** Whether others than the owner have any right to it. */
  public static boolean isWide(Path path) throws IOException {
    return isPosix(path) && !Collections.disjoint(Files.getPosixFilePermissions(path), OF_OTHERS);
  }

  private static boolean isPosix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  private static FileAttribute<?>[] attributes(Path path, Set<PosixFilePermission> rights) {
    return isPosix(path)
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(rights)}
        : new FileAttribute<?>[0];
  }
}
