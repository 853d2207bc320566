package dev.caravan.genesys;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Keeps frames that Kafka would not take, each in a file of its own with a text beside it that says
 * why. It holds at most {@value #MOST_FRAMES} frames.
 */
final class DeadLetterFolder {

  private static final int MOST_FRAMES = 10_000;
  private static final String FRAME = ".frame";

  private final Path folder;
  private int frames = -1;
  private String trouble = "";

  DeadLetterFolder(Path folder) {
    this.folder = folder;
  }

  Path path() {
    return folder.toAbsolutePath();
  }

  /** Why the last frame was not kept. */
  synchronized String trouble() {
    return trouble;
  }

  /** Writes one frame to the disk; false if that is not possible. */
  synchronized boolean keep(byte[] frame, String reason) {
    try {
      if (frames < 0) {
        Files.createDirectories(folder);
        frames = count();
      }
      if (frames >= MOST_FRAMES) {
        trouble = "it holds " + frames + " frames already; move them away";
        return false;
      }
      String name = System.currentTimeMillis() + "-" + UUID.randomUUID();
      Files.write(
          folder.resolve(name + FRAME),
          frame,
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.WRITE,
          StandardOpenOption.DSYNC);
      frames++;
      Files.write(folder.resolve(name + ".reason"), List.of(reason), StandardCharsets.UTF_8);
      return true;
    } catch (IOException e) {
      trouble = e.getClass().getSimpleName() + ": " + e.getMessage();
      return false;
    }
  }

  private int count() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return (int) all.filter(file -> file.getFileName().toString().endsWith(FRAME)).count();
    }
  }
}
