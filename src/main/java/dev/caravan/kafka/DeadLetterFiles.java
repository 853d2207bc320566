package dev.caravan.kafka;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.camel.Exchange;
import org.apache.camel.support.SynchronizationAdapter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the folder of dead letters that even Kafka's dead-letter topic did not take within a bound,
 * and knows what lies in it. A bean for {@code onWhen}: a letter for which there is no room is not
 * handled, and so waits in the spool.
 *
 * <p>It looks into the folder every few seconds at most, and counts itself in between.
 */
public final class DeadLetterFiles {

  private static final Logger LOG = LoggerFactory.getLogger(DeadLetterFiles.class);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(5);

  /** A letter that waits is tried again sooner than this. */
  private static final Duration WAITS_FOR = Duration.ofSeconds(45);

  private static final String REASON = ".reason";
  private static final int FILES_EACH = 2;
  private static final int REASON_BYTES = 1_000;

  private final LongSupplier nanoTime;
  private final Path folder;
  private int maximumFiles = 10_000;
  private long maximumBytes = 1_000_000_000;

  private Optional<Long> lookedAtNanos = Optional.empty();
  private Optional<Long> refusedAtNanos = Optional.empty();
  private boolean logged;
  private boolean loggedFull;
  private int underWay;

  /** Letters were added to what was counted: one that came again took its own files' place. */
  private boolean estimated;

  private long files;
  private long letters;
  private long bytes;
  private Optional<Instant> oldest = Optional.empty();
  private Optional<String> unreadable = Optional.empty();

  /**
   * What lies in the folder.
   *
   * @param folder where
   * @param letters how many, beside each a file with its reason
   * @param bytes of all files
   * @param oldest since when, if there is a letter
   * @param full whether letters wait in the spool because there is no room for them
   */
  public record Contents(
      Path folder, long letters, long bytes, Optional<Instant> oldest, boolean full) {}

  /**
   * @param folder that the route writes to
   * @param nanoTime a clock, as {@link System#nanoTime}
   */
  public DeadLetterFiles(Path folder, LongSupplier nanoTime) {
    this.folder = folder.toAbsolutePath().normalize();
    this.nanoTime = nanoTime;
  }

  /**
   * Whether Kafka will never take this letter and there is room for it, as of now.
   *
   * @param files how many may lie in the folder, two for each letter
   * @param bytes how many they may have together
   */
  public synchronized boolean takes(Exchange letter, int files, long bytes) {
    maximumFiles = files;
    maximumBytes = bytes;
    return KafkaFailures.isFinal(letter) && hasRoom(letter);
  }

  /** Whether there is room for this letter; if so it counts from now on. */
  public synchronized boolean hasRoom(Exchange letter) {
    look();
    byte[] body = letter.getMessage().getBody(byte[].class);
    long size = REASON_BYTES + (body == null ? 0 : body.length);
    boolean room = fits(size);
    if (!room && estimated && underWay == 0) {
      count();
      room = fits(size);
    }
    if (room) {
      underWay(letter);
      estimated = true;
      files += FILES_EACH;
      letters++;
      bytes += size;
    }
    log(room);
    return room;
  }

  private boolean fits(long size) {
    return unreadable.isEmpty()
        && files + FILES_EACH <= maximumFiles
        && bytes + size <= maximumBytes;
  }

  /** What has room may not have been written yet when the files are counted. */
  private void underWay(Exchange letter) {
    underWay++;
    letter
        .getExchangeExtension()
        .addOnCompletion(
            new SynchronizationAdapter() {
              @Override
              public void onDone(Exchange exchange) {
                synchronized (DeadLetterFiles.this) {
                  underWay--;
                }
              }
            });
  }

  /** What lies there, as of a few seconds ago. */
  public synchronized Contents contents() {
    look();
    boolean full =
        refusedAtNanos.filter(at -> nanoTime.getAsLong() - at < WAITS_FOR.toNanos()).isPresent();
    return new Contents(folder, letters, bytes, oldest, full);
  }

  private void log(boolean room) {
    if (!room) {
      // While letters are being written nobody knows; the refused one comes again
      if (!loggedFull && !estimated) {
        loggedFull = true;
        LOG.warn(
            "There is no room for a dead letter in {}: {}. It and the next ones wait in the spool"
                + " until Kafka takes them or files are removed.",
            folder,
            unreadable.orElse("%d files, %d bytes".formatted(files, bytes)));
      }
      refusedAtNanos = Optional.of(nanoTime.getAsLong());
      return;
    }
    refusedAtNanos = Optional.empty();
    if (loggedFull) {
      loggedFull = false;
      LOG.info("There is room again for dead letters in {}.", folder);
    } else if (!logged) {
      logged = true;
      LOG.warn(
          "Kafka did not take a dead letter: it becomes a file in {}, with its reason beside it, and"
              + " so do the next ones. Health says how many lie there.",
          folder);
    }
  }

  /** Only while no letter is being written: how much of it lies there nobody knows. */
  private void look() {
    long now = nanoTime.getAsLong();
    if (lookedAtNanos.filter(at -> underWay > 0 || now - at < LOOK_EVERY.toNanos()).isPresent()) {
      return;
    }
    count();
  }

  private void count() {
    lookedAtNanos = Optional.of(nanoTime.getAsLong());
    estimated = false;
    files = 0;
    letters = 0;
    bytes = 0;
    oldest = Optional.empty();
    unreadable = Optional.empty();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        count(entry);
        if (files >= maximumFiles) {
          break;
        }
      }
    } catch (NoSuchFileException none) {
      LOG.trace("No dead letter has become a file yet");
    } catch (IOException | DirectoryIteratorException e) {
      unreadable = Optional.of("it cannot be read");
      LOG.debug("The dead letters in {} could not be counted", folder, e);
    }
  }

  private void count(Path entry) throws IOException {
    BasicFileAttributes file;
    try {
      file = Files.readAttributes(entry, BasicFileAttributes.class);
    } catch (NoSuchFileException removed) {
      LOG.trace("{} was removed meanwhile", entry);
      return;
    }
    if (!file.isRegularFile()) {
      return;
    }
    files++;
    bytes += file.size();
    if (!entry.toString().endsWith(REASON)) {
      letters++;
      Instant time = file.lastModifiedTime().toInstant();
      oldest = oldest.filter(before -> before.isBefore(time)).or(() -> Optional.of(time));
    }
  }
}
