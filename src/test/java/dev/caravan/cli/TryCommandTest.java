package dev.caravan.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caravan.dryrun.FrameTrialTest;
import dev.caravan.dryrun.RecordedFrame;
import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.Frame;
import dev.caravan.frame.Media;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands as they are typed, with the routes that are shipped. */
@Timeout(300)
@Tag("slow")
class TryCommandTest {

  private static final String PRESENCE = FrameTrialTest.frame("v2.users.u-1.presence", "{\"a\":1}");
  private static final String EMAIL =
      FrameTrialTest.frame("v2.users.u-1.conversations.emails", "{\"id\":\"c-1\"}");

  @TempDir private Path folder;

  private Path write(String name, String... lines) throws IOException {
    return Files.write(folder.resolve(name), List.of(lines));
  }

  @Test
  void whatBecomesOfEachFrameIsTold() throws IOException {
    CommandLineHarness tried =
        CommandLineHarness.run("try", write("f.jsonl", PRESENCE, "", EMAIL, "{").toString());

    assertThat(tried.err()).isEmpty();
    assertThat(tried.exitCode()).isZero();
    assertThat(tried.out().lines())
        .containsSubsequence(
            "Line 1: v2.users.{id}.presence",
            "  kept         genesys.presence",
            "  key          u-1",
            "  body         as it came",
            "Line 3: v2.users.{id}.conversations.emails (email)",
            "Line 4: a frame that is none",
            "  dead letter  the frame is cut off after 1 bytes",
            "Kept: 1, dropped: 1, dead letters: 1.")
        .anyMatch(line -> line.matches("  headers      ce_id=.*, ce_source=.*, genesys-topic=v2.*"))
        .anyMatch(
            line ->
                line.matches(
                    "  dropped      by keep-media of route receive \\(.*routes/receive\\.camel\\.yaml, line \\d+\\)"));
  }

  @Test
  void aValueCannotCommandTheTerminal() throws IOException {
    Path file = write("f.jsonl", FrameTrialTest.frame("v2.users.u\\u001b[2J.presence", "{}"));

    assertThat(CommandLineHarness.run("try", file.toString()).out()).doesNotContain("\u001b");
  }

  @Test
  void casesThatAreMetPassAndOthersFailWithWhatDiffers() throws IOException {
    String frames = write("f.jsonl", PRESENCE, EMAIL).toString();
    Path met =
        write(
            "met.yaml",
            "- {frame: 1, topic: genesys.presence, key: u-1, without: [attributes]}",
            "- {name: no email, frame: 2, absent: keep-media}");
    Path unmet = write("unmet.yaml", "- {name: wrong, frame: 1, topic: genesys.other}");

    CommandLineHarness passed = CommandLineHarness.run("try", frames, "--expect", met.toString());
    CommandLineHarness failed = CommandLineHarness.run("try", frames, "--expect", unmet.toString());

    assertThat(passed.out().lines())
        .containsExactly("  ok      frame 1", "  ok      no email", "2 of 2 cases are met.");
    assertThat(passed.exitCode()).isZero();
    assertThat(failed.out().lines())
        .containsExactly(
            "  FAILED  wrong",
            "          topic: genesys.presence, expected: genesys.other",
            "0 of 1 cases are met.");
    assertThat(failed.exitCode()).isEqualTo(1);
  }

