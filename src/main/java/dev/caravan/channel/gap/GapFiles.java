package dev.caravan.channel.gap;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.PrivateFiles;
import dev.caravan.channel.Attempts;
import dev.caravan.channel.Replica;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ledger on disk, as small JSON files that are replaced as a whole: one for each gap, one for
 * the topics of each replica, and {@code reading.json}, written every second, for the times.
 */
final class GapFiles {

  private static final Logger LOG = LoggerFactory.getLogger(GapFiles.class);
  private static final String TIMES = "reading.json";
  private static final String END = ".json";
  private static final String GAP = "gap-";

  /** As replicas were called once: files of then are read, too. */
  private static final String REPLICA = "strand-";

  private static final String GIVEN_UP = "given-up-";
  private static final String ASIDE = ".damaged-";
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);

  /** Linux writes to the disk what is 30 s old, and looks for it every 5 s. */
  static final Duration NOT_ON_DISK = Duration.ofSeconds(35);

  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

  private final Path folder;
  private final Clock clock;
  private final String boot;

  /** What could not be written, by name; absent content stands for a file to delete. */
  private final Map<String, Optional<ObjectNode>> pending = new LinkedHashMap<>();

  private volatile Optional<String> trouble = Optional.empty();

  /**
   * @param boot another one after each start of the machine; empty if the system does not say
   */
  GapFiles(Path folder, Clock clock, String boot) {
    this.folder = folder;
    this.clock = clock;
    this.boot = boot;
  }

  /** What tells this start of the machine from others; empty where the system does not say. */
  static String boot() {
    try {
      return Files.readString(BOOT).strip();
    } catch (IOException e) {
      LOG.debug("The system does not say whether the machine was started anew", e);
      return "";
    }
  }

  /** What the last run left. */
  static final class Contents {
    final List<OpenGap> open = new ArrayList<>();

    /** They stand for what damaged files held. */
    final List<OpenGap> ofUnknownTopics = new ArrayList<>();

    final List<WaitingGaps.Entry> waiting = new ArrayList<>();
    final List<OpenGap> givenUp = new ArrayList<>();
    final Map<Replica, GapLedger.Reading> reading = new LinkedHashMap<>();
    final Map<String, Attempts> attempts = new LinkedHashMap<>();

    /** Until when each replica had read everything, by its key. */
    private final Map<String, Instant> until = new HashMap<>();

    /** When these times were written last, if they are lost. */
    private Optional<Instant> timesWritten = Optional.empty();
  }

  // ---- reading

  Contents load() {
    Contents found = new Contents();
    Set<String> boots = new HashSet<>(Set.of(boot));
    Optional<Damage> times =
        read(
            folder.resolve(TIMES),
            entry -> {
              boots.add(entry.path("boot").asText());
              for (var one : entry.path("until").properties()) {
                found.until.put(one.getKey(), Instant.parse(one.getValue().asText()));
              }
              for (var one : entry.path("attempts").properties()) {
                found.attempts.put(one.getKey(), GapJson.attempts(one.getValue()));
              }
            });
    times.ifPresent(
        damage ->
            LOG.error(
                "{} Until when everything was read is lost, so what was read is taken to be not read"
                    + " since {}, when it was written last. How long to wait with the next channel is"
                    + " lost, too. Look at the disk.",
                damage.sentence(),
                damage.written()));
    found.timesWritten = times.map(Damage::written);
    for (Path file : files()) {
      String name = file.getFileName().toString();
      if (name.startsWith(GAP)) {
        gap(file, inner(name, GAP), found);
      } else if (name.startsWith(REPLICA)) {
        replica(file, inner(name, REPLICA), found);
      } else if (name.startsWith(GIVEN_UP)) {
        givenUp(file, inner(name, GIVEN_UP), found);
      }
    }
    boots.remove("");
    // A file of times that cannot be read is what a power cut leaves, too
    if (boots.size() > 1 || times.isPresent()) {
      machineWasStarted(found);
    }
    return found;
  }

  /**
   * Without a word, or nothing would count as read: what came last may not be on its disk. Which
   * channel read it, and whether it is being read at all, is of no account.
   */
  private static void machineWasStarted(Contents found) {
    Optional<Instant> lastRead = found.until.values().stream().max(Instant::compareTo);
    if (!found.reading.isEmpty() || !found.open.isEmpty()) {
      LOG.warn(
          "The machine was started anew while the bridge ran. What was read in the last {} s before"
              + " may not have reached the disk, and is reported as not read.",
          NOT_ON_DISK.toSeconds());
    }
    found.reading.replaceAll(
        (replica, was) ->
            new GapLedger.Reading(was.since(), was.until().minus(NOT_ON_DISK), was.topics()));
    UnaryOperator<OpenGap> sooner =
        gap -> {
          Instant onDisk = lastRead.orElse(gap.from()).minus(NOT_ON_DISK);
          return onDisk.isBefore(gap.from()) ? gap.since(onDisk) : gap;
        };
    found.open.replaceAll(sooner);
    found.ofUnknownTopics.replaceAll(sooner);
  }

  private void gap(Path file, String id, Contents found) {
    read(
            file,
            entry -> {
              if (entry.has("to")) {
                found.waiting.add(GapJson.waiting(entry));
              } else {
                OpenGap gap = GapJson.open(entry);
                (gap.topics().isEmpty() ? found.ofUnknownTopics : found.open).add(gap);
              }
            })
        .ifPresent(
            damage -> {
              Instant from = OpenGap.began(id).orElse(damage.written());
              String what =
                  "Which topics had this gap, until when, and whether it was reported and read again"
                      + " is lost.";
              lost(damage, what, id, from, found);
            });
  }

  /** Until it is known which topics there are, a gap of that id stands for what was in the file. */
  private static void lost(Damage damage, String what, String id, Instant from, Contents found) {
    found.ofUnknownTopics.add(OpenGap.ofUnknownTopics(id, from));
    LOG.error(
        "{} {} All topics are taken to be not read since {}; that gap is reported, and read again as"
            + " far as it can be. Look at the disk.",
        damage.sentence(),
        what,
        from);
  }

  private void givenUp(Path file, String id, Contents found) {
    read(file, entry -> found.givenUp.add(GapJson.open(entry)))
        .ifPresent(
            damage -> {
              Instant from = OpenGap.began(id).orElse(damage.written());
              lost(
                  damage,
                  "Which topics were given up then is lost.",
                  OpenGap.id(from, 0),
                  from,
                  found);
            });
  }

  private void replica(Path file, String key, Contents found) {
    read(
            file,
            entry -> {
              Replica replica = GapJson.replica(entry);
              Instant since = Instant.parse(entry.required("since").asText());
              Instant last =
                  Optional.ofNullable(found.until.get(replica.key()))
                      .or(() -> Optional.ofNullable(found.until.get(replica.formerKey())))
                      .orElse(found.timesWritten.orElse(since));
              if (renamed(file, replica)) {
                found.reading.put(replica, GapJson.reading(entry, last));
                Attempts earlier = found.attempts.get(replica.formerKey());
                if (earlier != null) {
                  found.attempts.putIfAbsent(replica.key(), earlier);
                }
              }
            })
        .ifPresent(
            damage -> {
              Instant last = found.until.getOrDefault(key, damage.written());
              Instant from = last.minus(GapLedger.UNDER_WAY);
              lost(
                  damage, "Which topics a channel read is lost.", OpenGap.id(from, 0), from, found);
            });
  }

  /** Gives a file that an earlier version named the name it has now; false if that is taken. */
  private boolean renamed(Path file, Replica replica) throws IOException {
    Path named = folder.resolve(REPLICA + replica.key() + END);
    if (file.equals(named)) {
      return true;
    }
    if (Files.exists(named)) {
      Files.delete(file);
      return false;
    }
    Files.move(file, named);
    return true;
  }

  private static String inner(String name, String start) {
    return name.substring(start.length(), name.length() - END.length());
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

  private interface Understanding {
    void of(ObjectNode entry) throws IOException;
  }

  /** A file that cannot be understood and is out of the way, and when it was written last. */
  private record Damage(String sentence, Instant written) {}

  private Optional<Damage> read(Path file, Understanding understanding) {
    try {
      understanding.of(GapJson.read(Files.readAllBytes(file)));
      return Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | DateTimeException | ArithmeticException | IllegalArgumentException e) {
      return Optional.of(setAside(file, e.getClass().getSimpleName()));
    }
  }

  private Damage setAside(Path file, String why) {
    Instant now = clock.instant();
    Path aside = file.resolveSibling(file.getFileName() + ASIDE + STAMP.format(now));
    String damaged = file + " is damaged (" + why + ") and ";
    Instant written = now;
    try {
      written = Files.getLastModifiedTime(file).toInstant();
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
      return new Damage(damaged + "is set aside as " + aside.getFileName() + ".", written);
    } catch (IOException e) {
      return new Damage(damaged + "could not be set aside (" + e + ").", written);
    }
  }

  // ---- writing

  /** The times only; they are not forced to the disk, as they are written again in a second. */
  void reading(Map<Replica, GapLedger.Reading> reading, Map<String, Attempts> attempts) {
    put(TIMES, Optional.of(GapJson.of(reading, attempts).put("boot", boot)), false);
  }

  void topics(Replica replica, GapLedger.Reading now) {
    put(REPLICA + replica.key() + END, Optional.of(GapJson.of(replica, now)));
  }

  void open(OpenGap gap) {
    put(GAP + gap.id() + END, Optional.of(GapJson.of(gap)));
  }

  void givenUp(OpenGap some) {
    put(GIVEN_UP + some.id() + END, Optional.of(GapJson.of(some)));
  }

  void forgetGivenUp(String id) {
    put(GIVEN_UP + id + END, Optional.empty());
  }

  /**
   * @param forced whether it must survive a power cut, too
   */
  void waiting(WaitingGaps.Entry over, boolean forced) {
    put(GAP + over.gap().id() + END, Optional.of(GapJson.of(over)), forced);
  }

  void forget(Replica replica) {
    put(REPLICA + replica.key() + END, Optional.empty());
  }

  void forget(String gap) {
    put(GAP + gap + END, Optional.empty());
  }

  void retry() {
    for (Map.Entry<String, Optional<ObjectNode>> file : List.copyOf(pending.entrySet())) {
      put(file.getKey(), file.getValue());
    }
  }

  Optional<String> trouble() {
    return trouble;
  }

  private void put(String name, Optional<ObjectNode> content) {
    put(name, content, !name.equals(TIMES));
  }

  private void put(String name, Optional<ObjectNode> content, boolean forced) {
    try {
      if (content.isPresent()) {
        PrivateFiles.replace(folder.resolve(name), GapJson.bytes(content.get()), forced);
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
          "The gaps cannot be written to %s (%s). They are kept in memory and written when that is possible; make room, or let the bridge write there."
              .formatted(folder, e);
      if (trouble.isEmpty()) {
        LOG.error(sentence);
      }
      trouble = Optional.of(sentence);
    }
  }
}
