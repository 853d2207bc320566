package dev.caravan.check;

import dev.caravan.dryrun.DryRun;
import dev.caravan.frame.EnvelopeReader;
import dev.caravan.frame.Frame;
import dev.caravan.frame.Media;
import dev.caravan.genesys.GenesysConstants;
import dev.caravan.kafka.KafkaHeaders;
import dev.caravan.routes.RemovedRoutes;
import dev.caravan.topic.TopicSelector;
import io.smallrye.config.SmallRyeConfig;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.Endpoint;
import org.apache.camel.Route;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.SetHeaderDefinition;
import org.apache.camel.model.SetHeadersDefinition;
import org.apache.camel.model.ToDynamicDefinition;

/**
 * The Kafka topics that the routes write to, as they are built.
 *
 * @param names those of the cluster that is set
 * @param notes what is known only at run time, or is not looked at, as sentences
 */
public record WrittenTopics(SortedSet<String> names, List<String> notes) {

  /** The stream of events that may be of any media type. */
  private static final String BY_MEDIA = "conversations.<media type>";

  private static final String DETAILS = "conversations.details";

  static final WrittenTopics NONE = new WrittenTopics(new TreeSet<>(), List.of());

  /** Asks routes through which events of the kinds that are subscribed were sent already. */
  static WrittenTopics of(
      SmallRyeConfig config,
      ModelCamelContext routes,
      DryRun run,
      Collection<TopicSelector> selectors)
      throws Exception {
    Set<String> streams = selectors.stream().map(WrittenTopics::stream).collect(Collectors.toSet());
    boolean conversations = streams.stream().anyMatch(it -> it.startsWith("conversations."));
    if (conversations && config.getValue("genesys.backfill", Boolean.class)) {
      streams.add(DETAILS);
    }
    if (streams.remove(BY_MEDIA)) {
      kept(config).map(Media::stream).forEach(streams::add);
    }
    for (String stream : streams) {
      run.probe("spool:events", headers(stream));
    }
    for (Route route : routes.getRoutes()) {
      String input = RemovedRoutes.plain(route.getEndpoint().getEndpointUri());
      if (input.equals("genesys:signals")
          || input.startsWith("spool:") && !input.equals("spool:events")) {
        run.probe(input, headers("other"));
      }
    }
    SortedSet<String> names = new TreeSet<>(run.topics());
    List<String> notes = new ArrayList<>();
    for (Endpoint endpoint : routes.getEndpoints()) {
      String uri = endpoint.getEndpointUri().replace("kafka://", "kafka:");
      if (!uri.startsWith("kafka:")) {
        continue;
      }
      if (DryRun.isElsewhere(uri)) {
        notes.add(
            "%s is of another cluster, which was not looked at."
                .formatted(RemovedRoutes.plain(uri)));
      } else if (!run.reached().contains(RemovedRoutes.plain(uri))) {
        names.add(RemovedRoutes.plain(uri).substring("kafka:".length()));
      }
    }
    routes.getRouteDefinitions().forEach(route -> notes.addAll(chosen(route)));
    return new WrittenTopics(names, notes);
  }

  /** Where a route chooses the topic for each record. */
  private static List<String> chosen(RouteDefinition route) {
    List<String> chosen = new ArrayList<>();
    for (ToDynamicDefinition to :
        ProcessorDefinitionHelper.filterTypeInOutputs(
            route.getOutputs(), ToDynamicDefinition.class)) {
      if (String.valueOf(to.getUri()).startsWith("kafka:") && to.getUri().contains("${")) {
        chosen.add(sentence(route, RemovedRoutes.plain(to.getUri()).substring("kafka:".length())));
      }
    }
    List<SetHeaderDefinition> headers =
        new ArrayList<>(
            ProcessorDefinitionHelper.filterTypeInOutputs(
                route.getOutputs(), SetHeaderDefinition.class));
    ProcessorDefinitionHelper.filterTypeInOutputs(route.getOutputs(), SetHeadersDefinition.class)
        .forEach(several -> headers.addAll(several.getHeaders()));
    for (SetHeaderDefinition header : headers) {
      String topic = String.valueOf(header.getExpression().getExpression());
      if (KafkaHeaders.isTopic(header.getName()) && topic.contains("${")) {
        chosen.add(sentence(route, topic));
      }
    }
    return chosen;
  }

  private static String sentence(RouteDefinition route, String topic) {
    return ("Route %s chooses the Kafka topic for each record (%s); which ones besides those named here"
            + " is known only at run time.")
        .formatted(route.getRouteId(), topic);
  }

  private static Map<String, Object> headers(String stream) {
    return Map.of(
        GenesysConstants.STREAM,
        stream,
        GenesysConstants.KEY,
        "00000000-0000-4000-8000-000000000000",
        "genesys-topic",
        "v2.check");
  }

  private static Stream<Media> kept(SmallRyeConfig config) {
    List<String> kept =
        Arrays.stream(config.getValue("genesys.media", String.class).split(","))
            .map(String::strip)
            .map(String::toLowerCase)
            .toList();
    return Arrays.stream(Media.values())
        .filter(medium -> medium != Media.UNKNOWN)
        .filter(medium -> kept.contains("*") || kept.contains(medium.wire()));
  }

  /** The commands of Kafka that make the topics and give the rights, for whoever may. */
  List<String> commands(String cluster, boolean login, String prefix) {
    List<String> commands = new ArrayList<>();
    commands.add(
        "# Put in the users' names in place of BRIDGE and READER%s."
            .formatted(
                login ? ", and in place of admin.properties a file with your own login" : ""));
    String servers = cluster + (login ? " --command-config admin.properties" : "");
    commands.add("# Topics. Choose the partitions before there are consumers.");
    for (String name : names) {
      commands.add(
          "kafka-topics.sh --bootstrap-server %s --create --if-not-exists --topic %s --partitions %d"
              .formatted(servers, name, name.endsWith("signals") ? 1 : 6));
    }
    commands.add("# Rights of the bridge, and of whoever runs ./caravan tail");
    String acl =
        "kafka-acls.sh --bootstrap-server %s --add --allow-principal User:".formatted(servers);
    for (String who :
        List.of(
            "BRIDGE --operation Write --operation Describe --topic ",
            "READER --operation Read --operation Describe --topic ")) {
      if (!prefix.isEmpty()) {
        commands.add(acl + who + prefix + " --resource-pattern-type prefixed");
      }
      names.stream()
          .filter(name -> !name.startsWith(prefix))
          .forEach(name -> commands.add(acl + who + name));
    }
    commands.add("# Brokers before Kafka 3.0 only");
    commands.add(acl + "BRIDGE --operation IdempotentWrite --cluster");
    notes.forEach(note -> commands.add("# " + note));
    return commands;
  }

  /** Asks the very code that reads the events. */
  public static String stream(TopicSelector selector) {
    String frame = "{\"topicName\":\"%s\",\"eventBody\":{}}".formatted(example(selector));
    Frame read = new EnvelopeReader().read(frame.getBytes(StandardCharsets.UTF_8));
    String stream = read instanceof Frame.Notification event ? event.stream() : "other";
    return stream.equals("conversations.unknown") ? BY_MEDIA : stream;
  }

  public static String example(TopicSelector selector) {
    return selector.topic().replace("*", "00000000-0000-4000-8000-000000000000");
  }
}
