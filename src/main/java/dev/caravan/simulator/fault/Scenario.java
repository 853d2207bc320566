package dev.caravan.simulator.fault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.SimulatorOptions;
import dev.caravan.simulator.centre.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * A play for the stand-in, as it stands in a YAML file: how it is set up, what goes wrong by
 * itself, and what happens when.
 *
 * @param name what it is called
 * @param options how the stand-in is set up; what the file leaves out stays as it usually is
 * @param faults armed from the start
 * @param timeline what happens when
 */
public record Scenario(
    String name, SimulatorOptions options, List<Fault> faults, List<Step> timeline) {

  private static final Set<String> SECTIONS = Set.of("name", "options", "faults", "timeline");
  private static final int MOST_ALIASES = 50;
  private static final long LARGEST_FILE = 1 << 20;

  /**
   * Something that happens at its time.
   *
   * @param at how long after the start
   * @param every pause between repetitions
   * @param times how often in all
   * @param action what happens
   */
  public record Step(Duration at, Duration every, int times, Action action) {

    public Step {
      if (times > 1 && every.isZero()) {
        throw new IllegalArgumentException("A step that happens several times needs 'every'.");
      }
    }
  }

  public Scenario {
    faults = List.copyOf(faults);
    timeline = List.copyOf(timeline);
  }

  /** Nothing goes wrong and nothing happens but the contact centre's day. */
  public static Scenario of(SimulatorOptions options) {
    return new Scenario("an ordinary day", options, List.of(), List.of());
  }

  public Scenario withOptions(SimulatorOptions newOptions) {
    return new Scenario(name, newOptions, faults, timeline);
  }

  /** Reads one from a file. */
  public static Scenario load(Path file) {
    try {
      if (Files.size(file) > LARGEST_FILE) {
        throw new IllegalArgumentException("The scenario " + file + " is larger than 1 MiB.");
      }
      return parse(Files.readString(file));
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "The scenario " + file + " cannot be read: " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("In the scenario " + file + ": " + e.getMessage(), e);
    }
  }

  /** Reads one from YAML, or from JSON, which is YAML too. */
  public static Scenario parse(String yaml) {
    return parse(yaml(yaml));
  }

  public static JsonNode yaml(String text) {
    try {
      return Json.MAPPER.valueToTree(
          new Load(LoadSettings.builder().setMaxAliasesForCollections(MOST_ALIASES).build())
              .loadFromString(text));
    } catch (YamlEngineException e) {
      throw new IllegalArgumentException("This is not YAML: " + e.getMessage(), e);
    }
  }

  static Scenario parse(JsonNode root) {
    if (!root.isObject()) {
      throw new IllegalArgumentException("A scenario is a mapping of " + SECTIONS + ".");
    }
    for (Map.Entry<String, JsonNode> section : root.properties()) {
      if (!SECTIONS.contains(section.getKey())) {
        throw new IllegalArgumentException(
            "A scenario has no section '" + section.getKey() + "', only " + SECTIONS + ".");
      }
    }
    return new Scenario(
        root.path("name").asText("a scenario"),
        options(root.path("options")),
        root.path("faults").valueStream().map(it -> Json.read(it, Fault.class)).toList(),
        root.path("timeline").valueStream().map(Scenario::step).toList());
  }

  private static Step step(JsonNode node) {
    ObjectNode action = node.deepCopy();
    Duration at = taken(action, "at", Duration.class).orElse(Duration.ZERO);
    Duration every = taken(action, "every", Duration.class).orElse(Duration.ZERO);
    int times = taken(action, "times", Integer.class).orElse(1);
    return new Step(at, every, times, Json.read(action, Action.class));
  }

  private static <T> Optional<T> taken(ObjectNode node, String field, Class<T> type) {
    JsonNode value = node.remove(field);
    return value == null ? Optional.empty() : Optional.of(Json.read(value, type));
  }

  private static SimulatorOptions options(JsonNode changes) {
    ObjectNode usual = Json.MAPPER.valueToTree(SimulatorOptions.defaults());
    return Json.read(overlaid(usual, changes), SimulatorOptions.class);
  }

  private static ObjectNode overlaid(ObjectNode below, JsonNode above) {
    for (Map.Entry<String, JsonNode> field : above.properties()) {
      JsonNode under = below.path(field.getKey());
      boolean nested = under.isObject() && field.getValue().isObject();
      below.set(
          field.getKey(),
          nested ? overlaid((ObjectNode) under, field.getValue()) : field.getValue());
    }
    return below;
  }
}
