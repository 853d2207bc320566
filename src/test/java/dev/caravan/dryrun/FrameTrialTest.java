package dev.caravan.dryrun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caravan.command.CommandFailure;
import dev.caravan.command.Deadline;
import dev.caravan.dryrun.Passage.DeadLetter;
import dev.caravan.dryrun.Passage.Dropped;
import dev.caravan.dryrun.Passage.NotTaken;
import dev.caravan.dryrun.Passage.Outside;
import dev.caravan.dryrun.Passage.Sent;
import dev.caravan.dryrun.StepTrace.Step;
import dev.caravan.settings.Settings;
import dev.caravan.testing.Routes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Recorded frames go through the user's files in a Camel that runs; nothing is behind it. */
@Tag("slow")
public class FrameTrialTest {

  private static final String VOICE =
      frame(
          "v2.routing.queues.0e185c02-aca1-4a72-82ea-2e78684e2c89.conversations.calls",
          "{\"id\":\"c-1\",\"participants\":[{\"attributes\":{\"a\":\"Pat\"}}]}");
  private static final String EMAIL =
      frame(
          "v2.routing.queues.0e185c02-aca1-4a72-82ea-2e78684e2c89.conversations.emails",
          "{\"id\":\"c-2\",\"participants\":[]}");

  @TempDir private Path folder;
  private Path routes;

  public static String frame(String topic, String body) {
    return "{\"topicName\":\"%s\",\"version\":\"2\",\"eventBody\":%s,\"metadata\":{\"CorrelationId\":\"x\"}}"
        .formatted(topic, body);
  }

  @BeforeEach
  void copy() {
    routes = Routes.copyTo(folder);
  }

  private Passage of(String frame) {
    List<FrameTrial.Tried> tried = new ArrayList<>();
    try (FrameTrial trial = trial()) {
      trial.of(
          List.of(new RecordedFrame(1, frame.getBytes(StandardCharsets.UTF_8))),
          Deadline.in(Duration.ofMinutes(1)),
          tried::add);
    }
    return tried.get(0).passage();
  }

  private FrameTrial trial() {
    return new FrameTrial(Settings.of(Map.of("CARAVAN_ROUTES_DIR", routes.toString())));
  }

  private void edit(String file, String before, String after) throws IOException {
    Path edited = routes.resolve(file);
    String text = Files.readString(edited);
    assertThat(text).contains(before);
    Files.writeString(edited, text.replace(before, after));
  }

  /** A file and the line of a text in it, as an editor counts, or one near it. */
  private String place(String file, String text, int more) throws IOException {
    List<String> lines = Files.readAllLines(routes.resolve(file));
    int line = 0;
    while (!lines.get(line).contains(text)) {
      line++;
    }
    return routes.resolve(file) + ", line " + (line + 1 + more);
  }

  private static List<Step> dropping(Passage passage) {
    assertThat(passage.ends()).hasOnlyElementsOfType(Dropped.class);
    return passage.of(Dropped.class).get(0).by();
  }

  @Test
  void anEventThatIsKeptBecomesTheRecordThatKafkaWouldGet() {
    Passage passage = of(VOICE);

    Sent sent = passage.of(Sent.class).get(0);
    assertThat(passage.ends()).hasSize(1);
    assertThat(sent.record().topic()).isEqualTo("genesys.conversations.voice");
    assertThat(sent.key()).contains("c-1");
    assertThat(sent.value()).isEqualTo(VOICE.getBytes(StandardCharsets.UTF_8));
    assertThat(Expectations.headers(sent))
        .containsEntry("genesys-media", "voice")
        .containsEntry("content-type", "application/json")
        .containsEntry("ce_type", "com.genesys.cloud.v2.routing.queues.{id}.conversations.calls")
        .containsKeys("ce_id", "ce_source", "ce_subject", "ce_time", "genesys-topic")
        .allSatisfy((name, value) -> assertThat(name).doesNotStartWith("Camel"))
        .doesNotContainKeys("genesys-kafka-topic", "genesys-kafka-key", "kafka.KEY");
  }

