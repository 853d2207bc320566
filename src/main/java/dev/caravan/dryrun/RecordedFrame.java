package dev.caravan.dryrun;

import dev.caravan.command.CommandFailure;
import dev.caravan.command.DataFolder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A frame as Genesys Cloud sent it, kept as a line of a file.
 *
 * @param line its number, from 1 on
 */
public record RecordedFrame(int line, byte[] bytes) {

  /** As many as are tried at once. */
  public static final int MOST = 10_000;

  private static final long MOST_CHARACTERS = 256L << 20;
  private static final String SHIPPED = "frames.jsonl";

  /** The frames of a file, one at least; lines that are empty are none. */
  public static List<RecordedFrame> in(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      List<RecordedFrame> frames = read(in, file.toString());
      if (frames.isEmpty()) {
        throw new CommandFailure(
            "There is no frame in %s: it has one on each line.".formatted(file));
      }
      return frames;
    } catch (IOException e) {
      throw new CommandFailure(
          "The file %s cannot be read: %s.".formatted(file, DataFolder.why(e)), e);
    }
  }

  /** One or more of each family, as the stand-in for Genesys Cloud made them. */
  public static List<RecordedFrame> shipped() {
    try (InputStream in = RecordedFrame.class.getResourceAsStream(SHIPPED)) {
      return read(in, SHIPPED);
    } catch (IOException e) {
      throw new UncheckedIOException("The frames in this jar cannot be read", e);
    }
  }

  private static List<RecordedFrame> read(InputStream in, String name) throws IOException {
    List<RecordedFrame> frames = new ArrayList<>();
    BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    long characters = 0;
    int number = 0;
    for (String line; (line = lines.readLine()) != null; ) {
      number++;
      characters += line.length();
      if (!line.isBlank()) {
        frames.add(new RecordedFrame(number, line.getBytes(StandardCharsets.UTF_8)));
      }
      if (frames.size() > MOST || characters > MOST_CHARACTERS) {
        throw new CommandFailure(
            "%s is too large: at most %,d frames and %d MB are tried at once. Take a part of it."
                .formatted(name, MOST, MOST_CHARACTERS >> 20));
      }
    }
    return frames;
  }
}
