package dev.caravan.routes;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.support.PatternHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Tells which routes a file has. Parsed here once more than by Camel, since it cannot be asked: it
 * drops the first of two routes with one id while it loads the second, and shows what it has parsed
 * only when it has loaded it.
 *
 * @param ids of the routes, one that stands there twice is there twice
 * @param configurations the ids of what routes share, the same
 * @param inputs where routes and templates begin, without options
 * @param gives what routes of other files may use: ids of configurations and templates, and {@link
 *     #FOR_ALL}
 * @param uses the ids, or patterns of them, of what its routes and templates use
 */
record RouteText(
    List<String> ids,
    List<String> configurations,
    Set<String> inputs,
    Set<String> gives,
    Set<String> uses) {

  /** Of something that holds for the routes of all files. */
  private static final String FOR_ALL = "*";

  private static final Logger LOG = LoggerFactory.getLogger(RouteText.class);
  private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{.*?}}");

  /** What stands in the text; empty if it is no list of routes, as when half of it is missing. */
  static Optional<RouteText> of(String text) {
    try {
      Object content = new Load(LoadSettings.builder().build()).loadFromString(text);
      if (content == null) {
        return Optional.of(new RouteText(List.of(), List.of(), Set.of(), Set.of(), Set.of()));
      }
      if (content instanceof List<?> parts) {
        List<String> ids =
            parts.stream()
                .flatMap(
                    part ->
                        Stream.concat(
                            id(part, "route", "id"), id(part, "templatedRoute", "routeId")))
                .toList();
        List<String> configurations =
            parts.stream().flatMap(part -> id(part, "routeConfiguration", "id")).toList();
        Set<String> gives = parts.stream().flatMap(RouteText::given).collect(Collectors.toSet());
        Set<String> inputs = new HashSet<>();
        Set<String> uses = new HashSet<>();
        walk(
            parts,
            entries -> {
              Object from = entries.get("from");
              if ((from instanceof Map<?, ?> input ? input.get("uri") : from)
                  instanceof String uri) {
                inputs.add(RemovedRoutes.plain(uri));
              }
              Stream.of("routeConfigurationId", "routeTemplateRef")
                  .map(entries::get)
                  .filter(String.class::isInstance)
                  .flatMap(used -> Stream.of(((String) used).split("[,\\s]+")))
                  .forEach(uses::add);
            });
        return Optional.of(new RouteText(ids, configurations, inputs, gives, uses));
      }
    } catch (YamlEngineException | StackOverflowError e) {
      LOG.debug("Camel will say where this file is wrong", e);
    }
    return Optional.empty();
  }

  private static Stream<String> id(Object part, String kind, String name) {
    return part instanceof Map<?, ?> entry
            && entry.get(kind) instanceof Map<?, ?> route
            && route.get(name) instanceof String id
        ? Stream.of(id)
        : Stream.empty();
  }

  /** An error handler of a file is that of all routes that have none, as Camel reads it. */
  private static Stream<String> given(Object part) {
    boolean forAll =
        part instanceof Map<?, ?> entry
            && (entry.containsKey("errorHandler")
                || entry.get("routeConfiguration") instanceof Map<?, ?> shared
                    && !(shared.get("id") instanceof String));
    return Stream.of(
            id(part, "routeConfiguration", "id"),
            id(part, "routeTemplate", "id"),
            forAll ? Stream.of(FOR_ALL) : Stream.<String>empty())
        .flatMap(ids -> ids);
  }

  /** Shows all that the node holds at whatever depth. */
  private static void walk(Object node, Consumer<Map<?, ?>> look) {
    if (node instanceof List<?> parts) {
      parts.forEach(part -> walk(part, look));
    } else if (node instanceof Map<?, ?> entries) {
      look.accept(entries);
      entries.values().forEach(part -> walk(part, look));
    }
  }

  /** Whether its routes are other ones once what the other file gives has changed. */
  boolean uses(RouteText other) {
    return other.gives.stream()
        .anyMatch(
            given ->
                given.equals(FOR_ALL)
                    || uses.stream().anyMatch(used -> PatternHelper.matchPattern(given, used)));
  }

  /** Whether the other file cannot run beside this one: it has a route of it, or reads the same. */
  boolean excludes(RouteText other) {
    return ids.stream().anyMatch(other.ids::contains)
        || other
            .exclusiveInputs()
            .anyMatch(input -> inputs.stream().anyMatch(own -> mayBe(own, input)));
  }

  /** What is read by one route alone. */
  private Stream<String> exclusiveInputs() {
    return inputs.stream().filter(input -> input.matches("(genesys|spool):.*"));
  }

  /**
   * Whether a text that is no list of routes speaks of a route of these, or of what it reads: it
   * may hold the same, then.
   */
  boolean isSpokenOfIn(String text) {
    Stream<String> named = ids.stream().map(id -> valueOf("(?:id|routeId)", whole(id)));
    Stream<String> read =
        exclusiveInputs()
            .map(input -> input.split(":", 2))
            .flatMap(
                input ->
                    Stream.of(
                        "(?<![\\w.-])%s:(?://)?(?:%s|\\{\\{)".formatted(input[0], whole(input[1])),
                        valueOf("(?:from|uri)", input[0] + "(?![\\w.:-])"),
                        valueOf("from", "(?:\\{?\\s*" + valueOf("uri", "\\{\\{") + "|\\{\\{)")));
    return Stream.concat(named, read)
        .anyMatch(pattern -> Pattern.compile(pattern).matcher(text).find());
  }

  private static String valueOf(String key, String value) {
    return "(?<!\\w)" + key + "[\"']?\\s*:\\s*[\"']?" + value;
  }

  private static String whole(String name) {
    return Pattern.quote(name) + "(?![\\w.-])";
  }

  /** A placeholder may stand for anything, and the rest of a scheme alone is in the parameters. */
  private static boolean mayBe(String own, String input) {
    Matcher placeholder = PLACEHOLDER.matcher(own);
    if (!own.contains(":") && !placeholder.find()) {
      return input.startsWith(own + ":");
    }
    String pattern =
        PLACEHOLDER
            .splitAsStream(own + " ")
            .map(Pattern::quote)
            .reduce((before, after) -> before + ".*" + after)
            .orElseThrow();
    return (input + " ").matches(pattern);
  }
}
