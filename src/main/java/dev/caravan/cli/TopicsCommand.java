package dev.caravan.cli;

import dev.caravan.check.Check;
import dev.caravan.check.KafkaTopics;
import dev.caravan.command.CommandFailure;
import dev.caravan.command.KafkaEnvironment;
import dev.caravan.settings.Settings;
import dev.caravan.topic.Listing;
import dev.caravan.topic.SelectorException;
import dev.caravan.topic.SelectorParser;
import dev.caravan.topic.Topic;
import dev.caravan.topic.TopicCatalogue;
import dev.caravan.topic.TopicSelector;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** For finding the topics of Genesys Cloud, and for understanding a selector before using it. */
@Command(
    name = "topics",
    mixinStandardHelpOptions = true,
    description = {
      "Finds topics of Genesys Cloud, and explains topic selectors.",
      "With a word it lists the known topics that have it in their name; with a selector",
      "it tells what that stands for and which Kafka topic its events reach."
    },
    footer = {
      "",
      "Examples:",
      "  ${ROOT-COMMAND-NAME} topics --kafka",
      "  ${ROOT-COMMAND-NAME} topics adherence",
      "  ${ROOT-COMMAND-NAME} topics 'v2.routing.queues.*.conversations'",
      "  ${ROOT-COMMAND-NAME} topics 'v2.users.[group=Tier 1]?presence&routingStatus'"
    })
public final class TopicsCommand implements Callable<Integer> {

  @Parameters(
      arity = "0..1",
      paramLabel = "WORD|SELECTOR",
      description = "A part of a topic's name, or a selector (it starts with v2.).")
  private String asked = "";

  @Option(
      names = "--kafka",
      description =
          "Print the commands that create the Kafka topics that the routes write to, and the rights.")
  private boolean kafka;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    Logs.toConsole(Caravan.isVerbose(spec));
    TopicCatalogue catalogue = TopicCatalogue.shipped();
    PrintWriter out = spec.commandLine().getOut();
    if (kafka) {
      Logs.errorsToConsole(Caravan.isVerbose(spec));
      Check.kafkaTopics(Settings.read()).forEach(out::println);
      return Caravan.OK;
    }
    if (asked.startsWith("v2.") && !asked.endsWith(".")) {
      explain(asked, catalogue, new KafkaEnvironment(Settings.read()).topicPrefix(), out);
    } else {
      list(asked, catalogue, out);
    }
    return Caravan.OK;
  }

  private static void list(String word, TopicCatalogue catalogue, PrintWriter out) {
    String lower = word.toLowerCase(Locale.ROOT);
    List<Topic> found =
        catalogue.all().stream()
            .filter(topic -> topic.pattern().toLowerCase(Locale.ROOT).contains(lower))
            .toList();
    if (found.isEmpty()) {
      throw new CommandFailure(
          "No topic has \"%s\" in its name. The nearest are %s."
              .formatted(word, String.join(", ", catalogue.nearest(word, 3))));
    }
    for (Topic topic : found) {
      out.println(topic.pattern() + (topic.eventBridgeOnly() ? "  (EventBridge only)" : ""));
    }
  }

  private static void explain(
      String text, TopicCatalogue catalogue, String prefix, PrintWriter out) {
    SelectorParser.Parsed parsed;
    try {
      parsed = new SelectorParser(catalogue).parse(text.replace("{id}", "*"));
    } catch (SelectorException e) {
      throw new CommandFailure(e.getMessage(), e);
    }
    parsed.warnings().forEach(out::println);
    for (TopicSelector selector : parsed.selectors()) {
      out.println(selector.topic());
      row(out, "stands for", standsFor(selector));
      row(out, "Kafka topic", prefix + KafkaTopics.stream(selector));
      catalogue.topicOf(KafkaTopics.example(selector)).ifPresent(topic -> describe(topic, out));
    }
  }

  private static void describe(Topic topic, PrintWriter out) {
    row(out, "event", topic.modelClass() + " in Genesys' SDKs");
    if (topic.wholeState()) {
      row(out, "kept", "always: each event tells a whole state, whatever GENESYS_MEDIA says");
    }
    if (!topic.transports().isEmpty()) {
      row(out, "transport", String.join(", ", topic.transports()));
    }
    if (!topic.permissions().isEmpty()) {
      String joint = topic.anyPermission() ? " or " : " and ";
      row(out, "permission", String.join(joint, topic.permissions()));
    }
  }

  private static void row(PrintWriter out, String name, String value) {
    out.printf("  %-12s %s%n", name, value);
  }

  private static String standsFor(TopicSelector selector) {
    if (selector.listing().isEmpty()) {
      return "this one topic";
    }
    Listing listing = selector.listing().get();
    String of =
        switch (selector.filter()) {
          case NONE -> listing.group().isEmpty() ? "of the org" : "of the group " + listing.group();
          case NAME -> "whose name matches " + selector.glob();
          case DIVISION -> "of the divisions that match " + selector.glob();
        };
    return "every " + listing.kind().noun() + " " + of;
  }
}