  @Test
  void theCasesOfTheCookbookAreMetByTheRoutesThatAreShipped() throws IOException {
    Matcher example =
        Pattern.compile("## Test your routes in CI\n.*?```yaml\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(Path.of("docs/cookbook/README.md")));
    assertThat(example.find()).isTrue();

    assertThat(
            CommandLineHarness.run(
                    "try", "--expect", write("cases.yaml", example.group(1)).toString())
                .out()
                .lines())
        .last()
        .isEqualTo("2 of 2 cases are met.");
  }

  @Test
  void aFileThatIsNotThereIsASentence() {
    assertThat(CommandLineHarness.run("try", folder.resolve("none").toString()).err())
        .startsWith("The file " + folder.resolve("none") + " cannot be read: ")
        .hasLineCount(1);
  }

  @Test
  void watchingDoesItAgainWhenAFileIsEditedAndOutlivesMistakes() throws Exception {
    Path frames = write("f.jsonl", PRESENCE);
    StringWriter out = new StringWriter();
    CommandLine caravan = Caravan.commandLine();
    caravan.setOut(new PrintWriter(out, true));
    Thread watching =
        new Thread(() -> caravan.execute("try", frames.toString(), "--watch"), "watching");
    watching.start();
    try {
      await().until(() -> out.toString().contains("-- Waiting for an edit"));
      assertThat(out.toString()).contains("genesys.presence");
      Files.delete(frames);
      await().until(() -> out.toString().contains("cannot be read"));
      write("f.jsonl", EMAIL);
      await().until(() -> out.toString().contains("Kept: 0, dropped: 1"));
    } finally {
      // What is tried just then may take an interrupt for its own
      await()
          .until(
              () -> {
                watching.interrupt();
                return !watching.isAlive();
              });
    }
  }

  @Test
  void theFramesThatAreShippedAreOfEveryFamilyAndMediumAndGetThroughTheRoutes() {
    List<Frame> read =
        RecordedFrame.shipped().stream()
            .map(frame -> new EnvelopeReader().read(frame.bytes()))
            .toList();
    Set<Media> media = new TreeSet<>();
    Set<String> streams = new TreeSet<>();
    for (Frame frame : read) {
      assertThat(frame).isInstanceOf(Frame.Notification.class);
      media.addAll(((Frame.Notification) frame).media());
      streams.add(((Frame.Notification) frame).stream());
    }

    assertThat(media)
        .contains(
            Media.VOICE,
            Media.CHAT,
            Media.EMAIL,
            Media.MESSAGE,
            Media.CALLBACK,
            Media.VIDEO,
            Media.SOCIAL,
            Media.SCREENSHARE,
            Media.COBROWSE);
    assertThat(
            streams.stream()
                .filter(it -> !it.startsWith("conversations."))
                .collect(Collectors.toSet()))
        .containsExactlyInAnyOrder(
            "presence",
            "routing-status",
            "adherence",
            "observations",
            "detail-events",
            "transcription",
            "other");
    assertThat(CommandLineHarness.run("try").out().lines())
        .last()
        .asString()
        .endsWith(", dead letters: 0.");
  }

  @Test
  void whatIsReadInAFrameIsExplained() throws IOException {
    String call =
        FrameTrialTest.frame(
            "v2.users.u-1.conversations",
            "{\"id\":\"c-1\",\"participants\":[{\"calls\":[{\"state\":\"connected\",\"connectedTime\":\"2026-11-21T17:00:00Z\"}]},"
                + "{\"chats\":[{\"state\":\"disconnected\",\"connectedTime\":\"2026-11-21T18:00:00Z\"}]}]}");
    Path file = write("f.jsonl", PRESENCE, call);

    assertThat(CommandLineHarness.run("explain", file + ":2").out().lines())
        .containsSubsequence(
            "topic     v2.users.u-1.conversations",
            "family    conversations of any medium, an array of each participant for each",
            "media     voice, chat; primary: voice",
            "          of 2 sessions, 1 of them over, the one of voice decides: of those that are not over it connected last, at 2026-11-21T17:00:00Z",
            "key       c-1",
            "          eventBody.id",
            "stream    conversations.voice, the last part of the Kafka topic")
        .anyMatch(line -> line.matches("identity  [0-9a-f]{32}"));
    assertThat(CommandLineHarness.run("explain", file.toString()).out())
        .contains("media     none", "the id in the topic", "whatever GENESYS_MEDIA says");
    assertThat(CommandLineHarness.run("explain", "{\"topicName\":").out())
        .contains("dead letter: the frame is cut off");
    assertThat(
            CommandLineHarness.run(
                    "explain",
                    "{\"topicName\":\"channel.metadata\",\"eventBody\":{\"message\":\"pong\"}}")
                .out())
        .contains("pong", "no route gets it");
    assertThat(CommandLineHarness.run("explain", file + ":3").err())
        .startsWith("There is no frame on line 3 of ");
  }

  @Test
  void aDayOfTheStandInIsRecordedAtOnceAndCanBeTried() {
    Path file = folder.resolve("r.jsonl");

    CommandLineHarness recorded =
        CommandLineHarness.run(
            "record",
            "v2.users.*.presence",
            file.toString(),
            "--from",
            "stand-in",
            "--for",
            "8h",
            "--most",
            "5");

    assertThat(recorded.err()).isEmpty();
    assertThat(recorded.out())
        .contains("5  v2.users.{id}.presence", "5 frames in " + file + ", masked.");
    assertThat(CommandLineHarness.run("try", file.toString()).out())
        .contains("Kept: 5, dropped: 0");
    assertThat(
            CommandLineHarness.run("record", file.toString(), "--from", "stand-in", "--for", "soon")
                .err())
        .startsWith("--for is \"soon\", but it must be a time such as");
  }
}
