package dev.caravan.gap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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
      List<GapLedger.Waiting> waiting,
      Map<Strand, GapLedger.Reading> reading,
      Optional<Instant> unknownSince) {}

  // ---- reading

  Contents load() {
    List<OpenGap> open = new ArrayList<>();
    List<GapLedger.Waiting> waiting = new ArrayList<>();
    Map<Strand, GapLedger.Reading> reading = new LinkedHashMap<>();
    List<Instant> unknown = new ArrayList<>();
    JsonNode times = read(folder.resolve(TIMES), node -> node.path("until")).orElse(null);
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
                        waiting.add(waiting(node));
                      } else {
                        open.add(open(node));
                      }
                      return node;
                    })
                .isPresent();
      } else if (name.startsWith(STRAND)) {
        understood =
            read(
                    file,
                    node -> {
                      Strand strand = strand(node);
                      Instant since = Instant.parse(node.required("since").asText());
                      Instant until =
                          times != null && times.has(strand.key())
                              ? Instant.parse(times.get(strand.key()).asText())
                              : timesDamaged.orElse(since);
                      reading.put(strand, new GapLedger.Reading(until, topics(node)));
                      return node;
                    })
                .isPresent();
      }
      if (!understood) {
        damagedAt(name).ifPresent(unknown::add);
      }
    }
    return new Contents(open, waiting, reading, unknown.stream().min(Instant::compareTo));
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

  private static Strand strand(JsonNode node) {
    return new Strand(
        node.required("reader").asText(),
        node.required("shard").intValue(),
        node.required("strand").intValue());
  }

  private static OpenGap open(JsonNode node) {
    return new OpenGap(
        node.required("id").asText(),
        node.required("shard").intValue(),
        Instant.parse(node.required("from").asText()),
        node.required("cause").asText(),
        node.path("parts").intValue(),
        new LinkedHashSet<>(topics(node)));
  }

  private static GapLedger.Waiting waiting(JsonNode node) {
    Gap gap =
        new Gap(
            node.required("id").asText(),
            node.required("shard").intValue(),
            Instant.parse(node.required("from").asText()),
            Instant.parse(node.required("to").asText()),
            node.required("cause").asText(),
            topics(node));
    return new GapLedger.Waiting(
        gap, node.path("told").booleanValue(), node.path("settled").booleanValue());
  }

  private static List<String> topics(JsonNode node) {
    List<String> topics = new ArrayList<>();
    node.required("topics").forEach(topic -> topics.add(topic.asText()));
    return topics;
  }

  // ---- writing

  /** The times only; they are not forced to the disk, as they are written again in a second. */
  void reading(Map<Strand, GapLedger.Reading> reading) {
    ObjectNode node = JSON.createObjectNode();
    ObjectNode until = node.putObject("until");
    reading.forEach((strand, now) -> until.put(strand.key(), now.until().toString()));
    put(TIMES, Optional.of(node));
  }

  void topics(Strand strand, GapLedger.Reading now) {
    ObjectNode node = JSON.createObjectNode();
    node.put("reader", strand.reader()).put("shard", strand.shard());
    node.put("strand", strand.number()).put("since", now.until().toString());
    put(STRAND + strand.key() + END, Optional.of(withTopics(node, now.topics())));
  }

  void open(OpenGap gap) {
    ObjectNode node = JSON.createObjectNode();
    node.put("id", gap.id()).put("shard", gap.shard()).put("from", gap.from().toString());
    node.put("cause", gap.cause()).put("parts", gap.parts());
    put(GAP + gap.id() + END, Optional.of(withTopics(node, gap.topics())));
  }

  void waiting(GapLedger.Waiting over) {
    Gap gap = over.gap();
    ObjectNode node = JSON.createObjectNode();
    node.put("id", gap.id()).put("shard", gap.shard()).put("from", gap.from().toString());
    node.put("to", gap.to().toString()).put("cause", gap.cause());
    node.put("told", over.told()).put("settled", over.settled());
    put(GAP + gap.id() + END, Optional.of(withTopics(node, gap.topics())));
  }

  void forget(Strand strand) {
    put(STRAND + strand.key() + END, Optional.empty());
  }

  void forget(String gap) {
    put(GAP + gap + END, Optional.empty());
  }

  private static ObjectNode withTopics(ObjectNode node, Collection<String> topics) {
    topics.forEach(node.putArray("topics")::add);
    return node;
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
    try (FileChannel channel =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      if (!name.equals(TIMES)) {
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
