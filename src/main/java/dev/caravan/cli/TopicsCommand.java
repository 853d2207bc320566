package dev.caravan.cli;

import dev.caravan.check.Check;
import dev.caravan.check.WrittenTopics;
import dev.caravan.command.CommandFailure;
import dev.caravan.command.KafkaEnvironment;
import dev.caravan.settings.Settings;
import dev.caravan.topic.Listing;
import dev.caravan.topic.SelectorException;
import dev.caravan.topic.SelectorParser;
import dev.caravan.topic.Topic;
import dev.caravan.topic.TopicCatalogue;
import dev.caravan.topic.TopicSelector;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** For finding the topics of Genesys Cloud, and for understanding a selector before using it. */
@Command(
    name = "topics",
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
public final class TopicsCommand extends CaravanCommand {

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

  @Override
  public Integer call() {
    Logs.toConsole(isVerbose());
    if (kafka) {
      Logs.errorsToConsole(isVerbose());
      Check.kafkaTopics(Settings.read()).forEach(out()::println);
    } else if (asked.startsWith("v2.") && !asked.endsWith(".")) {
      explain();
    } else {
      list();
    }
    return Caravan.OK;
  }

  private void list() {
    String lower = asked.toLowerCase(Locale.ROOT);
    List<Topic> found =
        TopicCatalogue.shipped().all().stream()
            .filter(topic -> topic.pattern().toLowerCase(Locale.ROOT).contains(lower))
            .toList();
    if (found.isEmpty()) {
      throw new CommandFailure(
          "No topic has \"%s\" in its name. The nearest are %s."
              .formatted(asked, String.join(", ", TopicCatalogue.shipped().nearest(asked, 3))));
    }
    for (Topic topic : found) {
      out().println(topic.pattern() + (topic.eventBridgeOnly() ? "  (EventBridge only)" : ""));
    }
  }

  private void explain() {
    TopicCatalogue catalogue = TopicCatalogue.shipped();
    String prefix = new KafkaEnvironment(Settings.read()).topicPrefix();
    SelectorParser.Parsed parsed;
    try {
      parsed = new SelectorParser(catalogue).parse(asked.replace("{id}", "*"));
    } catch (SelectorException e) {
      throw new CommandFailure(e.getMessage(), e);
    }
    parsed.warnings().forEach(out()::println);
    for (TopicSelector selector : parsed.selectors()) {
      out().println(selector.topic());
      row("stands for", standsFor(selector));
      row("Kafka topic", prefix + WrittenTopics.stream(selector));
      catalogue.topicOf(WrittenTopics.example(selector)).ifPresent(this::describe);
    }
  }

  private void describe(Topic topic) {
    row("event", topic.modelClass() + " in Genesys' SDKs");
    if (topic.wholeState()) {
      row("kept", "always: each event tells a whole state, whatever GENESYS_MEDIA says");
    }
    if (!topic.transports().isEmpty()) {
      row("transport", String.join(", ", topic.transports()));
    }
    if (!topic.permissions().isEmpty()) {
      String joint = topic.anyPermission() ? " or " : " and ";
      row("permission", String.join(joint, topic.permissions()));
    }
  }

  private void row(String name, String value) {
    out().printf("  %-12s %s%n", name, value);
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
