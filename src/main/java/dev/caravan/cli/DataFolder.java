package dev.caravan.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** For finding out, before anything relies on it, whether the data folder can be written. */
final class DataFolder {

  private DataFolder() {}

  /** Why the folder or the spool's folder in it cannot be used; leaves nothing behind. */
  static Optional<String> problem(Path folder) {
    return unusable(folder).or(() -> unusable(folder.resolve("spool")));
  }

  private static Optional<String> unusable(Path folder) {
    Path place = folder.toAbsolutePath().normalize();
    try {
      // The nearest that exists: it is what stands in the way
      Path there = place;
      while (!Files.exists(there) && there.getParent() != null) {
        there = there.getParent();
      }
      if (!Files.isDirectory(there)) {
        return Optional.of(sentence(place, there + " is a file, not a folder"));
      }
      Files.delete(Files.createTempFile(there, "writable-", ".tmp"));
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(sentence(place, why(e)));
    }
  }

  static String why(IOException failure) {
    if (failure instanceof AccessDeniedException) {
      return "this process may not write there";
    }
    if (failure instanceof FileSystemException known && known.getReason() != null) {
      return known.getReason().strip();
    }
    return "nothing can be written there";
  }

  private static String sentence(Path folder, String why) {
    return "The data folder %s cannot be used: %s. %s"
        .formatted(
            folder,
            why,
            "Mend that, or set CARAVAN_DATA_DIR to a folder that this process may write to.");
  }
}
