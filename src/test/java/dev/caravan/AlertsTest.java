package dev.caravan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.caravan.testing.Pages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The alerts that ship: of metrics that there are, and each with what to do. */
class AlertsTest {

  private static final Path ALERTS = Path.of("docker/prometheus/alerts.yml");

  @Test
  void eachAlertHasASectionThatSaysWhatToDo() throws IOException {
    Set<String> alerts = new TreeSet<>();
    for (JsonNode rule :
        new ObjectMapper(new YAMLFactory()).readTree(ALERTS.toFile()).at("/groups/0/rules")) {
      alerts.add(rule.path("alert").asText());
    }
    Set<String> sections = found("(?m)^### (\\w+)$", Pages.text(Path.of("docs/operating.md")));

    assertThat(sections).isNotEmpty().isEqualTo(alerts);
  }

  @Test
  void eachMetricIsOneOfTheBridge() throws IOException {
    Set<String> meters = new TreeSet<>();
    try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
      for (Path source : sources.filter(file -> file.toString().endsWith(".java")).toList()) {
        meters.addAll(found("\"(caravan\\.[a-z.]+)\"", Files.readString(source)));
      }
    }

    assertThat(found("\\b(caravan_[a-z_]+)", Files.readString(ALERTS)))
        .isNotEmpty()
        .allSatisfy(
            metric ->
                assertThat(meters).contains(metric.replaceFirst("_total$", "").replace('_', '.')));
  }

  private static Set<String> found(String pattern, String text) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map((MatchResult result) -> result.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