  @Test
  void anEventThatTheMediaFilterDropsIsToldWithTheStepItsFileAndItsLine() throws IOException {
    assertThat(dropping(of(EMAIL)))
        .singleElement()
        .satisfies(
            step -> {
              assertThat(step.id()).isEqualTo("keep-media");
              assertThat(step.route()).isEqualTo("receive");
              assertThat(step.place()).isEqualTo(place("receive.camel.yaml", "id: keep-media", -1));
              assertThat(step.label()).contains("genesys.media");
            });
  }

  @Test
  void anEventThatAFilterBeforeKafkaDropsIsToldWithThatFilter() throws IOException {
    edit(
        "forward.camel.yaml",
        "        - to:\n"
            + "            id: to-kafka\n"
            + "            uri: kafka:{{caravan.topic.prefix}}other",
        """
                - filter:
                    id: only-mine
                    simple: "${header.genesys-topic} contains 'mine'"
                    steps:
                      - to:
                          id: to-kafka
                          uri: kafka:{{caravan.topic.prefix}}other
                - log:
                    message: done
        """
            .stripTrailing());

    assertThat(dropping(of(VOICE)))
        .singleElement()
        .satisfies(
            step -> {
              assertThat(step.id()).isEqualTo("only-mine");
              assertThat(step.place()).isEqualTo(place("forward.camel.yaml", "id: only-mine", -1));
            });
  }

  private void receive(String steps) throws IOException {
    Files.writeString(
        routes.resolve("receive.camel.yaml"),
        """
        - route:
            id: receive
            from:
              uri: genesys:notifications
              parameters:
                topics: v2.x
              steps:
        """
            + steps.indent(8));
  }

  @Test
  void ofNestedFiltersTheInnerOneThatDropsIsNamed() throws IOException {
    receive(
        """
        - filter:
            id: outer
            constant: "true"
            steps:
              - filter:
                  id: inner
                  constant: "false"
                  steps:
                    - to: spool:events
        """);

    assertThat(dropping(of(VOICE))).extracting(Step::id).containsExactly("inner");
  }

  @Test
  void ofFiltersInARowAllThatDropAreNamed() throws IOException {
    receive(
        """
        - filter: { id: first, constant: "false", steps: [ { to: "spool:events" } ] }
        - filter: { id: empty, constant: "false", steps: [ { log: "nothing" } ] }
        - filter: { id: second, constant: "false", steps: [ { to: "spool:events" } ] }
        """);

    assertThat(dropping(of(VOICE))).extracting(Step::id).containsExactly("first", "second");
  }

  @Test
  void aStopIsNamed() throws IOException {
    receive(
        """
        - filter:
            constant: "true"
            steps:
              - stop: { id: enough }
        - to: spool:events
        """);

    assertThat(dropping(of(VOICE))).extracting(Step::id).containsExactly("enough");
  }

  @Test
  void aChoiceOfWhichNoBranchSendsTheEventIsNamed() throws IOException {
    receive(
        """
        - choice:
            id: which
            when:
              - constant: "false"
                steps:
                  - to: spool:events
            otherwise:
              steps:
                - log: nothing
        """);

    assertThat(dropping(of(VOICE))).extracting(Step::id).containsExactly("which");
  }

  @Test
  void aStepInACalledRouteIsNamed() throws IOException {
    receive("- to: direct:mine\n");
    Files.writeString(
        routes.resolve("mine.camel.yaml"),
        """
        - route:
            id: mine
            from:
              uri: direct:mine
              steps:
                - filter:
                    id: keep-mine
                    constant: "false"
                    steps:
                      - to: spool:events
        """);

    assertThat(dropping(of(VOICE)))
        .singleElement()
        .satisfies(
            step -> {
              assertThat(step.id()).isEqualTo("keep-mine");
              assertThat(step.route()).isEqualTo("mine");
              assertThat(step.place()).startsWith(routes.resolve("mine.camel.yaml") + ", line ");
            });
  }

  @Test
  void aFailureThatARoutePassesOverIsNamedAsWhatDropsTheEvent() throws IOException {
    receive(
        """
        - doTry:
            steps:
              - unmarshal: { id: parse, json: { unmarshalType: java.lang.Integer } }
              - to: spool:events
            doCatch:
              - exception: [ java.lang.Exception ]
                steps:
                  - log: nothing
        """);

    Dropped dropped = of(VOICE).of(Dropped.class).get(0);

    assertThat(dropped.by()).extracting(Step::id).containsExactly("parse");
    assertThat(dropped.failure()).isEqualTo("MismatchedInputException");
  }

