package dev.caravan.cli;

import dev.caravan.command.CommandFailure;
import dev.caravan.dryrun.RecordedFrame;
import dev.caravan.frame.Explanation;
import dev.caravan.frame.Frame;
import dev.caravan.frame.Media;
import dev.caravan.topic.Topic;
import dev.caravan.topic.TopicCatalogue;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** For understanding why an event has the medium and the key that it has. */
@Command(
    name = "explain",
    description = {
      "Tells what the bridge reads in a frame, and why.",
      "Its topic and family, its media by the rule and what decided, the key and",
      "where it was found, and the identity by which copies of it are known."
    },
    footer = {
      "",
      "Examples: the third line of a file, and a frame as it is",
      "  ${ROOT-COMMAND-NAME} explain frames.jsonl:3",
      "  ${ROOT-COMMAND-NAME} explain '{\"topicName\":\"v2.x\",\"eventBody\":{}}'"
    })
final class ExplainCommand extends CaravanCommand {

  @Parameters(
      paramLabel = "FRAME",
      description =
          "A frame; a file of frames, of which the first is explained; or a file and a line.")
  private String asked;

  @Override
  public Integer call() {
    Logs.toConsole(isVerbose());
    Explanation explanation = Explanation.of(frame());
    if (explanation.frame() instanceof Frame.Notification event) {
      explain(event, explanation);
    } else if (explanation.frame() instanceof Frame.Control control) {
      row("kind", control.kind().name().toLowerCase(Locale.ROOT).replace('_', ' '));
      row("", "It is about the socket itself: no route gets it.");
    } else if (explanation.frame() instanceof Frame.Unreadable unreadable) {
      row("kind", "dead letter: the frame " + unreadable.reason());
    }
    return Caravan.OK;
  }

  private byte[] frame() {
    if (asked.strip().startsWith("{")) {
      return asked.getBytes(StandardCharsets.UTF_8);
    }
    boolean named = asked.matches(".+:\\d{1,6}");
    String file = named ? asked.substring(0, asked.lastIndexOf(':')) : asked;
    List<RecordedFrame> frames = RecordedFrame.in(Path.of(file));
    int line = named ? Integer.parseInt(asked.substring(file.length() + 1)) : frames.get(0).line();
    return frames.stream()
        .filter(frame -> frame.line() == line)
        .findFirst()
        .orElseThrow(
            () -> new CommandFailure("There is no frame on line %d of %s.".formatted(line, file)))
        .bytes();
  }

  private void explain(Frame.Notification event, Explanation why) {
    TopicCatalogue catalogue = TopicCatalogue.shipped();
    row("topic", event.topicName());
    row(
        "",
        catalogue
            .topicOf(event.topicName())
            .map(it -> "%s, %s in Genesys' SDKs".formatted(it.pattern(), it.modelClass()))
            .orElse("not in the catalogue; carried as " + catalogue.generalise(event.topicName())));
    row("family", why.family());
    row(
        "media",
        event.media().isEmpty()
            ? "none"
            : event.media().stream().map(Media::wire).collect(Collectors.joining(", "))
                + (event.media().size() > 1 ? "; primary: " + event.primary().wire() : ""));
    row("", why.media());
    if (!event.messageType().isEmpty()) {
      row("message", event.messageType());
    }
    row("kept", kept(event, catalogue));
    row("key", event.key());
    row("", why.key());
    row("stream", event.stream() + ", the last part of the Kafka topic");
    row("identity", event.id().hex());
    row("", "of topic and eventBody: the copy on a second socket has the same");
  }

  private static String kept(Frame.Notification event, TopicCatalogue catalogue) {
    if (event.media().isEmpty()) {
      return "whatever GENESYS_MEDIA says, as it has no medium";
    }
    return catalogue.topicOf(event.topicName()).filter(Topic::wholeState).isPresent()
        ? "whatever GENESYS_MEDIA says, as it tells a whole state"
        : "if GENESYS_MEDIA has any of its media";
  }

  private void row(String name, String value) {
    // Without what a terminal would take for a command
    out().printf("%-9s %s%n", name, value.replaceAll("\\p{Cntrl}", "?"));
  }
}
