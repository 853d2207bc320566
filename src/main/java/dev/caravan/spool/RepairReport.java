package dev.caravan.spool;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a repair stands, in a file beside the spool: a process that is killed in the middle of one,
 * or right after it, must not take the knowledge of it along.
 */
final class RepairReport {

  private static final Logger LOG = LoggerFactory.getLogger(RepairReport.class);

  private final String spool;
  private final Path file;

  /** A repair that has begun: where the damaged file is put, and how far things had come. */
  record Begun(Path setAside, Watermark.Mark mark) {}

  RepairReport(String spool, Path directory) {
    this.spool = spool;
    this.file = directory.resolve(spool + ".repaired");
  }

  void begin(Begun begun) throws IOException {
    Properties values = new Properties();
    values.setProperty("setAside", begun.setAside().toString());
    values.setProperty("acknowledged", String.valueOf(begun.mark().acknowledged()));
    values.setProperty("committed", String.valueOf(begun.mark().committed()));
    store(values);
  }

  /** A repair that was begun and not ended. */
  Optional<Begun> unfinished() throws IOException {
    return load()
        .filter(values -> !values.containsKey("lost"))
        .flatMap(
            values ->
                parsed(
                    () ->
                        new Begun(
                            Path.of(values.getProperty("setAside")),
                            new Watermark.Mark(
                                0,
                                number(values, "acknowledged"),
                                number(values, "committed"),
                                0))));
  }

  /** Remembers what a repair cost. */
  void end(SpoolEvent.Repaired event) throws IOException {
    Properties values = new Properties();
    values.setProperty("setAside", event.setAside().toString());
    values.setProperty("salvaged", String.valueOf(event.salvaged()));
    values.setProperty("lost", String.valueOf(event.lost()));
    values.setProperty("holes", String.valueOf(event.holes().size()));
    for (int i = 0; i < event.holes().size(); i++) {
      SpoolEvent.Hole hole = event.holes().get(i);
      values.setProperty(
          "hole." + i,
          "%d %d %s %s".formatted(hole.from(), hole.to(), hole.after(), hole.before()));
    }
    store(values);
  }

  /** A repair of an earlier process that may not have been told. */
  Optional<SpoolEvent.Repaired> untold() throws IOException {
    return load()
        .filter(values -> values.containsKey("lost"))
        .flatMap(
            values ->
                parsed(
                    () ->
                        new SpoolEvent.Repaired(
                            spool,
                            Path.of(values.getProperty("setAside")),
                            number(values, "salvaged"),
                            number(values, "lost"),
                            LongStream.range(0, number(values, "holes"))
                                .mapToObj(i -> hole(values.getProperty("hole." + i)))
                                .toList())));
  }

  private void store(Properties values) throws IOException {
    StringWriter text = new StringWriter();
    values.store(text, null);
    Path next = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(next, text.toString());
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private Optional<Properties> load() throws IOException {
    Properties values = new Properties();
    try (Reader text = new StringReader(Files.readString(file))) {
      values.load(text);
      return Optional.of(values);
    } catch (NoSuchFileException none) {
      return Optional.empty();
    } catch (CharacterCodingException | IllegalArgumentException e) {
      return unreadable(e);
    }
  }

  private <T> Optional<T> parsed(Supplier<T> parser) {
    try {
      return Optional.of(parser.get());
    } catch (RuntimeException e) {
      return unreadable(e);
    }
  }

  private <T> Optional<T> unreadable(Exception why) {
    LOG.warn(
        "{} cannot be read ({}): what an earlier repair cost stands in the log only.",
        file,
        why.toString());
    return Optional.empty();
  }

  private static long number(Properties values, String name) {
    return Long.parseLong(values.getProperty(name));
  }

  private static SpoolEvent.Hole hole(String text) {
    String[] parts = text.split(" ");
    return new SpoolEvent.Hole(
        Long.parseLong(parts[0]),
        Long.parseLong(parts[1]),
        Instant.parse(parts[2]),
        Instant.parse(parts[3]));
  }

  /** It has been told, and need not be again. */
  void told() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.warn("{} cannot be deleted ({}), so the repair will be told again.", file, e.toString());
    }
  }
}
