package dev.caravan.dryrun;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.caravan.command.CommandFailure;
import dev.caravan.command.DataFolder;
import dev.caravan.dryrun.Passage.Dropped;
import dev.caravan.dryrun.Passage.Sent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.header.Header;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * What a user expects of the routes: a list of cases in YAML, each a frame and what is to become of
 * it.
 */
public final class Expectations {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<String> WORDS =
      Set.of("name", "frame", "topic", "key", "headers", "without", "absent");

  private Expectations() {}

  /**
   * One of them.
   *
   * @param topic the Kafka topic that it must go to; empty for any
   * @param key the key that it must have; empty for any
   * @param headers what headers must be; null for one that must not be there
   * @param without the names of fields and headers that must not be there
   * @param absent whether it must reach no Kafka topic
   * @param droppedBy the id of the step that must keep it from that; empty for any
   */
  public record Case(
      String name,
      RecordedFrame frame,
      Optional<String> topic,
      Optional<String> key,
      Map<String, String> headers,
      List<String> without,
      boolean absent,
      Optional<String> droppedBy) {

    /** What is not as it must be; empty if all is. */
    public List<String> unmet(Passage passage) {
      if (absent) {
        return unmetAbsence(passage);
      }
      List<Sent> records = passage.of(Sent.class);
      List<Sent> there =
          records.stream()
              .filter(record -> topic.equals(Optional.of(record.record().topic())))
              .toList();
      return (there.isEmpty() ? records : there)
          .stream()
              .map(this::unmet)
              .min(Comparator.comparingInt(List::size))
              .orElse(List.of("goes nowhere: it " + passage.clause()));
    }

    private List<String> unmetAbsence(Passage passage) {
      if (!passage.of(Sent.class).isEmpty()) {
        return List.of("is to go nowhere, but it " + passage.clause());
      }
      boolean named =
          droppedBy.isEmpty()
              || passage.of(Dropped.class).stream()
                  .flatMap(dropped -> dropped.by().stream())
                  .anyMatch(step -> step.id().equals(droppedBy.get()));
      return named
          ? List.of()
          : List.of(
              "is to be dropped by %s, but it %s".formatted(droppedBy.get(), passage.clause()));
    }

    private List<String> unmet(Sent record) {
      List<String> unmet = new ArrayList<>();
      topic.ifPresent(wanted -> expect("topic", record.record().topic(), wanted, unmet));
      key.ifPresent(wanted -> expect("key", record.key().orElse(null), wanted, unmet));
      Map<String, String> actual = Expectations.headers(record);
      headers.forEach((name, wanted) -> expect("header " + name, actual.get(name), wanted, unmet));
      JsonNode body = Expectations.json(record.value());
      without.stream()
          .filter(name -> body.findValue(name) != null || actual.containsKey(name))
          .forEach(name -> unmet.add("has %s, but is to be without it".formatted(name)));
      return unmet;
    }

    private static void expect(String what, String is, String wanted, List<String> unmet) {
      if (!Objects.equals(is, wanted)) {
        unmet.add(
            "%s: %s, expected: %s"
                .formatted(what, is == null ? "none" : is, wanted == null ? "none" : wanted));
      }
    }
  }

  /** The headers of the record, in the order of their names. */
  static Map<String, String> headers(Sent record) {
    Map<String, String> headers = new TreeMap<>();
    for (Header header : record.record().headers()) {
      byte[] value = header.value() == null ? new byte[0] : header.value();
      headers.put(header.key(), new String(value, StandardCharsets.UTF_8));
    }
    return headers;
  }

  private static JsonNode json(byte[] value) {
    try {
      return JSON.readTree(value);
    } catch (IOException e) {
      return MissingNode.getInstance(); // what is no JSON has no fields
    }
  }

  /** The cases of a file; a case may name one of these frames by its line. */
  public static List<Case> in(Path file, List<RecordedFrame> frames) {
    Object loaded;
    try {
      loaded = new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
    } catch (IOException e) {
      throw new CommandFailure(
          "The file %s cannot be read: %s.".formatted(file, DataFolder.why(e)), e);
    } catch (YamlEngineException e) {
      throw new CommandFailure("Broken YAML in %s: %s".formatted(file, e.getMessage()), e);
    }
    if (!(loaded instanceof List<?> entries) || entries.isEmpty()) {
      throw new CommandFailure(
          "%s is no list of cases. Each begins with \"- frame: \" and a line of the frames' file, or a frame."
              .formatted(file));
    }
    List<Case> cases = new ArrayList<>();
    for (Object entry : entries) {
      cases.add(read(entry, "Case %d of %s".formatted(cases.size() + 1, file), frames));
    }
    return cases;
  }

  private static Case read(Object entry, String where, List<RecordedFrame> frames) {
    if (!(entry instanceof Map<?, ?> words) || !words.containsKey("frame")) {
      throw new CommandFailure(where + " has no frame.");
    }
    for (Object word : words.keySet()) {
      if (!WORDS.contains(String.valueOf(word))) {
        throw new CommandFailure(
            "%s has \"%s\". There are: %s."
                .formatted(where, word, String.join(", ", WORDS.stream().sorted().toList())));
      }
    }
    if (WORDS.stream()
        .noneMatch(it -> !it.equals("name") && !it.equals("frame") && words.containsKey(it))) {
      throw new CommandFailure(
          where + " expects nothing: name a topic, a key, headers, or absent: true.");
    }
    Map<String, String> headers = new LinkedHashMap<>();
    if (words.get("headers") instanceof Map<?, ?> wanted) {
      wanted.forEach((name, value) -> headers.put(String.valueOf(name), text(value).orElse(null)));
    }
    Object absent = words.get("absent");
    return new Case(
        text(words.get("name"))
            .orElse("frame " + (words.get("frame") instanceof Integer line ? line : "of its own")),
        frame(words.get("frame"), where, frames),
        text(words.get("topic")),
        text(words.get("key")),
        headers,
        words.get("without") instanceof List<?> names
            ? names.stream().map(String::valueOf).toList()
            : text(words.get("without")).stream().toList(),
        absent != null && !absent.equals(false),
        text(absent).filter(step -> absent instanceof String));
  }

  private static RecordedFrame frame(Object frame, String where, List<RecordedFrame> frames) {
    if (frame instanceof Integer line) {
      return frames.stream()
          .filter(it -> it.line() == line)
          .findFirst()
          .orElseThrow(
              () -> new CommandFailure("%s: there is no frame on line %d.".formatted(where, line)));
    }
    try {
      return new RecordedFrame(
          0,
          frame instanceof String text
              ? text.getBytes(StandardCharsets.UTF_8)
              : JSON.writeValueAsBytes(frame));
    } catch (JsonProcessingException e) {
      throw new CommandFailure(where + ": the frame cannot be written as JSON.", e);
    }
  }

  private static Optional<String> text(Object value) {
    return Optional.ofNullable(value).map(String::valueOf);
  }
}
