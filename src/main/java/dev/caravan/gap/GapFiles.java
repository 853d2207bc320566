package dev.caravan.gap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ledger on disk, as small JSON files that are replaced as a whole: one for each gap, one for
 * the topics of each strand, and {@code reading.json}, written every second, for the times.
 */
final class GapFiles {

  private static final Logger LOG = LoggerFactory.getLogger(GapFiles.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TIMES = "reading.json";
  private static final String END = ".json";
  private static final String GAP = "gap-";
  private static final String STRAND = "strand-";
  private static final String ASIDE = ".damaged";

  private final Path folder;

  /** What could not be written, by name; absent content stands for a file to delete. */
  private final Map<String, Optional<JsonNode>> pending = new LinkedHashMap<>();

  /** When the files that this run set aside had been written last, by name. */
  private final Map<String, Instant> damaged = new HashMap<>();

  private Optional<String> trouble = Optional.empty();

  GapFiles(Path folder) {
    this.folder = folder;
  }

  /**
   * What the last run left.
   *
   * @param unknownSince since when topics that cannot be told were perhaps not read
   */
  record Contents(
      List<OpenGap> open,
      List<WaitingGaps.Entry> waiting,
      Map<Strand, GapLedger.Reading> reading,
      Map<String, Attempts> attempts,
      Optional<Instant> unknownSince) {}

  // ---- reading

  Contents load() {
    List<OpenGap> open = new ArrayList<>();
    List<WaitingGaps.Entry> waiting = new ArrayList<>();
    Map<Strand, GapLedger.Reading> reading = new LinkedHashMap<>();
    List<Instant> unknown = new ArrayList<>();
    Map<String, Attempts> attempts = new LinkedHashMap<>();
    JsonNode times =
        read(
                folder.resolve(TIMES),
                node -> {
                  node.path("attempts")
                      .properties()
                      .forEach(one -> attempts.put(one.getKey(), GapJson.attempts(one.getValue())));
                  return node.path("until");
                })
            .orElse(null);
    Optional<Instant> timesDamaged = times == null ? damagedAt(TIMES) : Optional.empty();
    for (Path file : files()) {
      String name = file.getFileName().toString();
      boolean understood = true;
      if (name.startsWith(GAP)) {
        understood =
            read(
                    file,
                    node -> {
                      if (node.has("to")) {
                        waiting.add(GapJson.waiting(node));
                      } else {
                        open.add(GapJson.open(node));
                      }
                      return node;
                    })
                .isPresent();
      } else if (name.startsWith(STRAND)) {
        understood =
            read(
                    file,
                    node -> {
                      Strand strand = GapJson.strand(node);
                      Instant since = Instant.parse(node.required("since").asText());
                      Instant until =
                          times != null && times.has(strand.key())
                              ? Instant.parse(times.get(strand.key()).asText())
                              : timesDamaged.orElse(since);
                      reading.put(strand, new GapLedger.Reading(until, GapJson.topics(node)));
                      return node;
                    })
                .isPresent();
      }
      if (!understood) {
        damagedAt(name).ifPresent(unknown::add);
      }
    }
    return new Contents(open, waiting, reading, attempts, unknown.stream().min(Instant::compareTo));
  }

  private List<Path> files() {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(file -> file.toString().endsWith(END)).sorted().toList();
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException | UncheckedIOException e) {
      LOG.error(
          "The folder of the gaps, {}, cannot be listed ({}): gaps of the last run are not known.",
          folder,
          e.toString());
      return List.of();
    }
  }

  private interface Understanding<T> {
    T of(JsonNode node) throws IOException;
  }

  private <T> Optional<T> read(Path file, Understanding<T> understanding) {
    try {
      JsonNode node = JSON.readTree(Files.readAllBytes(file));
      if (node == null || !node.isObject()) {
        throw new IOException("it holds no JSON object");
      }
      return Optional.of(understanding.of(node));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | DateTimeException | IllegalArgumentException e) {
      setAside(file, e);
      return Optional.empty();
    }
  }

  private void setAside(Path file, Exception why) {
    Path aside = file.resolveSibling(file.getFileName() + ASIDE);
    LOG.error(
        "{} is damaged ({}) and is set aside as {}. When its gap began is not known, so it is taken"
            + " to begin when the file was written last.",
        file,
        why.getClass().getSimpleName(),
        aside.getFileName());
    try {
      damaged.put(file.getFileName().toString(), Files.getLastModifiedTime(file).toInstant());
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.error("{} could not be set aside: {}", file, e.toString());
    }
  }

  /** When a file that this run set aside had been written last; empty if it was not damaged. */
  private Optional<Instant> damagedAt(String name) {
    return Optional.ofNullable(damaged.get(name));
  }

  // ---- writing

  /** The times only; they are not forced to the disk, as they are written again in a second. */
  void reading(Map<Strand, GapLedger.Reading> reading, Map<String, Attempts> attempts) {
    put(TIMES, Optional.of(GapJson.of(reading, attempts)));
  }

  void topics(Strand strand, GapLedger.Reading now) {
    put(STRAND + strand.key() + END, Optional.of(GapJson.of(strand, now)));
  }

  void open(OpenGap gap) {
    put(GAP + gap.id() + END, Optional.of(GapJson.of(gap)));
  }

  void waiting(WaitingGaps.Entry over) {
    put(GAP + over.gap().id() + END, Optional.of(GapJson.of(over)));
  }

  void forget(Strand strand) {
    put(STRAND + strand.key() + END, Optional.empty());
  }

  void forget(String gap) {
    put(GAP + gap + END, Optional.empty());
  }

  /** Tries again what could not be written. */
  void retry() {
    for (Map.Entry<String, Optional<JsonNode>> file : List.copyOf(pending.entrySet())) {
      put(file.getKey(), file.getValue());
    }
  }

  Optional<String> trouble() {
    return trouble;
  }

  private void put(String name, Optional<JsonNode> content) {
    try {
      if (content.isPresent()) {
        replace(name, JSON.writeValueAsBytes(content.get()));
      } else {
        Files.deleteIfExists(folder.resolve(name));
      }
      pending.remove(name);
      if (pending.isEmpty() && trouble.isPresent()) {
        LOG.info("The gaps can be written to {} again.", folder);
        trouble = Optional.empty();
      }
    } catch (IOException e) {
      pending.put(name, content);
      String sentence =
          "The gaps cannot be written to "
              + folder
              + " ("
              + e
              + "). They are kept in memory and written when that is possible; make room, or let the"
              + " bridge write there.";
      if (trouble.isEmpty()) {
        LOG.error(sentence);
      }
      trouble = Optional.of(sentence);
    }
  }

  private void replace(String name, byte[] content) throws IOException {
    Files.createDirectories(folder);
    Path next = folder.resolve(name + ".next");
    Files.write(next, content);
    if (!name.equals(TIMES)) {
      try (FileChannel channel = FileChannel.open(next, StandardOpenOption.WRITE)) {
        channel.force(false);
      }
    }
    Files.move(
        next,
        folder.resolve(name),
        StandardCopyOption.REPLACE_EXISTING,
        StandardCopyOption.ATOMIC_MOVE);
  }
}
