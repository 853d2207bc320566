package dev.caravan.simulator.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.caravan.simulator.World;
import dev.caravan.simulator.centre.Json;
import dev.caravan.simulator.session.ApiError;
import dev.caravan.simulator.session.Channel;
import dev.caravan.simulator.session.Subscriber;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** {@code /api/v2/notifications/channels} and the subscriptions below it. */
public record NotificationsApi(World world) {

  private static final String CHANNELS = "/api/v2/notifications/channels";
  private static final String SUBSCRIPTIONS = CHANNELS + "/:id/subscriptions";

  public void mount(Routes routes) {
    routes.answer("POST " + CHANNELS, this::create);
    routes.answer("GET " + CHANNELS, this::list);
    routes.on("HEAD " + CHANNELS + "/:id", this::verify);
    routes.answer("GET " + SUBSCRIPTIONS, this::subscriptions);
    routes.answer("POST " + SUBSCRIPTIONS, call -> subscribe(call, false));
    routes.answer("PUT " + SUBSCRIPTIONS, call -> subscribe(call, true));
    routes.on("DELETE " + SUBSCRIPTIONS, this::clear);
  }

  private JsonNode create(Call call) {
    Channel channel = world.channels().create(call.token());
    world.channels().evict(call.token().clientId()).forEach(world.sockets()::evicted);
    return describe(channel, call, true);
  }

  private JsonNode list(Call call) {
    String which = call.query("includechannels", "token");
    if (!Set.of("token", "oauthclient").contains(which)) {
      throw ApiError.invalidParameter(which, "includechannels", "token, oauthclient");
    }
    String token = call.token().value();
    return Json.listing(
        world.channels().ofClient(call.token().clientId()).stream()
            .filter(channel -> which.equals("oauthclient") || channel.token().value().equals(token))
            .map(channel -> describe(channel, call, channel.token().value().equals(token))));
  }

  private void verify(Call call) {
    channel(call);
    call.answerEmpty(200);
  }

  private JsonNode subscriptions(Call call) {
    return Json.listing(channel(call).topics().keySet().stream().map(Subscriber::permitted));
  }

  private JsonNode subscribe(Call call, boolean replace) {
    Channel channel =
        world
            .channels()
            .find(call.path("id"), call.token())
            .orElseThrow(
                () -> new ApiError(404, "entity.not.found", "Subscription list not found."));
    boolean ignoreErrors = call.flag("ignoreErrors") && world.options().behaviour().ignoreErrors();
    List<ObjectNode> entities =
        world.subscriber().subscribe(channel, topics(call.body()), ignoreErrors, replace);
    world.sockets().subscriptionsChanged(channel);
    return Json.listing(entities.stream());
  }

  private void clear(Call call) {
    Channel channel = channel(call);
    world.channels().clear(channel);
    world.sockets().subscriptionsChanged(channel);
    call.answerEmpty(world.options().behaviour().deleteStatus());
  }

  private Channel channel(Call call) {
    Optional<Channel> channel = world.channels().find(call.path("id"), call.token());
    return channel.orElseThrow(ApiError::notFound);
  }

  private static List<String> topics(JsonNode body) {
    if (!body.isArray()) {
      throw ApiError.badRequest("The request body must be a list of topics.");
    }
    Set<String> topics = new LinkedHashSet<>();
    for (JsonNode entry : body) {
      if (!entry.path("id").isTextual()) {
        throw ApiError.badRequest("Every topic must have an id.");
      }
      topics.add(entry.path("id").asText());
    }
    return new ArrayList<>(topics);
  }

  /** A channel of another token shows that it exists, not how to use it. */
  private ObjectNode describe(Channel channel, Call call, boolean own) {
    ObjectNode described = Json.object();
    if (own) {
      described.put("connectUri", socketUrl(call) + "/channels/" + channel.id());
      described.put("id", channel.id());
    }
    boolean moves = world.options().behaviour().expiresMoves();
    return described.put(
        "expires",
        Json.time(world.clock().onTheWall(moves ? channel.expires() : channel.announcedExpiry())));
  }

  private String socketUrl(Call call) {
    if (!world.options().socketUrl().isEmpty()) {
      return world.options().socketUrl();
    }
    String host = call.host();
    String streaming = host.startsWith("api.") ? "streaming." + host.substring(4) : host;
    return (world.options().tls().wanted() ? "wss://" : "ws://") + streaming;
  }
}
