package dev.caravan.spool;

import dev.caravan.spool.log.Checkpoint;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * For telling from outside how a spool is, without opening it: what a process that has it open
 * noted last, and whether there is one.
 *
 * @param name of the spool
 * @param inUse whether a process has it open
 * @param waiting records that are on disk and not acknowledged
 * @param parked records that could not be delivered while others were
 * @param fileBytes on disk
 */
public record SpoolGlance(String name, boolean inUse, long waiting, long parked, long fileBytes) {

  private static final int MOST_SPOOLS = 100;
  private static final int MOST_FILES = 10_000;

  /** The spools whose files lie in this directory, by name; none if it is not there. */
  public static List<SpoolGlance> at(Path directory) throws IOException {
    return at(directory, any -> true);
  }

  /**
   * Those of these names. A spool that this process has open is not to be among them: the operating
   * system takes its lock away when any file handle of it is closed.
   */
  static List<SpoolGlance> at(Path directory, Predicate<String> which) throws IOException {
    List<Path> checkpoints;
    try (Stream<Path> files = Files.list(directory)) {
      checkpoints =
          files
              .filter(file -> file.getFileName().toString().endsWith(Spool.CHECKPOINT))
              .filter(file -> which.test(name(file)))
              .sorted()
              .limit(MOST_SPOOLS)
              .toList();
    } catch (NoSuchFileException nobodyHasSpooled) {
      return List.of();
    }
    List<SpoolGlance> spools = new ArrayList<>();
    for (Path checkpoint : checkpoints) {
      spools.add(of(checkpoint));
    }
    return spools;
  }

  private static String name(Path checkpoint) {
    String name = checkpoint.getFileName().toString();
    return name.substring(0, name.length() - Spool.CHECKPOINT.length());
  }

  private static SpoolGlance of(Path file) throws IOException {
    String name = name(file);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      Checkpoint.Mark mark = Checkpoint.newest(channel);
      return new SpoolGlance(
          name,
          isLocked(channel),
          Math.max(0, mark.committed() - mark.acknowledged()),
          mark.parkedRecords(),
          size(file.resolveSibling(name)) + size(file.resolveSibling(name + ".parked")));
    }
  }

  /** Whether something is not delivered yet, parked or not. */
  public boolean waits() {
    return waiting + parked > 0;
  }

  /** That of a spool which nobody has opened for so long. */
  SpoolStatus status(SpoolConfiguration options, Duration untaken) {
    return new SpoolStatus(
        name,
        waiting,
        Duration.ZERO,
        parked,
        List.of(),
        new SpoolStatus.Space(fileBytes, options.getMaxBytes(), fileBytes, false),
        SpoolStatus.Counts.NONE,
        SpoolStatus.Rates.NONE,
        SpoolStatus.Taking.nobodySince(untaken),
        Optional.empty(),
        Optional.empty());
  }

  /** One that is deleted meanwhile has no size. */
  private static long size(Path folder) {
    File[] files = folder.toFile().listFiles();
    return files == null ? 0 : Arrays.stream(files).limit(MOST_FILES).mapToLong(File::length).sum();
  }

  /** Held for a moment and shared; a bridge that starts just then tries again. */
  private static boolean isLocked(FileChannel channel) throws IOException {
    try (FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true)) {
      return lock == null;
    } catch (OverlappingFileLockException inThisProcess) {
      return true;
    }
  }

  /** Its size on disk in words for people. */
  public static String size(List<SpoolGlance> spools) {
    return SpoolStatus.size(spools.stream().mapToLong(SpoolGlance::fileBytes).sum());
  }
}
