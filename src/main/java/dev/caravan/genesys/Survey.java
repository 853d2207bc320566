package dev.caravan.genesys;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.caravan.channel.ChannelGroup;
import dev.caravan.genesys.connect.CallException;
import dev.caravan.genesys.connect.Clients;
import dev.caravan.genesys.connect.ControlRoute;
import dev.caravan.genesys.connect.SessionBean;
import dev.caravan.topic.Expansion;
import dev.caravan.topic.Refusals;
import dev.caravan.topic.SelectorParser;
import dev.caravan.topic.TopicCatalogue;
import dev.caravan.topic.TopicCombiner;
import dev.caravan.topic.TopicSelector;
import dev.caravan.topic.TopicSharder;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;

/**
 * Finds out, before a start, what the bridge would subscribe in an org and what Genesys Cloud says
 * about those topics. It calls Genesys Cloud through the control routes, which must be running, and
 * only reads: it opens no channel, because the API has no call that deletes one.
 *
 * <p>Its methods throw a {@link dev.caravan.genesys.connect.CallException} if a call does not
 * succeed, and a {@link dev.caravan.topic.SelectorException} for topics that cannot be followed.
 */
public final class Survey implements AutoCloseable {

  public static final int ALL_CHANNELS = ChannelGroup.MOST_CHANNELS;

  /** How many channels are left to topics when some are kept for hand-overs. */
  public static final int MOST_CHANNELS = ChannelGroup.MOST_CHANNELS - ChannelGroup.SPARE_CHANNELS;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String AVAILABLE = "/api/v2/notifications/availabletopics";
  private static final String EXPANDED = "expand=requiresPermissions&expand=transports";

  private final CamelContext context;
  private final ProducerTemplate template;
  private final TopicCatalogue catalogue = TopicCatalogue.shipped();
  private final Clients clients;

  /**
   * What would be subscribed.
   *
   * @param selected by selector, as the user wrote it: how many topics it stands for in the org
   * @param subscriptions how many subscriptions they are combined into
   * @param channels how many channels those need
   * @param warnings sentences about selectors that may not be what was meant
   */
  public record Plan(
      Map<String, Integer> selected,
      List<String> topics,
      int subscriptions,
      int channels,
      List<String> warnings) {}

  /**
   * What Genesys Cloud says about a kind of topic.
   *
   * @param pattern the topic with {@code {id}} for ids
   * @param topics how many of them would be subscribed
   * @param obstacle why the subscription will be refused, as the rest of "it …"; empty if nothing
   *     is known to stand in the way
   * @param permissions what the client's role must have
   * @param anyPermission whether one of them is enough
   */
  public record Demand(
      String pattern,
      int topics,
      String obstacle,
      List<String> permissions,
      boolean anyPermission) {}

  public Survey(CamelContext context) {
    this.context = context;
    this.template = context.createProducerTemplate();
    this.clients = context.getComponent("genesys", GenesysComponent.class).clients();
  }

  public List<String> clients() {
    return clients.all();
  }

  /** What the routes subscribe: the topics of each {@code genesys:notifications}. */
  public static List<String> topicsOf(CamelContext context) {
    return context.getEndpoints().stream()
        .filter(GenesysEndpoint.class::isInstance)
        .map(GenesysEndpoint.class::cast)
        .map(endpoint -> endpoint.getConfiguration().getTopics())
        .filter(topics -> topics != null)
        .toList();
  }

  /** Logs in by an OAuth client; tells how long the token is good for. */
  public Duration login(String client) {
    return SessionBean.of(context, clients, client).token().life();
  }

  public int channels(String client) {
    Exchange answer = ControlRoute.CHANNELS.answer(template, clients, client, exchange -> {});
    return answer.getMessage().getBody(Map.class).get("entities") instanceof List<?> all
        ? all.size()
        : 0;
  }

  /** Lists what the selectors need, by the first client that may, and fills in the ids. */
  public Plan plan(String topics, List<String> listers) {
    SelectorParser.Parsed parsed = new SelectorParser(catalogue).parse(topics);
    Directory.Listed listings =
        new Directory(template, clients).listFor(parsed.selectors(), listers, progress -> {});
    Map<String, Integer> found = new LinkedHashMap<>();
    for (TopicSelector selector : parsed.selectors()) {
      // A combined selector was taken apart into several of the same text
      found.merge(selector.text(), listings.topics(selector).size(), Integer::sum);
    }
    List<String> all = Expansion.of(parsed.selectors(), listings.entities()).topics();
    List<String> subscriptions = new TopicCombiner(catalogue).combine(all);
    int channels =
        new TopicSharder(TopicSharder.CHANNEL_LIMIT)
            .plan(dev.caravan.topic.Plan.NOTHING, subscriptions, Refusals.NONE)
            .shards()
            .size();
    return new Plan(found, all, subscriptions.size(), channels, parsed.warnings());
  }

  public List<Demand> demands(List<String> topics, String client) {
    Map<String, JsonNode> available = available(client);
    return catalogue.countByPattern(topics).entrySet().stream()
        .map(it -> demand(it.getKey(), it.getValue(), available.get(it.getKey())))
        .toList();
  }

  private static Demand demand(String pattern, int count, JsonNode available) {
    if (available == null) {
      return new Demand(
          pattern, count, "is not among the topics that the org offers", List.of(), false);
    }
    List<String> transports = texts(available.path("transports"));
    String obstacle = "";
    if (!transports.isEmpty() && !transports.contains("Websocket") && !transports.contains("All")) {
      obstacle = "is offered over " + String.join(", ", transports) + " only, not over a WebSocket";
    } else if (available.path("requiresCurrentUser").asBoolean()) {
      obstacle = "is for the user alone whom it is about, and an OAuth client is no user";
    }
    return new Demand(
        pattern,
        count,
        obstacle,
        texts(available.path("requiresPermissions")),
        available.path("requiresAnyValidator").asBoolean());
  }

  private Map<String, JsonNode> available(String client) {
    Exchange answer =
        ControlRoute.API.answer(
            template,
            clients,
            client,
            call -> {
              call.getMessage().setHeader(Exchange.HTTP_METHOD, "GET");
              call.getMessage().setHeader(Exchange.HTTP_PATH, AVAILABLE);
              call.getMessage().setHeader(Exchange.HTTP_QUERY, EXPANDED);
            });
    Map<String, JsonNode> topics = new HashMap<>();
    try {
      JSON.readTree(answer.getMessage().getBody(String.class))
          .path("entities")
          .forEach(topic -> topics.put(topic.path("id").asText(), topic));
    } catch (JsonProcessingException e) {
      throw CallException.odd("Genesys Cloud answered with something that is not JSON.");
    }
    return topics;
  }

  private static List<String> texts(JsonNode array) {
    return array.valueStream().map(JsonNode::asText).toList();
  }

  @Override
  public void close() {
    template.stop();
  }
}
