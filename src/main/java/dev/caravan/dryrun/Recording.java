package dev.caravan.dryrun;

import dev.caravan.PrivateFiles;
import dev.caravan.command.CommandFailure;
import dev.caravan.command.DataFolder;
import dev.caravan.command.Deadline;
import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.Frame;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A file of frames while it is written, a line for each. */
public final class Recording implements AutoCloseable {

  private final EnvelopeReader reader = new EnvelopeReader();
  private final Path file;
  private final OutputStream out;
  private final Optional<Mask> mask;
  private final long each;
  private final long all;
  private final CountDownLatch full = new CountDownLatch(1);

  // Guarded by this
  private final SortedMap<String, Integer> kinds = new TreeMap<>();
  private int count;
  private int leftOut;
  private Optional<IOException> failure = Optional.empty();
  private boolean closed;

  /**
   * Begins it; only its owner can read the file.
   *
   * @param mask empty if the frames are to be kept as they are
   * @param each how many frames of each kind and medium at most
   * @param all how many at most
   */
  public Recording(Path file, Optional<Mask> mask, long each, long all) {
    this.file = file;
    this.mask = mask;
    this.each = each;
    this.all = all;
    try {
      out = Channels.newOutputStream(PrivateFiles.create(file));
    } catch (FileAlreadyExistsException e) {
      throw new CommandFailure(
          "The file %s is there already. Name another, or delete it.".formatted(file), e);
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /** Takes a frame; what is no event is left out. */
  public synchronized void add(byte[] frame) {
    if (closed || count >= all || !(reader.read(frame) instanceof Frame.Notification event)) {
      return;
    }
    String kind = new Sample(event, frame).name();
    if (kinds.getOrDefault(kind, 0) >= each) {
      return;
    }
    byte[] kept;
    try {
      kept = mask.isPresent() ? mask.get().of(frame) : frame;
    } catch (IOException cannotBeMasked) {
      leftOut++;
      return;
    }
    try {
      out.write(onOneLine(kept));
      kinds.merge(kind, 1, Integer::sum);
      count++;
    } catch (IOException e) {
      failure = Optional.of(e);
      closed = true;
    }
    if (closed || count >= all) {
      full.countDown();
    }
  }

  /** Between what JSON is made of, an end of a line stands for nothing. */
  private static byte[] onOneLine(byte[] frame) {
    String bytes = new String(frame, StandardCharsets.ISO_8859_1);
    return (bytes.replaceAll("[\\r\\n]", " ") + "\n").getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Waits until it is full or the time is over. */
  boolean await(Deadline end) throws InterruptedException {
    return full.await(Math.max(0, end.left().toMillis()), TimeUnit.MILLISECONDS);
  }

  public boolean isFull() {
    return full.getCount() == 0;
  }

  public synchronized int count() {
    return count;
  }

  /** How many could not be masked, and so are not in it. */
  public synchronized int leftOut() {
    return leftOut;
  }

  /** How many frames of each kind. */
  public synchronized Map<String, Integer> kinds() {
    return new TreeMap<>(kinds);
  }

  /** If nothing came, there is no file. */
  @Override
  public synchronized void close() {
    closed = true;
    try {
      out.close();
      if (count == 0) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      failure = failure.or(() -> Optional.of(e));
    }
    if (failure.isPresent()) {
      throw unwritable(failure.get());
    }
  }

  private CommandFailure unwritable(IOException why) {
    return new CommandFailure(
        "The file %s cannot be written: %s.".formatted(file, DataFolder.why(why)), why);
  }
}
