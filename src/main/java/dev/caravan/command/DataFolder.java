package dev.caravan.command;

import dev.caravan.PrivateFiles;
import dev.caravan.spool.SpoolGlance;
import dev.caravan.spool.log.Checkpoint;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.util.ObjectHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * For finding out, before anything relies on it, whether the data folder can be written, and what
 * lies in it, and for keeping others out. Nothing in it is opened for writing.
 */
public final class DataFolder {

  private static final Logger LOG = LoggerFactory.getLogger(DataFolder.class);

  private static final String LOCK = "lock";

  /** What Caravan keeps in it; channels are kept for each OAuth client. */
  private static final Predicate<String> OURS =
      Pattern.compile(
              "spool|gaps|dead-letters|replay|lock|(channels(-[^.]+)?|timeline[.]json)([.]next)?")
          .asMatchPredicate();

  private DataFolder() {}

  /** Nothing can be kept there. */
  private static final class Unusable extends CommandFailure {

    Unusable(String sentence) {
      super(sentence);
    }
  }

  /** Why the folder or the spool's folder in it cannot be used; leaves nothing behind. */
  public static Optional<String> problem(Path folder) {
    return unusable(folder).or(() -> unusable(folder.resolve("spool")));
  }

  /** For a bridge that is about to use it. */
  public static void require(Path folder) {
    problem(folder)
        .ifPresent(
            sentence -> {
              throw new Unusable(sentence);
            });
  }

  /**
   * Keeps other processes that would use it away until it is closed or this process ends. Whoever
   * writes there without it spoils what another has on record.
   */
  public static Closeable take(Path folder) throws IOException {
    PrivateFiles.createFolder(folder);
    FileChannel file = PrivateFiles.openOrCreate(folder.resolve(LOCK));
    try {
      if (file.tryLock() != null) {
        return file;
      }
    } catch (OverlappingFileLockException inThisProcess) {
      LOG.debug("This process uses the data folder twice", inThisProcess);
    }
    file.close();
    throw new Unusable(
        ("The data folder %s is in use by another process, so it is not opened a second time. Stop"
                + " that process, or set CARAVAN_DATA_DIR to a folder of this one's own.")
            .formatted(folder.toAbsolutePath().normalize()));
  }

  /**
   * Lets nobody but the owner in, and tells of a folder or file of an earlier version that was
   * wider, and of what stays so. A folder with other things in it (somebody's home, say) stays as
   * open as it is.
   */
  public static void keepPrivate(Path folder) throws IOException {
    PrivateFiles.createFolder(folder);
    int narrowed = 0;
    List<Path> refused = new ArrayList<>();
    List<Path> ours = List.of();
    try (Stream<Path> entries = Files.list(folder)) {
      List<Path> all = entries.toList();
      ours = all.stream().filter(DataFolder::isOurs).toList();
      if (all.stream().allMatch(entry -> isOurs(entry) || entry.endsWith("lost+found"))) {
        narrowed += PrivateFiles.narrow(folder) ? 1 : 0;
      } else if (PrivateFiles.isWide(folder)) {
        LOG.warn(
            "The data folder {} holds other things than Caravan's, so it stays open to other users of"
                + " this machine; what Caravan keeps in it does not. Set CARAVAN_DATA_DIR to a folder"
                + " of its own.",
            folder);
      }
    } catch (IOException notOurs) {
      refused.add(folder);
    }
    for (Path entry : ours) {
      if (Files.exists(entry)) {
        // Somebody may have put the spool on another disk, by a link
        PrivateFiles.Narrowing came = PrivateFiles.narrowAll(entry.toRealPath());
        narrowed += came.narrowed();
        refused.addAll(came.refused());
      }
    }
    if (narrowed > 0) {
      LOG.warn(
          "Other users of this machine could read personal data: {} folders and files in {} were"
              + " open to them. Now only the user that runs Caravan can read them.",
          narrowed,
          folder);
    }
    if (!refused.isEmpty()) {
      LOG.warn(
          "{} folders and files in {} cannot be kept from other users of this machine, such as {}, as"
              + " they belong to another user than the one that runs Caravan. What is new there is"
              + " private.",
          refused.size(),
          folder,
          refused.get(0));
    }
  }

  private static boolean isOurs(Path entry) {
    return OURS.test(entry.getFileName().toString());
  }

  /** Whether it is the data folder that keeps the bridge from starting. */
  public static boolean isCauseOf(Throwable failure) {
    return ObjectHelper.getException(Unusable.class, failure) != null
        || ObjectHelper.getException(Checkpoint.InUseException.class, failure) != null;
  }

  /** What waits in it and whether a bridge is at work on it, in one line. */
  public static String state(Path folder) throws IOException {
    List<SpoolGlance> spools = SpoolGlance.at(folder.resolve("spool"));
    String waiting =
        spools.stream()
            .filter(SpoolGlance::waits)
            .map(spool -> "%s %d".formatted(spool.name(), spool.waiting() + spool.parked()))
            .collect(Collectors.joining(", "));
    return "Records that wait: %s (%s on disk). Gaps not closed yet: %s. %s"
        .formatted(
            waiting.isEmpty() ? "none" : waiting,
            SpoolGlance.size(spools),
            gaps(folder),
            spools.stream().anyMatch(SpoolGlance::inUse)
                ? "A bridge is running on it; a second one would be refused."
                : "No bridge is running on it.");
  }

  private static String gaps(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("gaps"))) {
      long gaps =
          files.filter(file -> file.getFileName().toString().matches("gap-.*\\.json")).count();
      return gaps == 0 ? "none" : String.valueOf(gaps);
    } catch (NoSuchFileException neverAnyGap) {
      return "none";
    }
  }

  private static Optional<String> unusable(Path folder) {
    // The nearest that exists: it is what stands in the way
    Path place = folder.toAbsolutePath().normalize();
    Path there = place;
    while (!Files.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    String why = there + " is a file, not a folder";
    if (Files.isDirectory(there)) {
      try {
        Files.delete(Files.createTempFile(there, "writable-", ".tmp"));
        return Optional.empty();
      } catch (IOException e) {
        why = why(e);
      }
    }
    return Optional.of(
        "The data folder %s cannot be used: %s. Mend that, or set CARAVAN_DATA_DIR to a folder that this process may write to."
            .formatted(place, why));
  }

  public static String why(IOException failure) {
    if (failure instanceof AccessDeniedException) {
      return "this process may not write there";
    }
    if (failure instanceof FileSystemException known && known.getReason() != null) {
      return known.getReason().strip();
    }
    return "nothing can be written there";
  }
}
