package dev.caravan.dryrun;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.command.Deadline;
import dev.caravan.dryrun.Expectations.Case;
import dev.caravan.dryrun.Passage.Sent;
import dev.caravan.settings.Settings;
import dev.caravan.testing.Routes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the pages of the cookbook say of their edits, as {@code try} sees it. */
@Tag("slow")
class CookbookTest {

  private static final Path COOKBOOK = Path.of("docs/cookbook");
  private static final Pattern EDIT =
      Pattern.compile(
          "(?s)[iI]n `routes/(\\S+)`, replace\n```yaml\n(.*?)```\nby\n```yaml\n(.*?)```");
  private static final Pattern CASES =
      Pattern.compile("(?s)\nAs \\[cases\\]\\(\\S+\\):\n```yaml\n(.*?)```");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CALL =
      FrameTrialTest.frame(
          "v2.routing.queues.q-1.conversations",
          """
          {"id":"c-1","participants":[{"name":"Pat","attributes":{"note":"x"},"address":"tel:+15550101",\
          "calls":[{"state":"connected","ani":"tel:+15550100","self":{"addressRaw":"tel:+15550102"}}]}]}""");

  @TempDir private Path folder;
  private Path routes;

  static List<String> pagesWithCases() throws IOException {
    try (Stream<Path> pages = Files.list(COOKBOOK)) {
      return pages
          .filter(page -> page.toString().endsWith(".md") && CASES.matcher(text(page)).find())
          .map(page -> page.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  @BeforeEach
  void copy() {
    routes = Routes.copyTo(folder);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("pagesWithCases")
  void theCasesOfAPageAreMetByItsEditAndNotWithoutIt(String page) throws IOException {
    Matcher cases = CASES.matcher(text(COOKBOOK.resolve(page)));
    assertThat(cases.find()).isTrue();
    Path file = Files.writeString(routes.resolve("cases.yml"), cases.group(1));

    List<String> before = unmet(file);
    edit(page);

    assertThat(before).isNotEmpty();
    assertThat(unmet(file)).isEmpty();
  }

  @Test
  void numbersAreMaskedHoweverDeepAndAttributesLeftOut() throws IOException {
    edit("mask.md");

    JsonNode party = JSON.readTree(sent(CALL).get(0).value()).at("/eventBody/participants/0");

    assertThat(party)
        .isEqualTo(
            JSON.readTree(
                """
                {"name":"Pat","address":"***",
                "calls":[{"state":"connected","ani":"***","self":{"addressRaw":"***"}}]}"""));
  }

  @Test
  void anEventStandsInTheEnvelopeOfDebezium() throws IOException {
    edit("debezium-envelope.md");

    Sent sent = sent(CALL).get(0);

    JsonNode envelope = JSON.readTree(sent.value());
    assertThat(envelope.path("after")).isEqualTo(JSON.readTree(CALL));
    assertThat(envelope.path("op").asText()).isEqualTo("c");
    assertThat(envelope.path("ts_ms").isIntegralNumber()).isTrue();
    assertThat(envelope.at("/source/id").asText())
        .isEqualTo(Expectations.headers(sent).get("ce_id"));
    assertThat(sent.key()).contains("c-1");
  }

  @Test
  void anEventGoesToTwoClustersWithOneId() throws IOException {
    edit("two-clusters.md");
    String second = text(COOKBOOK.resolve("second-cluster.camel.yaml"));
    assertThat(second).containsOnlyOnce("{{env:SECOND_KAFKA}}");
    Files.writeString(
        routes.resolve("second-cluster.camel.yaml"),
        second.replace("{{env:SECOND_KAFKA}}", "127.0.0.1:9"));

    List<Sent> sent = sent(CALL);

    assertThat(sent).hasSize(2);
    assertThat(sent).filteredOn(it -> DryRun.isElsewhere(it.uri())).hasSize(1);
    assertThat(sent)
        .allSatisfy(
            it -> {
              assertThat(it.record().topic()).isEqualTo("genesys.conversations.voice");
              assertThat(it.key()).contains("c-1");
              assertThat(it.value()).isEqualTo(CALL.getBytes(StandardCharsets.UTF_8));
            });
    assertThat(sent.stream().map(it -> Expectations.headers(it).get("ce_id")).distinct())
        .hasSize(1);
  }

  @Test
  void anEventOfAQueueWhoseNameIsNotKnownGoesToKafkaWithoutIt() throws IOException {
    edit("queue-names.md");
    Files.copy(
        COOKBOOK.resolve("queue-names.camel.yaml"), routes.resolve("queue-names.camel.yaml"));

    Sent sent = sent(CALL).get(0);

    assertThat(sent.record().topic()).isEqualTo("genesys.conversations.voice");
    assertThat(sent.value()).isEqualTo(CALL.getBytes(StandardCharsets.UTF_8));
    assertThat(Expectations.headers(sent)).doesNotContainKey("genesys-queue-name");
  }

  @Test
  void anEventGoesToTheWebhookInsteadOfKafka() throws IOException {
    put("webhook.camel.yaml", "forward.camel.yaml", "{{env:WEBHOOK_URL}}");

    Passage passage = passage(CALL);

    assertThat(passage.of(Passage.Outside.class)).containsExactly(new Passage.Outside("http"));
    assertThat(passage.of(Sent.class)).isEmpty();
  }

  @Test
  void alertsOnSignalsLeaveEventsAsTheyAre() throws IOException {
    edit("signal-alerts.md");
    put("alerts.camel.yaml", "alerts.camel.yaml", "{{env:ALERT_URL}}");

    assertThat(sent(CALL).get(0).value()).isEqualTo(CALL.getBytes(StandardCharsets.UTF_8));
  }

  /** A file of the cookbook, with the address that its user gives. */
  private void put(String file, String as, String address) throws IOException {
    String text = text(COOKBOOK.resolve(file));
    assertThat(text).contains(address);
    Files.writeString(routes.resolve(as), text.replace(address, "http://127.0.0.1:9/"));
  }

  private void edit(String page) throws IOException {
    Matcher edits = EDIT.matcher(text(COOKBOOK.resolve(page)));
    assertThat(edits.find()).isTrue();
    Path edited = routes.resolve(edits.group(1));
    String shipped = Files.readString(edited);
    assertThat(shipped).containsOnlyOnce(edits.group(2));
    Files.writeString(edited, shipped.replace(edits.group(2), edits.group(3)));
  }

  private List<String> unmet(Path cases) {
    List<Case> all = Expectations.in(cases, List.of());
    assertThat(all).isNotEmpty();
    List<String> unmet = new ArrayList<>();
    try (FrameTrial trial = trial()) {
      for (Case one : all) {
        trial.of(
            List.of(one.frame()),
            Deadline.in(Duration.ofMinutes(1)),
            tried -> unmet.addAll(one.unmet(tried.passage())));
      }
    }
    return unmet;
  }

  private List<Sent> sent(String frame) {
    List<Sent> sent = passage(frame).of(Sent.class);
    assertThat(sent).isNotEmpty();
    return sent;
  }

  private Passage passage(String frame) {
    List<Passage> passages = new ArrayList<>();
    try (FrameTrial trial = trial()) {
      trial.of(
          List.of(new RecordedFrame(1, frame.getBytes(StandardCharsets.UTF_8))),
          Deadline.in(Duration.ofMinutes(1)),
          tried -> passages.add(tried.passage()));
    }
    assertThat(passages).hasSize(1);
    return passages.get(0);
  }

  private FrameTrial trial() {
    return new FrameTrial(Settings.of(Map.of("CARAVAN_ROUTES_DIR", routes.toString())));
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