  @Test
  void aStepThatThrowsMakesADeadLetterAndIsNamed() throws IOException {
    edit(
        "receive.camel.yaml",
        "              - to:\n                  id: to-spool",
        "              - unmarshal: { id: parse, json: { unmarshalType: java.lang.Integer } }\n"
            + "              - to:\n                  id: to-spool");

    DeadLetter letter = of(VOICE).of(DeadLetter.class).get(0);

    assertThat(letter.why())
        .startsWith("MismatchedInputException at step parse of route receive (")
        .contains("receive.camel.yaml, line ");
    assertThat(letter.message()).contains("Integer");
  }

  @Test
  void whatIsNeitherBytesNorTextIsRefusedAsKafkaWouldRefuseIt() throws IOException {
    edit(
        "forward.camel.yaml",
        "        - to:\n            id: to-kafka",
        "        - unmarshal: { json: {} }\n        - setBody: { simple: \"${body[eventBody]}\" }\n"
            + "        - to:\n            id: to-kafka");

    assertThat(of(VOICE).isLost()).isTrue();
  }

  @Test
  void aSecondTargetIsASecondRecord() throws IOException {
    edit(
        "forward.camel.yaml",
        "            uri: kafka:{{caravan.topic.prefix}}other",
        "            uri: kafka:{{caravan.topic.prefix}}other\n"
            + "        - to: kafka:all?key=fixed\n        - to: \"http://somewhere.invalid/\"");

    Passage passage = of(VOICE);

    assertThat(passage.of(Sent.class))
        .extracting(it -> it.record().topic() + " " + it.key().orElse(""))
        .containsExactly("genesys.conversations.voice c-1", "all fixed");
    assertThat(passage.of(Outside.class)).containsExactly(new Outside("http"));
  }

  @Test
  void anEventInASpoolFromWhichNoRouteTakesIsToldSo() throws IOException {
    receive("- to: spool:nowhere\n");

    assertThat(of(VOICE).ends())
        .containsExactly(new NotTaken("stays in spool:nowhere, from which no route takes"));
  }

  @Test
  void whatIsNoEventGoesThroughNoRoute() {
    assertThat(
            of("{\"topicName\":\"channel.metadata\",\"eventBody\":{\"message\":\"pong\"}}").ends())
        .singleElement()
        .asString()
        .contains("is no event, but");
    assertThat(of("{\"topicName\":").ends())
        .containsExactly(new DeadLetter("the frame is cut off after 13 bytes", ""));
  }

  @Test
  void aRouteThatTakesTooLongIsNamedWithItsStepAndDoesNotHoldUpTheEnd() throws IOException {
    receive("- delay: { id: sleep, constant: \"600000\" }\n- to: spool:events\n");

    try (FrameTrial trial = trial()) {
      assertThatThrownBy(
              () ->
                  trial.of(
                      List.of(new RecordedFrame(7, VOICE.getBytes(StandardCharsets.UTF_8))),
                      Deadline.in(Duration.ofMillis(300)),
                      tried -> {}))
          .hasMessageContaining("Line 7: Route receive takes longer than 0.")
          .hasMessageContaining("at step sleep of route receive (");
    }
  }

  @Test
  void whenTheTimeIsOverTheRestIsNotTried() {
    try (FrameTrial trial = trial()) {
      assertThat(
              trial.of(
                  List.of(new RecordedFrame(1, VOICE.getBytes(StandardCharsets.UTF_8))),
                  Deadline.in(Duration.ofNanos(1)),
                  tried -> {}))
          .isZero();
    }
  }

  @Test
  void routesThatCannotBeBuiltAreToldWithFileAndLine() throws IOException {
    edit(
        "forward.camel.yaml",
        "      steps:\n        - filter:",
        "      steps: ]\n        - filter:");

    assertThatThrownBy(this::trial)
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("Broken YAML in " + routes.resolve("forward.camel.yaml"))
        .hasMessageMatching("(?s).*line \\d+.*");
  }

  @Test
  void routesOfWhichNoneReadsAreToldSo() throws IOException {
    Files.writeString(routes.resolve("receive.camel.yaml"), "[]\n");

    assertThatThrownBy(this::trial).hasMessageContaining("begins with genesys:notifications");
  }
}
