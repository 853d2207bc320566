package dev.caravan;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Optional;

/**
 * By what a file shows, without being read, that it was written or that another one took its place.
 * An edit that leaves the size as it was within one tick of the file system's clock does not show.
 *
 * @param written empty if it cannot be looked at, as while it is being replaced
 * @param key tells it from the one that had its name before, where the file system has such keys
 */
public record FileStamp(Optional<FileTime> written, long size, Optional<Object> key) {

  public static FileStamp of(Path file) {
    try {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      return new FileStamp(
          Optional.of(now.lastModifiedTime()), now.size(), Optional.ofNullable(now.fileKey()));
    } catch (IOException beingReplaced) {
      return new FileStamp(Optional.empty(), 0, Optional.empty());
    }
  }
}
